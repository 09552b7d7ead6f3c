//! Filters and orders of the registry, which this dialect spells in its own way.

use std::fmt::Display;

use ferroflow_model::Result;
use ferroflow_search::{Field, Filter, FilterField, OrderBy};

use crate::fields::List;
use crate::limits;

/// The clauses of an order of tracking data, one text each.
pub(crate) type Clauses = Option<List<limits::Clause, { limits::ORDER_BY_CLAUSES }>>;

/// A filter of the registry, in which `LIKE 'x'` means "contains x".
pub(crate) fn registry_filter<F: FilterField>(
    text: Option<limits::Expression>,
) -> Result<Option<String>> {
    let Some(text) = text else {
        return Ok(None);
    };
    let mut filter = Filter::<F>::parse(&text)?;
    if let Some(filter) = &mut filter {
        filter.like_means_contains();
    }
    Ok(filter.map(|filter| filter.to_string()))
}

/// The clauses of the one text that holds an order of the registry.
pub(crate) fn registry_order<F>(text: Option<limits::Expression>) -> Result<Vec<String>>
where
    F: Field + PartialEq + Display,
{
    let Some(text) = text else {
        return Ok(Vec::new());
    };
    let clauses = OrderBy::<F>::parse_list(&text)?;
    Ok(clauses.iter().map(ToString::to_string).collect())
}

/// The clauses of an order of tracking data.
pub(crate) fn order_by(clauses: Clauses) -> Result<Vec<String>> {
    (clauses.unwrap_or_default()).parse(|_, clause| Ok(clause.into()))
}

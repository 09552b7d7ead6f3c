//! Filters and orders of the registry, which this dialect spells in its own way.

use std::fmt::Display;

use ferroflow_model::Result;
use ferroflow_search::{Field, Filter, FilterField, OrderBy};

use crate::fields::{Text, list, optional_text, required_text};
use crate::limits;

/// A filter passed on as it is.
pub(crate) fn filter(text: Option<Text>) -> Result<Option<String>> {
    optional_text("filter", text, limits::FILTER)
}

/// A filter of the registry, in which `LIKE 'x'` means "contains x".
pub(crate) fn registry_filter<F: FilterField>(text: Option<Text>) -> Result<Option<String>> {
    let Some(text) = filter(text)? else {
        return Ok(None);
    };
    let mut filter = Filter::<F>::parse(&text)?;
    if let Some(filter) = &mut filter {
        filter.like_means_contains();
    }
    Ok(filter.map(|filter| filter.to_string()))
}

/// The clauses of the one text that holds an order of the registry.
pub(crate) fn registry_order<F>(text: Option<Text>) -> Result<Vec<String>>
where
    F: Field + PartialEq + Display,
{
    let Some(text) = optional_text("order_by", text, limits::FILTER)? else {
        return Ok(Vec::new());
    };
    let clauses = OrderBy::<F>::parse_list(&text)?;
    Ok(clauses.iter().map(ToString::to_string).collect())
}

/// The clauses of an order of tracking data, one text each.
pub(crate) fn order_by(clauses: Option<Vec<Text>>) -> Result<Vec<String>> {
    list(
        "order_by",
        clauses,
        limits::ORDER_BY_CLAUSES,
        |index, clause| {
            required_text(
                format_args!("order_by[{index}]"),
                Some(clause),
                limits::FILTER,
            )
        },
    )
}

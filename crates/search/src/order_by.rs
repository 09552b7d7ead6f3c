//! The typed list of an `order_by`.

use std::fmt;

use ferroflow_model::{Error, Result};

use crate::field::Field;
use crate::limits::{MAX_ORDER_BY_CLAUSES, check_count, excerpt};
use crate::syntax::{OrderClause, parse_order_by};

/// One clause: rows are ordered by this field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OrderBy<F> {
    /// The field.
    pub field: F,
    /// Smallest first; the default of every clause.
    pub ascending: bool,
}

impl<F: Field + PartialEq> OrderBy<F> {
    /// Parses one clause per text, as lists of clauses come in `MLflow`'s messages.
    pub fn parse_each<S: AsRef<str>>(clauses: &[S]) -> Result<Vec<Self>> {
        check_count("clauses in `order_by`", clauses.len(), MAX_ORDER_BY_CLAUSES)?;
        let parsed = clauses
            .iter()
            .map(|clause| parse_one(clause.as_ref()))
            .collect::<Result<_>>()?;
        resolve_all(parsed)
    }

    /// Parses one text of comma-separated clauses, as Oracle's query parameters hold them.
    pub fn parse_list(text: &str) -> Result<Vec<Self>> {
        let parsed = parse_order_by(text)?;
        check_count("clauses in `order_by`", parsed.len(), MAX_ORDER_BY_CLAUSES)?;
        resolve_all(parsed)
    }
}

fn parse_one(text: &str) -> Result<OrderClause<'_>> {
    match <[OrderClause<'_>; 1]>::try_from(parse_order_by(text)?) {
        Ok([clause]) => Ok(clause),
        Err(_) => Err(Error::invalid(format!(
            "Invalid order_by clause '{}'. Could not be parsed.",
            excerpt(text)
        ))),
    }
}

fn resolve_all<F: Field + PartialEq>(clauses: Vec<OrderClause<'_>>) -> Result<Vec<OrderBy<F>>> {
    let mut resolved: Vec<OrderBy<F>> = Vec::with_capacity(clauses.len());
    for OrderClause { name, ascending } in clauses {
        let field = F::resolve(name)?;
        if resolved.iter().any(|earlier| earlier.field == field) {
            if F::REPEATABLE {
                continue;
            }
            return Err(Error::invalid(format!(
                "`order_by` contains duplicate fields: '{}'",
                excerpt(&field.to_string())
            )));
        }
        resolved.push(OrderBy { field, ascending });
    }
    Ok(resolved)
}

impl<F: fmt::Display> fmt::Display for OrderBy<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} {}",
            self.field,
            if self.ascending { "ASC" } else { "DESC" }
        )
    }
}

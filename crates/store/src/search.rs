//! Searches: from typed filters and orders to SQL.
//!
//! A search runs in two steps. The first finds the row keys of one page, in order; the second
//! loads what those rows hold, one statement per kind. Whatever a client wrote becomes an argument
//! of a statement; its text is made of our own words alone.

mod experiments;
mod filter;
mod logged_models;
mod model_versions;
mod narrow;
mod order;
mod order_key;
mod page;
mod plan;
mod registered_models;
mod runs;
mod scope;
mod sql;
mod token;
mod walk;

use std::sync::Arc;

use ferroflow_model::PageRequest;
use ferroflow_search::Filter;

pub use experiments::ExperimentSearch;
pub use logged_models::{LoggedModelClause, LoggedModelSearch};
pub use model_versions::ModelVersionSearch;
pub use plan::Effort;
pub use registered_models::RegisteredModelSearch;
pub use runs::RunSearch;
pub(crate) use token::refused as refused_token;

use crate::KeyCache;

/// What every search has, whatever it looks for: fields `F` to filter by, clauses `O` to order by.
pub struct Search<F, O> {
    /// Absent: all rows.
    pub filter: Option<Filter<F>>,
    /// The leading clauses; each entity adds what makes the order total.
    pub order_by: Vec<O>,
    /// Which page.
    pub page: PageRequest,
    /// Names of interned keys.
    pub keys: Arc<KeyCache>,
}

impl<F, O> Search<F, O> {
    /// What the filter names, from left to right.
    fn fields(&self) -> impl Iterator<Item = &F> {
        let comparisons = self.filter.iter().flat_map(Filter::comparisons);
        comparisons.map(|comparison| &comparison.field)
    }
}

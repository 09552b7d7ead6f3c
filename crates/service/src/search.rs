//! What all searches share.

use ferroflow_model::{PageRequest, Result};
use ferroflow_search::{Field, Filter, FilterField, OrderBy};
use ferroflow_store::search::Search;

use crate::Service;

impl Service {
    /// Parses the filter and the order of a search.
    pub(crate) fn search<F: FilterField, O: Field + PartialEq>(
        &self,
        filter: Option<&str>,
        order_by: &[String],
        page: PageRequest,
    ) -> Result<Search<F, OrderBy<O>>> {
        self.search_by(filter, || OrderBy::parse_each(order_by), page)
    }

    /// Parses the filter of a search, and then its order: of two faults the filter's is named.
    pub(crate) fn search_by<F: FilterField, O>(
        &self,
        filter: Option<&str>,
        order_by: impl FnOnce() -> Result<Vec<O>>,
        page: PageRequest,
    ) -> Result<Search<F, O>> {
        Ok(Search {
            filter: Filter::parse(filter.unwrap_or_default())?,
            order_by: order_by()?,
            page,
            keys: self.db.keys(),
        })
    }
}

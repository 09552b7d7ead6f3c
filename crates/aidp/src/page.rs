//! Which page of a list a request asks for.

use ferroflow_model::{Error, PageRequest, Result};

use crate::fields::{Integer, Text, optional_text};
use crate::limits;

/// How many items one list gives.
pub(crate) struct PageSize {
    /// When the request does not say.
    pub(crate) default: usize,
    /// At most.
    pub(crate) maximum: usize,
}

impl PageSize {
    /// Parses the arguments of a list. An empty token asks for the first page.
    pub(crate) fn parse(
        &self,
        max_results: Option<Integer>,
        page_token: Option<Text>,
    ) -> Result<PageRequest> {
        let max_results = match max_results {
            None => self.default,
            Some(Integer(number)) => self.check(number)?,
        };
        Ok(PageRequest {
            max_results,
            page_token: page_token_of(page_token)?,
        })
    }

    fn check(&self, number: i64) -> Result<usize> {
        let maximum = self.maximum;
        usize::try_from(number)
            .ok()
            .filter(|number| (1..=maximum).contains(number))
            .ok_or_else(|| {
                Error::invalid(format!(
                    "Invalid value for parameter 'max_results': 1 to {maximum} are allowed, got {number}."
                ))
            })
    }
}

/// Parses a page token; an empty one is as if absent.
pub(crate) fn page_token_of(token: Option<Text>) -> Result<Option<String>> {
    let token = optional_text("page_token", token, limits::PAGE_TOKEN)?;
    Ok(token.filter(|token| !token.is_empty()))
}

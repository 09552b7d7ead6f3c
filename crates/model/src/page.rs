//! Lists are read page by page.

/// One page of a list, and the token of the next one.
#[derive(Debug, Clone, PartialEq)]
pub struct Page<T> {
    /// The items of this page.
    pub items: Vec<T>,
    /// Absent on the last page.
    pub next_page_token: Option<String>,
}

impl<T> Page<T> {
    /// A page with nothing on it and nothing after it.
    pub const fn empty() -> Self {
        Self {
            items: Vec::new(),
            next_page_token: None,
        }
    }
}

/// Which page of a list is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PageRequest {
    /// At most this many items; the dialect has checked it against its own limit.
    pub max_results: usize,
    /// The token that the page before ended with.
    pub page_token: Option<String>,
}

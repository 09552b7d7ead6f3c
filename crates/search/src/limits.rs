//! What bounds the work that one filter can ask for.

use ferroflow_model::{Error, Result};

/// The longest `filter` or `order_by` text, in characters: room for a list of a thousand run ids.
pub const MAX_FILTER_CHARACTERS: usize = 65_536;

/// How deep parentheses and `NOT` may nest; it also bounds the parser's own recursion.
pub const MAX_NESTING: usize = 32;

/// How many comparisons one filter may hold; each becomes a condition of one query.
pub const MAX_COMPARISONS: usize = 100;

/// How many values one `IN` list may hold.
pub const MAX_LIST_ITEMS: usize = 1_000;

/// How many clauses one `order_by` may hold; each may become a join.
pub const MAX_ORDER_BY_CLAUSES: usize = 32;

/// How much of a client's text an error message repeats, in characters.
const EXCERPT_CHARACTERS: usize = 100;

/// Refuses text that is too long, or that no store can hold.
pub(crate) fn check_text(parameter: &str, text: &str) -> Result<()> {
    check_count(
        &format!("characters in `{parameter}`"),
        text.chars().count(),
        MAX_FILTER_CHARACTERS,
    )?;
    if text.contains('\0') {
        return Err(Error::invalid(format!(
            "`{parameter}` must not contain the character NUL."
        )));
    }
    Ok(())
}

/// Refuses more than `limit` of `things`.
pub(crate) fn check_count(things: &str, count: usize, limit: usize) -> Result<()> {
    if count > limit {
        return Err(Error::invalid(format!(
            "Too many {things}: {count}. At most {limit} are allowed."
        )));
    }
    Ok(())
}

/// The beginning of a client's text, for an error message of bounded size.
pub(crate) fn excerpt(text: &str) -> String {
    match text.char_indices().nth(EXCERPT_CHARACTERS) {
        Some((end, _)) => format!("{}...", &text[..end]),
        None => text.to_owned(),
    }
}

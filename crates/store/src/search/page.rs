//! Finding one page of row keys, and the order of the rows behind them.

use std::collections::HashMap;
use std::fmt::Debug;

use ferroflow_model::{Error, PageRequest, Result};

use super::order::{Order, Place};
use super::sql::Sql;
use super::token;
use crate::conn::Conn;

/// The row keys of one page, in order.
pub(super) struct Found {
    pub(super) row_keys: Vec<i64>,
    pub(super) next_page_token: Option<String>,
}

impl Found {
    /// A page with nothing on it and nothing after it.
    pub(super) const NOTHING: Self = Self {
        row_keys: Vec::new(),
        next_page_token: None,
    };

    /// Puts rows that were loaded by their keys into the order of the page. A row that has been
    /// deleted in the meantime is left out.
    pub(super) fn in_order<T>(&self, rows: Vec<T>, row_key: impl Fn(&T) -> i64) -> Vec<T> {
        let mut by_key: HashMap<i64, T> =
            rows.into_iter().map(|row| (row_key(&row), row)).collect();
        self.row_keys
            .iter()
            .filter_map(|key| by_key.remove(key))
            .collect()
    }
}

/// Begins a statement: the row keys and places in `order` of the rows of `tables`.
pub(super) fn select(sql: &mut Sql<'_>, row_key: &str, tables: &str, order: &Order) {
    sql.push(format_args!("SELECT {row_key}"));
    order.push_columns(sql);
    sql.push(format_args!(" FROM {tables}{} WHERE ", order.joins));
}

/// Finds one page of what a statement that [`select`] began selects. `search` is all that the
/// request asks for, its page aside: a token continues the same search alone.
pub(super) async fn find_page<C: Conn>(
    conn: &mut C,
    sql: Sql<'_>,
    order: &Order,
    page: &PageRequest,
    search: &(impl Debug + Sync),
) -> Result<Found> {
    let fingerprint = token::fingerprint(search);
    let begin = match page.page_token.as_deref().filter(|token| !token.is_empty()) {
        Some(token) => token::decode(token, &fingerprint, order)?,
        None => Vec::new(),
    };
    let sql = of_page(sql, order, &begin, page.max_results)?;
    let mut row_keys = Vec::new();
    let mut last: Vec<Place> = Vec::new();
    conn.query(&sql.text, &sql.arguments, |row| {
        row_keys.push(row.get(0)?);
        if row_keys.len() == page.max_results {
            last = order.places(row, 1)?;
        }
        Ok(())
    })
    .await?;
    let has_more = row_keys.len() > page.max_results && !last.is_empty();
    row_keys.truncate(page.max_results);
    let next_page_token = has_more.then(|| token::encode(&fingerprint, &last));
    Ok(Found {
        row_keys,
        next_page_token: next_page_token.transpose()?,
    })
}

/// Completes a statement: where the page begins, the order, and one row more than the page
/// holds, which tells whether there is another.
fn of_page<'a>(
    sql: Sql<'a>,
    order: &Order,
    begin: &'a [Place],
    max_results: usize,
) -> Result<Sql<'a>> {
    let mut sql = sql;
    if !begin.is_empty() {
        order.push_after(&mut sql, begin);
    }
    order.push_order(&mut sql);
    let limit = i64::try_from(max_results.saturating_add(1)).map_err(Error::internal)?;
    sql.push_argument(" LIMIT ", limit);
    Ok(sql)
}

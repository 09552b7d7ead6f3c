//! Finding one page of row keys, and the order of the rows behind them.

use std::collections::HashMap;
use std::fmt::Debug;

use ferroflow_model::{Error, PageRequest, Result};

use super::order::Order;
use super::order_key::Place;
use super::sql::Sql;
use super::token;
use crate::conn::{Conn, Engine};

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

/// A page that is looked for.
pub(super) struct Wanted {
    /// The places of the row before the page; none on the first page.
    pub(super) begin: Vec<Place>,
    max_results: usize,
    fingerprint: String,
}

impl Wanted {
    /// Reads which page is asked for. `search` is all that the request asks for, its page aside: a
    /// token continues the same search alone.
    pub(super) fn new(order: &Order<'_>, page: &PageRequest, search: &impl Debug) -> Result<Self> {
        let fingerprint = token::fingerprint(search);
        let begin = match page.page_token.as_deref().filter(|token| !token.is_empty()) {
            Some(token) => token::decode(token, &fingerprint, order)?,
            None => Vec::new(),
        };
        Ok(Self {
            begin,
            max_results: page.max_results,
            fingerprint,
        })
    }

    /// The page, when these are its rows in order, as far as they were looked for.
    pub(super) fn found(self, hits: Hits) -> Result<Found> {
        let mut row_keys = hits.row_keys;
        let has_more = row_keys.len() > self.max_results && !hits.last.is_empty();
        row_keys.truncate(self.max_results);
        let next_page_token = has_more.then(|| token::encode(&self.fingerprint, &hits.last));
        Ok(Found {
            row_keys,
            next_page_token: next_page_token.transpose()?,
        })
    }
}

/// The rows of a page that were found so far, in order, and in the end one more, which tells
/// whether there is another page.
pub(super) struct Hits {
    row_keys: Vec<i64>,
    /// The places of the page's last row, once it is there.
    last: Vec<Place>,
    max_results: usize,
}

impl Hits {
    /// None yet.
    pub(super) fn none(wanted: &Wanted) -> Self {
        Self {
            row_keys: Vec::new(),
            last: Vec::new(),
            max_results: wanted.max_results,
        }
    }

    /// How many were found.
    pub(super) fn found(&self) -> usize {
        self.row_keys.len()
    }

    /// How many are still to be found.
    pub(super) fn missing(&self) -> usize {
        let wanted = self.max_results.saturating_add(1);
        wanted.saturating_sub(self.row_keys.len())
    }

    /// Adds the rows of a statement that [`select`] began and whose `WHERE` is complete.
    pub(super) async fn add<'a, C: Conn>(
        &mut self,
        conn: &mut C,
        sql: Sql<'a>,
        order: &Order<'a>,
    ) -> Result<()> {
        let sql = ordered(sql, order, self.missing())?;
        conn.query(&sql.text, &sql.arguments, |row| {
            self.row_keys.push(row.get(0)?);
            if self.row_keys.len() == self.max_results {
                self.last = order.places(row, 1)?;
            }
            Ok(())
        })
        .await
        .map(drop)
    }
}

/// Completes a statement: the order, and how many rows it answers at most.
pub(super) fn ordered<'a>(sql: Sql<'a>, order: &Order<'a>, limit: usize) -> Result<Sql<'a>> {
    let mut sql = sql;
    order.push_order(&mut sql);
    let limit = i64::try_from(limit).map_err(Error::internal)?;
    sql.push_argument(" LIMIT ", limit);
    Ok(sql)
}

/// Begins a statement: the row keys and places in `order` of the rows of `tables`.
pub(super) fn select<'a>(
    engine: Engine,
    row_key: &str,
    tables: &str,
    order: &Order<'a>,
) -> Sql<'a> {
    let mut sql = order.statement(engine);
    sql.push(format_args!("SELECT {row_key}"));
    order.push_columns(&mut sql);
    sql.push(format_args!(" FROM {tables}"));
    order.push_joins(&mut sql, 0);
    sql.push(" WHERE ");
    sql
}

/// Finds one page of what a statement that [`select`] began selects; `search` as in
/// [`Wanted::new`].
pub(super) async fn find_page<C: Conn>(
    conn: &mut C,
    sql: Sql<'_>,
    order: &Order<'_>,
    page: &PageRequest,
    search: &(impl Debug + Sync),
) -> Result<Found> {
    let wanted = Wanted::new(order, page, search)?;
    let mut hits = Hits::none(&wanted);
    let mut sql = sql;
    order.push_after(&mut sql, &wanted.begin);
    hits.add(conn, sql, order).await?;
    wanted.found(hits)
}

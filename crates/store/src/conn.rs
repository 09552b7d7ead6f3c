//! What a command sees of a database: one connection inside one transaction.

use ferroflow_model::{Error, Result};

use crate::{Row, Value};

/// Which engine a connection belongs to. Only `portable` and the engines ask.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Engine {
    /// The embedded default.
    Sqlite,
    /// For several servers over one database.
    Postgres,
}

/// A statement with its arguments.
pub type Statement<'a> = (&'a str, &'a [Value<'a>]);

/// A column of rows to insert in bulk.
#[derive(Debug, Clone, Copy)]
pub enum BulkColumn<'a> {
    /// The same number in each row.
    Constant(i64),
    /// BIGINT.
    Ints(&'a [i64]),
    /// DOUBLE PRECISION; never NaN.
    Reals(&'a [f64]),
    /// BOOLEAN.
    Bools(&'a [bool]),
    /// TEXT.
    Texts(&'a [&'a str]),
    /// BYTEA.
    Bytes(&'a [&'a [u8]]),
}

impl<'a> BulkColumn<'a> {
    /// How many rows the column has; a constant does not say.
    pub(crate) fn rows(&self) -> Option<usize> {
        match self {
            Self::Constant(_) => None,
            Self::Ints(values) => Some(values.len()),
            Self::Reals(values) => Some(values.len()),
            Self::Bools(values) => Some(values.len()),
            Self::Texts(values) => Some(values.len()),
            Self::Bytes(values) => Some(values.len()),
        }
    }

    /// The value in one row.
    pub(crate) fn value(&self, row: usize) -> Value<'a> {
        match *self {
            Self::Constant(value) => Value::Int(value),
            Self::Ints(values) => Value::Int(values[row]),
            Self::Reals(values) => Value::Real(values[row]),
            Self::Bools(values) => Value::Bool(values[row]),
            Self::Texts(values) => Value::Text(values[row]),
            Self::Bytes(values) => Value::Bytes(values[row]),
        }
    }
}

/// Rows to insert in bulk: column by column, as both engines take them fastest.
#[derive(Debug, Clone, Copy)]
pub struct BulkInsert<'a> {
    /// The table.
    pub table: &'static str,
    /// The names of its columns, in the order of `values`.
    pub columns: &'static [&'static str],
    /// What to do with rows that exist: an `ON CONFLICT` clause, or nothing.
    pub conflict: &'static str,
    /// The columns; all have the same number of rows.
    pub values: &'a [BulkColumn<'a>],
}

impl BulkInsert<'_> {
    /// How many rows are inserted.
    pub(crate) fn rows(&self) -> usize {
        self.values
            .iter()
            .find_map(BulkColumn::rows)
            .unwrap_or_default()
    }
}

/// A connection inside a transaction. SQL is written once for both engines, with arguments
/// `$1`, `$2`, ...; what differs is in `portable`.
///
/// A command awaits nothing but these methods. On SQLite they are ready at once, so that a whole
/// command runs in one poll on the writer's thread.
pub trait Conn: Send {
    /// Which engine this is.
    fn engine(&self) -> Engine;

    /// Runs a statement; answers how many rows it changed.
    fn execute(
        &mut self,
        sql: &str,
        args: &[Value<'_>],
    ) -> impl Future<Output = Result<u64>> + Send;

    /// Runs statements that do not depend on each other's results, in order, in one round trip.
    /// Answers how many rows each changed.
    fn execute_all(
        &mut self,
        statements: &[Statement<'_>],
    ) -> impl Future<Output = Result<Vec<u64>>> + Send;

    /// Runs a query and maps each row.
    fn query<T, F>(
        &mut self,
        sql: &str,
        args: &[Value<'_>],
        map: F,
    ) -> impl Future<Output = Result<Vec<T>>> + Send
    where
        T: Send,
        F: FnMut(&Row<'_>) -> Result<T> + Send;

    /// Inserts rows in bulk; answers how many were inserted or updated.
    fn insert(&mut self, bulk: &BulkInsert<'_>) -> impl Future<Output = Result<u64>> + Send;

    /// Runs a query for at most one row.
    fn query_optional<T, F>(
        &mut self,
        sql: &str,
        args: &[Value<'_>],
        map: F,
    ) -> impl Future<Output = Result<Option<T>>> + Send
    where
        T: Send,
        F: FnMut(&Row<'_>) -> Result<T> + Send,
    {
        async move { Ok(self.query(sql, args, map).await?.pop()) }
    }

    /// Runs a query for exactly one row; none is a fault of the server.
    fn query_one<T, F>(
        &mut self,
        sql: &str,
        args: &[Value<'_>],
        map: F,
    ) -> impl Future<Output = Result<T>> + Send
    where
        T: Send,
        F: FnMut(&Row<'_>) -> Result<T> + Send,
    {
        async move {
            let row = self.query_optional(sql, args, map).await?;
            row.ok_or_else(|| Error::internal("a query that must find a row found none"))
        }
    }

    /// Runs a statement that must change exactly one row; another count is a fault of the server.
    fn execute_one(
        &mut self,
        sql: &str,
        args: &[Value<'_>],
    ) -> impl Future<Output = Result<()>> + Send {
        async move { exactly_one(self.execute(sql, args).await?) }
    }

    /// Runs statements in one round trip, each of which must change exactly one row.
    fn execute_each_one(
        &mut self,
        statements: &[Statement<'_>],
    ) -> impl Future<Output = Result<()>> + Send {
        async move {
            let counts = self.execute_all(statements).await?;
            counts.into_iter().try_for_each(exactly_one)
        }
    }
}

fn exactly_one(rows: u64) -> Result<()> {
    match rows {
        1 => Ok(()),
        rows => Err(Error::internal(format!(
            "{rows} rows changed where 1 must be"
        ))),
    }
}

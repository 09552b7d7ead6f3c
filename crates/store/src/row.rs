//! Result rows, one type for both engines.

use ferroflow_model::{Error, Result};

/// A row of a result.
pub enum Row<'a> {
    /// From SQLite.
    Sqlite(&'a rusqlite::Row<'a>),
    /// From PostgreSQL.
    Postgres(&'a tokio_postgres::Row),
}

/// A type that a column can be read as: `i64`, `f64`, `bool`, `String`, or an `Option` of these.
pub trait Column: rusqlite::types::FromSql + for<'r> tokio_postgres::types::FromSql<'r> {}

impl<T> Column for T where T: rusqlite::types::FromSql + for<'r> tokio_postgres::types::FromSql<'r> {}

impl Row<'_> {
    /// Reads the column at `index`, counted from 0.
    pub fn get<T: Column>(&self, index: usize) -> Result<T> {
        match self {
            Self::Sqlite(row) => row.get(index).map_err(Error::internal),
            Self::Postgres(row) => row.try_get(index).map_err(Error::internal),
        }
    }

    /// Borrows the text of the column at `index`.
    pub fn text(&self, index: usize) -> Result<&str> {
        match self {
            Self::Sqlite(row) => row
                .get_ref(index)
                .map_err(Error::internal)?
                .as_str()
                .map_err(Error::internal),
            Self::Postgres(row) => row.try_get(index).map_err(Error::internal),
        }
    }

    /// Borrows the bytes of the column at `index`, unless it is NULL.
    pub fn bytes(&self, index: usize) -> Result<Option<&[u8]>> {
        match self {
            Self::Sqlite(row) => row
                .get_ref(index)
                .map_err(Error::internal)?
                .as_blob_or_null()
                .map_err(Error::internal),
            Self::Postgres(row) => row.try_get(index).map_err(Error::internal),
        }
    }
}

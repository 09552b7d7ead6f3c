//! A SQLite connection as a command sees it.

use std::collections::HashMap;
use std::path::Path;

use ferroflow_model::Result;
use rusqlite::config::DbConfig;
use rusqlite::{CachedStatement, Connection, OpenFlags};

use crate::conn::{BulkInsert, Conn, Engine, Statement};
use crate::error::from_sqlite;
use crate::migrations::OpenError;
use crate::{Row, Value};

/// How many prepared statements a connection keeps, and how many rewritten texts.
const STATEMENT_CACHE: usize = 256;

/// A connection with its rewritten statements.
pub(crate) struct SqliteConn {
    connection: Connection,
    numbered: HashMap<Box<str>, Box<str>>,
    inserts: HashMap<InsertKey, Box<str>>,
}

/// What the text of a bulk insert is made of: table, columns, conflict clause.
type InsertKey = (&'static str, &'static [&'static str], &'static str);

/// What a connection is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Access {
    Write,
    Read,
}

impl SqliteConn {
    /// Opens a connection to the file.
    pub(crate) fn open(path: &Path, access: Access) -> std::result::Result<Self, OpenError> {
        let flags = match access {
            Access::Write => OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE,
            Access::Read => OpenFlags::SQLITE_OPEN_READ_ONLY,
        };
        let connection =
            Connection::open_with_flags(path, flags | OpenFlags::SQLITE_OPEN_NO_MUTEX)?;
        connection.set_prepared_statement_cache_capacity(STATEMENT_CACHE);
        // A plan never depends on the values that are bound. Otherwise SQLite compiles a statement
        // anew whenever 0 or 1 is bound, and the row key of the first platform is 1.
        connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
        rusqlite::vtab::array::load_module(&connection)?;
        connection.execute_batch(match access {
            // FULL: an acknowledged write is on disk. The checkpoint is rarer than by default,
            // because each one writes pages twice.
            Access::Write => {
                "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; \
                 PRAGMA wal_autocheckpoint = 4000; PRAGMA cache_size = -8000; \
                 PRAGMA temp_store = MEMORY; PRAGMA case_sensitive_like = ON; \
                 PRAGMA busy_timeout = 5000;"
            }
            Access::Read => {
                "PRAGMA query_only = ON; PRAGMA cache_size = -2000; PRAGMA temp_store = MEMORY; \
                 PRAGMA case_sensitive_like = ON; PRAGMA busy_timeout = 5000;"
            }
        })?;
        Ok(Self {
            connection,
            numbered: HashMap::new(),
            inserts: HashMap::new(),
        })
    }

    /// The bare connection, for migrations and checks.
    pub(crate) fn connection(&mut self) -> &mut Connection {
        &mut self.connection
    }

    /// Whether a transaction is open.
    pub(crate) fn in_transaction(&self) -> bool {
        !self.connection.is_autocommit()
    }

    /// Runs a statement without arguments or result, such as `COMMIT`.
    pub(crate) fn run(&mut self, sql: &str) -> Result<()> {
        let mut statement = self.connection.prepare_cached(sql).map_err(from_sqlite)?;
        statement.raw_execute().map_err(from_sqlite)?;
        Ok(())
    }

    fn prepare(&mut self, sql: &str) -> rusqlite::Result<CachedStatement<'_>> {
        if !self.numbered.contains_key(sql) {
            if self.numbered.len() >= STATEMENT_CACHE {
                self.numbered.clear();
            }
            self.numbered
                .insert(sql.into(), number_arguments(sql).into());
        }
        self.connection.prepare_cached(&self.numbered[sql])
    }

    fn execute_now(&mut self, sql: &str, args: &[Value<'_>]) -> rusqlite::Result<u64> {
        let mut statement = self.prepare(sql)?;
        bind(&mut statement, args)?;
        statement.raw_execute().map(|rows| rows as u64)
    }

    fn query_now<T>(
        &mut self,
        sql: &str,
        args: &[Value<'_>],
        mut map: impl FnMut(&Row<'_>) -> Result<T>,
    ) -> Result<Vec<T>> {
        let mut statement = self.prepare(sql).map_err(from_sqlite)?;
        bind(&mut statement, args).map_err(from_sqlite)?;
        let mut rows = statement.raw_query();
        let mut items = Vec::new();
        while let Some(row) = rows.next().map_err(from_sqlite)? {
            items.push(map(&Row::Sqlite(row))?);
        }
        Ok(items)
    }

    fn insert_now(&mut self, bulk: &BulkInsert<'_>) -> rusqlite::Result<u64> {
        let sql = self
            .inserts
            .entry((bulk.table, bulk.columns, bulk.conflict))
            .or_insert_with(|| Engine::Sqlite.bulk_insert(bulk).into());
        let mut statement = self.connection.prepare_cached(sql)?;
        let mut inserted = 0;
        for row in 0..bulk.rows() {
            for (index, column) in bulk.values.iter().enumerate() {
                statement.raw_bind_parameter(index + 1, column.value(row))?;
            }
            inserted += statement.raw_execute()? as u64;
        }
        Ok(inserted)
    }
}

fn bind(statement: &mut CachedStatement<'_>, args: &[Value<'_>]) -> rusqlite::Result<()> {
    for (index, arg) in args.iter().enumerate() {
        statement.raw_bind_parameter(index + 1, arg)?;
    }
    Ok(())
}

impl Conn for SqliteConn {
    fn engine(&self) -> Engine {
        Engine::Sqlite
    }

    async fn execute(&mut self, sql: &str, args: &[Value<'_>]) -> Result<u64> {
        self.execute_now(sql, args).map_err(from_sqlite)
    }

    async fn execute_all(&mut self, statements: &[Statement<'_>]) -> Result<Vec<u64>> {
        statements
            .iter()
            .map(|(sql, args)| self.execute_now(sql, args).map_err(from_sqlite))
            .collect()
    }

    async fn query<T, F>(&mut self, sql: &str, args: &[Value<'_>], map: F) -> Result<Vec<T>>
    where
        T: Send,
        F: FnMut(&Row<'_>) -> Result<T> + Send,
    {
        self.query_now(sql, args, map)
    }

    async fn insert(&mut self, bulk: &BulkInsert<'_>) -> Result<u64> {
        self.insert_now(bulk).map_err(from_sqlite)
    }
}

/// Rewrites `$n` to `?n`. SQLite reads `$1` as a name, and numbers names by first appearance:
/// `$2 ... $1` would be bound the wrong way round. Quoted text is left alone.
pub(crate) fn number_arguments(sql: &str) -> String {
    let mut rewritten = String::with_capacity(sql.len());
    let mut quote = None;
    for c in sql.chars() {
        match quote {
            Some(open) if c == open => quote = None,
            None if matches!(c, '\'' | '"' | '`') => quote = Some(c),
            None if c == '$' => {
                rewritten.push('?');
                continue;
            }
            _ => {}
        }
        rewritten.push(c);
    }
    rewritten
}

#[cfg(test)]
mod tests {
    use rusqlite::StatementStatus;

    use super::*;

    #[test]
    fn a_statement_is_compiled_once_whatever_is_bound() {
        const SQL: &str = "SELECT c FROM p JOIN c ON c.p = p.id WHERE p.a = $1 AND c.b = $2";
        let directory = tempfile::TempDir::new().unwrap();
        let path = directory.path().join("test.db");
        let mut conn = SqliteConn::open(&path, Access::Write).unwrap();
        conn.run("CREATE TABLE p (id INTEGER PRIMARY KEY, a, UNIQUE (a))")
            .unwrap();
        conn.run("CREATE TABLE c (p, b, c, UNIQUE (p, b))").unwrap();
        for value in [7, 1, 0, 1] {
            conn.query_now(SQL, crate::args![1, value], |row| row.get::<i64>(0))
                .unwrap();
        }
        let statement = conn.prepare(SQL).unwrap();
        assert_eq!(statement.get_status(StatementStatus::RePrepare), 0);
    }

    #[test]
    fn a_commit_is_on_disk_before_it_is_answered() {
        let directory = tempfile::TempDir::new().unwrap();
        let mut conn = SqliteConn::open(&directory.path().join("test.db"), Access::Write).unwrap();
        let journal = conn.query_now("PRAGMA journal_mode", &[], |row| row.get::<String>(0));
        assert_eq!(journal.unwrap(), ["wal"]);
        let full = 2_i64;
        let synchronous = conn.query_now("PRAGMA synchronous", &[], |row| row.get::<i64>(0));
        assert_eq!(synchronous.unwrap(), [full]);
    }

    #[test]
    fn arguments_are_bound_by_number_not_by_appearance() {
        assert_eq!(
            number_arguments("a = $2 AND b = '$1' AND c = $1"),
            "a = ?2 AND b = '$1' AND c = ?1"
        );
        let mut conn = SqliteConn {
            connection: Connection::open_in_memory().unwrap(),
            numbered: HashMap::new(),
            inserts: HashMap::new(),
        };
        let rows = conn
            .query_now("SELECT $2, $1", crate::args!["one", "two"], |row| {
                Ok((row.get::<String>(0)?, row.get::<String>(1)?))
            })
            .unwrap();
        assert_eq!(rows, [("two".to_owned(), "one".to_owned())]);
    }
}

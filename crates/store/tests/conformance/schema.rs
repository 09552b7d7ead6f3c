//! The schema is the same on both engines.

use std::sync::Mutex;

use ferroflow_model::{ErrorKind, Result};
use ferroflow_store::{Conn, DatabaseUrl, Engine, Query};
use tempfile::TempDir;

use crate::harness::{on_each_engine, open};

/// Reads all columns as `table.column type [not null]`, in order, without those that PostgreSQL
/// makes from others for its indexes.
struct Columns;

impl Query for Columns {
    type Out = Vec<String>;
    const NAME: &'static str = "test.columns";

    async fn run<C: Conn>(&self, conn: &mut C) -> Result<Vec<String>> {
        const SQLITE: &str = "SELECT t.name, c.name, lower(c.type), c.\"notnull\" OR c.pk > 0 \
            FROM sqlite_schema t JOIN pragma_table_info(t.name) c \
            WHERE t.type = 'table' AND t.name NOT LIKE 'sqlite_%'";
        const POSTGRES: &str = "SELECT table_name::text, column_name::text, data_type::text, \
            is_nullable = 'NO' FROM information_schema.columns \
            WHERE table_schema = current_schema() AND is_generated = 'NEVER'";
        let sql = match conn.engine() {
            Engine::Sqlite => SQLITE,
            Engine::Postgres => POSTGRES,
        };
        let mut columns = conn
            .query(sql, &[], |row| {
                let (table, column): (String, String) = (row.get(0)?, row.get(1)?);
                // SQLite's row keys must be declared by this name.
                let kind = row.get::<String>(2)?.replace("integer", "bigint");
                let not_null = if row.get(3)? { " not null" } else { "" };
                Ok(format!("{table}.{column} {kind}{not_null}"))
            })
            .await?;
        columns.sort_unstable();
        Ok(columns)
    }
}

#[tokio::test]
async fn both_engines_have_the_same_columns() {
    let schemas = Mutex::new(Vec::new());
    on_each_engine(async |test| {
        let columns = test.db().read(Columns).await.unwrap();
        schemas.lock().unwrap().push(columns);
    })
    .await;
    let schemas = schemas.into_inner().unwrap();
    assert!(schemas[0].contains(&"runs.run_id text not null".to_owned()));
    for schema in &schemas[1..] {
        assert_eq!(*schema, schemas[0]);
    }
}

#[tokio::test]
async fn a_closed_file_has_no_log_beside_it() {
    let directory = TempDir::new().unwrap();
    let db = open(DatabaseUrl::Sqlite(directory.path().join("test.db"))).await;
    db.intern(&["key"]).await.unwrap();
    db.read(Columns).await.unwrap();
    assert!(directory.path().join("test.db-wal").exists());
    db.close().await;
    let files = std::fs::read_dir(directory.path()).unwrap();
    let mut names: Vec<_> = files.map(|file| file.unwrap().file_name()).collect();
    names.sort();
    assert_eq!(names, ["test.db", "test.db.lock"]);
    let late = db.read(Columns).await.map_err(|error| error.kind());
    assert_eq!(late, Err(ErrorKind::Unavailable));
}

//! The database: one type over both engines.

use std::collections::HashMap;
use std::path::PathBuf;
use std::str::FromStr;
use std::sync::Arc;

use ferroflow_model::Result;

use crate::command::{Command, Mutation, Query, WriteContext};
use crate::conn::{Conn, Engine};
use crate::effects::Write;
use crate::keys::{FindKeys, InternKeys, KeyCache};
use crate::migrations::OpenError;
use crate::postgres::Postgres;
use crate::sqlite::Sqlite;
use crate::stats::{Stats, StatsSnapshot};
use crate::tenants::TenantCache;

/// Where the data is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DatabaseUrl {
    /// A file.
    Sqlite(PathBuf),
    /// A connection string, secrets included.
    Postgres(String),
}

impl FromStr for DatabaseUrl {
    type Err = OpenError;

    /// Reads `sqlite:PATH`, `postgres://...` or `postgresql://...`.
    fn from_str(text: &str) -> Result<Self, OpenError> {
        if let Some(path) = text.strip_prefix("sqlite:") {
            if path.is_empty() || path.starts_with(":memory:") {
                return Err(OpenError::BadUrl(
                    "a SQLite database needs a file: write sqlite:PATH".to_owned(),
                ));
            }
            return Ok(Self::Sqlite(PathBuf::from(path)));
        }
        if text.starts_with("postgres://") || text.starts_with("postgresql://") {
            return Ok(Self::Postgres(text.to_owned()));
        }
        Err(OpenError::BadUrl(
            "a database is written as sqlite:PATH or postgres://USER@HOST:PORT/NAME".to_owned(),
        ))
    }
}

/// How to open a database.
#[derive(Debug, Clone)]
pub struct DbOptions {
    /// Where the data is.
    pub url: DatabaseUrl,
    /// At most this many connections to PostgreSQL.
    pub pool_size: usize,
    /// Milliseconds since the Unix epoch, recorded with migrations.
    pub now_ms: i64,
}

/// An open database.
pub struct Db {
    engine: EngineDb,
    stats: Arc<Stats>,
    keys: Arc<KeyCache>,
    pub(crate) tenants: TenantCache,
}

enum EngineDb {
    Sqlite(Sqlite),
    Postgres(Postgres),
}

impl Db {
    /// Opens a database, creating or migrating its schema.
    pub async fn open(options: DbOptions) -> Result<Self, OpenError> {
        let stats = Arc::new(Stats::default());
        let engine = match options.url {
            DatabaseUrl::Sqlite(path) => {
                EngineDb::Sqlite(Sqlite::open(&path, options.now_ms, Arc::clone(&stats))?)
            }
            DatabaseUrl::Postgres(url) => {
                let (size, now_ms) = (options.pool_size, options.now_ms);
                EngineDb::Postgres(Postgres::open(&url, size, now_ms, Arc::clone(&stats)).await?)
            }
        };
        Ok(Self {
            engine,
            stats,
            keys: Arc::default(),
            tenants: TenantCache::default(),
        })
    }

    /// Which engine it is.
    pub fn engine(&self) -> Engine {
        match self.engine {
            EngineDb::Sqlite(_) => Engine::Sqlite,
            EngineDb::Postgres(_) => Engine::Postgres,
        }
    }

    /// Runs a command. When it answers, what it wrote is on disk.
    pub async fn run<C: Command>(&self, command: C) -> Result<C::Out> {
        match &self.engine {
            EngineDb::Sqlite(sqlite) => sqlite.run(command).await,
            EngineDb::Postgres(postgres) => postgres.run(command).await,
        }
    }

    /// Runs a change with all that a write carries.
    pub async fn write<M: Mutation>(&self, context: WriteContext, mutation: M) -> Result<M::Out> {
        self.run(Write { context, mutation }).await
    }

    /// Runs a query.
    pub async fn read<Q: Query>(&self, query: Q) -> Result<Q::Out> {
        match &self.engine {
            EngineDb::Sqlite(sqlite) => sqlite.read(query).await,
            EngineDb::Postgres(postgres) => postgres.read(query).await,
        }
    }

    /// The cache of interned keys, for queries that show them.
    pub fn keys(&self) -> Arc<KeyCache> {
        Arc::clone(&self.keys)
    }

    /// Interns keys; answers their ids in the order of `names`.
    pub async fn intern(&self, names: &[&str]) -> Result<Vec<i64>> {
        let unknown = match self.keys.ids(names) {
            Ok(ids) => return Ok(ids),
            Err(unknown) => unknown,
        };
        let interned = self.run(InternKeys { names: unknown }).await?;
        let ids = self.in_order(names, &interned);
        self.keys.remember(interned);
        ids.into_iter()
            .collect::<Option<_>>()
            .ok_or_else(|| ferroflow_model::Error::internal("an interned key has no id"))
    }

    /// Finds the ids of keys that may not be interned, in the order of `names`.
    pub async fn find_keys(&self, names: &[&str]) -> Result<Vec<Option<i64>>> {
        let unknown = match self.keys.ids(names) {
            Ok(ids) => return Ok(ids.into_iter().map(Some).collect()),
            Err(unknown) => unknown,
        };
        let found = self.read(FindKeys { names: unknown }).await?;
        let ids = self.in_order(names, &found);
        self.keys.remember(found);
        Ok(ids)
    }

    /// The ids of names, from the cache and from what has just been read.
    fn in_order(&self, names: &[&str], read: &[(i64, String)]) -> Vec<Option<i64>> {
        let fresh: HashMap<&str, i64> =
            read.iter().map(|(id, name)| (name.as_str(), *id)).collect();
        let id = |name: &str| {
            let known = || {
                self.keys
                    .ids(&[name])
                    .ok()
                    .and_then(|ids| ids.first().copied())
            };
            fresh.get(name).copied().or_else(known)
        };
        names.iter().map(|name| id(name)).collect()
    }

    /// Asks the database whether it answers, and whether it can still be written.
    pub async fn health(&self) -> Result<()> {
        if let EngineDb::Sqlite(sqlite) = &self.engine {
            sqlite.check_writer()?;
        }
        self.read(Health).await
    }

    /// What transactions have cost so far.
    pub fn stats(&self) -> StatsSnapshot {
        self.stats.snapshot()
    }

    /// Finishes what is queued and closes. Later calls fail as unavailable.
    pub async fn close(&self) {
        match &self.engine {
            EngineDb::Sqlite(sqlite) => sqlite.close().await,
            EngineDb::Postgres(postgres) => postgres.close(),
        }
    }
}

struct Health;

impl Query for Health {
    type Out = ();
    const NAME: &'static str = "health";

    async fn run<C: Conn>(&self, conn: &mut C) -> Result<()> {
        // Reading a table proves more than `SELECT 1`: the schema is there.
        conn.query("SELECT platform_pk FROM platforms LIMIT 1", &[], |row| {
            row.get::<i64>(0)
        })
        .await
        .map(drop)
    }
}

//! PostgreSQL: pooled, pipelined, retried.

mod conn;

use std::sync::Arc;
use std::time::{Duration, Instant};

use deadpool_postgres::{
    Hook, HookError, Manager, ManagerConfig, Object, Pool, PoolError, RecyclingMethod, Runtime,
    Timeouts,
};
use ferroflow_model::{Error, Result};
use tokio_postgres::{Client, Config, NoTls};
use tokio_postgres_rustls::MakeRustlsConnect;

use self::conn::PostgresConn;
use crate::command::{Command, Query};
use crate::conn::Engine;
use crate::error::{asks_for_rerun, came_second, from_postgres, lost_connection};
use crate::migrations::{self, OpenError, Tables};
use crate::stats::Stats;

/// A transaction that keeps meeting others is given up after this many attempts.
const ATTEMPTS: u64 = 10;

/// Serialises migrations between servers that start at once; any constant of our own does.
const MIGRATION_LOCK: i64 = 0x0066_6572_726f_666c;

/// What each connection begins with. Statements are written for the indexes, and no statistics may
/// tell otherwise: there are none of a table that was just filled, and it would be read whole, or
/// the whole range of an index before the first row of a page. None is worth compiling or sharing
/// among processes either.
const SETTINGS: &str = "SET enable_seqscan = off; SET enable_bitmapscan = off; SET jit = off; \
    SET max_parallel_workers_per_gather = 0";

/// A PostgreSQL database.
pub(crate) struct Postgres {
    pool: Pool,
    stats: Arc<Stats>,
}

impl Postgres {
    /// Connects, migrates, and keeps a pool of at most `pool_size` connections.
    pub(crate) async fn open(
        url: &str,
        pool_size: usize,
        now_ms: i64,
        stats: Arc<Stats>,
    ) -> std::result::Result<Self, OpenError> {
        let config: Config = url
            .parse()
            .map_err(|error| OpenError::BadUrl(format!("invalid database URL: {error}")))?;
        let pool = pool(config, pool_size)?;
        let mut client = pool.get().await.map_err(pool_open_error)?;
        migrate(&mut client, now_ms).await?;
        drop(client);
        Ok(Self { pool, stats })
    }

    /// Runs a command, again when the database asks for that.
    pub(crate) async fn run<C: Command>(&self, command: C) -> Result<C::Out> {
        let started = Instant::now();
        let mut retries = 0;
        let outcome = loop {
            let outcome = self.attempt(&command).await;
            let again = match &outcome {
                Err(error) if asks_for_rerun(error) || came_second(error) => retries + 1 < ATTEMPTS,
                Err(error) if lost_connection(error) => command.is_repeatable() && retries < 2,
                _ => false,
            };
            if !again {
                break outcome;
            }
            retries += 1;
            tokio::time::sleep(backoff(retries)).await;
        };
        self.stats
            .transaction(C::NAME)
            .finish(started.elapsed(), retries, outcome.is_err());
        outcome.map_err(|error| {
            if asks_for_rerun(&error) {
                Error::unavailable(error)
            } else {
                error
            }
        })
    }

    async fn attempt<C: Command>(&self, command: &C) -> Result<C::Out> {
        let mut conn = PostgresConn::for_command(self.client().await?);
        match command.run(&mut conn).await {
            Ok(out) => conn.commit().await.map(|()| out),
            Err(error) => {
                // Where even that fails, the connection is closed, which undoes it as well.
                let _ = conn.roll_back().await;
                Err(error)
            }
        }
    }

    /// Runs a query; once more on a new connection when the pooled one had died.
    pub(crate) async fn read<Q: Query>(&self, query: Q) -> Result<Q::Out> {
        let started = Instant::now();
        let mut outcome = self.read_once(&query).await;
        let lost = outcome.as_ref().is_err_and(lost_connection);
        if lost {
            outcome = self.read_once(&query).await;
        }
        let stats = self.stats.transaction(Q::NAME);
        stats.finish(started.elapsed(), u64::from(lost), outcome.is_err());
        outcome
    }

    async fn read_once<Q: Query>(&self, query: &Q) -> Result<Q::Out> {
        let client = self.client().await?;
        if !Q::IS_SNAPSHOT {
            return query.run(&mut PostgresConn::for_query(client)).await;
        }
        let mut conn = PostgresConn::for_snapshot(client);
        let outcome = query.run(&mut conn).await;
        // Nothing was written; ending the transaction gives the connection back to the pool.
        conn.roll_back().await?;
        outcome
    }

    async fn client(&self) -> Result<Object> {
        self.pool.get().await.map_err(|error| match error {
            PoolError::Backend(error) | PoolError::PostCreateHook(HookError::Backend(error)) => {
                from_postgres(error)
            }
            other => Error::unavailable(other),
        })
    }

    /// Closes all connections.
    pub(crate) fn close(&self) {
        self.pool.close();
    }
}

/// Waits longer with each retry, so that two transactions do not meet for ever.
fn backoff(retries: u64) -> Duration {
    Duration::from_millis(retries * retries)
}

fn pool(config: Config, size: usize) -> std::result::Result<Pool, OpenError> {
    let manager_config = ManagerConfig {
        recycling_method: RecyclingMethod::Fast,
    };
    let manager = if config.get_ssl_mode() == tokio_postgres::config::SslMode::Disable {
        Manager::from_config(config, NoTls, manager_config)
    } else {
        Manager::from_config(config, tls()?, manager_config)
    };
    // A wait without an end would turn a full pool into requests that never answer.
    let timeout = Some(Duration::from_secs(10));
    Pool::builder(manager)
        .max_size(size)
        .post_create(Hook::async_fn(|client, _| {
            Box::pin(async move {
                let settled = client.batch_execute(SETTINGS).await;
                settled.map_err(HookError::Backend)
            })
        }))
        .runtime(Runtime::Tokio1)
        .timeouts(Timeouts {
            wait: timeout,
            create: timeout,
            recycle: timeout,
        })
        .build()
        .map_err(|error| OpenError::Engine(error.to_string()))
}

fn tls() -> std::result::Result<MakeRustlsConnect, OpenError> {
    let roots = rustls_native_certs::load_native_certs();
    let mut store = rustls::RootCertStore::empty();
    store.add_parsable_certificates(roots.certs);
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| OpenError::Engine(error.to_string()))?
        .with_root_certificates(store)
        .with_no_client_auth();
    Ok(MakeRustlsConnect::new(config))
}

fn pool_open_error(error: PoolError) -> OpenError {
    match error {
        PoolError::Backend(error) | PoolError::PostCreateHook(HookError::Backend(error)) => {
            error.into()
        }
        other => OpenError::Engine(other.to_string()),
    }
}

/// Brings the schema to the newest version, under a lock, one transaction per migration.
async fn migrate(client: &mut Client, now_ms: i64) -> std::result::Result<(), OpenError> {
    client
        .execute("SELECT pg_advisory_lock($1)", &[&MIGRATION_LOCK])
        .await?;
    let outcome = migrate_locked(client, now_ms).await;
    client
        .execute("SELECT pg_advisory_unlock($1)", &[&MIGRATION_LOCK])
        .await?;
    outcome
}

async fn migrate_locked(client: &mut Client, now_ms: i64) -> std::result::Result<(), OpenError> {
    refuse_foreign(client).await?;
    client.batch_execute(migrations::BOOKKEEPING).await?;
    let rows = client.query(migrations::APPLIED, &[]).await?;
    let applied: Vec<(i64, String)> = rows.iter().map(|row| (row.get(0), row.get(1))).collect();
    for migration in migrations::pending(&applied)? {
        let transaction = client.transaction().await?;
        transaction
            .batch_execute(&migration.sql(Engine::Postgres))
            .await?;
        let (version, name, checksum) = (migration.version, migration.name, migration.checksum());
        transaction
            .execute(migrations::RECORD, &[&version, &name, &checksum, &now_ms])
            .await?;
        transaction.commit().await?;
    }
    Ok(())
}

/// Leaves the tables of another program untouched.
async fn refuse_foreign(client: &Client) -> std::result::Result<(), OpenError> {
    let row = client
        .query_one(
            "SELECT count(*), count(*) FILTER (WHERE table_name = 'ferroflow_migrations'), \
             count(*) FILTER (WHERE table_name IN ('alembic_version', 'experiments')) \
             FROM information_schema.tables WHERE table_schema = current_schema()",
            &[],
        )
        .await?;
    let tables = Tables {
        count: row.get(0),
        of_ferroflow: row.get(1),
        of_mlflow: row.get(2),
    };
    tables.check("named by the URL")
}

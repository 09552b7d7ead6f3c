//! Runs a test on each engine, each time in a fresh database.

use std::sync::atomic::{AtomicU32, Ordering::Relaxed};

use ferroflow_model::{Fingerprint, IfMatch, Result, Retry, RetryToken, Scope};
use ferroflow_store::{
    Command, Conn, DatabaseUrl, Db, DbOptions, Mutation, NewDefaultExperiment, Query, Tenant,
    Write, WriteContext,
};
use tempfile::TempDir;
use tokio_postgres::{Client, NoTls};

use crate::plans::{Explained, Plans};

/// The time at which tests begin.
pub(crate) const NOW_MS: i64 = 1_700_000_000_000;

/// Names a PostgreSQL cluster in which databases may be created.
const POSTGRES: &str = "FERROFLOW_TEST_POSTGRES";

/// Runs `test` on SQLite, and on PostgreSQL when there is one.
pub(crate) async fn on_each_engine(test: impl AsyncFn(&mut TestDb)) {
    on_sqlite(&test).await;
    on_postgres(test).await;
}

/// Runs `test` on SQLite alone: for plans, which do not depend on statistics there.
pub(crate) async fn on_sqlite(test: impl AsyncFn(&mut TestDb)) {
    let directory = TempDir::new().unwrap();
    let file = DatabaseUrl::Sqlite(directory.path().join("test.db"));
    let mut sqlite = TestDb::open(file).await;
    test(&mut sqlite).await;
    sqlite.plans.check();
    sqlite.db().close().await;
}

/// Runs `test` on PostgreSQL when there is one: for what SQLite, with its one writer, cannot show.
pub(crate) async fn on_postgres(test: impl AsyncFn(&mut TestDb)) {
    let Some(cluster) = Cluster::from_environment().await else {
        return;
    };
    let database = cluster.create_database().await;
    let mut postgres = TestDb::open(cluster.url_of(&database)).await;
    test(&mut postgres).await;
    postgres.plans.check();
    postgres.db().close().await;
    cluster.drop_database(&database).await;
}

/// An open database, with the tenant that tests use unless they make another.
pub(crate) struct TestDb {
    /// Absent only while it is restarted.
    db: Option<Db>,
    /// Platform `default`, workspace `default`.
    pub(crate) tenant: Tenant,
    /// How the statements found their rows.
    pub(crate) plans: Plans,
    url: DatabaseUrl,
}

impl TestDb {
    async fn open(url: DatabaseUrl) -> Self {
        let db = open(url.clone()).await;
        let tenant = ensure_tenant(&db, &Scope::root()).await;
        Self {
            db: Some(db),
            tenant,
            plans: Plans::default(),
            url,
        }
    }

    /// Closes the database and opens it again, as a restart does.
    pub(crate) async fn restart(&mut self) {
        self.db().close().await;
        // SQLite's file stays locked until the database is dropped.
        self.db = None;
        self.db = Some(open(self.url.clone()).await);
    }

    /// The database.
    pub(crate) fn db(&self) -> &Db {
        self.db.as_ref().unwrap()
    }

    /// Opens the database once more, as a second server over one PostgreSQL does.
    pub(crate) async fn second_server(&self) -> Db {
        open(self.url.clone()).await
    }

    /// Another tenant, made when it does not exist.
    pub(crate) async fn tenant(&self, platform: &str, workspace: &str) -> Tenant {
        let scope = Scope {
            platform: ferroflow_model::PlatformId::parse(platform).unwrap(),
            workspace: Some(ferroflow_model::WorkspaceKey::parse(workspace).unwrap()),
        };
        ensure_tenant(self.db(), &scope).await
    }

    /// What a write by a test carries.
    pub(crate) fn context(&self) -> WriteContext {
        WriteContext {
            tenant: self.tenant,
            holds_tenant: false,
            principal: "tester".to_owned(),
            request_id: "request".to_owned(),
            now_ms: NOW_MS,
            first_revision: 1,
            retry: None,
            if_match: None,
        }
    }

    /// A write with a retry token; `request` stands for what is asked.
    pub(crate) fn retry(&self, token: &str, request: u8) -> WriteContext {
        self.retry_of("operation", token, request)
    }

    /// A write with a retry token of one operation.
    pub(crate) fn retry_of(
        &self,
        operation: &'static str,
        token: &str,
        request: u8,
    ) -> WriteContext {
        WriteContext {
            retry: Some(Retry {
                operation,
                token: RetryToken::parse(token).unwrap(),
                fingerprint: Fingerprint([request; 32]),
            }),
            ..self.context()
        }
    }

    /// A write with a precondition.
    pub(crate) fn if_match(&self, etag: impl std::fmt::Display) -> WriteContext {
        WriteContext {
            if_match: Some(IfMatch::parse(&format!("\"{etag}\""))),
            ..self.context()
        }
    }

    /// Makes a change.
    pub(crate) async fn write<M: Mutation>(&self, mutation: M) -> Result<M::Out> {
        self.write_with(self.context(), mutation).await
    }

    /// Makes a change under conditions.
    pub(crate) async fn write_with<M: Mutation>(
        &self,
        context: WriteContext,
        mutation: M,
    ) -> Result<M::Out> {
        let write = Write { context, mutation };
        self.db().run(self.explained(write)).await
    }

    /// Runs a query.
    pub(crate) async fn read<Q: Query>(&self, query: Q) -> Result<Q::Out> {
        self.db().read(self.explained(query)).await
    }

    fn explained<T>(&self, inner: T) -> Explained<T> {
        let plans = self.plans.clone();
        Explained { inner, plans }
    }

    /// Runs one statement, for states that no operation makes.
    pub(crate) async fn execute(&self, sql: &str) -> u64 {
        self.db().run(Execute(sql.to_owned())).await.unwrap()
    }

    /// The id of a key.
    pub(crate) async fn key(&self, name: &str) -> i64 {
        self.db().intern(&[name]).await.unwrap()[0]
    }
}

/// Answers the number that a statement selects.
pub(crate) async fn count(test: &TestDb, sql: &str) -> i64 {
    test.db().read(Number(sql.to_owned())).await.unwrap()
}

struct Number(String);

impl Query for Number {
    type Out = i64;
    const NAME: &'static str = "test.number";

    async fn run<C: Conn>(&self, conn: &mut C) -> Result<i64> {
        conn.query_one(&self.0, &[], |row| row.get(0)).await
    }
}

struct Execute(String);

impl Command for Execute {
    type Out = u64;
    const NAME: &'static str = "test.execute";

    async fn run<C: Conn>(&self, conn: &mut C) -> Result<u64> {
        conn.execute(&self.0, &[]).await
    }
}

/// Opens a database.
pub(crate) async fn open(url: DatabaseUrl) -> Db {
    let options = DbOptions {
        url,
        pool_size: 8,
        now_ms: NOW_MS,
    };
    Db::open(options).await.unwrap()
}

/// What a new workspace begins with.
pub(crate) fn default_experiment() -> NewDefaultExperiment {
    NewDefaultExperiment {
        name: "Default".to_owned(),
        artifact_root: "mlflow-artifacts:/".to_owned(),
        now_ms: NOW_MS,
        first_revision: 1,
    }
}

async fn ensure_tenant(db: &Db, scope: &Scope) -> Tenant {
    db.ensure_tenant(scope, default_experiment).await.unwrap()
}

/// The cluster in which each test gets a database of its own.
struct Cluster {
    url: String,
    client: Client,
}

impl Cluster {
    #[expect(
        clippy::disallowed_methods,
        reason = "the suite is told of its cluster by a variable"
    )]
    async fn from_environment() -> Option<Self> {
        let url = std::env::var(POSTGRES).ok().filter(|url| !url.is_empty())?;
        let (client, connection) = tokio_postgres::connect(&url, NoTls).await.unwrap();
        tokio::spawn(connection);
        Some(Self { url, client })
    }

    async fn create_database(&self) -> String {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let number = COUNT.fetch_add(1, Relaxed);
        let name = format!("ferroflow_test_{}_{number}", std::process::id());
        let sqls = [
            format!("DROP DATABASE IF EXISTS {name}"),
            format!("CREATE DATABASE {name}"),
        ];
        // Tables of a few rows are read whole because they are small: plans would tell nothing.
        let for_small_tables = ["seqscan", "hashjoin", "mergejoin"];
        let off = for_small_tables
            .map(|method| format!("ALTER DATABASE {name} SET enable_{method} = off"));
        for sql in sqls.iter().chain(&off) {
            self.client.batch_execute(sql).await.unwrap();
        }
        name
    }

    /// The cluster's URL with another database name; parameters after `?` stay.
    fn url_of(&self, database: &str) -> DatabaseUrl {
        let (address, parameters) = self.url.split_once('?').unwrap_or((&self.url, ""));
        let (server, _) = address.rsplit_once('/').unwrap();
        let mark = if parameters.is_empty() { "" } else { "?" };
        let url = format!("{server}/{database}{mark}{parameters}");
        url.parse().unwrap()
    }

    async fn drop_database(&self, name: &str) {
        let sql = format!("DROP DATABASE {name} WITH (FORCE)");
        self.client.batch_execute(&sql).await.unwrap();
    }
}

//! A PostgreSQL connection as a command sees it.

use std::pin::pin;

use deadpool_postgres::Object;
use ferroflow_model::{Error, Result};
use futures_util::{TryStreamExt, future};
use tokio_postgres::Statement as Prepared;

use crate::conn::{BulkInsert, Conn, Engine, Statement};
use crate::error::from_postgres;
use crate::{Row, Value};

/// How many prepared statements a connection keeps before it forgets them all: searches make new
/// texts without end.
const STATEMENT_CACHE: usize = 500;

/// Where a connection stands in its transaction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Transaction {
    /// Each statement stands alone; for queries.
    None,
    /// This `BEGIN` is to ride with the first statement.
    Pending(&'static str),
    /// Begun, and not yet ended.
    Open,
}

/// A pooled connection. One that is dropped inside a transaction is closed instead of going back
/// to the pool, so that an abandoned request leaves nothing open.
pub(crate) struct PostgresConn {
    client: Option<Object>,
    transaction: Transaction,
}

impl PostgresConn {
    /// For a command: the first statement begins a transaction.
    pub(crate) fn for_command(client: Object) -> Self {
        Self {
            client: Some(client),
            transaction: Transaction::Pending("BEGIN"),
        }
    }

    /// For a query whose statements must see the same state.
    pub(crate) fn for_snapshot(client: Object) -> Self {
        Self {
            client: Some(client),
            transaction: Transaction::Pending("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"),
        }
    }

    /// For a query.
    pub(crate) fn for_query(client: Object) -> Self {
        Self {
            client: Some(client),
            transaction: Transaction::None,
        }
    }

    /// Ends the transaction, if one was begun.
    pub(crate) async fn commit(mut self) -> Result<()> {
        self.end("COMMIT").await
    }

    /// Undoes the transaction, if one was begun.
    pub(crate) async fn roll_back(mut self) -> Result<()> {
        self.end("ROLLBACK").await
    }

    async fn end(&mut self, sql: &str) -> Result<()> {
        if self.transaction == Transaction::Open {
            live(self.client.as_ref())?
                .batch_execute(sql)
                .await
                .map_err(from_postgres)?;
        }
        self.transaction = Transaction::None;
        Ok(())
    }
}

/// Runs `first`, with `BEGIN` ahead of it in the same round trip when one is pending.
async fn begin_with<T>(
    transaction: &mut Transaction,
    client: &Object,
    first: impl Future<Output = Result<T, tokio_postgres::Error>>,
) -> Result<T> {
    let Transaction::Pending(opening) = *transaction else {
        return first.await.map_err(from_postgres);
    };
    // From here on the connection may be inside a transaction, whatever becomes of us.
    *transaction = Transaction::Open;
    let (begun, outcome) = future::join(client.batch_execute(opening), first).await;
    begun.map_err(from_postgres)?;
    outcome.map_err(from_postgres)
}

impl Conn for PostgresConn {
    fn engine(&self) -> Engine {
        Engine::Postgres
    }

    async fn execute(&mut self, sql: &str, args: &[Value<'_>]) -> Result<u64> {
        let statement = prepare(self.client.as_ref(), sql).await?;
        let client = live(self.client.as_ref())?;
        let first = client.execute_raw(&statement, args.iter().copied());
        begin_with(&mut self.transaction, client, first).await
    }

    async fn execute_all(&mut self, statements: &[Statement<'_>]) -> Result<Vec<u64>> {
        let client = live(self.client.as_ref())?;
        let mut prepared = Vec::with_capacity(statements.len());
        for (sql, _) in statements {
            prepared.push(prepare(self.client.as_ref(), sql).await?);
        }
        let running = prepared
            .iter()
            .zip(statements)
            .map(|(statement, (_, args))| client.execute_raw(statement, args.iter().copied()));
        let all = async { future::join_all(running).await.into_iter().collect() };
        begin_with(&mut self.transaction, client, all).await
    }

    async fn query<T, F>(&mut self, sql: &str, args: &[Value<'_>], mut map: F) -> Result<Vec<T>>
    where
        T: Send,
        F: FnMut(&Row<'_>) -> Result<T> + Send,
    {
        let statement = prepare(self.client.as_ref(), sql).await?;
        let client = live(self.client.as_ref())?;
        let first = client.query_raw(&statement, args.iter().copied());
        let mut rows = pin!(begin_with(&mut self.transaction, client, first).await?);
        let mut items = Vec::new();
        while let Some(row) = rows.try_next().await.map_err(from_postgres)? {
            items.push(map(&Row::Postgres(&row))?);
        }
        Ok(items)
    }

    async fn insert(&mut self, bulk: &BulkInsert<'_>) -> Result<u64> {
        if bulk.rows() == 0 {
            return Ok(0);
        }
        let statement = prepare(self.client.as_ref(), &Engine::Postgres.bulk_insert(bulk)).await?;
        let client = live(self.client.as_ref())?;
        let first = client.execute_raw(&statement, bulk.values.iter().copied());
        begin_with(&mut self.transaction, client, first).await
    }
}

/// The connection, which only `drop` takes away.
fn live(client: Option<&Object>) -> Result<&Object> {
    client.ok_or_else(|| Error::internal("the connection is gone"))
}

async fn prepare(client: Option<&Object>, sql: &str) -> Result<Prepared> {
    let client = live(client)?;
    if client.statement_cache.size() > STATEMENT_CACHE {
        client.statement_cache.clear();
    }
    client.prepare_cached(sql).await.map_err(from_postgres)
}

impl Drop for PostgresConn {
    fn drop(&mut self) {
        if self.transaction == Transaction::Open
            && let Some(client) = self.client.take()
        {
            drop(Object::take(client));
        }
    }
}

//! The service itself: whom it serves, and how a request reaches the store.

use std::sync::Arc;

use ferroflow_artifacts::{ArtifactStore, DirectRoot};
use ferroflow_model::{Clock, Context, Error, ErrorKind, Result, Scope};
use ferroflow_store::{Db, Mutation, PurgeRetryTokens, Query, Tenant, WriteContext};

use crate::SourcePattern;

/// Expired retry tokens are forgotten in transactions of at most this many.
const PURGE_BATCH: i64 = 1000;

/// The source of random ids. Only the outermost room makes random numbers.
pub trait IdSource: Send + Sync {
    /// 128 random bits.
    fn next(&self) -> u128;
}

/// What the service needs to know about the installation.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The URI below which experiments get their artifact locations. By default
    /// `mlflow-artifacts:/`, which clients resolve to this server.
    pub artifact_root: String,
    /// Whether clients of MLflow can make and delete workspaces. Servers over one database agree
    /// on it.
    pub has_workspaces: bool,
    /// What the sources of new model versions must match.
    pub version_sources: Option<SourcePattern>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            artifact_root: "mlflow-artifacts:/".to_owned(),
            has_workspaces: false,
            version_sources: None,
        }
    }
}

/// The core of Ferroflow, shared by both dialects.
pub struct Service {
    pub(crate) db: Db,
    pub(crate) artifacts: ArtifactStore,
    pub(crate) direct_root: Option<DirectRoot>,
    pub(crate) settings: Settings,
    clock: Arc<dyn Clock>,
    ids: Arc<dyn IdSource>,
}

impl Service {
    /// A service over a database and an artifact store.
    pub fn new(
        db: Db,
        artifacts: ArtifactStore,
        clock: Arc<dyn Clock>,
        ids: Arc<dyn IdSource>,
        settings: Settings,
    ) -> Self {
        Self {
            db,
            artifacts,
            direct_root: None,
            settings,
            clock,
            ids,
        }
    }

    /// The same service, which also reads what clients write to their artifact store themselves.
    #[must_use]
    pub fn with_direct_root(mut self, root: DirectRoot) -> Self {
        self.direct_root = Some(root);
        self
    }

    /// Makes sure that the root scope exists, with its default experiment, so that a new client
    /// finds what it expects before anything was written.
    pub async fn prepare(&self) -> Result<()> {
        self.ensure_tenant(&Scope::root()).await.map(drop)
    }

    /// The database, for health and metrics.
    pub fn db(&self) -> &Db {
        &self.db
    }

    /// Forgets retry tokens whose lifetime is over; answers how many.
    pub async fn purge_retry_tokens(&self) -> Result<u64> {
        let mut purged = 0;
        loop {
            let batch = PurgeRetryTokens {
                now_ms: self.now_ms(),
                limit: PURGE_BATCH,
            };
            match self.db.run(batch).await? {
                0 => return Ok(purged),
                count => purged += count,
            }
        }
    }

    /// Runs a change on behalf of a caller who may make it.
    pub(crate) async fn write<M: Mutation>(
        &self,
        context: &Context,
        mutation: M,
    ) -> Result<M::Out> {
        authorise(context)?;
        let write = WriteContext {
            tenant: self.tenant_to_write(context).await?,
            holds_tenant: self.may_be_deleted(&context.scope),
            principal: context.caller.principal.clone(),
            request_id: context.request_id.clone(),
            now_ms: self.now_ms(),
            first_revision: self.first_revision(),
            retry: context.retry.clone(),
            if_match: context.if_match.clone(),
        };
        self.db.write(write, mutation).await
    }

    /// Runs a query on behalf of a caller who may read; `query` is made for the tenant's keys.
    pub(crate) async fn read<Q: Query>(
        &self,
        context: &Context,
        query: impl FnOnce(Tenant) -> Q,
    ) -> Result<Q::Out> {
        authorise(context)?;
        let tenant = self.tenant_to_read(context).await?;
        self.db.read(query(tenant)).await
    }

    /// Milliseconds since the Unix epoch.
    pub(crate) fn now_ms(&self) -> i64 {
        self.clock.now_ms()
    }

    /// 128 random bits.
    pub(crate) fn random(&self) -> u128 {
        self.ids.next()
    }

    /// 62 random bits: it can be counted up for long.
    pub(crate) fn first_revision(&self) -> i64 {
        i64::try_from(self.random() >> 66).unwrap_or(1)
    }

    /// 32 lower-case hexadecimal digits of a random (version 4) UUID, as MLflow makes its ids.
    pub(crate) fn new_hex_id(&self) -> String {
        uuid::Builder::from_random_bytes(self.random().to_be_bytes())
            .into_uuid()
            .simple()
            .to_string()
    }
}

/// Refuses a caller who lacks what the route declares.
pub(crate) fn authorise(context: &Context) -> Result<()> {
    if context.caller.may(context.permission) {
        return Ok(());
    }
    Err(Error::new(
        ErrorKind::PermissionDenied,
        "Permission denied.",
    ))
}

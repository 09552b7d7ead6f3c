//! Transactions as values: a command can be run again, a query reads one state.

use ferroflow_model::{Error, ErrorKind, Etag, IfMatch, Result, Retry};

use crate::conn::Conn;

/// A transaction that writes. It is a value, so that it can be run again when the database asks
/// for that; it reads no clock and makes no ids.
pub trait Command: Send + Sync + 'static {
    /// What it answers with.
    type Out: Send + 'static;
    /// Names it in metrics and logs.
    const NAME: &'static str;

    /// Runs it inside a transaction that the caller begins and ends.
    fn run<C: Conn>(&self, conn: &mut C) -> impl Future<Output = Result<Self::Out>> + Send;

    /// Whether it may be run again when the connection was lost and nobody knows whether the
    /// commit arrived.
    fn is_repeatable(&self) -> bool {
        false
    }
}

/// A transaction that only reads.
pub trait Query: Send + Sync + 'static {
    /// What it answers with.
    type Out: Send + 'static;
    /// Names it in metrics and logs.
    const NAME: &'static str;
    /// Whether it may take long: then, on SQLite, it runs on a thread of its own instead of in
    /// place.
    const IS_LONG: bool = false;
    /// Whether its statements must see the same state. On SQLite they always do; on PostgreSQL
    /// that takes a transaction.
    const IS_SNAPSHOT: bool = false;

    /// Runs it on one state of the data.
    fn run<C: Conn>(&self, conn: &mut C) -> impl Future<Output = Result<Self::Out>> + Send;
}

/// The row keys of a tenant. Row keys begin with 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Tenant {
    /// The platform.
    pub platform: i64,
    /// The workspace; 0 where a request names only a platform.
    pub workspace: i64,
}

impl Tenant {
    /// The row key of a workspace that does not exist: nothing is found in it.
    pub const NO_WORKSPACE: i64 = -1;

    /// A tenant that does not exist: nothing is found in it.
    pub const NOWHERE: Self = Self {
        platform: 0,
        workspace: 0,
    };
}

/// What each write knows beside its subject.
#[derive(Debug, Clone)]
pub struct WriteContext {
    /// The tenant.
    pub tenant: Tenant,
    /// Whether the tenant may be deleted meanwhile: then the transaction keeps it from that, and
    /// fails where it came too late.
    pub holds_tenant: bool,
    /// Who writes.
    pub principal: String,
    /// Finds the request in logs.
    pub request_id: String,
    /// Milliseconds since the Unix epoch.
    pub now_ms: i64,
    /// Where the revision of an entity begins that this write makes; see [`Etag`].
    pub first_revision: i64,
    /// Makes a repeated request have one effect.
    pub retry: Option<Retry>,
    /// Makes the change conditional.
    pub if_match: Option<IfMatch>,
}

impl WriteContext {
    /// Refuses the change when the caller's precondition does not hold for the state before it.
    pub fn check(&self, current: Etag) -> Result<()> {
        match &self.if_match {
            Some(condition) if !condition.allows(current) => Err(Error::new(
                ErrorKind::PreconditionFailed,
                format!("The entity has changed: its etag is now \"{current}\"."),
            )),
            _ => Ok(()),
        }
    }
}

/// The key from which an answer can be derived again. Row keys are never used twice, so a deleted
/// result is never mistaken for another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ResultKey {
    /// A row key.
    pub row: i64,
    /// A number within that row, or 0.
    pub part: i64,
}

/// A change is known by the entity tag that it made, of an entity with a row of its own.
impl From<Etag> for ResultKey {
    fn from(etag: Etag) -> Self {
        Self {
            row: etag.row,
            part: etag.revision,
        }
    }
}

impl From<ResultKey> for Etag {
    fn from(result: ResultKey) -> Self {
        Self {
            row: result.row,
            revision: result.part,
        }
    }
}

/// What a write did, for the audit row and the outbox event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// The kind of entity, such as `model_version`.
    pub entity: &'static str,
    /// Its public key, such as `iris/3`.
    pub key: String,
    /// Its state before, as JSON text; for governed entities.
    pub before: Option<String>,
    /// Its state after, as JSON text; for governed entities.
    pub after: Option<String>,
}

/// The outcome of a mutation.
#[derive(Debug)]
pub struct Applied<T> {
    /// The answer.
    pub out: T,
    /// Derives the answer again.
    pub result: ResultKey,
    /// What was done.
    pub change: Change,
}

/// A change that a caller asks for. [`Write`](crate::Write) makes it a command, and adds to the
/// transaction what every write carries: retry token, audit row and outbox event.
pub trait Mutation: Send + Sync + 'static {
    /// What it answers with.
    type Out: Send + 'static;
    /// The operation's name, in metrics, audit rows and retry tokens: `model_versions.create`.
    const OPERATION: &'static str;

    /// Makes the change.
    fn apply<C: Conn>(
        &self,
        conn: &mut C,
        write: &WriteContext,
    ) -> impl Future<Output = Result<Applied<Self::Out>>> + Send;

    /// Derives the answer of an earlier application again; nothing when its result has been
    /// deleted since.
    fn recall<C: Conn>(
        &self,
        conn: &mut C,
        write: &WriteContext,
        result: ResultKey,
    ) -> impl Future<Output = Result<Option<Self::Out>>> + Send;
}

//! What each write carries in its own transaction: the retry token, the audit row, the event.

use ferroflow_model::limits::RETRY_TOKEN_LIFETIME_MS;
use ferroflow_model::{Error, ErrorKind, Fingerprint, Result, Retry};

use crate::args;
use crate::command::{Change, Command, Mutation, ResultKey, WriteContext};
use crate::conn::Conn;
use crate::error::Rerun;
use crate::tenants::hold_platform;

/// A mutation as a command, complete with its effects.
pub struct Write<M> {
    /// Who writes, when, and under which conditions.
    pub context: WriteContext,
    /// The change.
    pub mutation: M,
}

impl<M: Mutation> Command for Write<M> {
    type Out = M::Out;
    const NAME: &'static str = M::OPERATION;

    async fn run<C: Conn>(&self, conn: &mut C) -> Result<M::Out> {
        let write = &self.context;
        if write.holds_tenant {
            hold_platform(conn, write.tenant.platform).await?;
        }
        if let Some(retry) = &write.retry
            && let Some(result) = earlier_result(conn, write, retry).await?
        {
            let recalled = self.mutation.recall(conn, write, result).await?;
            return recalled.ok_or_else(result_is_gone);
        }
        let applied = match self.mutation.apply(conn, write).await {
            Ok(applied) => applied,
            Err(refusal) => return Err(unless_just_done(conn, write, refusal).await),
        };
        record(conn, write, M::OPERATION, applied.result, &applied.change).await?;
        Ok(applied.out)
    }

    fn is_repeatable(&self) -> bool {
        self.context.retry.is_some()
    }
}

/// Why a change was not made. When the same token has just been used by another transaction, which
/// ended after this one had looked for it, then that is the reason (the name is taken, or the
/// entity tag has changed): run again, this transaction finds the token.
async fn unless_just_done<C: Conn>(conn: &mut C, write: &WriteContext, refusal: Error) -> Error {
    let Some(retry) = &write.retry else {
        return refusal;
    };
    if matches!(refusal.kind(), ErrorKind::Internal | ErrorKind::Unavailable) {
        // PostgreSQL answers nothing more in a transaction that has failed.
        return refusal;
    }
    match earlier_result(conn, write, retry).await {
        Ok(None) => refusal,
        Ok(Some(_)) => Error::internal(Rerun),
        Err(error) => error,
    }
}

/// The result of the request that used this token before, when there was one in its lifetime.
async fn earlier_result<C: Conn>(
    conn: &mut C,
    write: &WriteContext,
    retry: &Retry,
) -> Result<Option<ResultKey>> {
    const SQL: &str = "SELECT fingerprint_high, fingerprint_low, result_row, result_part \
        FROM retry_tokens WHERE platform_pk = $1 AND workspace_pk = $2 AND principal = $3 \
        AND operation = $4 AND token = $5 AND created_ms > $6";
    let args = args![
        write.tenant.platform,
        write.tenant.workspace,
        &write.principal,
        retry.operation,
        retry.token.as_str(),
        write.now_ms - RETRY_TOKEN_LIFETIME_MS,
    ];
    let found = conn
        .query_optional(SQL, args, |row| {
            let fingerprint: (i64, i64) = (row.get(0)?, row.get(1)?);
            Ok((
                fingerprint,
                ResultKey {
                    row: row.get(2)?,
                    part: row.get(3)?,
                },
            ))
        })
        .await?;
    match found {
        None => Ok(None),
        Some((fingerprint, result)) if fingerprint == halves(retry.fingerprint) => Ok(Some(result)),
        Some(_) => Err(Error::new(
            ErrorKind::RetryTokenInvalidated,
            "The retry token was already used with another request.",
        )),
    }
}

fn result_is_gone() -> Error {
    Error::new(
        ErrorKind::RetryTokenInvalidated,
        "The retry token was already used, and what that request made has since been deleted.",
    )
}

/// The first 128 bits of a fingerprint, as the two integers that are stored: enough to tell one
/// caller's own requests apart.
fn halves(fingerprint: Fingerprint) -> (i64, i64) {
    let [high, low, ..] = fingerprint.0.as_chunks::<8>().0 else {
        return (0, 0);
    };
    (i64::from_be_bytes(*high), i64::from_be_bytes(*low))
}

/// Writes the retry token, the audit row and the outbox event, in one round trip.
async fn record<C: Conn>(
    conn: &mut C,
    write: &WriteContext,
    operation: &'static str,
    result: ResultKey,
    change: &Change,
) -> Result<()> {
    const AUDIT: &str = "INSERT INTO audit_events (at_ms, platform_pk, workspace_pk, principal, \
        request_id, operation, entity, entity_key, before_json, after_json) \
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)";
    const EVENT: &str = "INSERT INTO outbox_events (at_ms, platform_pk, workspace_pk, operation, \
        entity, entity_key, after_json) VALUES ($1, $2, $3, $4, $5, $6, $7)";
    // A token that another transaction has just used is left alone; the count below tells.
    const TOKEN: &str = "INSERT INTO retry_tokens (platform_pk, workspace_pk, principal, \
        operation, token, fingerprint_high, fingerprint_low, result_row, result_part, created_ms) \
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) \
        ON CONFLICT (platform_pk, workspace_pk, principal, operation, token) DO UPDATE SET \
        fingerprint_high = excluded.fingerprint_high, fingerprint_low = excluded.fingerprint_low, \
        result_row = excluded.result_row, result_part = excluded.result_part, \
        created_ms = excluded.created_ms WHERE retry_tokens.created_ms <= $11";
    let (platform, workspace) = (write.tenant.platform, write.tenant.workspace);
    let audit = args![
        write.now_ms,
        platform,
        workspace,
        &write.principal,
        &write.request_id,
        operation,
        change.entity,
        &change.key,
        change.before.as_ref(),
        change.after.as_ref(),
    ];
    let event = args![
        write.now_ms,
        platform,
        workspace,
        operation,
        change.entity,
        &change.key,
        change.after.as_ref(),
    ];
    let Some(retry) = &write.retry else {
        conn.execute_all(&[(AUDIT, audit), (EVENT, event)]).await?;
        return Ok(());
    };
    let (high, low) = halves(retry.fingerprint);
    let token = args![
        platform,
        workspace,
        &write.principal,
        retry.operation,
        retry.token.as_str(),
        high,
        low,
        result.row,
        result.part,
        write.now_ms,
        write.now_ms - RETRY_TOKEN_LIFETIME_MS,
    ];
    let counts = conn
        .execute_all(&[(TOKEN, token), (AUDIT, audit), (EVENT, event)])
        .await?;
    match counts.first() {
        Some(1) => Ok(()),
        _ => Err(Error::internal(Rerun)),
    }
}

/// Forgets retry tokens whose lifetime is over, at most this many at a time.
pub struct PurgeRetryTokens {
    /// Milliseconds since the Unix epoch.
    pub now_ms: i64,
    /// Bounds the transaction.
    pub limit: i64,
}

impl Command for PurgeRetryTokens {
    type Out = u64;
    const NAME: &'static str = "retry_tokens.purge";

    async fn run<C: Conn>(&self, conn: &mut C) -> Result<u64> {
        const SQL: &str = "DELETE FROM retry_tokens WHERE (platform_pk, workspace_pk, principal, \
            operation, token) IN (SELECT platform_pk, workspace_pk, principal, operation, token \
            FROM retry_tokens WHERE created_ms <= $1 LIMIT $2)";
        conn.execute(
            SQL,
            args![self.now_ms - RETRY_TOKEN_LIFETIME_MS, self.limit],
        )
        .await
    }

    fn is_repeatable(&self) -> bool {
        true
    }
}

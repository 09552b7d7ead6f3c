//! Changing active runs: their own fields and their tags.

use ferroflow_model::runs::{RunInfo, RunStatus, UpdateRun as Fields};
use ferroflow_model::{Error, Etag, LifecycleStage, Result, RunId};

use super::read::{find_run, recall_info};
use super::{changed, not_active};
use crate::args;
use crate::command::{Applied, Mutation, ResultKey, WriteContext};
use crate::conn::Conn;
use crate::error::Rerun;
use crate::tags::{KeyedChanges, KeyedValue, RUN_TAGS};

/// An active run that this transaction changes: its row is locked and its revision counted.
pub(super) struct ActiveRun {
    pub(super) run_pk: i64,
    pub(super) experiment_pk: i64,
    /// The state after the change.
    pub(super) etag: Etag,
}

/// What changes in a run's own row; absent fields stay.
#[derive(Default)]
pub(super) struct OwnFields<'a> {
    pub(super) name: Option<&'a str>,
    pub(super) status: Option<RunStatus>,
    pub(super) end_ms: Option<i64>,
}

impl<'a> OwnFields<'a> {
    pub(super) fn name(name: Option<&'a String>) -> Self {
        Self {
            name: name.map(String::as_str),
            ..Self::default()
        }
    }
}

impl ActiveRun {
    /// Changes the row of an active run. In one statement that locks it, checks it and counts the
    /// change; only a refusal costs another one.
    pub(super) async fn change<C: Conn>(
        conn: &mut C,
        write: &WriteContext,
        run_id: &RunId,
        fields: OwnFields<'_>,
    ) -> Result<Self> {
        const SQL: &str = "UPDATE runs SET revision = revision + 1, updated_ms = $4, \
            name = COALESCE($5, name), status = COALESCE($6, status), \
            end_ms = COALESCE($7, end_ms) \
            WHERE platform_pk = $1 AND run_id = $2 AND workspace_pk = $3 AND lifecycle = 'active' \
            RETURNING run_pk, experiment_pk, revision";
        let args = args![
            write.tenant.platform,
            run_id.as_str(),
            write.tenant.workspace,
            write.now_ms,
            fields.name,
            fields.status.map(RunStatus::as_str),
            fields.end_ms,
        ];
        let changed = conn
            .query_optional(SQL, args, |row| {
                let etag = Etag {
                    row: row.get(0)?,
                    revision: row.get(2)?,
                };
                Ok(Self {
                    run_pk: etag.row,
                    experiment_pk: row.get(1)?,
                    etag,
                })
            })
            .await?;
        let Some(run) = changed else {
            return Err(refusal(conn, write, run_id).await?);
        };
        write.check(Etag {
            revision: run.etag.revision - 1,
            ..run.etag
        })?;
        Ok(run)
    }

    /// The outcome of a change that answers with the new etag.
    pub(super) fn applied(&self, run_id: &RunId) -> Applied<Etag> {
        Applied {
            out: self.etag,
            result: result_key(self.etag),
            change: changed(run_id),
        }
    }
}

/// Why a run could not be changed.
async fn refusal<C: Conn>(conn: &mut C, write: &WriteContext, run_id: &RunId) -> Result<Error> {
    let run = find_run(conn, write.tenant, run_id).await?;
    Ok(match run.lifecycle {
        LifecycleStage::Deleted => not_active(run_id, run.lifecycle),
        // Somebody has restored it between the two statements.
        LifecycleStage::Active => Error::internal(Rerun),
    })
}

/// Keeps an etag in the key of a result.
pub(super) fn result_key(etag: Etag) -> ResultKey {
    ResultKey {
        row: etag.row,
        part: etag.revision,
    }
}

/// The etag that an earlier change answered with; nothing when the run is gone for good.
pub(super) async fn recall_etag<C: Conn>(
    conn: &mut C,
    write: &WriteContext,
    result: ResultKey,
) -> Result<Option<Etag>> {
    let run = recall_info(conn, write.tenant, result.row).await?;
    Ok(run.map(|_| Etag {
        row: result.row,
        revision: result.part,
    }))
}

/// Changes the status, end time or name of an active run.
pub struct UpdateRun {
    /// The changes; a name is not empty.
    pub update: Fields,
    /// The interned key of the tag `mlflow.runName`, which follows the name.
    pub name_key: i64,
}

impl Mutation for UpdateRun {
    type Out = RunInfo;
    const OPERATION: &'static str = "runs.update";

    async fn apply<C: Conn>(&self, conn: &mut C, write: &WriteContext) -> Result<Applied<RunInfo>> {
        let Fields {
            run_id,
            status,
            end_ms,
            name,
        } = &self.update;
        let fields = OwnFields {
            name: name.as_deref(),
            status: *status,
            end_ms: *end_ms,
        };
        let run = ActiveRun::change(conn, write, run_id, fields).await?;
        if let Some(name) = name {
            let tag = KeyedValue {
                key_id: self.name_key,
                value: name.clone(),
            };
            RUN_TAGS
                .upsert(conn, run.run_pk, Some(run.experiment_pk), &[tag])
                .await?;
        }
        Ok(Applied {
            out: find_run(conn, write.tenant, run_id).await?,
            result: result_key(run.etag),
            change: changed(run_id),
        })
    }

    async fn recall<C: Conn>(
        &self,
        conn: &mut C,
        write: &WriteContext,
        result: ResultKey,
    ) -> Result<Option<RunInfo>> {
        recall_info(conn, write.tenant, result.row).await
    }
}

/// Sets and deletes tags of an active run.
pub struct TagRun {
    /// The run.
    pub run_id: RunId,
    /// The new name, when `changes` sets the tag `mlflow.runName`.
    pub name: Option<String>,
    /// The changes.
    pub changes: KeyedChanges,
}

impl Mutation for TagRun {
    type Out = Etag;
    const OPERATION: &'static str = "runs.tag";

    async fn apply<C: Conn>(&self, conn: &mut C, write: &WriteContext) -> Result<Applied<Etag>> {
        let fields = OwnFields::name(self.name.as_ref());
        let run = ActiveRun::change(conn, write, &self.run_id, fields).await?;
        let missing = |key: &str| {
            Error::not_found(format!(
                "No tag with name: {key} in run with id {}",
                self.run_id
            ))
        };
        let experiment = Some(run.experiment_pk);
        RUN_TAGS
            .change(conn, run.run_pk, experiment, &self.changes, missing)
            .await?;
        Ok(run.applied(&self.run_id))
    }

    async fn recall<C: Conn>(
        &self,
        conn: &mut C,
        write: &WriteContext,
        result: ResultKey,
    ) -> Result<Option<Etag>> {
        recall_etag(conn, write, result).await
    }
}

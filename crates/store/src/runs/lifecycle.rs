//! Deleting and restoring runs.

use ferroflow_model::runs::RunInfo;
use ferroflow_model::{Error, Etag, LifecycleStage, Result, RunId};

use super::changed;
use super::edit::{recall_etag, result_key};
use super::read::find_run;
use crate::command::{Applied, Change, Mutation, ResultKey, WriteContext};
use crate::conn::{Conn, Statement};
use crate::{Value, args};

/// Deletes a run, so that it can be restored.
pub struct DeleteRun {
    /// The run.
    pub run_id: RunId,
}

impl Mutation for DeleteRun {
    type Out = Etag;
    const OPERATION: &'static str = "runs.delete";

    async fn apply<C: Conn>(&self, conn: &mut C, write: &WriteContext) -> Result<Applied<Etag>> {
        move_run(conn, write, &self.run_id, LifecycleStage::Deleted).await
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

/// Restores a deleted run.
pub struct RestoreRun {
    /// The run.
    pub run_id: RunId,
}

impl Mutation for RestoreRun {
    type Out = Etag;
    const OPERATION: &'static str = "runs.restore";

    async fn apply<C: Conn>(&self, conn: &mut C, write: &WriteContext) -> Result<Applied<Etag>> {
        move_run(conn, write, &self.run_id, LifecycleStage::Active).await
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

/// Moves a run into the bin or out of it. Where it is already there, nothing changes.
async fn move_run<C: Conn>(
    conn: &mut C,
    write: &WriteContext,
    run_id: &RunId,
    to: LifecycleStage,
) -> Result<Applied<Etag>> {
    let run = lock_run(conn, write, run_id).await?;
    write.check(run.etag)?;
    let mut etag = run.etag;
    if run.lifecycle != to {
        const SQL: &str = "UPDATE runs SET lifecycle = $2, updated_ms = $3, \
            revision = revision + 1 WHERE run_pk = $1";
        conn.execute_one(SQL, args![etag.row, to.as_str(), write.now_ms])
            .await?;
        etag.revision += 1;
    }
    Ok(Applied {
        out: etag,
        result: result_key(etag),
        change: changed(run_id),
    })
}

/// Reads a run, and keeps others from changing it until the transaction ends.
async fn lock_run<C: Conn>(conn: &mut C, write: &WriteContext, run_id: &RunId) -> Result<RunInfo> {
    let sql = format!(
        "SELECT run_pk FROM runs \
         WHERE platform_pk = $1 AND run_id = $2 AND workspace_pk = $3{}",
        conn.engine().for_update()
    );
    let args = args![
        write.tenant.platform,
        run_id.as_str(),
        write.tenant.workspace
    ];
    conn.query(&sql, args, |row| row.get::<i64>(0)).await?;
    find_run(conn, write.tenant, run_id).await
}

/// Deletes a run and all that it logged, for good. Datasets stay: other runs share them.
pub struct PurgeRun {
    /// The run.
    pub run_id: RunId,
}

impl Mutation for PurgeRun {
    type Out = Etag;
    // A retry token serves one of the two ways to delete.
    const OPERATION: &'static str = DeleteRun::OPERATION;

    async fn apply<C: Conn>(&self, conn: &mut C, write: &WriteContext) -> Result<Applied<Etag>> {
        let run = lock_run(conn, write, &self.run_id).await?;
        write.check(run.etag)?;
        purge(conn, run.etag.row).await?;
        let etag = Etag {
            revision: run.etag.revision + 1,
            ..run.etag
        };
        Ok(Applied {
            out: etag,
            result: result_key(etag),
            change: Change {
                after: Some("{\"permanently\":true}".to_owned()),
                ..changed(&self.run_id)
            },
        })
    }

    /// That the run is gone is what was asked for.
    async fn recall<C: Conn>(
        &self,
        _: &mut C,
        _: &WriteContext,
        result: ResultKey,
    ) -> Result<Option<Etag>> {
        Ok(Some(Etag {
            row: result.row,
            revision: result.part,
        }))
    }
}

/// Deletes the rows of a run, in one round trip.
async fn purge<C: Conn>(conn: &mut C, run_pk: i64) -> Result<()> {
    // Blocks are clustered by experiment and run.
    const DELETIONS: [&str; 10] = [
        "DELETE FROM metric_blocks WHERE run_pk = $1 AND experiment_pk = \
            (SELECT experiment_pk FROM runs WHERE run_pk = $1)",
        "DELETE FROM metric_tails WHERE run_pk = $1",
        "DELETE FROM run_metrics WHERE run_pk = $1",
        "DELETE FROM run_params WHERE run_pk = $1",
        "DELETE FROM run_tags WHERE run_pk = $1",
        "DELETE FROM run_dataset_input_tags WHERE run_pk = $1",
        "DELETE FROM run_dataset_inputs WHERE run_pk = $1",
        "DELETE FROM run_model_inputs WHERE run_pk = $1",
        "DELETE FROM run_model_outputs WHERE run_pk = $1",
        "DELETE FROM runs WHERE run_pk = $1",
    ];
    let args: &[Value<'_>] = args![run_pk];
    let statements: Vec<Statement<'_>> = DELETIONS.iter().map(|sql| (*sql, args)).collect();
    match conn.execute_all(&statements).await?.last() {
        Some(1) => Ok(()),
        rows => Err(Error::internal(format!(
            "{rows:?} runs deleted where 1 must be"
        ))),
    }
}

//! Deleting and restoring experiments, and their runs with them.

use ferroflow_model::experiments::Experiment;
use ferroflow_model::{Error, Etag, ExperimentId, LifecycleStage, Result};

use super::changes::{applied, next, recall_etag};
use super::no_such_experiment;
use super::read::find_for_change;
use crate::args;
use crate::command::{Applied, Mutation, ResultKey, WriteContext};
use crate::conn::Conn;

/// Deletes an experiment: an active one, and its runs, so that they can be restored; or for good,
/// when nothing is in it.
pub struct DeleteExperiment {
    /// The experiment.
    pub id: ExperimentId,
    /// Removes the rows themselves.
    pub permanently: bool,
}

impl Mutation for DeleteExperiment {
    type Out = Etag;
    const OPERATION: &'static str = "experiments.delete";

    async fn apply<C: Conn>(&self, conn: &mut C, write: &WriteContext) -> Result<Applied<Etag>> {
        let before = find_for_change(conn, write.tenant, self.id).await?;
        write.check(before.etag)?;
        if self.permanently {
            remove(conn, &before).await?;
        } else if before.lifecycle == LifecycleStage::Active {
            set_lifecycle(conn, write, &before, LifecycleStage::Deleted).await?;
        } else {
            return Err(no_such_experiment(self.id));
        }
        Ok(applied(self.id, next(before.etag)))
    }

    async fn recall<C: Conn>(
        &self,
        conn: &mut C,
        _: &WriteContext,
        result: ResultKey,
    ) -> Result<Option<Etag>> {
        if self.permanently {
            // Being gone is the result.
            return Ok(Some(Etag {
                row: result.row,
                revision: result.part,
            }));
        }
        recall_etag(conn, result).await
    }
}

/// Restores a deleted experiment with all of its runs, as MLflow does: also those that had been
/// deleted before it.
pub struct RestoreExperiment {
    /// The experiment.
    pub id: ExperimentId,
}

impl Mutation for RestoreExperiment {
    type Out = Etag;
    const OPERATION: &'static str = "experiments.restore";

    async fn apply<C: Conn>(&self, conn: &mut C, write: &WriteContext) -> Result<Applied<Etag>> {
        let before = find_for_change(conn, write.tenant, self.id).await?;
        write.check(before.etag)?;
        if before.lifecycle != LifecycleStage::Deleted {
            return Err(no_such_experiment(self.id));
        }
        set_lifecycle(conn, write, &before, LifecycleStage::Active).await?;
        Ok(applied(self.id, next(before.etag)))
    }

    async fn recall<C: Conn>(
        &self,
        conn: &mut C,
        _: &WriteContext,
        result: ResultKey,
    ) -> Result<Option<Etag>> {
        recall_etag(conn, result).await
    }
}

/// Moves an experiment and its runs to a lifecycle stage.
async fn set_lifecycle<C: Conn>(
    conn: &mut C,
    write: &WriteContext,
    before: &Experiment,
    lifecycle: LifecycleStage,
) -> Result<()> {
    const EXPERIMENT: &str = "UPDATE experiments SET lifecycle = $2, updated_ms = $3, \
        revision = revision + 1 WHERE experiment_pk = $1";
    const RUNS: &str = "UPDATE runs SET lifecycle = $2, updated_ms = $3, \
        revision = revision + 1 WHERE experiment_pk = $1 AND lifecycle <> $2";
    let args = args![before.etag.row, lifecycle.as_str(), write.now_ms];
    conn.execute_one(EXPERIMENT, args).await?;
    conn.execute(RUNS, args).await.map(drop)
}

/// Removes an experiment that holds neither runs nor logged models, deleted ones included.
async fn remove<C: Conn>(conn: &mut C, before: &Experiment) -> Result<()> {
    const CONTENT: &str = "SELECT EXISTS (SELECT 1 FROM runs WHERE experiment_pk = $1), \
        EXISTS (SELECT 1 FROM logged_models WHERE experiment_pk = $1)";
    let id = before.id;
    if id == ExperimentId::DEFAULT {
        return Err(Error::conflict(
            "The default experiment cannot be deleted permanently.",
        ));
    }
    let (runs, models) = conn
        .query_one(CONTENT, args![before.etag.row], |row| {
            Ok((row.get(0)?, row.get(1)?))
        })
        .await?;
    if runs || models {
        let held = if runs { "runs" } else { "logged models" };
        return Err(Error::conflict(format!(
            "The experiment {id} cannot be deleted permanently: it still has {held}. Delete them \
             permanently first."
        )));
    }
    for table in ["experiment_tags", "datasets"] {
        let sql = format!("DELETE FROM {table} WHERE experiment_pk = $1");
        conn.execute(&sql, args![before.etag.row]).await?;
    }
    let sql = "DELETE FROM experiments WHERE experiment_pk = $1";
    conn.execute_one(sql, args![before.etag.row]).await
}

//! Changing experiments.

use ferroflow_model::experiments::Experiment;
use ferroflow_model::{Error, ErrorKind, Etag, ExperimentId, LifecycleStage, Result};

use super::name_is_taken;
use super::read::find_for_change;
use crate::args;
use crate::command::{Applied, Change, Mutation, ResultKey, WriteContext};
use crate::conn::Conn;
use crate::tags::{EXPERIMENT_TAGS, KeyedChanges};

/// The outcome of a change: the entity tag alone.
pub(super) fn applied(id: ExperimentId, etag: Etag) -> Applied<Etag> {
    Applied {
        out: etag,
        result: ResultKey {
            row: etag.row,
            part: etag.revision,
        },
        change: Change {
            entity: "experiment",
            key: id.to_string(),
            before: None,
            after: None,
        },
    }
}

/// The entity tag that a change answered with; nothing when the experiment is gone.
pub(super) async fn recall_etag<C: Conn>(conn: &mut C, result: ResultKey) -> Result<Option<Etag>> {
    const SQL: &str = "SELECT experiment_pk FROM experiments WHERE experiment_pk = $1";
    conn.query_optional(SQL, args![result.row], |row| {
        Ok(Etag {
            row: row.get(0)?,
            revision: result.part,
        })
    })
    .await
}

/// The entity tag of the next state.
pub(super) fn next(etag: Etag) -> Etag {
    Etag {
        revision: etag.revision + 1,
        ..etag
    }
}

/// Renames an active experiment.
pub struct RenameExperiment {
    /// The experiment.
    pub id: ExperimentId,
    /// Absent: nothing changes.
    pub name: Option<String>,
}

impl Mutation for RenameExperiment {
    type Out = Etag;
    const OPERATION: &'static str = "experiments.rename";

    async fn apply<C: Conn>(&self, conn: &mut C, write: &WriteContext) -> Result<Applied<Etag>> {
        lock_names(conn, write).await?;
        let before = find_for_change(conn, write.tenant, self.id).await?;
        write.check(before.etag)?;
        if before.lifecycle != LifecycleStage::Active {
            return Err(Error::new(
                ErrorKind::InvalidState,
                "Cannot rename a non-active experiment.",
            ));
        }
        let etag = match &self.name {
            Some(name) => rename(conn, write, &before, name).await?,
            None => before.etag,
        };
        Ok(applied(self.id, etag))
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

/// Keeps others from taking a name of the workspace until the transaction ends: creating an
/// experiment changes the same row.
async fn lock_names<C: Conn>(conn: &mut C, write: &WriteContext) -> Result<()> {
    let sql = format!(
        "SELECT workspace_pk FROM workspaces WHERE workspace_pk = $1{}",
        conn.engine().for_update()
    );
    conn.query(&sql, args![write.tenant.workspace], |row| row.get::<i64>(0))
        .await
        .map(drop)
}

async fn rename<C: Conn>(
    conn: &mut C,
    write: &WriteContext,
    before: &Experiment,
    name: &str,
) -> Result<Etag> {
    const SQL: &str = "UPDATE experiments SET name = $2, updated_ms = $3, revision = $4 \
        WHERE experiment_pk = $1 AND NOT EXISTS (SELECT 1 FROM experiments other \
        WHERE other.workspace_pk = $5 AND other.name = $2 AND other.experiment_pk <> $1)";
    let etag = next(before.etag);
    let args = args![
        etag.row,
        name,
        write.now_ms,
        etag.revision,
        write.tenant.workspace
    ];
    match conn.execute(SQL, args).await? {
        1 => Ok(etag),
        _ => Err(name_is_taken(name)),
    }
}

/// Sets and deletes tags of an active experiment. The time of its last update stays, as in MLflow.
pub struct TagExperiment {
    /// The experiment.
    pub id: ExperimentId,
    /// The changes.
    pub changes: KeyedChanges,
}

impl Mutation for TagExperiment {
    type Out = Etag;
    const OPERATION: &'static str = "experiments.tag";

    async fn apply<C: Conn>(&self, conn: &mut C, write: &WriteContext) -> Result<Applied<Etag>> {
        const SQL: &str = "UPDATE experiments SET revision = $2 WHERE experiment_pk = $1";
        let id = self.id;
        let before = find_for_change(conn, write.tenant, id).await?;
        write.check(before.etag)?;
        if before.lifecycle != LifecycleStage::Active {
            return Err(Error::invalid(format!(
                "The experiment {id} must be in the 'active' state. Current state is {}.",
                before.lifecycle.as_str()
            )));
        }
        let etag = next(before.etag);
        let missing = |key: &str| {
            Error::not_found(format!(
                "No tag with name: {key} in experiment with id {id}"
            ))
        };
        EXPERIMENT_TAGS
            .change(conn, etag.row, None, &self.changes, missing)
            .await?;
        conn.execute_one(SQL, args![etag.row, etag.revision])
            .await?;
        Ok(applied(id, etag))
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

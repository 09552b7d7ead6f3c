//! Deleting workspaces, and what becomes of their content.

use ferroflow_model::workspaces::{DeletionMode, WorkspaceName};
use ferroflow_model::{Error, ErrorKind, Result};

use super::applied;
use super::read::find_for_change;
use crate::args;
use crate::audit::workspace_state;
use crate::command::{Applied, Mutation, ResultKey, WriteContext};
use crate::conn::Conn;

/// Names in conflict that a message lists at most.
const LISTED_CONFLICTS: usize = 100;

/// What is as good as no content: the default experiment that each workspace begins with, as long
/// as nobody has changed it or put something into it. Each subquery ends at its first row, so that
/// PostgreSQL does not collect the runs of all experiments instead.
const IS_UNTOUCHED: &str = "(e.number = 0 AND e.updated_ms = e.created_ms \
    AND (SELECT 1 FROM experiment_tags t WHERE t.experiment_pk = e.experiment_pk LIMIT 1) IS NULL \
    AND (SELECT 1 FROM runs r WHERE r.experiment_pk = e.experiment_pk LIMIT 1) IS NULL \
    AND (SELECT 1 FROM logged_models l WHERE l.experiment_pk = e.experiment_pk LIMIT 1) IS NULL)";

/// Deletes a workspace, in one step: from then on it cannot be found, and its name is free.
///
/// Content that is deleted with it stays in its tables until
/// [`PurgeDeletedPlatforms`](super::PurgeDeletedPlatforms) takes it away, so that this
/// transaction is short whatever there is. Content that moves goes to the tenant of the write.
pub struct DeleteWorkspace {
    /// The workspace.
    pub name: WorkspaceName,
    /// What becomes of its content.
    pub mode: DeletionMode,
}

impl Mutation for DeleteWorkspace {
    type Out = ();
    const OPERATION: &'static str = "workspaces.delete";

    async fn apply<C: Conn>(&self, conn: &mut C, write: &WriteContext) -> Result<Applied<()>> {
        const SQL: &str = "UPDATE platforms SET deleted_ms = $2 WHERE platform_pk = $1";
        // Writes to the workspace hold this row, so none is under way once it is locked.
        let (platform, before) = find_for_change(conn, &self.name).await?;
        match self.mode {
            DeletionMode::Restrict => self.refuse_content(conn, platform).await?,
            DeletionMode::Cascade => {}
            DeletionMode::SetDefault => self.move_content(conn, write, platform).await?,
        }
        conn.execute_one(SQL, args![platform, write.now_ms]).await?;
        let state = workspace_state(&before);
        Ok(applied((), platform, &self.name, state, None))
    }

    /// A deletion that is asked for again has had its effect.
    async fn recall<C: Conn>(
        &self,
        _: &mut C,
        _: &WriteContext,
        _: ResultKey,
    ) -> Result<Option<()>> {
        Ok(Some(()))
    }
}

impl DeleteWorkspace {
    async fn refuse_content<C: Conn>(&self, conn: &mut C, platform: i64) -> Result<()> {
        let models = "SELECT count(*) FROM registered_models WHERE platform_pk = $1";
        let experiments = format!(
            "SELECT count(*) FROM workspaces w JOIN experiments e ON e.workspace_pk = w.workspace_pk \
             WHERE w.platform_pk = $1 AND NOT {IS_UNTOUCHED}"
        );
        for (table, sql) in [
            ("registered_models", models),
            ("experiments", experiments.as_str()),
        ] {
            let count: i64 = conn
                .query_one(sql, args![platform], |row| row.get(0))
                .await?;
            if count > 0 {
                return Err(invalid_state(format!(
                    "Cannot delete workspace '{}': table '{table}' still contains {count} \
                     resource(s). Remove or reassign them before deleting the workspace.",
                    self.name
                )));
            }
        }
        Ok(())
    }

    /// Moves all content to the tenant of the write. Experiments get new numbers there, and what
    /// refers to rows of these tables does so by row keys, which stay.
    async fn move_content<C: Conn>(
        &self,
        conn: &mut C,
        write: &WriteContext,
        platform: i64,
    ) -> Result<()> {
        self.refuse_other_workspaces(conn, platform).await?;
        let workspace = find_default_workspace(conn, platform).await?;
        // Keeps the names of experiments there as they are, and sets numbers aside.
        let numbers = "UPDATE workspaces SET next_experiment = next_experiment + \
            (SELECT s.next_experiment FROM workspaces s WHERE s.workspace_pk = $2) \
            WHERE workspace_pk = $1 RETURNING next_experiment - \
            (SELECT s.next_experiment FROM workspaces s WHERE s.workspace_pk = $2)";
        let offset = match workspace {
            Some(workspace) => {
                let args = args![write.tenant.workspace, workspace];
                conn.query_one(numbers, args, |row| row.get(0)).await?
            }
            None => 0,
        };
        let from = (platform, workspace.unwrap_or_default());
        self.refuse_conflicts(conn, write, from).await?;
        move_rows(conn, write, from, offset).await
    }

    /// Other workspaces of the platform have no place in the default one.
    async fn refuse_other_workspaces<C: Conn>(&self, conn: &mut C, platform: i64) -> Result<()> {
        let sql = format!(
            "SELECT w.workspace_key FROM workspaces w WHERE w.platform_pk = $1 \
             AND w.workspace_key <> 'default' AND EXISTS (SELECT 1 FROM experiments e \
             WHERE e.workspace_pk = w.workspace_pk AND NOT {IS_UNTOUCHED}) \
             ORDER BY w.workspace_key LIMIT 1"
        );
        let found = conn
            .query_optional(&sql, args![platform], |row| row.get::<String>(0))
            .await?;
        match found {
            None => Ok(()),
            Some(key) => Err(invalid_state(format!(
                "Cannot reassign resources from workspace '{}' to 'default': the platform of that \
                 name also has a workspace '{key}' with experiments of its own, which have no \
                 place there.",
                self.name
            ))),
        }
    }

    async fn refuse_conflicts<C: Conn>(
        &self,
        conn: &mut C,
        write: &WriteContext,
        (platform, workspace): (i64, i64),
    ) -> Result<()> {
        let sql = format!(
            "SELECT 'registered_models', m.name FROM registered_models m \
             JOIN registered_models o ON o.platform_pk = $3 AND o.name = m.name \
             WHERE m.platform_pk = $1 \
             UNION ALL SELECT 'experiments', e.name FROM experiments e \
             JOIN experiments o ON o.workspace_pk = $4 AND o.name = e.name \
             WHERE e.workspace_pk = $2 AND NOT {IS_UNTOUCHED} \
             ORDER BY 1 DESC, 2 LIMIT {LISTED_CONFLICTS}"
        );
        let to = write.tenant;
        let args = args![platform, workspace, to.platform, to.workspace];
        let conflicts = conn.query(&sql, args, |row| {
            Ok(format!("  - {}: '{}'", row.text(0)?, row.text(1)?))
        });
        let conflicts = conflicts.await?;
        if conflicts.is_empty() {
            return Ok(());
        }
        Err(invalid_state(format!(
            "Cannot reassign resources from workspace '{}' to 'default': the following names \
             already exist in the default workspace and would cause conflicts:\n{}\nRename or \
             remove the conflicting resources before retrying.",
            self.name,
            conflicts.join("\n")
        )))
    }
}

async fn find_default_workspace<C: Conn>(conn: &mut C, platform: i64) -> Result<Option<i64>> {
    const SQL: &str = "SELECT workspace_pk FROM workspaces \
        WHERE platform_pk = $1 AND workspace_key = 'default'";
    conn.query_optional(SQL, args![platform], |row| row.get(0))
        .await
}

/// Gives rows that carry their tenant another one. An untouched default experiment stays behind.
async fn move_rows<C: Conn>(
    conn: &mut C,
    write: &WriteContext,
    (platform, workspace): (i64, i64),
    offset: i64,
) -> Result<()> {
    const MODELS: &str = "UPDATE registered_models SET platform_pk = $2 WHERE platform_pk = $1";
    const VERSIONS: &str = "UPDATE model_versions SET platform_pk = $2 WHERE platform_pk = $1";
    const RUNS: &str = "UPDATE runs SET platform_pk = $2, workspace_pk = $3 WHERE experiment_pk IN \
        (SELECT experiment_pk FROM experiments WHERE workspace_pk = $1)";
    const LOGGED_MODELS: &str = "UPDATE logged_models SET platform_pk = $2, workspace_pk = $3 \
        WHERE experiment_pk IN (SELECT experiment_pk FROM experiments WHERE workspace_pk = $1)";
    let experiments = format!(
        "UPDATE experiments AS e SET platform_pk = $2, workspace_pk = $3, number = number + $4 \
         WHERE workspace_pk = $1 AND NOT {IS_UNTOUCHED}"
    );
    let to = write.tenant;
    let by_workspace = args![workspace, to.platform, to.workspace];
    conn.execute_all(&[
        (MODELS, args![platform, to.platform]),
        (VERSIONS, args![platform, to.platform]),
        (RUNS, by_workspace),
        (LOGGED_MODELS, by_workspace),
        (
            &experiments,
            args![workspace, to.platform, to.workspace, offset],
        ),
    ])
    .await
    .map(drop)
}

fn invalid_state(message: String) -> Error {
    Error::new(ErrorKind::InvalidState, message)
}

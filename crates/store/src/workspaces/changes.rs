//! Making and changing workspaces.

use ferroflow_model::workspaces::WorkspaceName;
use ferroflow_model::workspaces::{Workspace, WorkspaceChanges};
use ferroflow_model::{Error, Result, WorkspaceKey};

use super::applied;
use super::read::{find_for_change, recall_workspace};
use crate::args;
use crate::audit::workspace_state;
use crate::command::{Applied, Mutation, ResultKey, WriteContext};
use crate::conn::Conn;
use crate::tenants::{NewDefaultExperiment, make_workspace};

/// Makes a workspace, with its default experiment.
pub struct CreateWorkspace {
    /// The workspace.
    pub workspace: Workspace,
    /// The experiment that it begins with.
    pub default_experiment: NewDefaultExperiment,
}

impl Mutation for CreateWorkspace {
    type Out = Workspace;
    const OPERATION: &'static str = "workspaces.create";

    async fn apply<C: Conn>(
        &self,
        conn: &mut C,
        write: &WriteContext,
    ) -> Result<Applied<Workspace>> {
        let new = &self.workspace;
        let platform = insert(conn, new, write.now_ms).await?;
        let key = WorkspaceKey::default();
        make_workspace(conn, platform, &key, &self.default_experiment).await?;
        let after = workspace_state(new);
        Ok(applied(new.clone(), platform, &new.name, None, after))
    }

    async fn recall<C: Conn>(
        &self,
        conn: &mut C,
        _: &WriteContext,
        result: ResultKey,
    ) -> Result<Option<Workspace>> {
        recall_workspace(conn, result.row).await
    }
}

async fn insert<C: Conn>(conn: &mut C, new: &Workspace, now_ms: i64) -> Result<i64> {
    const SQL: &str = "INSERT INTO platforms (platform_id, created_ms, is_workspace, description, \
        default_artifact_root, trace_archival_location, trace_archival_retention) \
        VALUES ($1, $2, $3, $4, $5, $6, $7) \
        ON CONFLICT (platform_id) WHERE deleted_ms IS NULL DO NOTHING RETURNING platform_pk";
    let args = args![
        new.name.as_str(),
        now_ms,
        true,
        new.description.as_deref(),
        new.default_artifact_root.as_deref(),
        new.trace_archival_location.as_deref(),
        new.trace_archival_retention.as_deref(),
    ];
    let inserted = conn.query_optional(SQL, args, |row| row.get(0)).await?;
    inserted.ok_or_else(|| already_exists(&new.name))
}

fn already_exists(name: &WorkspaceName) -> Error {
    Error::already_exists(format!("Workspace '{name}' already exists."))
}

/// Changes what administrators have set for a workspace.
pub struct UpdateWorkspace {
    /// The workspace.
    pub name: WorkspaceName,
    /// The changes.
    pub changes: WorkspaceChanges,
}

impl Mutation for UpdateWorkspace {
    type Out = Workspace;
    const OPERATION: &'static str = "workspaces.update";

    async fn apply<C: Conn>(&self, conn: &mut C, _: &WriteContext) -> Result<Applied<Workspace>> {
        const SQL: &str = "UPDATE platforms SET description = $2, default_artifact_root = $3, \
            trace_archival_location = $4, trace_archival_retention = $5 WHERE platform_pk = $1";
        let (platform, before) = find_for_change(conn, &self.name).await?;
        let after = self.changed(before.clone());
        let args = args![
            platform,
            after.description.as_deref(),
            after.default_artifact_root.as_deref(),
            after.trace_archival_location.as_deref(),
            after.trace_archival_retention.as_deref(),
        ];
        conn.execute_one(SQL, args).await?;
        let states = (workspace_state(&before), workspace_state(&after));
        Ok(applied(after, platform, &self.name, states.0, states.1))
    }

    async fn recall<C: Conn>(
        &self,
        conn: &mut C,
        _: &WriteContext,
        result: ResultKey,
    ) -> Result<Option<Workspace>> {
        recall_workspace(conn, result.row).await
    }
}

impl UpdateWorkspace {
    fn changed(&self, before: Workspace) -> Workspace {
        let changes = &self.changes;
        Workspace {
            description: changes.description.clone().or(before.description),
            default_artifact_root: clearable(
                changes.default_artifact_root.as_ref(),
                before.default_artifact_root,
            ),
            trace_archival_location: clearable(
                changes.trace_archival_location.as_ref(),
                before.trace_archival_location,
            ),
            trace_archival_retention: clearable(
                changes.trace_archival_retention.as_ref(),
                before.trace_archival_retention,
            ),
            name: before.name,
        }
    }
}

/// The new value, of which an empty text means none, or else the one before.
fn clearable(change: Option<&String>, before: Option<String>) -> Option<String> {
    match change {
        Some(text) => Some(text.clone()).filter(|text| !text.is_empty()),
        None => before,
    }
}

//! Operations on workspaces of the MLflow dialect. They are a matter of the server: audit rows of
//! them are those of the root.

use ferroflow_model::workspaces::{DeletionMode, Workspace, WorkspaceChanges, WorkspaceName};
use ferroflow_model::{Context, Error, Result, Scope};
use ferroflow_store::workspaces as store;

use crate::Service;
use crate::service::authorise;

/// The most workspaces that are listed: MLflow's list has no pages.
const MAX_LISTED: i64 = 10_000;

impl Service {
    /// Lists workspaces by name. Platforms that the other dialect has made are among them, if
    /// their ids are names of workspaces.
    pub async fn list_workspaces(&self, context: &Context) -> Result<Vec<Workspace>> {
        self.enter_root(context).await?;
        let limit = MAX_LISTED;
        self.db.read(store::ListWorkspaces { limit }).await
    }

    /// Reads one workspace.
    pub async fn get_workspace(&self, context: &Context, name: WorkspaceName) -> Result<Workspace> {
        self.enter_root(context).await?;
        self.db.read(store::GetWorkspace { name }).await
    }

    /// Makes a workspace, with its default experiment.
    pub async fn create_workspace(
        &self,
        context: &Context,
        workspace: Workspace,
    ) -> Result<Workspace> {
        let context = self.enter_root(context).await?;
        if workspace.name.is_default() {
            return Err(reserved("created"));
        }
        let default_experiment = self.default_experiment(&workspace.name.scope());
        let mutation = store::CreateWorkspace {
            workspace,
            default_experiment,
        };
        self.write(&context, mutation).await
    }

    /// Changes what is set for a workspace.
    pub async fn update_workspace(
        &self,
        context: &Context,
        name: WorkspaceName,
        changes: WorkspaceChanges,
    ) -> Result<Workspace> {
        let context = self.enter_root(context).await?;
        self.write(&context, store::UpdateWorkspace { name, changes })
            .await
    }

    /// Deletes a workspace. Files of artifacts stay.
    pub async fn delete_workspace(
        &self,
        context: &Context,
        name: WorkspaceName,
        mode: DeletionMode,
    ) -> Result<()> {
        let context = self.enter_root(context).await?;
        if name.is_default() {
            return Err(reserved("deleted"));
        }
        self.write(&context, store::DeleteWorkspace { name, mode })
            .await
    }

    /// Takes away what is left of deleted workspaces; answers how many rows that were.
    pub async fn purge_deleted_workspaces(&self) -> Result<u64> {
        let mut purged = 0;
        loop {
            match self.db.run(store::PurgeDeletedPlatforms).await? {
                0 => return Ok(purged),
                rows => purged += rows,
            }
        }
    }

    /// The same request, of the root.
    async fn enter_root(&self, context: &Context) -> Result<Context> {
        authorise(context)?;
        self.require_tenant(context).await?;
        Ok(Context {
            scope: Scope::root(),
            ..context.clone()
        })
    }
}

fn reserved(done: &str) -> Error {
    Error::invalid(format!(
        "The '{}' workspace is reserved and cannot be {done}",
        WorkspaceName::DEFAULT
    ))
}

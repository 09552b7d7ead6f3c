//! From the tenant that a request names to its rows, and to where its experiments keep artifacts.

use ferroflow_model::artifacts::append_path;
use ferroflow_model::workspaces::WorkspaceName;
use ferroflow_model::{AbsentTenant, Context, Error, Result, Scope, WorkspaceKey};
use ferroflow_store::{NewDefaultExperiment, Tenant};

use crate::Service;
use crate::places::directory;

/// The workspace of the MLflow dialect that a tenant is; only a workspace `default` of a platform
/// can be one.
pub(crate) fn workspace_of(scope: &Scope) -> Option<WorkspaceName> {
    let key = scope.workspace.as_ref().map(WorkspaceKey::as_str);
    WorkspaceName::of(&scope.platform)
        .filter(|_| key.is_none_or(|key| key == WorkspaceKey::DEFAULT))
}

impl Service {
    /// The rows in which a request reads.
    pub(crate) async fn tenant_to_read(&self, context: &Context) -> Result<Tenant> {
        if !self.may_be_deleted(&context.scope) {
            return self.db.tenant(&context.scope).await;
        }
        match self.db.find_tenant(&context.scope).await? {
            Some(tenant) => Ok(tenant),
            None if context.absent_tenant == AbsentTenant::Refused => {
                Err(no_such_workspace(&context.scope))
            }
            None => Ok(Tenant::NOWHERE),
        }
    }

    /// The rows in which a request writes; they come into being where it may make them.
    pub(crate) async fn tenant_to_write(&self, context: &Context) -> Result<Tenant> {
        let (scope, absent) = (&context.scope, context.absent_tenant);
        if !self.may_be_deleted(scope) {
            return self.ensure_tenant(scope).await;
        }
        match self.db.find_tenant(scope).await? {
            Some(tenant) if tenant.workspace != Tenant::NO_WORKSPACE => Ok(tenant),
            None if absent == AbsentTenant::Refused => Err(no_such_workspace(scope)),
            _ => {
                let default_experiment = self.default_experiment(scope);
                self.db.make_tenant(scope, default_experiment, absent).await
            }
        }
    }

    /// Whether the tenant can be deleted while the server runs. Its rows are looked up for each
    /// request then, and writes keep it from being deleted.
    pub(crate) fn may_be_deleted(&self, scope: &Scope) -> bool {
        self.settings.has_workspaces
            && WorkspaceName::of(&scope.platform).is_some_and(|name| !name.is_default())
    }

    /// Refuses a request for a tenant that does not exist, where that must; for operations that
    /// touch no row.
    pub(crate) async fn require_tenant(&self, context: &Context) -> Result<()> {
        if context.absent_tenant == AbsentTenant::Refused {
            self.tenant_to_read(context).await?;
        }
        Ok(())
    }

    pub(crate) async fn ensure_tenant(&self, scope: &Scope) -> Result<Tenant> {
        let default_experiment = || self.default_experiment(scope);
        self.db.ensure_tenant(scope, default_experiment).await
    }

    /// The experiment that the workspace of a tenant begins with.
    pub(crate) fn default_experiment(&self, scope: &Scope) -> NewDefaultExperiment {
        NewDefaultExperiment {
            name: "Default".to_owned(),
            artifact_root: self.artifact_root(scope),
            now_ms: self.now_ms(),
            first_revision: self.first_revision(),
        }
    }

    /// The URI below which experiments of a tenant get their artifact locations: as MLflow does
    /// it, workspaces have a directory each. The default one has none until there are others. The
    /// directory of any other tenant is found by its path where this server is asked for it, and
    /// named by the location in storage that clients reach by themselves.
    pub(crate) fn artifact_root(&self, scope: &Scope) -> String {
        let root = self.settings.artifact_root.as_str();
        match workspace_of(scope) {
            Some(name) if self.settings.has_workspaces || !name.is_default() => {
                append_path(root, &format!("workspaces/{name}"))
            }
            None if !is_proxied(root) => append_path(root, directory(scope).as_str()),
            _ => root.to_owned(),
        }
    }
}

/// Whether a server answers for what is below a root.
fn is_proxied(root: &str) -> bool {
    let scheme = root.split_once(':').map_or("", |(scheme, _)| scheme);
    matches!(scheme, "mlflow-artifacts" | "http" | "https")
}

fn no_such_workspace(scope: &Scope) -> Error {
    match WorkspaceName::of(&scope.platform) {
        Some(name) => name.not_found(),
        None => Error::not_found("The platform does not exist."),
    }
}

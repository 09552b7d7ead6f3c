//! Platforms and workspaces: the row keys behind their public names.

use std::collections::HashMap;
use std::sync::{PoisonError, RwLock};

use ferroflow_model::artifacts::append_path;
use ferroflow_model::workspaces::WorkspaceName;
use ferroflow_model::{AbsentTenant, Error, ExperimentId, Result, Scope, WorkspaceKey};

use crate::args;
use crate::command::{Command, Query, Tenant};
use crate::conn::Conn;
use crate::db::Db;
use crate::error::Rerun;

/// Past this many tenants the cache starts anew.
const CAPACITY: usize = 100_000;

/// Row keys of tenants that are known to exist. They never change; tenants that may be deleted are
/// looked up each time instead.
#[derive(Debug, Default)]
pub(crate) struct TenantCache(RwLock<HashMap<Scope, Tenant>>);

impl TenantCache {
    fn get(&self, scope: &Scope) -> Option<Tenant> {
        self.0
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .get(scope)
            .copied()
    }

    fn remember(&self, scope: &Scope, tenant: Tenant) {
        let mut known = self.0.write().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= CAPACITY {
            known.clear();
        }
        known.insert(scope.clone(), tenant);
    }
}

impl Db {
    /// The row keys of a tenant, for reading, looked up once. Nothing is found in one that does
    /// not exist.
    pub async fn tenant(&self, scope: &Scope) -> Result<Tenant> {
        if let Some(tenant) = self.tenants.get(scope) {
            return Ok(tenant);
        }
        let Some(tenant) = self.find_tenant(scope).await? else {
            return Ok(Tenant::NOWHERE);
        };
        if tenant.workspace != Tenant::NO_WORKSPACE {
            self.tenants.remember(scope, tenant);
        }
        Ok(tenant)
    }

    /// The row keys of a tenant as they are now: for one that may be deleted. Nothing when there
    /// is no such platform.
    pub async fn find_tenant(&self, scope: &Scope) -> Result<Option<Tenant>> {
        let scope = scope.clone();
        self.read(FindTenant { scope }).await
    }

    /// The row keys of a tenant, for writing. It comes into being at first use, with the default
    /// experiment of its workspace.
    pub async fn ensure_tenant(
        &self,
        scope: &Scope,
        default_experiment: impl FnOnce() -> NewDefaultExperiment,
    ) -> Result<Tenant> {
        if let Some(tenant) = self.tenants.get(scope) {
            return Ok(tenant);
        }
        let tenant = self.make_tenant(scope, default_experiment(), AbsentTenant::Made);
        let tenant = tenant.await?;
        self.tenants.remember(scope, tenant);
        Ok(tenant)
    }

    /// Makes what there is not yet of a tenant: its workspace with the default experiment, and
    /// its platform unless that must be there.
    pub async fn make_tenant(
        &self,
        scope: &Scope,
        default_experiment: NewDefaultExperiment,
        absent: AbsentTenant,
    ) -> Result<Tenant> {
        self.run(MakeTenant {
            scope: scope.clone(),
            default_experiment,
            absent,
        })
        .await
    }
}

/// The default experiment that a new workspace begins with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewDefaultExperiment {
    /// Its name.
    pub name: String,
    /// The URI below which the artifacts of its runs go, unless the platform has one of its own.
    pub artifact_root: String,
    /// Milliseconds since the Unix epoch.
    pub now_ms: i64,
    /// Where its revision begins.
    pub first_revision: i64,
}

struct FindTenant {
    scope: Scope,
}

impl Query for FindTenant {
    type Out = Option<Tenant>;
    const NAME: &'static str = "tenants.find";

    async fn run<C: Conn>(&self, conn: &mut C) -> Result<Option<Tenant>> {
        const SQL: &str = "SELECT p.platform_pk, w.workspace_pk FROM platforms p \
            LEFT JOIN workspaces w ON w.platform_pk = p.platform_pk AND w.workspace_key = $2 \
            WHERE p.platform_id = $1 AND p.deleted_ms IS NULL";
        let key = self.scope.workspace.as_ref().map(WorkspaceKey::as_str);
        let args = args![self.scope.platform.as_str(), key.unwrap_or_default()];
        conn.query_optional(SQL, args, |row| {
            let absent = if key.is_some() {
                Tenant::NO_WORKSPACE
            } else {
                0
            };
            Ok(Tenant {
                platform: row.get(0)?,
                workspace: row.get::<Option<i64>>(1)?.unwrap_or(absent),
            })
        })
        .await
    }
}

struct MakeTenant {
    scope: Scope,
    default_experiment: NewDefaultExperiment,
    absent: AbsentTenant,
}

impl Command for MakeTenant {
    type Out = Tenant;
    const NAME: &'static str = "tenants.ensure";

    async fn run<C: Conn>(&self, conn: &mut C) -> Result<Tenant> {
        if self.absent == AbsentTenant::Made {
            insert_platform(conn, &self.scope, self.default_experiment.now_ms).await?;
        }
        let platform = self.find_platform(conn).await?;
        let workspace = match &self.scope.workspace {
            Some(key) => make_workspace(conn, platform, key, &self.default_experiment).await?,
            None => 0,
        };
        Ok(Tenant {
            platform,
            workspace,
        })
    }

    fn is_repeatable(&self) -> bool {
        true
    }
}

impl MakeTenant {
    /// Finds the platform, and keeps it from being deleted until the transaction ends.
    async fn find_platform<C: Conn>(&self, conn: &mut C) -> Result<i64> {
        let sql = format!(
            "SELECT platform_pk FROM platforms WHERE platform_id = $1 AND deleted_ms IS NULL{}",
            conn.engine().for_share()
        );
        let id = self.scope.platform.as_str();
        let found = conn
            .query_optional(&sql, args![id], |row| row.get(0))
            .await?;
        found.ok_or_else(|| match self.absent {
            AbsentTenant::Refused => platform_is_gone(),
            // It was there when this one was to be inserted, and has been deleted since.
            AbsentTenant::Made => Error::internal(Rerun),
        })
    }
}

/// What the workspace that clients mean who name none says of itself, until it is told otherwise.
const DEFAULT_DESCRIPTION: &str = "Default workspace for legacy resources";

async fn insert_platform<C: Conn>(conn: &mut C, scope: &Scope, now_ms: i64) -> Result<()> {
    const SQL: &str = "INSERT INTO platforms (platform_id, created_ms, is_workspace, description) \
        VALUES ($1, $2, $3, $4) ON CONFLICT (platform_id) WHERE deleted_ms IS NULL DO NOTHING";
    let name = WorkspaceName::of(&scope.platform);
    let is_default = name.as_ref().is_some_and(WorkspaceName::is_default);
    let description = is_default.then_some(DEFAULT_DESCRIPTION);
    let args = args![scope.platform.as_str(), now_ms, name.is_some(), description];
    conn.execute(SQL, args).await.map(drop)
}

/// Keeps a platform from being deleted until the transaction ends.
pub(crate) async fn hold_platform<C: Conn>(conn: &mut C, platform: i64) -> Result<()> {
    let sql = format!(
        "SELECT platform_pk FROM platforms WHERE platform_pk = $1 AND deleted_ms IS NULL{}",
        conn.engine().for_share()
    );
    let found = conn
        .query_optional(&sql, args![platform], |row| row.get::<i64>(0))
        .await?;
    found.map(drop).ok_or_else(platform_is_gone)
}

fn platform_is_gone() -> Error {
    Error::not_found("The workspace does not exist any more.")
}

/// Makes a workspace of a platform, with its default experiment, where there is none yet.
pub(crate) async fn make_workspace<C: Conn>(
    conn: &mut C,
    platform: i64,
    key: &WorkspaceKey,
    default_experiment: &NewDefaultExperiment,
) -> Result<i64> {
    // The default experiment has number 0, so that the next one has number 1.
    conn.execute(
        "INSERT INTO workspaces (platform_pk, workspace_key, created_ms, next_experiment) \
         VALUES ($1, $2, $3, 1) ON CONFLICT (platform_pk, workspace_key) DO NOTHING",
        args![platform, key.as_str(), default_experiment.now_ms],
    )
    .await?;
    let sql = format!(
        "SELECT workspace_pk, {ARTIFACT_ROOT} FROM workspaces \
         WHERE platform_pk = $1 AND workspace_key = $2"
    );
    let args = args![platform, key.as_str()];
    let (workspace, root): (i64, Option<String>) = conn
        .query_one(&sql, args, |row| Ok((row.get(0)?, row.get(1)?)))
        .await?;
    let root = root.as_ref().unwrap_or(&default_experiment.artifact_root);
    insert_default_experiment(conn, platform, workspace, default_experiment, root).await?;
    Ok(workspace)
}

/// Selects, beside a row of `workspaces`, the artifact root that administrators have set for new
/// experiments. It is set for what clients of MLflow see of the platform: its workspace `default`.
pub(crate) const ARTIFACT_ROOT: &str = "(SELECT p.default_artifact_root FROM platforms p \
    WHERE p.platform_pk = workspaces.platform_pk AND workspaces.workspace_key = 'default')";

async fn insert_default_experiment<C: Conn>(
    conn: &mut C,
    platform: i64,
    workspace: i64,
    new: &NewDefaultExperiment,
    root: &str,
) -> Result<()> {
    let location = append_path(root, &ExperimentId::DEFAULT.to_string());
    conn.execute(
        "INSERT INTO experiments (platform_pk, workspace_pk, number, name, artifact_location, \
         lifecycle, created_ms, updated_ms, revision) VALUES ($1, $2, 0, $3, $4, 'active', $5, $5, $6) \
         ON CONFLICT DO NOTHING",
        args![
            platform,
            workspace,
            &new.name,
            &location,
            new.now_ms,
            new.first_revision
        ],
    )
    .await
    .map(drop)
}

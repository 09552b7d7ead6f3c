//! Platforms and workspaces: the row keys behind their public names.

use std::collections::HashMap;
use std::sync::{PoisonError, RwLock};

use ferroflow_model::{Result, Scope};

use crate::args;
use crate::command::{Command, Query, Tenant};
use crate::conn::Conn;
use crate::db::Db;

/// Past this many tenants the cache starts anew.
const CAPACITY: usize = 100_000;

/// Row keys of tenants that are known to exist. They never change.
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
    /// The row keys of a tenant, for reading. One that does not exist has nothing in it.
    pub async fn tenant(&self, scope: &Scope) -> Result<Tenant> {
        if let Some(tenant) = self.tenants.get(scope) {
            return Ok(tenant);
        }
        let found = self
            .read(FindTenant {
                scope: scope.clone(),
            })
            .await?;
        if let Some(tenant) = found {
            self.tenants.remember(scope, tenant);
        }
        Ok(found.unwrap_or(Tenant::NOWHERE))
    }

    /// The row keys of a tenant, for writing. It comes into being at first use, with the default
    /// experiment of its workspace.
    pub async fn ensure_tenant(
        &self,
        scope: &Scope,
        default_experiment: &NewDefaultExperiment,
    ) -> Result<Tenant> {
        if let Some(tenant) = self.tenants.get(scope) {
            return Ok(tenant);
        }
        let default_experiment = default_experiment.clone();
        let tenant = self
            .run(EnsureTenant {
                scope: scope.clone(),
                default_experiment,
            })
            .await?;
        self.tenants.remember(scope, tenant);
        Ok(tenant)
    }
}

/// The default experiment that a new workspace begins with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewDefaultExperiment {
    /// Its name.
    pub name: String,
    /// Where the artifacts of its runs go, as a URI.
    pub artifact_location: String,
    /// Milliseconds since the Unix epoch.
    pub now_ms: i64,
    /// Where its revision begins.
    pub first_revision: i64,
}

const PLATFORM: &str = "SELECT platform_pk FROM platforms WHERE platform_id = $1";
const WORKSPACE: &str =
    "SELECT workspace_pk FROM workspaces WHERE platform_pk = $1 AND workspace_key = $2";

struct FindTenant {
    scope: Scope,
}

impl Query for FindTenant {
    type Out = Option<Tenant>;
    const NAME: &'static str = "tenants.find";

    async fn run<C: Conn>(&self, conn: &mut C) -> Result<Option<Tenant>> {
        let platform_id = self.scope.platform.as_str();
        let platform = conn
            .query_optional(PLATFORM, args![platform_id], |row| row.get(0))
            .await?;
        let (Some(platform), Some(key)) = (platform, &self.scope.workspace) else {
            return Ok(platform.map(|platform| Tenant {
                platform,
                workspace: 0,
            }));
        };
        let workspace = conn
            .query_optional(WORKSPACE, args![platform, key.as_str()], |row| row.get(0))
            .await?;
        Ok(workspace.map(|workspace| Tenant {
            platform,
            workspace,
        }))
    }
}

struct EnsureTenant {
    scope: Scope,
    default_experiment: NewDefaultExperiment,
}

impl Command for EnsureTenant {
    type Out = Tenant;
    const NAME: &'static str = "tenants.ensure";

    async fn run<C: Conn>(&self, conn: &mut C) -> Result<Tenant> {
        let platform_id = self.scope.platform.as_str();
        let now_ms = self.default_experiment.now_ms;
        conn.execute(
            "INSERT INTO platforms (platform_id, created_ms) VALUES ($1, $2) ON CONFLICT (platform_id) DO NOTHING",
            args![platform_id, now_ms],
        )
        .await?;
        let platform = conn
            .query_one(PLATFORM, args![platform_id], |row| row.get(0))
            .await?;
        let Some(key) = &self.scope.workspace else {
            return Ok(Tenant {
                platform,
                workspace: 0,
            });
        };
        let workspace = ensure_workspace(conn, platform, key.as_str(), now_ms).await?;
        let tenant = Tenant {
            platform,
            workspace,
        };
        insert_default_experiment(conn, tenant, &self.default_experiment).await?;
        Ok(tenant)
    }

    fn is_repeatable(&self) -> bool {
        true
    }
}

async fn ensure_workspace<C: Conn>(
    conn: &mut C,
    platform: i64,
    key: &str,
    now_ms: i64,
) -> Result<i64> {
    // The default experiment has number 0, so that the next one has number 1.
    conn.execute(
        "INSERT INTO workspaces (platform_pk, workspace_key, created_ms, next_experiment) \
         VALUES ($1, $2, $3, 1) ON CONFLICT (platform_pk, workspace_key) DO NOTHING",
        args![platform, key, now_ms],
    )
    .await?;
    conn.query_one(WORKSPACE, args![platform, key], |row| row.get(0))
        .await
}

async fn insert_default_experiment<C: Conn>(
    conn: &mut C,
    tenant: Tenant,
    new: &NewDefaultExperiment,
) -> Result<()> {
    conn.execute(
        "INSERT INTO experiments (platform_pk, workspace_pk, number, name, artifact_location, \
         lifecycle, created_ms, updated_ms, revision) VALUES ($1, $2, 0, $3, $4, 'active', $5, $5, $6) \
         ON CONFLICT DO NOTHING",
        args![
            tenant.platform,
            tenant.workspace,
            &new.name,
            &new.artifact_location,
            new.now_ms,
            new.first_revision
        ],
    )
    .await
    .map(drop)
}

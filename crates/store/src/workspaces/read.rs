//! Reading workspaces.

use ferroflow_model::Result;
use ferroflow_model::workspaces::{Workspace, WorkspaceName};

use crate::command::Query;
use crate::conn::Conn;
use crate::{Row, args};

/// The columns that [`workspace_row`] reads.
const COLUMNS: &str = "platform_pk, platform_id, description, default_artifact_root, \
    trace_archival_location, trace_archival_retention";

/// Which platforms are workspaces.
const IS_WORKSPACE: &str = "is_workspace AND deleted_ms IS NULL";

/// Reads a row of [`COLUMNS`]: the row key, and the workspace.
fn workspace_row(row: &Row<'_>) -> Result<(i64, Workspace)> {
    let workspace = Workspace {
        name: WorkspaceName::parse(row.text(1)?)?,
        description: row.get(2)?,
        default_artifact_root: row.get(3)?,
        trace_archival_location: row.get(4)?,
        trace_archival_retention: row.get(5)?,
    };
    Ok((row.get(0)?, workspace))
}

/// Finds a workspace for a change: its row is locked until the transaction ends.
pub(super) async fn find_for_change<C: Conn>(
    conn: &mut C,
    name: &WorkspaceName,
) -> Result<(i64, Workspace)> {
    let sql = format!(
        "SELECT {COLUMNS} FROM platforms WHERE platform_id = $1 AND {IS_WORKSPACE}{}",
        conn.engine().for_update()
    );
    let found = conn
        .query_optional(&sql, args![name.as_str()], workspace_row)
        .await?;
    found.ok_or_else(|| name.not_found())
}

/// Reads a workspace by row key; nothing when it is gone.
pub(super) async fn recall_workspace<C: Conn>(
    conn: &mut C,
    platform: i64,
) -> Result<Option<Workspace>> {
    let sql = format!("SELECT {COLUMNS} FROM platforms WHERE platform_pk = $1 AND {IS_WORKSPACE}");
    let found = conn
        .query_optional(&sql, args![platform], workspace_row)
        .await?;
    Ok(found.map(|(_, workspace)| workspace))
}

/// Reads one workspace.
pub struct GetWorkspace {
    /// The workspace.
    pub name: WorkspaceName,
}

impl Query for GetWorkspace {
    type Out = Workspace;
    const NAME: &'static str = "workspaces.get";

    async fn run<C: Conn>(&self, conn: &mut C) -> Result<Workspace> {
        let sql =
            format!("SELECT {COLUMNS} FROM platforms WHERE platform_id = $1 AND {IS_WORKSPACE}");
        let found = conn
            .query_optional(&sql, args![self.name.as_str()], workspace_row)
            .await?;
        found
            .map(|(_, workspace)| workspace)
            .ok_or_else(|| self.name.not_found())
    }
}

/// Lists workspaces by name.
pub struct ListWorkspaces {
    /// How many at most.
    pub limit: i64,
}

impl Query for ListWorkspaces {
    type Out = Vec<Workspace>;
    const NAME: &'static str = "workspaces.list";

    async fn run<C: Conn>(&self, conn: &mut C) -> Result<Vec<Workspace>> {
        let sql = format!(
            "SELECT {COLUMNS} FROM platforms WHERE {IS_WORKSPACE} ORDER BY platform_id LIMIT $1"
        );
        let found = conn.query(&sql, args![self.limit], workspace_row).await?;
        Ok(found.into_iter().map(|(_, workspace)| workspace).collect())
    }
}

//! Workspaces of the MLflow dialect: platforms, with what administrators set for them.

mod changes;
mod delete;
mod purge;
mod read;

pub use changes::{CreateWorkspace, UpdateWorkspace};
pub use delete::DeleteWorkspace;
pub use purge::PurgeDeletedPlatforms;
pub use read::{GetWorkspace, ListWorkspaces};

use ferroflow_model::workspaces::WorkspaceName;

use crate::command::{Applied, Change, ResultKey};

/// The outcome of a change to a workspace.
fn applied<T>(
    out: T,
    platform: i64,
    name: &WorkspaceName,
    before: Option<String>,
    after: Option<String>,
) -> Applied<T> {
    Applied {
        out,
        result: ResultKey {
            row: platform,
            part: 0,
        },
        change: Change {
            entity: "workspace",
            key: name.to_string(),
            before,
            after,
        },
    }
}

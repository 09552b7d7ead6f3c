//! Messages about workspaces.

use ferroflow_model::workspaces::Workspace;
use serde::Serialize;

use crate::message::Check::{Object, Required, Text};
use crate::message::message;

message! {
    /// When traces are archived, and where to.
    TraceArchivalConfig {
        location: Option<String>,
        retention: Option<String>,
    }

    /// `POST workspaces`
    CreateWorkspace {
        name: Option<String> => [Required, Text],
        description: Option<String> => [Text],
        default_artifact_root: Option<String> => [Text],
        trace_archival_config: Option<TraceArchivalConfig> => [Object],
    }

    /// `PATCH workspaces/{workspace_name}`
    UpdateWorkspace {
        workspace_name: Option<String>,
        description: Option<String> => [Text],
        default_artifact_root: Option<String> => [Text],
        trace_archival_config: Option<TraceArchivalConfig> => [Object],
    }
}

/// A workspace, as clients are answered.
#[derive(Debug, Serialize)]
pub(crate) struct WorkspaceView<'a> {
    name: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    default_artifact_root: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    trace_archival_config: Option<TraceArchivalConfigView<'a>>,
}

#[derive(Debug, Serialize)]
struct TraceArchivalConfigView<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    location: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    retention: Option<&'a str>,
}

impl<'a> From<&'a Workspace> for WorkspaceView<'a> {
    fn from(workspace: &'a Workspace) -> Self {
        let location = workspace.trace_archival_location.as_deref();
        let retention = workspace.trace_archival_retention.as_deref();
        let is_archived = location.is_some() || retention.is_some();
        Self {
            name: workspace.name.as_str(),
            description: workspace.description.as_deref(),
            default_artifact_root: workspace.default_artifact_root.as_deref(),
            trace_archival_config: is_archived.then_some(TraceArchivalConfigView {
                location,
                retention,
            }),
        }
    }
}

/// Answers `workspaces` about one.
#[derive(Debug, Serialize)]
pub(crate) struct OneWorkspace<'a> {
    pub(crate) workspace: WorkspaceView<'a>,
}

/// Answers `GET workspaces`; the default one is always there.
#[derive(Debug, Serialize)]
pub(crate) struct WorkspaceList<'a> {
    pub(crate) workspaces: Vec<WorkspaceView<'a>>,
}

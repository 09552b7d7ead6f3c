//! What audit rows and events say of governed entities.

use std::collections::BTreeMap;

use ferroflow_model::model_versions::ModelVersion;
use ferroflow_model::registered_models::RegisteredModel;
use ferroflow_model::workspaces::Workspace;
use ferroflow_model::{ModelId, RunId, Tag};
use serde::Serialize;

#[derive(Serialize)]
struct VersionState<'a> {
    name: &'a str,
    version: i64,
    stage: &'a str,
    description: &'a str,
    source: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    run_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    model_id: Option<&'a str>,
    tags: BTreeMap<&'a str, &'a str>,
    aliases: &'a [String],
}

#[derive(Serialize)]
struct ModelState<'a> {
    name: &'a str,
    description: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    deployment_job_id: Option<&'a str>,
    tags: BTreeMap<&'a str, &'a str>,
}

#[derive(Serialize)]
struct WorkspaceState<'a> {
    name: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    default_artifact_root: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    trace_archival_location: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    trace_archival_retention: Option<&'a str>,
}

/// A workspace as JSON text.
pub(crate) fn workspace_state(workspace: &Workspace) -> Option<String> {
    to_text(&WorkspaceState {
        name: workspace.name.as_str(),
        description: workspace.description.as_deref(),
        default_artifact_root: workspace.default_artifact_root.as_deref(),
        trace_archival_location: workspace.trace_archival_location.as_deref(),
        trace_archival_retention: workspace.trace_archival_retention.as_deref(),
    })
}

/// A version as JSON text.
pub(crate) fn version_state(version: &ModelVersion) -> Option<String> {
    to_text(&VersionState {
        name: version.name.as_str(),
        version: version.version.number(),
        stage: version.stage.as_str(),
        description: version.description.as_deref().unwrap_or_default(),
        source: &version.source,
        run_id: version.run_id.as_ref().map(RunId::as_str),
        model_id: version.model_id.as_ref().map(ModelId::as_str),
        tags: by_key(&version.tags),
        aliases: &version.aliases,
    })
}

/// A registered model as JSON text; its versions have rows of their own.
pub(crate) fn model_state(model: &RegisteredModel) -> Option<String> {
    to_text(&ModelState {
        name: model.name.as_str(),
        description: &model.description,
        deployment_job_id: model.deployment_job_id.as_deref(),
        tags: by_key(&model.tags),
    })
}

fn by_key(tags: &[Tag]) -> BTreeMap<&str, &str> {
    tags.iter()
        .map(|tag| (tag.key.as_str(), tag.value.as_str()))
        .collect()
}

/// Texts and numbers always have a JSON form.
fn to_text(state: &impl Serialize) -> Option<String> {
    serde_json::to_string(state).ok()
}

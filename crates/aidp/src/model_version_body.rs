//! How answers show model versions.

use ferroflow_model::model_versions::{ModelVersion, ModelVersionStatus, Stage};
use ferroflow_model::{ModelId, Param, RunId};
use schemars::JsonSchema;
use serde::Serialize;

use crate::metrics::{MetricBody, metric_bodies};
use crate::tags::{KeyValueBody, bodies};

/// A version: lists are always there, texts only where they are set.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "ModelVersion")]
pub(crate) struct ModelVersionBody {
    name: String,
    version: String,
    creation_timestamp: i64,
    last_updated_timestamp: i64,
    #[serde(skip_serializing_if = "String::is_empty")]
    user_id: String,
    #[schemars(extend("enum" = Stage::ALL.map(Stage::as_str)))]
    current_stage: &'static str,
    #[serde(skip_serializing_if = "String::is_empty")]
    description: String,
    source: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    run_id: Option<String>,
    #[schemars(extend("enum" = ModelVersionStatus::ALL.map(ModelVersionStatus::as_str)))]
    status: &'static str,
    #[serde(skip_serializing_if = "String::is_empty")]
    status_message: String,
    tags: Vec<KeyValueBody>,
    #[serde(skip_serializing_if = "String::is_empty")]
    run_link: String,
    aliases: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    model_id: Option<String>,
    model_metrics: Vec<MetricBody>,
    model_params: Vec<ModelParamBody>,
    #[serde(skip_serializing_if = "Option::is_none")]
    deployment_job_state: Option<DeploymentJobStateBody>,
}

#[derive(Serialize, JsonSchema)]
#[schemars(rename = "ModelParam")]
struct ModelParamBody {
    name: String,
    value: String,
}

/// How the model's deployment job stands with this version.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "DeploymentJobState")]
struct DeploymentJobStateBody {
    job_id: String,
    #[schemars(extend("enum" = [JOB_STATE]))]
    job_state: &'static str,
    #[schemars(extend("enum" = [JOB_RUN_STATE]))]
    run_state: &'static str,
}

/// The state of the connection to a deployment job. A job is only named here, no jobs service has
/// been asked for it, so its connection is not set up.
pub(crate) const JOB_STATE: &str = "NOT_SET_UP";

/// The state of a job that cannot have run.
const JOB_RUN_STATE: &str = "NO_VALID_DEPLOYMENT_JOB_FOUND";

impl From<Param> for ModelParamBody {
    fn from(Param { key, value }: Param) -> Self {
        Self { name: key, value }
    }
}

impl From<String> for DeploymentJobStateBody {
    fn from(job_id: String) -> Self {
        Self {
            job_id,
            job_state: JOB_STATE,
            run_state: JOB_RUN_STATE,
        }
    }
}

impl From<ModelVersion> for ModelVersionBody {
    fn from(version: ModelVersion) -> Self {
        Self {
            name: version.name.into_string(),
            version: version.version.to_string(),
            creation_timestamp: version.created_ms,
            last_updated_timestamp: version.updated_ms,
            user_id: version.user_id,
            current_stage: version.stage.as_str(),
            description: version.description.unwrap_or_default(),
            source: version.source,
            run_id: version.run_id.map(RunId::into_string),
            status: version.status.as_str(),
            status_message: version.status_message,
            tags: bodies(version.tags),
            run_link: version.run_link,
            aliases: version.aliases,
            model_id: version.model_id.map(ModelId::into_string),
            model_metrics: metric_bodies(version.model_metrics),
            model_params: version.model_params.into_iter().map(Into::into).collect(),
            deployment_job_state: version.deployment_job_id.map(Into::into),
        }
    }
}

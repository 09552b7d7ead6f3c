//! How answers show runs.

use ferroflow_model::datasets::{Dataset, DatasetInput, ModelOutput};
use ferroflow_model::runs::{Run, RunInfo, RunStatus};
use schemars::JsonSchema;
use serde::Serialize;

use crate::metrics::{MetricBody, metric_bodies};
use crate::tags::{KeyValueBody, bodies};

#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Run")]
pub(crate) struct RunBody {
    info: RunInfoBody,
    data: RunDataBody,
    inputs: RunInputsBody,
    outputs: RunOutputsBody,
}

#[derive(Serialize, JsonSchema)]
#[schemars(rename = "RunInfo")]
pub(crate) struct RunInfoBody {
    run_id: String,
    run_uuid: String,
    run_name: String,
    experiment_id: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    user_id: String,
    #[schemars(extend("enum" = RunStatus::ALL.map(RunStatus::as_str)))]
    status: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    start_time: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    end_time: Option<i64>,
    artifact_uri: String,
    lifecycle_stage: &'static str,
}

#[derive(Serialize, JsonSchema)]
#[schemars(rename = "RunData")]
struct RunDataBody {
    metrics: Vec<MetricBody>,
    params: Vec<KeyValueBody>,
    tags: Vec<KeyValueBody>,
}

#[derive(Serialize, JsonSchema)]
#[schemars(rename = "RunInputs")]
struct RunInputsBody {
    dataset_inputs: Vec<DatasetInputBody>,
    model_inputs: Vec<ModelInputBody>,
}

#[derive(Serialize, JsonSchema)]
#[schemars(rename = "RunOutputs")]
struct RunOutputsBody {
    model_outputs: Vec<ModelOutputBody>,
}

#[derive(Serialize, JsonSchema)]
#[schemars(rename = "DatasetInput")]
struct DatasetInputBody {
    dataset: DatasetBody,
    tags: Vec<KeyValueBody>,
}

#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Dataset")]
struct DatasetBody {
    name: String,
    digest: String,
    source_type: String,
    source: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    schema: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    profile: Option<String>,
}

#[derive(Serialize, JsonSchema)]
#[schemars(rename = "ModelInput")]
struct ModelInputBody {
    model_id: String,
}

#[derive(Serialize, JsonSchema)]
#[schemars(rename = "ModelOutput")]
struct ModelOutputBody {
    model_id: String,
    step: i64,
}

impl From<Run> for RunBody {
    fn from(run: Run) -> Self {
        let model_input = |id: ferroflow_model::ModelId| ModelInputBody {
            model_id: id.into_string(),
        };
        Self {
            info: run.info.into(),
            data: RunDataBody {
                metrics: metric_bodies(run.metrics),
                params: bodies(run.params),
                tags: bodies(run.tags),
            },
            inputs: RunInputsBody {
                dataset_inputs: run.dataset_inputs.into_iter().map(Into::into).collect(),
                model_inputs: run.model_inputs.into_iter().map(model_input).collect(),
            },
            outputs: RunOutputsBody {
                model_outputs: run.model_outputs.into_iter().map(Into::into).collect(),
            },
        }
    }
}

impl From<RunInfo> for RunInfoBody {
    fn from(info: RunInfo) -> Self {
        Self {
            run_uuid: info.run_id.to_string(),
            run_id: info.run_id.into_string(),
            run_name: info.name,
            experiment_id: info.experiment_id.to_string(),
            user_id: info.user_id,
            status: info.status.as_str(),
            start_time: info.start_ms,
            end_time: info.end_ms,
            artifact_uri: info.artifact_uri,
            lifecycle_stage: info.lifecycle.as_str(),
        }
    }
}

impl From<DatasetInput> for DatasetInputBody {
    fn from(DatasetInput { dataset, tags }: DatasetInput) -> Self {
        Self {
            dataset: dataset.into(),
            tags: bodies(tags),
        }
    }
}

impl From<Dataset> for DatasetBody {
    fn from(dataset: Dataset) -> Self {
        Self {
            name: dataset.name,
            digest: dataset.digest,
            source_type: dataset.source_type,
            source: dataset.source,
            schema: dataset.schema,
            profile: dataset.profile,
        }
    }
}

impl From<ModelOutput> for ModelOutputBody {
    fn from(ModelOutput { model_id, step }: ModelOutput) -> Self {
        Self {
            model_id: model_id.into_string(),
            step,
        }
    }
}

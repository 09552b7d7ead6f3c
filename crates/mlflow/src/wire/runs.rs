//! Messages about runs.

use ferroflow_model::datasets::{self, DatasetInput};
use ferroflow_model::runs::{Run, RunInfo, RunStatus};
use ferroflow_model::{ModelId, ViewType, datasets as model};
use serde::Serialize;

use super::metrics::{Metric, MetricView};
use super::tags::{KeyValue, KeyValueView, views};
use crate::json::unless_empty;
use crate::message::Check::{AtMost, Integer, ItemsHave, List, ListOfTexts, Required, RunId, Text};
use crate::message::message;

message! {
    /// `runs/create`
    CreateRun {
        experiment_id: Option<String> => [Text],
        start_time: Option<i64> => [Integer],
        run_name: Option<String> => [Text],
        user_id: Option<String>,
        tags: Vec<KeyValue>,
    }

    /// `runs/get`
    GetRun {
        run_id: Option<String> => [RunId, Text],
        run_uuid: Option<String>,
    }

    /// `runs/update`
    UpdateRun {
        run_id: Option<String> => [RunId, Text],
        end_time: Option<i64> => [Integer],
        status: Option<RunStatus> => [Text],
        run_name: Option<String> => [Text],
        run_uuid: Option<String>,
    }

    /// `runs/delete` and `runs/restore`
    RunById {
        run_id: Option<String> => [RunId, Text],
    }

    /// `runs/search`
    SearchRuns {
        experiment_ids: Vec<String> => [List],
        filter: Option<String> => [Text],
        max_results: Option<i64> => [Integer, AtMost(50_000)],
        order_by: Vec<String> => [List, ListOfTexts],
        run_view_type: Option<ViewType>,
        page_token: Option<String>,
    }

    /// `runs/log-parameter`
    LogParam {
        run_id: Option<String> => [RunId, Text],
        key: Option<String> => [Required, Text],
        value: Option<String> => [Text],
        run_uuid: Option<String>,
    }

    /// `runs/set-tag`
    SetTag {
        run_id: Option<String> => [RunId, Text],
        key: Option<String> => [Required, Text],
        value: Option<String> => [Text],
        run_uuid: Option<String>,
    }

    /// `runs/delete-tag`
    DeleteTag {
        run_id: Option<String> => [RunId, Text],
        key: Option<String> => [Required, Text],
    }

    /// `runs/log-batch`
    LogBatch {
        run_id: Option<String> => [Text, RunId],
        metrics: Vec<Metric> => [List, ItemsHave(&["key", "value", "timestamp"])],
        params: Vec<KeyValue> => [List, ItemsHave(&["key"])],
        tags: Vec<KeyValue> => [List, ItemsHave(&["key"])],
    }

    /// `runs/log-model`
    LogModel {
        run_id: Option<String> => [Text, RunId],
        model_json: Option<String> => [Text, Required],
    }

    /// A dataset, as clients send it.
    Dataset {
        name: Option<String>,
        digest: Option<String>,
        source_type: Option<String>,
        source: Option<String>,
        schema: Option<String>,
        profile: Option<String>,
    }

    /// A dataset that a run reads.
    DatasetInputMessage {
        tags: Vec<KeyValue>,
        dataset: Option<Dataset>,
    }

    /// A logged model that a run reads.
    ModelInput {
        model_id: Option<String>,
    }

    /// A logged model that a run writes.
    ModelOutput {
        model_id: Option<String>,
        step: Option<i64>,
    }

    /// `runs/log-inputs`
    LogInputs {
        run_id: Option<String> => [RunId, Text],
        datasets: Vec<DatasetInputMessage> => [List],
        models: Vec<ModelInput> => [List],
    }

    /// `runs/outputs`
    LogOutputs {
        run_id: Option<String> => [RunId, Text],
        models: Option<Vec<ModelOutput>> => [Required, List],
    }
}

/// What a run is, as clients are answered.
#[derive(Debug, Serialize)]
pub(crate) struct RunInfoView<'a> {
    run_uuid: &'a str,
    experiment_id: String,
    run_name: &'a str,
    user_id: &'a str,
    status: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    start_time: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    end_time: Option<i64>,
    artifact_uri: &'a str,
    lifecycle_stage: &'static str,
    run_id: &'a str,
}

impl<'a> From<&'a RunInfo> for RunInfoView<'a> {
    fn from(info: &'a RunInfo) -> Self {
        Self {
            run_uuid: info.run_id.as_str(),
            experiment_id: info.experiment_id.to_string(),
            run_name: &info.name,
            user_id: &info.user_id,
            status: info.status.as_str(),
            start_time: info.start_ms,
            end_time: info.end_ms.filter(|end_ms| *end_ms != 0),
            artifact_uri: &info.artifact_uri,
            lifecycle_stage: info.lifecycle.as_str(),
            run_id: info.run_id.as_str(),
        }
    }
}

/// What a run logged, as clients are answered.
#[derive(Debug, Serialize)]
struct RunDataView<'a> {
    #[serde(skip_serializing_if = "Vec::is_empty")]
    metrics: Vec<MetricView<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    params: Vec<KeyValueView<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    tags: Vec<KeyValueView<'a>>,
}

#[derive(Debug, Serialize)]
struct DatasetView<'a> {
    name: &'a str,
    digest: &'a str,
    source_type: &'a str,
    source: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    schema: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    profile: Option<&'a str>,
}

#[derive(Debug, Serialize)]
struct DatasetInputView<'a> {
    #[serde(skip_serializing_if = "Vec::is_empty")]
    tags: Vec<KeyValueView<'a>>,
    dataset: DatasetView<'a>,
}

impl<'a> From<&'a DatasetInput> for DatasetInputView<'a> {
    fn from(input: &'a DatasetInput) -> Self {
        let datasets::Dataset {
            name,
            digest,
            source_type,
            source,
            schema,
            profile,
        } = &input.dataset;
        Self {
            tags: views(&input.tags),
            dataset: DatasetView {
                name,
                digest,
                source_type,
                source,
                schema: schema.as_deref().and_then(unless_empty),
                profile: profile.as_deref().and_then(unless_empty),
            },
        }
    }
}

#[derive(Debug, Serialize)]
struct ModelInputView<'a> {
    model_id: &'a str,
}

impl<'a> From<&'a ModelId> for ModelInputView<'a> {
    fn from(model_id: &'a ModelId) -> Self {
        Self {
            model_id: model_id.as_str(),
        }
    }
}

#[derive(Debug, Serialize)]
struct RunInputsView<'a> {
    #[serde(skip_serializing_if = "Vec::is_empty")]
    dataset_inputs: Vec<DatasetInputView<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    model_inputs: Vec<ModelInputView<'a>>,
}

#[derive(Debug, Serialize)]
struct ModelOutputView<'a> {
    model_id: &'a str,
    step: i64,
}

impl<'a> From<&'a model::ModelOutput> for ModelOutputView<'a> {
    fn from(output: &'a model::ModelOutput) -> Self {
        Self {
            model_id: output.model_id.as_str(),
            step: output.step,
        }
    }
}

#[derive(Debug, Serialize)]
struct RunOutputsView<'a> {
    #[serde(skip_serializing_if = "Vec::is_empty")]
    model_outputs: Vec<ModelOutputView<'a>>,
}

/// A run, as clients are answered.
#[derive(Debug, Serialize)]
pub(crate) struct RunView<'a> {
    info: RunInfoView<'a>,
    data: RunDataView<'a>,
    inputs: RunInputsView<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    outputs: Option<RunOutputsView<'a>>,
}

impl<'a> From<&'a Run> for RunView<'a> {
    fn from(run: &'a Run) -> Self {
        Self {
            info: RunInfoView::from(&run.info),
            data: RunDataView {
                metrics: views(&run.metrics),
                params: views(&run.params),
                tags: views(&run.tags),
            },
            inputs: RunInputsView {
                dataset_inputs: views(&run.dataset_inputs),
                model_inputs: views(&run.model_inputs),
            },
            outputs: Some(RunOutputsView {
                model_outputs: views(&run.model_outputs),
            }),
        }
    }
}

impl RunView<'_> {
    /// A run that has just been made is answered without its outputs.
    #[must_use]
    pub(crate) fn without_outputs(self) -> Self {
        Self {
            outputs: None,
            ..self
        }
    }
}

/// Answers `runs/create` and `runs/get`.
#[derive(Debug, Serialize)]
pub(crate) struct OneRun<'a> {
    pub(crate) run: RunView<'a>,
}

/// Answers `runs/update`.
#[derive(Debug, Serialize)]
pub(crate) struct UpdatedRun<'a> {
    pub(crate) run_info: RunInfoView<'a>,
}

/// Answers `runs/search`.
#[derive(Debug, Serialize)]
pub(crate) struct RunPage<'a> {
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) runs: Vec<RunView<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) next_page_token: Option<&'a str>,
}

//! Messages about experiments.

use ferroflow_model::ViewType;
use ferroflow_model::datasets::DatasetSummary;
use ferroflow_model::experiments::Experiment;
use serde::Serialize;

use super::tags::{KeyValue, KeyValueView, views};
use crate::message::Check::{Integer, List, Required, Text};
use crate::message::message;

message! {
    /// `experiments/create`
    CreateExperiment {
        name: Option<String> => [Required, Text],
        artifact_location: Option<String> => [Text],
        tags: Vec<KeyValue> => [List],
    }

    /// `experiments/get`, `experiments/delete` and `experiments/restore`
    ExperimentById {
        experiment_id: Option<String> => [Required, Text],
    }

    /// `experiments/get-by-name`
    GetExperimentByName {
        experiment_name: Option<String> => [Required, Text],
    }

    /// `experiments/update`
    UpdateExperiment {
        experiment_id: Option<String> => [Required, Text],
        new_name: Option<String> => [Text, Required],
    }

    /// `experiments/search`
    SearchExperiments {
        view_type: Option<ViewType> => [Integer],
        max_results: Option<i64> => [Integer],
        order_by: Vec<String> => [List],
        filter: Option<String> => [Text],
        page_token: Option<String> => [Text],
    }

    /// `experiments/set-experiment-tag`
    SetExperimentTag {
        experiment_id: Option<String> => [Required, Text],
        key: Option<String> => [Required, Text],
        value: Option<String> => [Text],
    }

    /// `experiments/delete-experiment-tag`
    DeleteExperimentTag {
        experiment_id: Option<String> => [Required, Text],
        key: Option<String> => [Required, Text],
    }

    /// `experiments/search-datasets`
    SearchDatasets {
        experiment_ids: Vec<String>,
    }
}

/// An experiment, as clients are answered.
#[derive(Debug, Serialize)]
pub(crate) struct ExperimentView<'a> {
    experiment_id: String,
    name: &'a str,
    artifact_location: &'a str,
    lifecycle_stage: &'static str,
    last_update_time: i64,
    creation_time: i64,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    tags: Vec<KeyValueView<'a>>,
    workspace: &'a str,
}

impl<'a> ExperimentView<'a> {
    /// An experiment of a workspace.
    pub(crate) fn new(experiment: &'a Experiment, workspace: &'a str) -> Self {
        Self {
            experiment_id: experiment.id.to_string(),
            name: &experiment.name,
            artifact_location: &experiment.artifact_location,
            lifecycle_stage: experiment.lifecycle.as_str(),
            last_update_time: experiment.updated_ms,
            creation_time: experiment.created_ms,
            tags: views(&experiment.tags),
            workspace,
        }
    }
}

/// Answers `experiments/create`.
#[derive(Debug, Serialize)]
pub(crate) struct CreatedExperiment {
    pub(crate) experiment_id: String,
}

/// Answers `experiments/get` and `experiments/get-by-name`.
#[derive(Debug, Serialize)]
pub(crate) struct OneExperiment<'a> {
    pub(crate) experiment: ExperimentView<'a>,
}

/// Answers `experiments/search`.
#[derive(Debug, Serialize)]
pub(crate) struct ExperimentPage<'a> {
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) experiments: Vec<ExperimentView<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) next_page_token: Option<&'a str>,
}

/// A dataset of an experiment, as clients are answered.
#[derive(Debug, Serialize)]
pub(crate) struct DatasetSummaryView<'a> {
    experiment_id: String,
    name: &'a str,
    digest: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    context: Option<&'a str>,
}

impl<'a> From<&'a DatasetSummary> for DatasetSummaryView<'a> {
    fn from(summary: &'a DatasetSummary) -> Self {
        Self {
            experiment_id: summary.experiment_id.to_string(),
            name: &summary.name,
            digest: &summary.digest,
            context: summary.context.as_deref().filter(|text| !text.is_empty()),
        }
    }
}

/// Answers `experiments/search-datasets`.
#[derive(Debug, Serialize)]
pub(crate) struct DatasetSummaries<'a> {
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) dataset_summaries: Vec<DatasetSummaryView<'a>>,
}

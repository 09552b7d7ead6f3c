//! Runs: executions that log params, metrics, tags, inputs and outputs.

use crate::datasets::{DatasetInput, ModelOutput};
use crate::metrics::{Metric, NewMetric};
use crate::{
    Error, Etag, ExperimentId, LifecycleStage, ModelId, PageRequest, Param, Result, RunId, Tag,
    ViewType,
};

/// How far a run has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum RunStatus {
    /// Under way.
    Running,
    /// Planned.
    Scheduled,
    /// Ended well.
    Finished,
    /// Ended with an error.
    Failed,
    /// Ended by somebody.
    Killed,
}

impl RunStatus {
    /// All of them, in the order of MLflow's numbers, which begin with 1.
    pub const ALL: [Self; 5] = [
        Self::Running,
        Self::Scheduled,
        Self::Finished,
        Self::Failed,
        Self::Killed,
    ];

    /// The name on the wire and in the store.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Running => "RUNNING",
            Self::Scheduled => "SCHEDULED",
            Self::Finished => "FINISHED",
            Self::Failed => "FAILED",
            Self::Killed => "KILLED",
        }
    }

    /// Reads the name back.
    pub fn parse(text: &str) -> Result<Self> {
        Self::ALL.into_iter().find(|status| status.as_str() == text).ok_or_else(|| {
            Error::invalid(format!(
                "Invalid value '{text}' for parameter 'status': allowed are RUNNING, SCHEDULED, FINISHED, FAILED and KILLED."
            ))
        })
    }
}

/// What a run is, without what it logged.
#[derive(Debug, Clone, PartialEq)]
pub struct RunInfo {
    /// The public id.
    pub run_id: RunId,
    /// Not unique.
    pub name: String,
    /// The experiment that it belongs to.
    pub experiment_id: ExperimentId,
    /// Who the client says ran it.
    pub user_id: String,
    /// How far it has come.
    pub status: RunStatus,
    /// Milliseconds since the Unix epoch, as the client says.
    pub start_ms: Option<i64>,
    /// Milliseconds since the Unix epoch, as the client says.
    pub end_ms: Option<i64>,
    /// Where its artifacts go, as a URI.
    pub artifact_uri: String,
    /// In use or deleted.
    pub lifecycle: LifecycleStage,
    /// Changes with every change of the run's own fields and tags.
    pub etag: Etag,
}

/// A run with what it logged.
#[derive(Debug, Clone, PartialEq)]
pub struct Run {
    /// What it is.
    pub info: RunInfo,
    /// The latest point of each series.
    pub metrics: Vec<Metric>,
    /// Written once each.
    pub params: Vec<Param>,
    /// Among them `mlflow.runName`.
    pub tags: Vec<Tag>,
    /// Datasets that it read.
    pub dataset_inputs: Vec<DatasetInput>,
    /// Logged models that it read.
    pub model_inputs: Vec<ModelId>,
    /// Logged models that it wrote.
    pub model_outputs: Vec<ModelOutput>,
}

/// What is needed to create a run.
#[derive(Debug, Clone, PartialEq)]
pub struct NewRun {
    /// Absent: the workspace's default experiment.
    pub experiment_id: Option<ExperimentId>,
    /// Absent or empty: the tag `mlflow.runName`, or a random name.
    pub name: Option<String>,
    /// Who the client says runs it.
    pub user_id: String,
    /// Milliseconds since the Unix epoch; absent: now.
    pub start_ms: Option<i64>,
    /// Initial tags.
    pub tags: Vec<Tag>,
}

/// Changes of a run's own fields; absent ones stay.
#[derive(Debug, Clone, PartialEq)]
pub struct UpdateRun {
    /// The run.
    pub run_id: RunId,
    /// How far it has come.
    pub status: Option<RunStatus>,
    /// Milliseconds since the Unix epoch.
    pub end_ms: Option<i64>,
    /// An empty name changes nothing.
    pub name: Option<String>,
}

/// What a run logs in one request.
#[derive(Debug, Clone, PartialEq)]
pub struct LogBatch {
    /// The run.
    pub run_id: RunId,
    /// Points, in the order given.
    pub metrics: Vec<NewMetric>,
    /// Params; an equal value may be logged again, another may not.
    pub params: Vec<Param>,
    /// Tags; of equal keys the last wins.
    pub tags: Vec<Tag>,
}

/// Datasets and models that a run read.
#[derive(Debug, Clone, PartialEq)]
pub struct LogInputs {
    /// The run.
    pub run_id: RunId,
    /// A repeated input is ignored, its tags too.
    pub datasets: Vec<DatasetInput>,
    /// Logged models.
    pub models: Vec<ModelId>,
}

/// A search over the runs of some experiments.
#[derive(Debug, Clone, PartialEq)]
pub struct SearchRuns {
    /// Unknown ones are as if empty.
    pub experiment_ids: Vec<ExperimentId>,
    /// Filter text in the grammar of the search room.
    pub filter: Option<String>,
    /// Clauses such as `` metrics.`loss` DESC ``.
    pub order_by: Vec<String>,
    /// Which lifecycle stages.
    pub view: ViewType,
    /// Which page.
    pub page: PageRequest,
}

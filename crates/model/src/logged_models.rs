//! Logged models: models as runs leave them, before anybody registers them.

use crate::metrics::{MetricDataset, ModelMetric};
use crate::{Error, Etag, ExperimentId, ModelId, PageRequest, Param, Result, RunId, Tag};

/// How far the upload of a logged model has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum LoggedModelStatus {
    /// Being written.
    Pending,
    /// Complete.
    Ready,
    /// Given up.
    UploadFailed,
}

impl LoggedModelStatus {
    /// All of them, in the order of MLflow's numbers, which begin with 1.
    pub const ALL: [Self; 3] = [Self::Pending, Self::Ready, Self::UploadFailed];

    /// The name on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "LOGGED_MODEL_PENDING",
            Self::Ready => "LOGGED_MODEL_READY",
            Self::UploadFailed => "LOGGED_MODEL_UPLOAD_FAILED",
        }
    }

    /// MLflow's number for it, which is also what its filters compare.
    pub const fn number(self) -> i64 {
        match self {
            Self::Pending => 1,
            Self::Ready => 2,
            Self::UploadFailed => 3,
        }
    }

    /// Reads the number back.
    pub fn from_number(number: i64) -> Result<Self> {
        Self::ALL
            .into_iter()
            .find(|status| status.number() == number)
            .ok_or_else(|| {
                Error::invalid(format!("Invalid value {number} for parameter 'status'."))
            })
    }
}

/// A model as a run left it.
#[derive(Debug, Clone, PartialEq)]
pub struct LoggedModel {
    /// The public id.
    pub model_id: ModelId,
    /// The experiment that it belongs to.
    pub experiment_id: ExperimentId,
    /// Not unique.
    pub name: String,
    /// Where its files are, as a URI.
    pub artifact_uri: String,
    /// How far its upload has come.
    pub status: LoggedModelStatus,
    /// Why the upload failed, when it did.
    pub status_message: Option<String>,
    /// For example `Agent`.
    pub model_type: Option<String>,
    /// The run that wrote it.
    pub source_run_id: Option<RunId>,
    /// Milliseconds since the Unix epoch.
    pub created_ms: i64,
    /// Milliseconds since the Unix epoch.
    pub updated_ms: i64,
    /// Deleted models are only shown when asked for by id.
    pub is_deleted: bool,
    /// In the order of their keys.
    pub tags: Vec<Tag>,
    /// In the order of their keys.
    pub params: Vec<Param>,
    /// All points in the order of their keys, then of time; the newest, when there are very many.
    pub metrics: Vec<ModelMetric>,
    /// Changes with every change.
    pub etag: Etag,
}

/// What is needed to create a logged model.
#[derive(Debug, Clone, PartialEq)]
pub struct NewLoggedModel {
    /// The experiment.
    pub experiment_id: ExperimentId,
    /// Absent or empty: a random name.
    pub name: Option<String>,
    /// For example `Agent`.
    pub model_type: Option<String>,
    /// The run that writes it.
    pub source_run_id: Option<RunId>,
    /// Unique keys.
    pub params: Vec<Param>,
    /// Of equal keys the last wins.
    pub tags: Vec<Tag>,
}

/// One key to sort a search over logged models by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LoggedModelOrder {
    /// For example `creation_timestamp` or `metrics.loss`.
    pub field_name: String,
    /// Smallest first.
    pub ascending: bool,
    /// Only points computed on a dataset of this name.
    pub dataset_name: Option<String>,
    /// Only points computed on a dataset of this digest.
    pub dataset_digest: Option<String>,
}

/// A search over the logged models of some experiments.
#[derive(Debug, Clone, PartialEq)]
pub struct SearchLoggedModels {
    /// Unknown ones are as if empty.
    pub experiment_ids: Vec<ExperimentId>,
    /// Filter text in the grammar of the search room.
    pub filter: Option<String>,
    /// Metric conditions look only at points on these datasets; an empty digest matches any.
    pub datasets: Vec<MetricDataset>,
    /// Keys to sort by.
    pub order_by: Vec<LoggedModelOrder>,
    /// Which page.
    pub page: PageRequest,
}

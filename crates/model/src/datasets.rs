//! Datasets that runs read, and models that runs read and write.

use crate::{ModelId, Tag};

/// A dataset, shared within an experiment by name and digest; the first description wins.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dataset {
    /// Up to 500 characters.
    pub name: String,
    /// Up to 36 characters.
    pub digest: String,
    /// For example `local`, `http`, `delta_table`.
    pub source_type: String,
    /// Where the data comes from, as JSON text.
    pub source: String,
    /// The schema, as JSON text.
    pub schema: Option<String>,
    /// Summary statistics, as JSON text.
    pub profile: Option<String>,
}

/// A dataset used by a run; the tag `mlflow.data.context` says what for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DatasetInput {
    /// The dataset.
    pub dataset: Dataset,
    /// About this use.
    pub tags: Vec<Tag>,
}

/// A logged model written by a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ModelOutput {
    /// The logged model.
    pub model_id: ModelId,
    /// The step at which it was written.
    pub step: i64,
}

/// A distinct dataset of an experiment with one context it is used in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DatasetSummary {
    /// The experiment.
    pub experiment_id: crate::ExperimentId,
    /// The dataset's name.
    pub name: String,
    /// The dataset's digest.
    pub digest: String,
    /// The value of the tag `mlflow.data.context`, when there is one.
    pub context: Option<String>,
}

//! Operations on experiments.

use ferroflow_model::datasets::DatasetSummary;
use ferroflow_model::experiments::{Experiment, NewExperiment, SearchExperiments};
use ferroflow_model::{Context, Etag, ExperimentId, Page, Result, TagChanges};

use crate::Service;

impl Service {
    /// Creates an experiment.
    pub async fn create_experiment(
        &self,
        context: &Context,
        new: NewExperiment,
    ) -> Result<Experiment> {
        unimplemented!()
    }

    /// Reads an experiment, deleted ones too.
    pub async fn get_experiment(&self, context: &Context, id: ExperimentId) -> Result<Experiment> {
        unimplemented!()
    }

    /// Reads an experiment by name, deleted ones too.
    pub async fn get_experiment_by_name(
        &self,
        context: &Context,
        name: &str,
    ) -> Result<Experiment> {
        unimplemented!()
    }

    /// Lists experiments.
    pub async fn search_experiments(
        &self,
        context: &Context,
        search: SearchExperiments,
    ) -> Result<Page<Experiment>> {
        unimplemented!()
    }

    /// Renames an active experiment; no name changes nothing.
    pub async fn rename_experiment(
        &self,
        context: &Context,
        id: ExperimentId,
        name: Option<String>,
    ) -> Result<Etag> {
        unimplemented!()
    }

    /// Deletes an active experiment, and its runs with it; permanently only when it has no run.
    pub async fn delete_experiment(
        &self,
        context: &Context,
        id: ExperimentId,
        permanently: bool,
    ) -> Result<Etag> {
        unimplemented!()
    }

    /// Restores a deleted experiment, and its runs with it.
    pub async fn restore_experiment(&self, context: &Context, id: ExperimentId) -> Result<Etag> {
        unimplemented!()
    }

    /// Sets and deletes tags of an active experiment.
    pub async fn tag_experiment(
        &self,
        context: &Context,
        id: ExperimentId,
        changes: TagChanges,
    ) -> Result<Etag> {
        unimplemented!()
    }

    /// Lists the distinct datasets that runs of these experiments read; at most 1000.
    pub async fn search_datasets(
        &self,
        context: &Context,
        ids: Vec<ExperimentId>,
    ) -> Result<Vec<DatasetSummary>> {
        unimplemented!()
    }
}

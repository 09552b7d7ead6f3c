//! Operations on runs.

use ferroflow_model::datasets::ModelOutput;
use ferroflow_model::runs::{LogBatch, LogInputs, NewRun, Run, RunInfo, SearchRuns, UpdateRun};
use ferroflow_model::{Context, Etag, Page, Result, RunId, TagChanges};

use crate::Service;

impl Service {
    /// Creates a run in an active experiment.
    pub async fn create_run(&self, context: &Context, new: NewRun) -> Result<Run> {
        unimplemented!()
    }

    /// Reads a run with the latest value of each metric.
    pub async fn get_run(&self, context: &Context, run_id: &RunId) -> Result<Run> {
        unimplemented!()
    }

    /// Changes the status, end time or name of an active run.
    pub async fn update_run(&self, context: &Context, update: UpdateRun) -> Result<RunInfo> {
        unimplemented!()
    }

    /// Deletes a run; again has no effect.
    pub async fn delete_run(
        &self,
        context: &Context,
        run_id: &RunId,
        permanently: bool,
    ) -> Result<Etag> {
        unimplemented!()
    }

    /// Restores a run; again has no effect.
    pub async fn restore_run(&self, context: &Context, run_id: &RunId) -> Result<Etag> {
        unimplemented!()
    }

    /// Lists runs.
    pub async fn search_runs(&self, context: &Context, search: SearchRuns) -> Result<Page<Run>> {
        unimplemented!()
    }

    /// Sets and deletes tags of an active run.
    pub async fn tag_run(
        &self,
        context: &Context,
        run_id: &RunId,
        changes: TagChanges,
    ) -> Result<Etag> {
        unimplemented!()
    }

    /// Logs metrics, params and tags to an active run, all or nothing.
    pub async fn log_batch(&self, context: &Context, batch: LogBatch) -> Result<Etag> {
        unimplemented!()
    }

    /// Records datasets and models that an active run read.
    pub async fn log_inputs(&self, context: &Context, inputs: LogInputs) -> Result<Etag> {
        unimplemented!()
    }

    /// Records models that an active run wrote.
    pub async fn log_outputs(
        &self,
        context: &Context,
        run_id: &RunId,
        outputs: Vec<ModelOutput>,
    ) -> Result<Etag> {
        unimplemented!()
    }

    /// Appends a model description (JSON text) to the run tag `mlflow.log-model.history`.
    pub async fn log_model(
        &self,
        context: &Context,
        run_id: &RunId,
        model_json: &str,
    ) -> Result<Etag> {
        unimplemented!()
    }
}

//! Operations on experiments.

use ferroflow_model::datasets::DatasetSummary;
use ferroflow_model::experiments::{Experiment, NewExperiment, SearchExperiments};
use ferroflow_model::{Context, Etag, ExperimentId, Page, Result, TagChanges};
use ferroflow_store::experiments::{
    ArtifactLocation, CreateExperiment, DatasetSearch, DeleteExperiment, GetExperiment,
    GetExperimentByName, RenameExperiment, RestoreExperiment, TagExperiment,
};
use ferroflow_store::search::ExperimentSearch;

use crate::Service;
use crate::tags::distinct;

impl Service {
    /// Creates an experiment.
    pub async fn create_experiment(
        &self,
        context: &Context,
        new: NewExperiment,
    ) -> Result<Experiment> {
        context.workspace()?;
        let tags = distinct(new.tags);
        let artifact_location = match new.artifact_location {
            Some(location) => ArtifactLocation::Chosen(location),
            None => ArtifactLocation::Below(self.artifact_root(&context.scope)),
        };
        let mutation = CreateExperiment {
            name: new.name,
            artifact_location,
            tag_keys: self.intern_tags(context, &tags).await?,
            tags,
            keys: self.db.keys(),
        };
        self.write(context, mutation).await
    }

    /// Reads an experiment, deleted ones too.
    pub async fn get_experiment(&self, context: &Context, id: ExperimentId) -> Result<Experiment> {
        context.workspace()?;
        let keys = self.db.keys();
        self.read(context, |tenant| GetExperiment { tenant, id, keys })
            .await
    }

    /// Reads an experiment by name, deleted ones too.
    pub async fn get_experiment_by_name(
        &self,
        context: &Context,
        name: &str,
    ) -> Result<Experiment> {
        context.workspace()?;
        let (name, keys) = (name.to_owned(), self.db.keys());
        self.read(context, |tenant| GetExperimentByName { tenant, name, keys })
            .await
    }

    /// Lists experiments.
    pub async fn search_experiments(
        &self,
        context: &Context,
        search: SearchExperiments,
    ) -> Result<Page<Experiment>> {
        context.workspace()?;
        let view = search.view;
        let search = self.search(search.filter.as_deref(), &search.order_by, search.page)?;
        self.read(context, |tenant| ExperimentSearch {
            tenant,
            search,
            view,
        })
        .await
    }

    /// Renames an active experiment; no name changes nothing.
    pub async fn rename_experiment(
        &self,
        context: &Context,
        id: ExperimentId,
        name: Option<String>,
    ) -> Result<Etag> {
        context.workspace()?;
        self.write(context, RenameExperiment { id, name }).await
    }

    /// Deletes an active experiment, and its runs with it; permanently only when it holds neither
    /// runs nor logged models.
    pub async fn delete_experiment(
        &self,
        context: &Context,
        id: ExperimentId,
        permanently: bool,
    ) -> Result<Etag> {
        context.workspace()?;
        self.write(context, DeleteExperiment { id, permanently })
            .await
    }

    /// Restores a deleted experiment, and its runs with it.
    pub async fn restore_experiment(&self, context: &Context, id: ExperimentId) -> Result<Etag> {
        context.workspace()?;
        self.write(context, RestoreExperiment { id }).await
    }

    /// Sets and deletes tags of an active experiment.
    pub async fn tag_experiment(
        &self,
        context: &Context,
        id: ExperimentId,
        changes: TagChanges,
    ) -> Result<Etag> {
        context.workspace()?;
        let changes = self.keyed_changes(context, changes).await?;
        self.write(context, TagExperiment { id, changes }).await
    }

    /// Lists the distinct datasets that runs of these experiments read; at most 1000.
    pub async fn search_datasets(
        &self,
        context: &Context,
        ids: Vec<ExperimentId>,
    ) -> Result<Vec<DatasetSummary>> {
        context.workspace()?;
        self.read(context, |tenant| DatasetSearch {
            tenant,
            experiment_ids: ids,
        })
        .await
    }
}

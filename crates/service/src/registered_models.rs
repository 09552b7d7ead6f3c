//! Operations on registered models.

use ferroflow_model::model_versions::{ModelVersion, Stage};
use ferroflow_model::registered_models::{
    Alias, ModelName, NewRegisteredModel, RegisteredModel, RegistrySummary, SearchRegisteredModels,
    UpdateRegisteredModel,
};
use ferroflow_model::{Context, Etag, Page, Result, TagChanges, VersionNumber};

use crate::Service;

impl Service {
    /// Creates a registered model.
    pub async fn create_registered_model(
        &self,
        context: &Context,
        new: NewRegisteredModel,
    ) -> Result<RegisteredModel> {
        unimplemented!()
    }

    /// Reads a registered model with its newest version of each stage.
    pub async fn get_registered_model(
        &self,
        context: &Context,
        name: &ModelName,
    ) -> Result<RegisteredModel> {
        unimplemented!()
    }

    /// Changes the description or deployment job.
    pub async fn update_registered_model(
        &self,
        context: &Context,
        update: UpdateRegisteredModel,
    ) -> Result<RegisteredModel> {
        unimplemented!()
    }

    /// Renames a model; versions, tags and aliases move with it.
    pub async fn rename_registered_model(
        &self,
        context: &Context,
        name: &ModelName,
        new_name: ModelName,
    ) -> Result<RegisteredModel> {
        unimplemented!()
    }

    /// Deletes a model with its versions, tags and aliases.
    pub async fn delete_registered_model(
        &self,
        context: &Context,
        name: &ModelName,
    ) -> Result<Etag> {
        unimplemented!()
    }

    /// Lists registered models.
    pub async fn search_registered_models(
        &self,
        context: &Context,
        search: SearchRegisteredModels,
    ) -> Result<Page<RegisteredModel>> {
        unimplemented!()
    }

    /// Sets and deletes tags of a model.
    pub async fn tag_registered_model(
        &self,
        context: &Context,
        name: &ModelName,
        changes: TagChanges,
    ) -> Result<Etag> {
        unimplemented!()
    }

    /// Reads the newest version of each of these stages; of all when none is named.
    pub async fn get_latest_versions(
        &self,
        context: &Context,
        name: &ModelName,
        stages: Vec<Stage>,
    ) -> Result<Vec<ModelVersion>> {
        unimplemented!()
    }

    /// Counts models and versions below a catalog and schema.
    pub async fn registry_summary(
        &self,
        context: &Context,
        catalog: &str,
        schema: &str,
    ) -> Result<RegistrySummary> {
        unimplemented!()
    }

    /// Points an alias to a version, moving it from another.
    pub async fn set_alias(
        &self,
        context: &Context,
        name: &ModelName,
        alias: Alias,
        version: VersionNumber,
    ) -> Result<Etag> {
        unimplemented!()
    }

    /// Deletes an alias; an unknown one is ignored.
    pub async fn delete_alias(
        &self,
        context: &Context,
        name: &ModelName,
        alias: &Alias,
    ) -> Result<Etag> {
        unimplemented!()
    }

    /// Reads the version that an alias names; `latest` is the highest number.
    pub async fn get_version_by_alias(
        &self,
        context: &Context,
        name: &ModelName,
        alias: &Alias,
    ) -> Result<ModelVersion> {
        unimplemented!()
    }
}

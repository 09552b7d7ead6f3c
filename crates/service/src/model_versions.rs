//! Operations on model versions.

use ferroflow_model::model_versions::{
    ModelVersion, NewModelVersion, SearchModelVersions, TransitionStage,
};
use ferroflow_model::registered_models::ModelName;
use ferroflow_model::{Context, Etag, Page, Result, TagChanges, VersionNumber};

use crate::Service;

impl Service {
    /// Creates the next version of a registered model.
    pub async fn create_model_version(
        &self,
        context: &Context,
        new: NewModelVersion,
    ) -> Result<ModelVersion> {
        unimplemented!()
    }

    /// Reads a version.
    pub async fn get_model_version(
        &self,
        context: &Context,
        name: &ModelName,
        version: VersionNumber,
    ) -> Result<ModelVersion> {
        unimplemented!()
    }

    /// Changes the description; absent stays.
    pub async fn update_model_version(
        &self,
        context: &Context,
        name: &ModelName,
        version: VersionNumber,
        description: Option<String>,
    ) -> Result<ModelVersion> {
        unimplemented!()
    }

    /// Moves a version to a stage.
    pub async fn transition_model_version_stage(
        &self,
        context: &Context,
        transition: TransitionStage,
    ) -> Result<ModelVersion> {
        unimplemented!()
    }

    /// Deletes a version with its tags and aliases; its number is not used again.
    pub async fn delete_model_version(
        &self,
        context: &Context,
        name: &ModelName,
        version: VersionNumber,
    ) -> Result<Etag> {
        unimplemented!()
    }

    /// Lists versions.
    pub async fn search_model_versions(
        &self,
        context: &Context,
        search: SearchModelVersions,
    ) -> Result<Page<ModelVersion>> {
        unimplemented!()
    }

    /// Sets and deletes tags of a version.
    pub async fn tag_model_version(
        &self,
        context: &Context,
        name: &ModelName,
        version: VersionNumber,
        changes: TagChanges,
    ) -> Result<Etag> {
        unimplemented!()
    }
}

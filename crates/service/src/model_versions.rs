//! Operations on model versions.

use ferroflow_model::model_versions::{
    DescriptionChange, ModelVersion, NewModelVersion, SearchModelVersions, TransitionStage,
};
use ferroflow_model::registered_models::ModelName;
use ferroflow_model::{Context, Etag, Page, Result, TagChanges, VersionNumber};
use ferroflow_store::model_versions::{
    CreateModelVersion, DeleteModelVersion, GetModelVersion, TagModelVersion,
    TransitionModelVersion, UpdateModelVersion,
};
use ferroflow_store::search::ModelVersionSearch;

use crate::Service;
use crate::tags::distinct;

/// The tag in which a logged model lists the versions made from it (MLflow).
const VERSIONS_TAG: &str = "mlflow.modelVersions";

impl Service {
    /// Creates the next version of a registered model.
    pub async fn create_model_version(
        &self,
        context: &Context,
        mut new: NewModelVersion,
    ) -> Result<ModelVersion> {
        new.tags = distinct(new.tags);
        let mutation = CreateModelVersion {
            tag_keys: self.intern_tags(context, &new.tags).await?,
            link_key: self.intern_key(context, VERSIONS_TAG).await?,
            keys: self.db.keys(),
            new,
        };
        self.write(context, mutation).await
    }

    /// Reads a version.
    pub async fn get_model_version(
        &self,
        context: &Context,
        name: &ModelName,
        version: VersionNumber,
    ) -> Result<ModelVersion> {
        self.read(context, |tenant| GetModelVersion {
            tenant,
            name: name.clone(),
            version,
            keys: self.db.keys(),
        })
        .await
    }

    /// Changes the description.
    pub async fn update_model_version(
        &self,
        context: &Context,
        name: &ModelName,
        version: VersionNumber,
        description: DescriptionChange,
    ) -> Result<ModelVersion> {
        let (name, keys) = (name.clone(), self.db.keys());
        self.write(
            context,
            UpdateModelVersion {
                name,
                version,
                description,
                keys,
            },
        )
        .await
    }

    /// Moves a version to a stage.
    pub async fn transition_model_version_stage(
        &self,
        context: &Context,
        transition: TransitionStage,
    ) -> Result<ModelVersion> {
        let keys = self.db.keys();
        self.write(context, TransitionModelVersion { transition, keys })
            .await
    }

    /// Deletes a version with its tags and aliases; its number is not used again.
    pub async fn delete_model_version(
        &self,
        context: &Context,
        name: &ModelName,
        version: VersionNumber,
    ) -> Result<Etag> {
        let (name, keys) = (name.clone(), self.db.keys());
        self.write(
            context,
            DeleteModelVersion {
                name,
                version,
                keys,
            },
        )
        .await
    }

    /// Lists versions.
    pub async fn search_model_versions(
        &self,
        context: &Context,
        search: SearchModelVersions,
    ) -> Result<Page<ModelVersion>> {
        let search = self.search(search.filter.as_deref(), &search.order_by, search.page)?;
        self.read(context, |tenant| ModelVersionSearch { tenant, search })
            .await
    }

    /// Sets and deletes tags of a version.
    pub async fn tag_model_version(
        &self,
        context: &Context,
        name: &ModelName,
        version: VersionNumber,
        changes: TagChanges,
    ) -> Result<Etag> {
        let changes = self.keyed_changes(context, changes).await?;
        let (name, keys) = (name.clone(), self.db.keys());
        self.write(
            context,
            TagModelVersion {
                name,
                version,
                changes,
                keys,
            },
        )
        .await
    }
}

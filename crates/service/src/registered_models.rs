//! Operations on registered models and their aliases.

use ferroflow_model::model_versions::{ModelVersion, Stage};
use ferroflow_model::registered_models::{
    Alias, ModelName, NewRegisteredModel, RegisteredModel, RegistrySummary, SearchRegisteredModels,
    UpdateRegisteredModel,
};
use ferroflow_model::{Context, Etag, Page, Result, TagChanges, VersionNumber};
use ferroflow_store::model_versions::LatestVersions;
use ferroflow_store::registered_models as store;
use ferroflow_store::search::RegisteredModelSearch;

use crate::Service;
use crate::tags::distinct;

impl Service {
    /// Creates a registered model.
    pub async fn create_registered_model(
        &self,
        context: &Context,
        mut new: NewRegisteredModel,
    ) -> Result<RegisteredModel> {
        new.tags = distinct(new.tags);
        let tag_keys = self.intern_tags(context, &new.tags).await?;
        let keys = self.db.keys();
        self.write(
            context,
            store::CreateRegisteredModel {
                new,
                tag_keys,
                keys,
            },
        )
        .await
    }

    /// Reads a registered model with its newest version of each stage.
    pub async fn get_registered_model(
        &self,
        context: &Context,
        name: &ModelName,
    ) -> Result<RegisteredModel> {
        self.read(context, |tenant| store::GetRegisteredModel {
            tenant,
            name: name.clone(),
            keys: self.db.keys(),
        })
        .await
    }

    /// Changes the description or deployment job.
    pub async fn update_registered_model(
        &self,
        context: &Context,
        update: UpdateRegisteredModel,
    ) -> Result<RegisteredModel> {
        let keys = self.db.keys();
        self.write(context, store::UpdateRegisteredModel { update, keys })
            .await
    }

    /// Renames a model; versions, tags and aliases move with it.
    pub async fn rename_registered_model(
        &self,
        context: &Context,
        name: &ModelName,
        new_name: ModelName,
    ) -> Result<RegisteredModel> {
        let (name, keys) = (name.clone(), self.db.keys());
        self.write(
            context,
            store::RenameRegisteredModel {
                name,
                new_name,
                keys,
            },
        )
        .await
    }

    /// Deletes a model with its versions, tags and aliases.
    pub async fn delete_registered_model(
        &self,
        context: &Context,
        name: &ModelName,
    ) -> Result<Etag> {
        let (name, keys) = (name.clone(), self.db.keys());
        self.write(context, store::DeleteRegisteredModel { name, keys })
            .await
    }

    /// Lists registered models.
    pub async fn search_registered_models(
        &self,
        context: &Context,
        search: SearchRegisteredModels,
    ) -> Result<Page<RegisteredModel>> {
        let search = self.search(search.filter.as_deref(), &search.order_by, search.page)?;
        self.read(context, |tenant| RegisteredModelSearch { tenant, search })
            .await
    }

    /// Sets and deletes tags of a model.
    pub async fn tag_registered_model(
        &self,
        context: &Context,
        name: &ModelName,
        changes: TagChanges,
    ) -> Result<Etag> {
        let changes = self.keyed_changes(context, changes).await?;
        let (name, keys) = (name.clone(), self.db.keys());
        self.write(
            context,
            store::TagRegisteredModel {
                name,
                changes,
                keys,
            },
        )
        .await
    }

    /// Reads the newest version of each of these stages; of all when none is named.
    pub async fn get_latest_versions(
        &self,
        context: &Context,
        name: &ModelName,
        mut stages: Vec<Stage>,
    ) -> Result<Vec<ModelVersion>> {
        if stages.is_empty() {
            stages.extend(Stage::ALL);
        }
        self.read(context, |tenant| LatestVersions {
            tenant,
            name: name.clone(),
            stages,
            keys: self.db.keys(),
        })
        .await
    }

    /// Counts models and versions below a catalog and schema.
    pub async fn registry_summary(
        &self,
        context: &Context,
        catalog: &str,
        schema: &str,
    ) -> Result<RegistrySummary> {
        let prefix = format!("{catalog}.{schema}");
        self.read(context, |tenant| store::SummariseRegistry {
            tenant,
            prefix,
        })
        .await
    }

    /// Points an alias to a version, moving it from another.
    pub async fn set_alias(
        &self,
        context: &Context,
        name: &ModelName,
        alias: Alias,
        version: VersionNumber,
    ) -> Result<Etag> {
        let name = name.clone();
        let mutation = store::SetAlias {
            name,
            alias,
            version,
        };
        self.write(context, mutation).await
    }

    /// Deletes an alias; an unknown one is ignored.
    pub async fn delete_alias(
        &self,
        context: &Context,
        name: &ModelName,
        alias: &Alias,
    ) -> Result<Etag> {
        let (name, alias) = (name.clone(), alias.clone());
        self.write(context, store::DeleteAlias { name, alias })
            .await
    }

    /// Reads the version that an alias names; `latest` is the highest number.
    pub async fn get_version_by_alias(
        &self,
        context: &Context,
        name: &ModelName,
        alias: &Alias,
    ) -> Result<ModelVersion> {
        self.read(context, |tenant| store::GetVersionByAlias {
            tenant,
            name: name.clone(),
            alias: alias.clone(),
            keys: self.db.keys(),
        })
        .await
    }
}

//! Operations on model versions.

use std::borrow::Cow;
use std::sync::Arc;

use ferroflow_model::model_versions::{
    DescriptionChange, ModelVersion, NewModelVersion, SearchModelVersions, Stage, TransitionStage,
    UnknownOrigin,
};
use ferroflow_model::registered_models::ModelName;
use ferroflow_model::{
    Context, Error, MissingTag, ModelId, Permission, Resource, Result, RunId, VersionNumber,
};
use ferroflow_search::{ModelVersionField, ModelVersionOrder};
use ferroflow_service::Service;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::answer::{Empty, Listed, Tagged};
use crate::fields::Required;
use crate::filter::{registry_filter, registry_order};
use crate::limits;
use crate::model_version_body::ModelVersionBody;
use crate::operation::{Operations, platform, workspace};
use crate::page::{PageSize, page};
use crate::tags::{KeyRule, Keys, Tags, delete_tag, set_tag};

/// Declares the operations on model versions. Creating one is there in both scopes.
pub(crate) fn declare(operations: &mut Operations) {
    const READ: Permission = Permission::read(Resource::RegisteredModels);
    const WRITE: Permission = Permission::write(Resource::RegisteredModels);
    const DELETE: Permission = Permission::delete(Resource::RegisteredModels);
    let at = |verb: &str| platform(&format!("mlflow/model-versions/{verb}"));
    let in_workspace = workspace("mlflow/model-versions/create");
    let bulk = platform("mlflow/internal/model-versions/update-tags");
    operations.change(at("create"), "createModelVersion", WRITE, create);
    operations.change(in_workspace, "createWorkspaceModelVersion", WRITE, create);
    operations.change(at("delete"), "deleteModelVersion", DELETE, delete);
    operations.change(at("delete-tag"), "deleteModelVersionTag", WRITE, untag);
    operations.get(at("get"), "getModelVersion", READ, get);
    operations.get(at("search"), "listModelVersions", READ, search);
    operations.change(at("set-tag"), "setModelVersionTag", WRITE, tag);
    operations.change(
        at("transition-stage"),
        "transitionModelVersionStage",
        WRITE,
        transition,
    );
    operations.change(at("update"), "updateModelVersion", WRITE, update);
    operations.change(bulk, "updateModelVersionTags", WRITE, update_tags);
}

#[derive(Deserialize, Serialize, JsonSchema)]
struct Create {
    name: Required<limits::ModelName>,
    source: Required<limits::Source>,
    description: Option<limits::Description>,
    run_id: Option<limits::OriginRunId>,
    tags: Tags<{ limits::VERSION_TAGS }>,
    run_link: Option<limits::RunLink>,
    model_id: Option<limits::OriginModelId>,
}

#[derive(Deserialize, Serialize, JsonSchema)]
struct ByVersion {
    name: Required<limits::Lookup>,
    version: Required<limits::Version>,
}

#[derive(Deserialize, Serialize, JsonSchema)]
struct Search {
    filter: Option<limits::Expression>,
    max_results: Option<PageSize<1000, 10_000>>,
    page_token: Option<limits::PageToken>,
    order_by: Option<limits::Expression>,
}

#[derive(Deserialize, Serialize, JsonSchema)]
struct Transition {
    name: Required<limits::Lookup>,
    version: Required<limits::Version>,
    stage: Required<StageName>,
    archive_existing_versions: Required<bool>,
}

#[derive(Deserialize, Serialize, JsonSchema)]
struct Update {
    name: Required<limits::Lookup>,
    version: Required<limits::Version>,
    description: Option<limits::Description>,
}

#[derive(Deserialize, Serialize, JsonSchema)]
struct TagOne {
    name: Required<limits::Lookup>,
    version: Required<limits::Version>,
    key: Required<limits::Key>,
    value: Required<limits::TagValue>,
}

#[derive(Deserialize, Serialize, JsonSchema)]
struct UntagOne {
    name: Required<limits::Lookup>,
    version: Required<limits::Version>,
    key: Required<limits::Key>,
}

#[derive(Deserialize, Serialize, JsonSchema)]
struct UpdateTags {
    name: Required<limits::Lookup>,
    version: Required<limits::Version>,
    set_tags: Tags,
    delete_tags: Keys,
}

#[derive(Serialize, JsonSchema)]
struct One {
    model_version: ModelVersionBody,
}

#[derive(Serialize, JsonSchema)]
struct Collection {
    model_versions: Vec<ModelVersionBody>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_page_token: Option<String>,
}

/// The name of a stage; any case will do.
struct StageName(Stage);

impl<'de> Deserialize<'de> for StageName {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let name = limits::Lookup::deserialize(deserializer)?;
        let stage = Stage::parse(&name).map_err(|error| D::Error::custom(error.message()))?;
        Ok(Self(stage))
    }
}

impl Serialize for StageName {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.0.as_str())
    }
}

impl JsonSchema for StageName {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "Stage".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({"type": "string", "enum": Stage::ALL.map(Stage::as_str)})
    }
}

impl TryFrom<Create> for NewModelVersion {
    type Error = Error;

    fn try_from(input: Create) -> Result<Self> {
        let model_id = input.model_id.map(String::from);
        Ok(Self {
            name: input.name.text("name").map(ModelName::new)?,
            source: input.source.text("source")?,
            storage_location: None,
            description: input.description.map(String::from),
            run_id: input.run_id.map(|id| RunId::new(String::from(id))),
            run_link: input.run_link.map(String::from),
            model_id: model_id.filter(|id| !id.is_empty()).map(ModelId::new),
            tags: KeyRule::Length.tags("tags", input.tags)?,
            unknown_origin: UnknownOrigin::Refuse,
        })
    }
}

impl TryFrom<Search> for SearchModelVersions {
    type Error = Error;

    fn try_from(input: Search) -> Result<Self> {
        Ok(Self {
            filter: registry_filter::<ModelVersionField>(input.filter)?,
            order_by: registry_order::<ModelVersionOrder>(input.order_by)?,
            page: page(input.max_results, input.page_token),
        })
    }
}

impl TryFrom<Transition> for TransitionStage {
    type Error = Error;

    fn try_from(input: Transition) -> Result<Self> {
        let (name, version) = version_of(input.name, input.version)?;
        let archive = input.archive_existing_versions;
        Ok(Self {
            name,
            version,
            stage: input.stage.take("stage")?.0,
            archive_existing: archive.take("archive_existing_versions")?,
        })
    }
}

/// Parses which version of which model a request is about.
fn version_of(
    name: Required<limits::Lookup>,
    version: Required<limits::Version>,
) -> Result<(ModelName, VersionNumber)> {
    let (name, version) = (name.text("name")?, version.take("version")?);
    Ok((ModelName::new(name), VersionNumber::parse(&version)?))
}

fn one(version: ModelVersion) -> Tagged<One> {
    let etag = version.etag;
    let model_version = version.into();
    Tagged::new(etag, One { model_version })
}

async fn create(service: Arc<Service>, context: Context, input: Create) -> Result<Tagged<One>> {
    let new = NewModelVersion::try_from(input)?;
    service.check_version_source(&new.source)?;
    let version = service.create_model_version(&context, new).await?;
    Ok(one(version))
}

async fn get(service: Arc<Service>, context: Context, input: ByVersion) -> Result<Tagged<One>> {
    let (name, version) = version_of(input.name, input.version)?;
    let version = service.get_model_version(&context, &name, version).await?;
    Ok(one(version))
}

async fn update(service: Arc<Service>, context: Context, input: Update) -> Result<Tagged<One>> {
    let (name, version) = version_of(input.name, input.version)?;
    let description = DescriptionChange::keep_or_set(input.description.map(String::from));
    let version = service
        .update_model_version(&context, &name, version, description)
        .await?;
    Ok(one(version))
}

async fn transition(
    service: Arc<Service>,
    context: Context,
    input: Transition,
) -> Result<Tagged<One>> {
    let version = service
        .transition_model_version_stage(&context, input.try_into()?)
        .await?;
    Ok(one(version))
}

async fn delete(
    service: Arc<Service>,
    context: Context,
    input: ByVersion,
) -> Result<Tagged<Empty>> {
    let (name, version) = version_of(input.name, input.version)?;
    let etag = service
        .delete_model_version(&context, &name, version)
        .await?;
    Ok(Tagged::empty(etag))
}

async fn search(
    service: Arc<Service>,
    context: Context,
    input: Search,
) -> Result<Listed<Collection>> {
    let page = service
        .search_model_versions(&context, input.try_into()?)
        .await?;
    let body = |model_versions, next_page_token| Collection {
        model_versions,
        next_page_token,
    };
    Ok(Listed::new(page, ModelVersionBody::from, body))
}

async fn tag(service: Arc<Service>, context: Context, input: TagOne) -> Result<Tagged<Empty>> {
    let (name, version) = version_of(input.name, input.version)?;
    let changes = set_tag(KeyRule::Length, input.key, input.value)?;
    let etag = service
        .tag_model_version(&context, &name, version, changes)
        .await?;
    Ok(Tagged::empty(etag))
}

async fn untag(service: Arc<Service>, context: Context, input: UntagOne) -> Result<Tagged<Empty>> {
    let (name, version) = version_of(input.name, input.version)?;
    let changes = delete_tag(input.key, MissingTag::Ignore)?;
    let etag = service
        .tag_model_version(&context, &name, version, changes)
        .await?;
    Ok(Tagged::empty(etag))
}

async fn update_tags(
    service: Arc<Service>,
    context: Context,
    input: UpdateTags,
) -> Result<Tagged<Empty>> {
    let (name, version) = version_of(input.name, input.version)?;
    let changes = KeyRule::Length.changes(input.set_tags, input.delete_tags)?;
    let etag = service
        .tag_model_version(&context, &name, version, changes)
        .await?;
    Ok(Tagged::empty(etag))
}

#[cfg(test)]
mod tests;

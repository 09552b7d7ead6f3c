//! Operations on model versions.

use std::sync::Arc;

use ferroflow_model::model_versions::{
    ModelVersion, NewModelVersion, SearchModelVersions, Stage, TransitionStage, UnknownOrigin,
};
use ferroflow_model::registered_models::ModelName;
use ferroflow_model::{
    Context, Error, MissingTag, ModelId, Permission, Resource, Result, RunId, VersionNumber,
};
use ferroflow_search::{ModelVersionField, ModelVersionOrder};
use ferroflow_service::Service;
use serde::{Deserialize, Serialize};

use crate::answer::{Answer, Empty};
use crate::fields::{Integer, Text, optional_text, required, required_text};
use crate::filter::{registry_filter, registry_order};
use crate::limits;
use crate::model_version_body::ModelVersionBody;
use crate::operation::{Operations, platform, workspace};
use crate::page::PageSize;
use crate::tags::{KeyRule, KeyValues, Keys, delete_tag, set_tag};

const PAGE_SIZE: PageSize = PageSize {
    default: 1000,
    maximum: 10_000,
};

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

#[derive(Deserialize, Serialize)]
struct Create {
    name: Option<Text>,
    source: Option<Text>,
    description: Option<Text>,
    run_id: Option<Text>,
    tags: KeyValues,
    run_link: Option<Text>,
    model_id: Option<Text>,
}

#[derive(Deserialize, Serialize)]
struct ByVersion {
    name: Option<Text>,
    version: Option<Text>,
}

#[derive(Deserialize, Serialize)]
struct Search {
    filter: Option<Text>,
    max_results: Option<Integer>,
    page_token: Option<Text>,
    order_by: Option<Text>,
}

#[derive(Deserialize, Serialize)]
struct Transition {
    name: Option<Text>,
    version: Option<Text>,
    stage: Option<Text>,
    archive_existing_versions: Option<bool>,
}

#[derive(Deserialize, Serialize)]
struct Update {
    name: Option<Text>,
    version: Option<Text>,
    description: Option<Text>,
}

#[derive(Deserialize, Serialize)]
struct TagOne {
    name: Option<Text>,
    version: Option<Text>,
    key: Option<Text>,
    value: Option<Text>,
}

#[derive(Deserialize, Serialize)]
struct UntagOne {
    name: Option<Text>,
    version: Option<Text>,
    key: Option<Text>,
}

#[derive(Deserialize, Serialize)]
struct UpdateTags {
    name: Option<Text>,
    version: Option<Text>,
    set_tags: KeyValues,
    delete_tags: Keys,
}

#[derive(Serialize)]
struct One {
    model_version: ModelVersionBody,
}

#[derive(Serialize)]
struct Collection {
    model_versions: Vec<ModelVersionBody>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_page_token: Option<String>,
}

impl TryFrom<Create> for NewModelVersion {
    type Error = Error;

    fn try_from(input: Create) -> Result<Self> {
        let model_id = optional_text("model_id", input.model_id, limits::MODEL_ID)?;
        Ok(Self {
            name: required_text("name", input.name, limits::MODEL_NAME).map(ModelName::new)?,
            source: required_text("source", input.source, limits::SOURCE)?,
            storage_location: None,
            description: optional_text("description", input.description, limits::DESCRIPTION)?,
            run_id: optional_text("run_id", input.run_id, limits::RUN_ID)?.map(RunId::new),
            run_link: optional_text("run_link", input.run_link, limits::RUN_LINK)?,
            model_id: model_id.filter(|id| !id.is_empty()).map(ModelId::new),
            tags: KeyRule::Length.tags("tags", input.tags, limits::VERSION_TAGS)?,
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
            page: PAGE_SIZE.parse(input.max_results, input.page_token)?,
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
            stage: Stage::parse(&required("stage", input.stage)?)?,
            archive_existing: required("archive_existing_versions", archive)?,
        })
    }
}

/// Parses which version of which model a request is about.
fn version_of(name: Option<Text>, version: Option<Text>) -> Result<(ModelName, VersionNumber)> {
    let name = required_text("name", name, limits::LOOKUP)?;
    let version = required_text("version", version, limits::VERSION)?;
    Ok((ModelName::new(name), VersionNumber::parse(&version)?))
}

fn one(version: ModelVersion) -> Answer<One> {
    let etag = version.etag;
    let model_version = version.into();
    Answer::tagged(etag, One { model_version })
}

async fn create(service: Arc<Service>, context: Context, input: Create) -> Result<Answer<One>> {
    let version = service
        .create_model_version(&context, input.try_into()?)
        .await?;
    Ok(one(version))
}

async fn get(service: Arc<Service>, context: Context, input: ByVersion) -> Result<Answer<One>> {
    let (name, version) = version_of(input.name, input.version)?;
    let version = service.get_model_version(&context, &name, version).await?;
    Ok(one(version))
}

async fn update(service: Arc<Service>, context: Context, input: Update) -> Result<Answer<One>> {
    let (name, version) = version_of(input.name, input.version)?;
    let description = optional_text("description", input.description, limits::DESCRIPTION)?;
    let version = service
        .update_model_version(&context, &name, version, description)
        .await?;
    Ok(one(version))
}

async fn transition(
    service: Arc<Service>,
    context: Context,
    input: Transition,
) -> Result<Answer<One>> {
    let version = service
        .transition_model_version_stage(&context, input.try_into()?)
        .await?;
    Ok(one(version))
}

async fn delete(
    service: Arc<Service>,
    context: Context,
    input: ByVersion,
) -> Result<Answer<Empty>> {
    let (name, version) = version_of(input.name, input.version)?;
    let etag = service
        .delete_model_version(&context, &name, version)
        .await?;
    Ok(Answer::empty(etag))
}

async fn search(
    service: Arc<Service>,
    context: Context,
    input: Search,
) -> Result<Answer<Collection>> {
    let page = service
        .search_model_versions(&context, input.try_into()?)
        .await?;
    let body = |model_versions, next_page_token| Collection {
        model_versions,
        next_page_token,
    };
    Ok(Answer::page(page, ModelVersionBody::from, body))
}

async fn tag(service: Arc<Service>, context: Context, input: TagOne) -> Result<Answer<Empty>> {
    let (name, version) = version_of(input.name, input.version)?;
    let changes = set_tag(KeyRule::Length, input.key, input.value)?;
    let etag = service
        .tag_model_version(&context, &name, version, changes)
        .await?;
    Ok(Answer::empty(etag))
}

async fn untag(service: Arc<Service>, context: Context, input: UntagOne) -> Result<Answer<Empty>> {
    let (name, version) = version_of(input.name, input.version)?;
    let changes = delete_tag(input.key, MissingTag::Ignore)?;
    let etag = service
        .tag_model_version(&context, &name, version, changes)
        .await?;
    Ok(Answer::empty(etag))
}

async fn update_tags(
    service: Arc<Service>,
    context: Context,
    input: UpdateTags,
) -> Result<Answer<Empty>> {
    let (name, version) = version_of(input.name, input.version)?;
    let changes = KeyRule::Length.changes(input.set_tags, input.delete_tags)?;
    let etag = service
        .tag_model_version(&context, &name, version, changes)
        .await?;
    Ok(Answer::empty(etag))
}

#[cfg(test)]
mod tests;

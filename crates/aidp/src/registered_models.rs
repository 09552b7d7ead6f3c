//! Operations on registered models.

use std::sync::Arc;

use ferroflow_model::model_versions::ModelVersionStatus;
use ferroflow_model::registered_models::{
    AliasTarget, ModelName, NewRegisteredModel, RegisteredModel, SearchRegisteredModels,
    UpdateRegisteredModel,
};
use ferroflow_model::{Context, Error, MissingTag, Permission, Resource, Result};
use ferroflow_search::{RegisteredModelField, RegisteredModelOrder};
use ferroflow_service::Service;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::answer::{Empty, Listed, Plain, Tagged};
use crate::fields::{Flag, Required};
use crate::filter::{registry_filter, registry_order};
use crate::limits;
use crate::model_version_body::{JOB_STATE, ModelVersionBody};
use crate::operation::{Operations, platform};
use crate::page::{PageSize, page};
use crate::tags::{KeyRule, KeyValueBody, Keys, Tags, bodies, delete_tag, set_tag};

/// Declares the operations on registered models.
pub(crate) fn declare(operations: &mut Operations) {
    const READ: Permission = Permission::read(Resource::RegisteredModels);
    const WRITE: Permission = Permission::write(Resource::RegisteredModels);
    const DELETE: Permission = Permission::delete(Resource::RegisteredModels);
    let at = |verb: &str| platform(&format!("mlflow/registered-models/{verb}"));
    let bulk = platform("mlflow/internal/registered-models/update-tags");
    let summary_path = platform("registered-models/summary");
    operations.change(at("create"), "createRegisteredModel", WRITE, create);
    operations.change(at("delete"), "deleteRegisteredModel", DELETE, delete);
    operations.change(at("delete-tag"), "deleteRegisteredModelTag", WRITE, untag);
    operations.get(at("get"), "getRegisteredModel", READ, get);
    operations.get(summary_path, "getRegisteredModelSummary", READ, summary);
    operations.get(at("search"), "listRegisteredModels", READ, search);
    operations.change(at("rename"), "renameRegisteredModel", WRITE, rename);
    operations.change(at("set-tag"), "setRegisteredModelTag", WRITE, tag);
    operations.change(at("update"), "updateRegisteredModel", WRITE, update);
    operations.change(bulk, "updateRegisteredModelTags", WRITE, update_tags);
}

#[derive(Deserialize, Serialize, JsonSchema)]
struct Create {
    name: Required<limits::ModelName>,
    tags: Tags,
    description: Option<limits::Description>,
    deployment_job_id: Option<limits::DeploymentJobId>,
}

#[derive(Deserialize, Serialize, JsonSchema)]
struct ByModelName {
    name: Required<limits::Lookup>,
}

#[derive(Deserialize, Serialize, JsonSchema)]
struct Summary {
    catalog: Required<limits::Catalog>,
    schema: Required<limits::Catalog>,
}

#[derive(Deserialize, Serialize, JsonSchema)]
struct Search {
    filter: Option<limits::Expression>,
    max_results: Option<PageSize<100, 1000>>,
    page_token: Option<limits::PageToken>,
    order_by: Option<limits::Expression>,
    is_deployment_summary_enabled: Option<Flag<false>>,
}

#[derive(Deserialize, Serialize, JsonSchema)]
struct Rename {
    name: Required<limits::Lookup>,
    new_name: Required<limits::ModelName>,
}

#[derive(Deserialize, Serialize, JsonSchema)]
struct Update {
    name: Required<limits::Lookup>,
    description: Option<limits::Description>,
    deployment_job_id: Option<limits::DeploymentJobId>,
}

#[derive(Deserialize, Serialize, JsonSchema)]
struct TagOne {
    name: Required<limits::Lookup>,
    key: Required<limits::Key>,
    value: Required<limits::TagValue>,
}

#[derive(Deserialize, Serialize, JsonSchema)]
struct UntagOne {
    name: Required<limits::Lookup>,
    key: Required<limits::Key>,
}

#[derive(Deserialize, Serialize, JsonSchema)]
struct UpdateTags {
    name: Required<limits::Lookup>,
    set_tags: Tags,
    delete_tags: Keys,
}

#[derive(Serialize, JsonSchema)]
struct One {
    registered_model: RegisteredModelBody,
}

#[derive(Serialize, JsonSchema)]
struct Collection {
    registered_models: Vec<RegisteredModelBody>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_page_token: Option<String>,
}

/// A registered model: lists are always there, texts only where they are set.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "RegisteredModel")]
struct RegisteredModelBody {
    name: String,
    creation_timestamp: i64,
    last_updated_timestamp: i64,
    #[serde(skip_serializing_if = "String::is_empty")]
    description: String,
    latest_versions: Vec<ModelVersionBody>,
    aliases: Vec<AliasBody>,
    #[serde(skip_serializing_if = "Option::is_none")]
    deployment_job_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("enum" = [JOB_STATE]))]
    deployment_job_state: Option<&'static str>,
    tags: Vec<KeyValueBody>,
    #[serde(skip_serializing_if = "Option::is_none")]
    deployment_summary: Option<DeploymentSummaryBody>,
}

#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Alias")]
struct AliasBody {
    alias: String,
    version: String,
}

#[derive(Serialize, JsonSchema)]
#[schemars(rename = "DeploymentSummary")]
struct DeploymentSummaryBody {
    total_deployment: i64,
    active_deployment: i64,
}

#[derive(Serialize, JsonSchema)]
#[expect(clippy::struct_field_names, reason = "the names on the wire")]
struct SummaryBody {
    registered_models_count: i64,
    model_versions_count: i64,
    model_deployments_count: i64,
    active_deployment_count: i64,
}

/// This server holds no deployments.
const NO_DEPLOYMENTS: DeploymentSummaryBody = DeploymentSummaryBody {
    total_deployment: 0,
    active_deployment: 0,
};

impl From<RegisteredModel> for RegisteredModelBody {
    fn from(model: RegisteredModel) -> Self {
        let mut latest_versions = model.latest_versions;
        // Oracle's page: only those that can be used.
        latest_versions.retain(|version| version.status == ModelVersionStatus::Ready);
        Self {
            name: model.name.into_string(),
            creation_timestamp: model.created_ms,
            last_updated_timestamp: model.updated_ms,
            description: model.description,
            latest_versions: latest_versions.into_iter().map(Into::into).collect(),
            aliases: model.aliases.into_iter().map(Into::into).collect(),
            deployment_job_state: model.deployment_job_id.as_ref().map(|_| JOB_STATE),
            deployment_job_id: model.deployment_job_id,
            tags: bodies(model.tags),
            deployment_summary: None,
        }
    }
}

impl From<AliasTarget> for AliasBody {
    fn from(AliasTarget { alias, version }: AliasTarget) -> Self {
        Self {
            alias,
            version: version.to_string(),
        }
    }
}

impl TryFrom<Create> for NewRegisteredModel {
    type Error = Error;

    fn try_from(input: Create) -> Result<Self> {
        let job_id = input.deployment_job_id.map(String::from);
        Ok(Self {
            name: ModelName::parse(&input.name.take("name")?)?,
            description: input.description.map(String::from),
            deployment_job_id: job_id.filter(|id| !id.is_empty()),
            tags: KeyRule::Length.tags("tags", input.tags)?,
        })
    }
}

impl TryFrom<Update> for UpdateRegisteredModel {
    type Error = Error;

    fn try_from(input: Update) -> Result<Self> {
        Ok(Self {
            name: model_name(input.name)?,
            description: input.description.map(String::from),
            deployment_job_id: input.deployment_job_id.map(String::from),
        })
    }
}

impl TryFrom<Search> for SearchRegisteredModels {
    type Error = Error;

    fn try_from(input: Search) -> Result<Self> {
        Ok(Self {
            filter: registry_filter::<RegisteredModelField>(input.filter)?,
            order_by: registry_order::<RegisteredModelOrder>(input.order_by)?,
            page: page(input.max_results, input.page_token),
        })
    }
}

/// Parses the name of a model that is looked up.
fn model_name(name: Required<limits::Lookup>) -> Result<ModelName> {
    name.text("name").map(ModelName::new)
}

fn one(model: RegisteredModel) -> Tagged<One> {
    let etag = model.etag;
    let registered_model = model.into();
    Tagged::new(etag, One { registered_model })
}

async fn create(service: Arc<Service>, context: Context, input: Create) -> Result<Tagged<One>> {
    let model = service
        .create_registered_model(&context, input.try_into()?)
        .await?;
    Ok(one(model))
}

async fn get(service: Arc<Service>, context: Context, input: ByModelName) -> Result<Tagged<One>> {
    let name = model_name(input.name)?;
    Ok(one(service.get_registered_model(&context, &name).await?))
}

async fn update(service: Arc<Service>, context: Context, input: Update) -> Result<Tagged<One>> {
    let model = service
        .update_registered_model(&context, input.try_into()?)
        .await?;
    Ok(one(model))
}

/// Oracle's page gives this answer no entity tag. A rename to no name is refused: it could only
/// be a mistake.
async fn rename(service: Arc<Service>, context: Context, input: Rename) -> Result<Plain<One>> {
    let name = model_name(input.name)?;
    let new_name = ModelName::parse(&input.new_name.take("new_name")?)?;
    let model = service
        .rename_registered_model(&context, &name, new_name)
        .await?;
    let registered_model = model.into();
    Ok(Plain(One { registered_model }))
}

async fn delete(
    service: Arc<Service>,
    context: Context,
    input: ByModelName,
) -> Result<Tagged<Empty>> {
    let name = model_name(input.name)?;
    let etag = service.delete_registered_model(&context, &name).await?;
    Ok(Tagged::empty(etag))
}

async fn search(
    service: Arc<Service>,
    context: Context,
    input: Search,
) -> Result<Listed<Collection>> {
    let with_deployments = input.is_deployment_summary_enabled.unwrap_or_default().0;
    let page = service
        .search_registered_models(&context, input.try_into()?)
        .await?;
    let item = |model| {
        let mut body = RegisteredModelBody::from(model);
        body.deployment_summary = with_deployments.then_some(NO_DEPLOYMENTS);
        body
    };
    let body = |registered_models, next_page_token| Collection {
        registered_models,
        next_page_token,
    };
    Ok(Listed::new(page, item, body))
}

async fn summary(
    service: Arc<Service>,
    context: Context,
    input: Summary,
) -> Result<Plain<SummaryBody>> {
    let (catalog, schema) = (input.catalog.text("catalog")?, input.schema.text("schema")?);
    let summary = service
        .registry_summary(&context, &catalog, &schema)
        .await?;
    Ok(Plain(SummaryBody {
        registered_models_count: summary.registered_models,
        model_versions_count: summary.model_versions,
        model_deployments_count: NO_DEPLOYMENTS.total_deployment,
        active_deployment_count: NO_DEPLOYMENTS.active_deployment,
    }))
}

async fn tag(service: Arc<Service>, context: Context, input: TagOne) -> Result<Tagged<Empty>> {
    let name = model_name(input.name)?;
    let changes = set_tag(KeyRule::Length, input.key, input.value)?;
    let etag = service
        .tag_registered_model(&context, &name, changes)
        .await?;
    Ok(Tagged::empty(etag))
}

async fn untag(service: Arc<Service>, context: Context, input: UntagOne) -> Result<Tagged<Empty>> {
    let name = model_name(input.name)?;
    let changes = delete_tag(input.key, MissingTag::Ignore)?;
    let etag = service
        .tag_registered_model(&context, &name, changes)
        .await?;
    Ok(Tagged::empty(etag))
}

async fn update_tags(
    service: Arc<Service>,
    context: Context,
    input: UpdateTags,
) -> Result<Tagged<Empty>> {
    let name = model_name(input.name)?;
    let changes = KeyRule::Length.changes(input.set_tags, input.delete_tags)?;
    let etag = service
        .tag_registered_model(&context, &name, changes)
        .await?;
    Ok(Tagged::empty(etag))
}

#[cfg(test)]
mod tests;

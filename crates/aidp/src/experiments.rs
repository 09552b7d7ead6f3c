//! Operations on experiments.

use std::sync::Arc;

use ferroflow_model::experiments::{Experiment, NewExperiment, SearchExperiments};
use ferroflow_model::{
    Context, Error, ExperimentId, MissingTag, Permission, Resource, Result, ViewType,
};
use ferroflow_service::Service;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::answer::{Empty, Listed, Tagged};
use crate::fields::{Flag, Required};
use crate::filter::{Clauses, order_by};
use crate::limits;
use crate::operation::{Operations, workspace};
use crate::page::{PageSize, page};
use crate::tags::{KeyRule, KeyValueBody, Keys, Tags, bodies, delete_tag, set_tag};

/// Declares the operations on experiments.
pub(crate) fn declare(operations: &mut Operations) {
    const READ: Permission = Permission::read(Resource::Experiments);
    const WRITE: Permission = Permission::write(Resource::Experiments);
    const DELETE: Permission = Permission::delete(Resource::Experiments);
    let at = |verb: &str| workspace(&format!("mlflow/experiments/{verb}"));
    let bulk = workspace("mlflow/internal/experiments/update-experiment-tags");
    operations.change(at("create"), "createExperiment", WRITE, create);
    operations.change(at("delete"), "deleteExperiment", DELETE, delete);
    operations.change(
        at("delete-experiment-tag"),
        "deleteExperimentTag",
        WRITE,
        untag,
    );
    operations.get(at("get"), "getExperimentById", READ, get);
    operations.get(at("get-by-name"), "getExperimentByName", READ, get_by_name);
    operations.search(at("search"), "listExperiments", READ, search);
    operations.change(at("restore"), "restoreExperiment", DELETE, restore);
    operations.change(at("set-experiment-tag"), "setExperimentTag", WRITE, tag);
    operations.change(at("update"), "updateExperiment", WRITE, update);
    operations.change(bulk, "updateExperimentTags", WRITE, update_tags);
}

#[derive(Deserialize, Serialize, JsonSchema)]
struct Create {
    name: Required<limits::ExperimentName>,
    artifact_location: Option<limits::ArtifactLocation>,
    tags: Tags,
}

#[derive(Deserialize, Serialize, JsonSchema)]
struct Delete {
    experiment_id: Required<limits::Lookup>,
    is_permanent: Option<Flag<false>>,
}

#[derive(Deserialize, Serialize, JsonSchema)]
struct ById {
    experiment_id: Required<limits::Lookup>,
}

#[derive(Deserialize, Serialize, JsonSchema)]
struct ByName {
    experiment_name: Required<limits::Lookup>,
}

#[derive(Deserialize, Serialize, JsonSchema)]
struct Search {
    max_results: Option<PageSize<1000, 50_000>>,
    page_token: Option<limits::PageToken>,
    filter: Option<limits::Expression>,
    order_by: Clauses,
    view_type: Option<View>,
}

/// Which lifecycle stages a search looks at.
#[derive(Clone, Copy, Default, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[schemars(rename = "ViewType", extend("default" = Self::default()))]
pub(crate) enum View {
    #[default]
    ActiveOnly,
    DeletedOnly,
    All,
}

#[derive(Deserialize, Serialize, JsonSchema)]
struct Update {
    experiment_id: Required<limits::Lookup>,
    new_name: Option<limits::ExperimentName>,
}

#[derive(Deserialize, Serialize, JsonSchema)]
struct TagOne {
    experiment_id: Required<limits::Lookup>,
    key: Required<limits::Key>,
    value: Required<limits::TagValue>,
}

#[derive(Deserialize, Serialize, JsonSchema)]
struct UntagOne {
    experiment_id: Required<limits::Lookup>,
    key: Required<limits::Key>,
}

#[derive(Deserialize, Serialize, JsonSchema)]
struct UpdateTags {
    experiment_id: Required<limits::Lookup>,
    set_tags: Tags,
    delete_tags: Keys,
}

#[derive(Serialize, JsonSchema)]
struct Created {
    experiment_id: String,
}

#[derive(Serialize, JsonSchema)]
struct One {
    experiment: ExperimentBody,
}

#[derive(Serialize, JsonSchema)]
struct Collection {
    experiments: Vec<ExperimentBody>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_page_token: Option<String>,
}

#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Experiment")]
struct ExperimentBody {
    experiment_id: String,
    name: String,
    artifact_location: String,
    lifecycle_stage: &'static str,
    creation_time: i64,
    last_update_time: i64,
    tags: Vec<KeyValueBody>,
}

impl From<Experiment> for ExperimentBody {
    fn from(experiment: Experiment) -> Self {
        Self {
            experiment_id: experiment.id.to_string(),
            name: experiment.name,
            artifact_location: experiment.artifact_location,
            lifecycle_stage: experiment.lifecycle.as_str(),
            creation_time: experiment.created_ms,
            last_update_time: experiment.updated_ms,
            tags: bodies(experiment.tags),
        }
    }
}

impl From<View> for ViewType {
    fn from(view: View) -> Self {
        match view {
            View::ActiveOnly => Self::ActiveOnly,
            View::DeletedOnly => Self::DeletedOnly,
            View::All => Self::All,
        }
    }
}

impl TryFrom<Create> for NewExperiment {
    type Error = Error;

    fn try_from(input: Create) -> Result<Self> {
        let location = input.artifact_location.map(String::from);
        Ok(Self {
            name: input.name.text("name")?,
            artifact_location: location.filter(|location| !location.is_empty()),
            tags: KeyRule::Entity.tags("tags", input.tags)?,
        })
    }
}

impl TryFrom<Search> for SearchExperiments {
    type Error = Error;

    fn try_from(input: Search) -> Result<Self> {
        Ok(Self {
            filter: input.filter.map(String::from),
            order_by: order_by(input.order_by)?,
            view: input.view_type.unwrap_or_default().into(),
            page: page(input.max_results, input.page_token),
        })
    }
}

/// Parses the id of an experiment.
pub(crate) fn experiment_id(text: Required<limits::Lookup>) -> Result<ExperimentId> {
    ExperimentId::parse(&text.take("experiment_id")?)
}

async fn create(service: Arc<Service>, context: Context, input: Create) -> Result<Tagged<Created>> {
    let experiment = service
        .create_experiment(&context, input.try_into()?)
        .await?;
    let experiment_id = experiment.id.to_string();
    Ok(Tagged::new(experiment.etag, Created { experiment_id }))
}

async fn delete(service: Arc<Service>, context: Context, input: Delete) -> Result<Tagged<Empty>> {
    let id = experiment_id(input.experiment_id)?;
    let permanently = input.is_permanent.unwrap_or_default().0;
    let etag = service.delete_experiment(&context, id, permanently).await?;
    Ok(Tagged::empty(etag))
}

async fn restore(service: Arc<Service>, context: Context, input: ById) -> Result<Tagged<Empty>> {
    let id = experiment_id(input.experiment_id)?;
    let etag = service.restore_experiment(&context, id).await?;
    Ok(Tagged::empty(etag))
}

async fn get(service: Arc<Service>, context: Context, input: ById) -> Result<Tagged<One>> {
    let id = experiment_id(input.experiment_id)?;
    Ok(one(service.get_experiment(&context, id).await?))
}

async fn get_by_name(
    service: Arc<Service>,
    context: Context,
    input: ByName,
) -> Result<Tagged<One>> {
    let name = input.experiment_name.text("experiment_name")?;
    Ok(one(service.get_experiment_by_name(&context, &name).await?))
}

fn one(experiment: Experiment) -> Tagged<One> {
    let etag = experiment.etag;
    let experiment = experiment.into();
    Tagged::new(etag, One { experiment })
}

async fn search(
    service: Arc<Service>,
    context: Context,
    input: Search,
) -> Result<Listed<Collection>> {
    let page = service
        .search_experiments(&context, input.try_into()?)
        .await?;
    let body = |experiments, next_page_token| Collection {
        experiments,
        next_page_token,
    };
    Ok(Listed::new(page, ExperimentBody::from, body))
}

async fn update(service: Arc<Service>, context: Context, input: Update) -> Result<Tagged<Empty>> {
    let id = experiment_id(input.experiment_id)?;
    let name = input.new_name.map(String::from);
    let etag = service.rename_experiment(&context, id, name).await?;
    Ok(Tagged::empty(etag))
}

async fn tag(service: Arc<Service>, context: Context, input: TagOne) -> Result<Tagged<Empty>> {
    let id = experiment_id(input.experiment_id)?;
    let changes = set_tag(KeyRule::Entity, input.key, input.value)?;
    let etag = service.tag_experiment(&context, id, changes).await?;
    Ok(Tagged::empty(etag))
}

async fn untag(service: Arc<Service>, context: Context, input: UntagOne) -> Result<Tagged<Empty>> {
    let id = experiment_id(input.experiment_id)?;
    let changes = delete_tag(input.key, MissingTag::Refuse)?;
    let etag = service.tag_experiment(&context, id, changes).await?;
    Ok(Tagged::empty(etag))
}

async fn update_tags(
    service: Arc<Service>,
    context: Context,
    input: UpdateTags,
) -> Result<Tagged<Empty>> {
    let id = experiment_id(input.experiment_id)?;
    let changes = KeyRule::Entity.changes(input.set_tags, input.delete_tags)?;
    let etag = service.tag_experiment(&context, id, changes).await?;
    Ok(Tagged::empty(etag))
}

#[cfg(test)]
mod tests {
    use ferroflow_model::ErrorKind;
    use serde_json::{Value, json};

    use super::*;
    use crate::decode::decode;

    fn create(body: &Value) -> Result<NewExperiment> {
        decode::<Create>(body.to_string().as_bytes())?.try_into()
    }

    #[test]
    fn each_text_has_a_longest_and_one_past_it() {
        for (field, longest) in [("name", 500), ("artifact_location", 2048)] {
            let body = |length: usize| {
                let mut body = json!({"name": "e"});
                body[field] = Value::from("ü".repeat(length));
                body
            };
            create(&body(longest)).unwrap();
            let error = create(&body(longest + 1)).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::InvalidParameter);
            assert!(error.message().contains(&format!("'{field}'")), "{error}");
        }
    }

    #[test]
    fn an_empty_location_is_the_default_one() {
        let new = create(&json!({"name": "e", "artifact_location": ""})).unwrap();
        assert_eq!(new.artifact_location, None);
        assert_eq!(
            create(&json!({})).unwrap_err().kind(),
            ErrorKind::MissingParameter
        );
        assert_eq!(
            create(&json!({"name": ""})).unwrap_err().kind(),
            ErrorKind::InvalidParameter
        );
    }

    #[test]
    fn tags_are_changed_in_bulk() {
        let body =
            br#"{"experiment_id": "1", "set_tags": [{"key": "a"}], "delete_tags": [{"key": "b"}]}"#;
        let input: UpdateTags = decode(body).unwrap();
        let changes = KeyRule::Entity
            .changes(input.set_tags, input.delete_tags)
            .unwrap();
        assert_eq!(
            (changes.set[0].key.as_str(), changes.set[0].value.as_str()),
            ("a", "")
        );
        assert_eq!(changes.delete, ["b"]);
        assert_eq!(changes.missing, MissingTag::Ignore);
        let keyless: UpdateTags = decode(br#"{"delete_tags": [{}]}"#).unwrap();
        let error = KeyRule::Entity
            .changes(None, keyless.delete_tags)
            .unwrap_err();
        assert!(error.message().contains("'delete_tags[0].key'"), "{error}");
    }
}

//! Operations on experiments.

use std::sync::Arc;

use ferroflow_model::experiments::{Experiment, NewExperiment, SearchExperiments};
use ferroflow_model::{
    Context, Error, ExperimentId, MissingTag, Permission, Resource, Result, ViewType,
};
use ferroflow_service::Service;
use serde::{Deserialize, Serialize};

use crate::answer::{Answer, Empty};
use crate::fields::{Integer, Text, optional_text, required_text};
use crate::filter::{filter, order_by};
use crate::limits;
use crate::operation::{Operations, workspace};
use crate::page::PageSize;
use crate::tags::{KeyRule, KeyValueBody, KeyValues, Keys, bodies, delete_tag, set_tag};

const PAGE_SIZE: PageSize = PageSize {
    default: 1000,
    maximum: 50_000,
};

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

#[derive(Deserialize, Serialize)]
struct Create {
    name: Option<Text>,
    artifact_location: Option<Text>,
    tags: KeyValues,
}

#[derive(Deserialize, Serialize)]
struct Delete {
    experiment_id: Option<Text>,
    is_permanent: Option<bool>,
}

#[derive(Deserialize, Serialize)]
struct ById {
    experiment_id: Option<Text>,
}

#[derive(Deserialize, Serialize)]
struct ByName {
    experiment_name: Option<Text>,
}

#[derive(Deserialize, Serialize)]
struct Search {
    max_results: Option<Integer>,
    page_token: Option<Text>,
    filter: Option<Text>,
    order_by: Option<Vec<Text>>,
    view_type: Option<Text>,
}

#[derive(Deserialize, Serialize)]
struct Update {
    experiment_id: Option<Text>,
    new_name: Option<Text>,
}

#[derive(Deserialize, Serialize)]
struct TagOne {
    experiment_id: Option<Text>,
    key: Option<Text>,
    value: Option<Text>,
}

#[derive(Deserialize, Serialize)]
struct UntagOne {
    experiment_id: Option<Text>,
    key: Option<Text>,
}

#[derive(Deserialize, Serialize)]
struct UpdateTags {
    experiment_id: Option<Text>,
    set_tags: KeyValues,
    delete_tags: Keys,
}

#[derive(Serialize)]
struct Created {
    experiment_id: String,
}

#[derive(Serialize)]
struct One {
    experiment: ExperimentBody,
}

#[derive(Serialize)]
struct Collection {
    experiments: Vec<ExperimentBody>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_page_token: Option<String>,
}

#[derive(Serialize)]
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

impl TryFrom<Create> for NewExperiment {
    type Error = Error;

    fn try_from(input: Create) -> Result<Self> {
        let location = input.artifact_location;
        let location = optional_text("artifact_location", location, limits::ARTIFACT_LOCATION)?;
        Ok(Self {
            name: required_text("name", input.name, limits::EXPERIMENT_NAME)?,
            artifact_location: location.filter(|location| !location.is_empty()),
            tags: KeyRule::Entity.tags("tags", input.tags, limits::TAGS)?,
        })
    }
}

impl TryFrom<Search> for SearchExperiments {
    type Error = Error;

    fn try_from(input: Search) -> Result<Self> {
        Ok(Self {
            filter: filter(input.filter)?,
            order_by: order_by(input.order_by)?,
            view: view_type("view_type", input.view_type.as_deref())?,
            page: PAGE_SIZE.parse(input.max_results, input.page_token)?,
        })
    }
}

/// Parses the id of an experiment.
pub(crate) fn experiment_id(text: Option<Text>) -> Result<ExperimentId> {
    ExperimentId::parse(&required_text("experiment_id", text, limits::LOOKUP)?)
}

/// Parses which lifecycle stages a search looks at.
pub(crate) fn view_type(parameter: &str, text: Option<&str>) -> Result<ViewType> {
    match text {
        None | Some("ACTIVE_ONLY") => Ok(ViewType::ActiveOnly),
        Some("DELETED_ONLY") => Ok(ViewType::DeletedOnly),
        Some("ALL") => Ok(ViewType::All),
        Some(_) => Err(Error::invalid(format!(
            "Invalid value for parameter '{parameter}': allowed are ACTIVE_ONLY, DELETED_ONLY and ALL."
        ))),
    }
}

async fn create(service: Arc<Service>, context: Context, input: Create) -> Result<Answer<Created>> {
    let experiment = service
        .create_experiment(&context, input.try_into()?)
        .await?;
    let experiment_id = experiment.id.to_string();
    Ok(Answer::tagged(experiment.etag, Created { experiment_id }))
}

async fn delete(service: Arc<Service>, context: Context, input: Delete) -> Result<Answer<Empty>> {
    let id = experiment_id(input.experiment_id)?;
    let permanently = input.is_permanent.unwrap_or(false);
    let etag = service.delete_experiment(&context, id, permanently).await?;
    Ok(Answer::empty(etag))
}

async fn restore(service: Arc<Service>, context: Context, input: ById) -> Result<Answer<Empty>> {
    let id = experiment_id(input.experiment_id)?;
    let etag = service.restore_experiment(&context, id).await?;
    Ok(Answer::empty(etag))
}

async fn get(service: Arc<Service>, context: Context, input: ById) -> Result<Answer<One>> {
    let id = experiment_id(input.experiment_id)?;
    Ok(one(service.get_experiment(&context, id).await?))
}

async fn get_by_name(
    service: Arc<Service>,
    context: Context,
    input: ByName,
) -> Result<Answer<One>> {
    let name = required_text("experiment_name", input.experiment_name, limits::LOOKUP)?;
    Ok(one(service.get_experiment_by_name(&context, &name).await?))
}

fn one(experiment: Experiment) -> Answer<One> {
    let etag = experiment.etag;
    let experiment = experiment.into();
    Answer::tagged(etag, One { experiment })
}

async fn search(
    service: Arc<Service>,
    context: Context,
    input: Search,
) -> Result<Answer<Collection>> {
    let page = service
        .search_experiments(&context, input.try_into()?)
        .await?;
    let body = |experiments, next_page_token| Collection {
        experiments,
        next_page_token,
    };
    Ok(Answer::page(page, ExperimentBody::from, body))
}

async fn update(service: Arc<Service>, context: Context, input: Update) -> Result<Answer<Empty>> {
    let id = experiment_id(input.experiment_id)?;
    let name = optional_text("new_name", input.new_name, limits::EXPERIMENT_NAME)?;
    let etag = service.rename_experiment(&context, id, name).await?;
    Ok(Answer::empty(etag))
}

async fn tag(service: Arc<Service>, context: Context, input: TagOne) -> Result<Answer<Empty>> {
    let id = experiment_id(input.experiment_id)?;
    let changes = set_tag(KeyRule::Entity, input.key, input.value)?;
    let etag = service.tag_experiment(&context, id, changes).await?;
    Ok(Answer::empty(etag))
}

async fn untag(service: Arc<Service>, context: Context, input: UntagOne) -> Result<Answer<Empty>> {
    let id = experiment_id(input.experiment_id)?;
    let changes = delete_tag(input.key, MissingTag::Refuse)?;
    let etag = service.tag_experiment(&context, id, changes).await?;
    Ok(Answer::empty(etag))
}

async fn update_tags(
    service: Arc<Service>,
    context: Context,
    input: UpdateTags,
) -> Result<Answer<Empty>> {
    let id = experiment_id(input.experiment_id)?;
    let changes = KeyRule::Entity.changes(input.set_tags, input.delete_tags)?;
    let etag = service.tag_experiment(&context, id, changes).await?;
    Ok(Answer::empty(etag))
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

//! Operations on runs: their own fields, their tags, their lifecycle.

use std::sync::Arc;

use ferroflow_model::runs::{NewRun, RunStatus, SearchRuns, UpdateRun};
use ferroflow_model::{
    Context, Error, ExperimentId, MissingTag, Permission, Resource, Result, RunId,
};
use ferroflow_service::Service;
use serde::{Deserialize, Serialize};

use crate::answer::{Answer, Empty};
use crate::experiments::{experiment_id, view_type};
use crate::fields::{Integer, Text, list, optional_text, required_text};
use crate::filter::{filter, order_by};
use crate::limits;
use crate::operation::{Operations, workspace};
use crate::page::PageSize;
use crate::run_bodies::{RunBody, RunInfoBody};
use crate::tags::{KeyRule, KeyValues, Keys, delete_tag, set_tag};

const PAGE_SIZE: PageSize = PageSize {
    default: 1000,
    maximum: 50_000,
};

/// Declares the operations on runs.
pub(crate) fn declare(operations: &mut Operations) {
    const READ: Permission = Permission::read(Resource::Runs);
    const WRITE: Permission = Permission::write(Resource::Runs);
    const DELETE: Permission = Permission::delete(Resource::Runs);
    let at = |verb: &str| workspace(&format!("mlflow/runs/{verb}"));
    let bulk = workspace("mlflow/internal/runs/update-tags");
    operations.change(at("create"), "createExperimentRun", WRITE, create);
    operations.change(at("delete"), "deleteExperimentRun", DELETE, delete);
    operations.change(at("delete-tag"), "deleteExperimentRunTag", WRITE, untag);
    operations.get(at("get"), "getExperimentRunById", READ, get);
    operations.search(at("search"), "listExperimentRuns", READ, search);
    operations.change(at("restore"), "restoreExperimentRun", DELETE, restore);
    operations.change(at("set-tag"), "setExperimentRunTag", WRITE, tag);
    operations.change(at("update"), "updateExperimentRun", WRITE, update);
    operations.change(bulk, "updateExperimentRunTags", WRITE, update_tags);
}

#[derive(Deserialize, Serialize)]
struct Create {
    run_name: Option<Text>,
    experiment_id: Option<Text>,
    start_time: Option<Integer>,
    tags: KeyValues,
}

#[derive(Deserialize, Serialize)]
struct Delete {
    run_id: Option<Text>,
    is_permanent: Option<bool>,
}

#[derive(Deserialize, Serialize)]
struct ById {
    run_id: Option<Text>,
}

#[derive(Deserialize, Serialize)]
struct Search {
    experiment_ids: Option<Vec<Text>>,
    max_results: Option<Integer>,
    page_token: Option<Text>,
    filter: Option<Text>,
    order_by: Option<Vec<Text>>,
    run_view_type: Option<Text>,
}

#[derive(Deserialize, Serialize)]
struct Update {
    run_id: Option<Text>,
    status: Option<Text>,
    end_time: Option<Integer>,
    run_name: Option<Text>,
}

#[derive(Deserialize, Serialize)]
struct TagOne {
    run_id: Option<Text>,
    key: Option<Text>,
    value: Option<Text>,
}

#[derive(Deserialize, Serialize)]
struct UntagOne {
    run_id: Option<Text>,
    key: Option<Text>,
}

#[derive(Deserialize, Serialize)]
struct UpdateTags {
    run_id: Option<Text>,
    set_tags: KeyValues,
    delete_tags: Keys,
}

#[derive(Serialize)]
struct One {
    run: RunBody,
}

#[derive(Serialize)]
struct Updated {
    run_info: RunInfoBody,
}

#[derive(Serialize)]
struct Collection {
    runs: Vec<RunBody>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_page_token: Option<String>,
}

impl Create {
    /// The caller is the user of the run, because this dialect has no field for one.
    fn parse(self, user_id: &str) -> Result<NewRun> {
        let id = self.experiment_id;
        Ok(NewRun {
            experiment_id: id.map(|id| experiment_id(Some(id))).transpose()?,
            name: optional_text("run_name", self.run_name, limits::RUN_NAME)?,
            user_id: user_id.to_owned(),
            start_ms: self.start_time.map(|Integer(time)| time),
            tags: KeyRule::Entity.tags("tags", self.tags, limits::TAGS)?,
        })
    }
}

impl TryFrom<Update> for UpdateRun {
    type Error = Error;

    fn try_from(input: Update) -> Result<Self> {
        Ok(Self {
            run_id: run_id(input.run_id)?,
            status: input.status.as_deref().map(status).transpose()?,
            end_ms: input.end_time.map(|Integer(time)| time),
            name: optional_text("run_name", input.run_name, limits::RUN_NAME)?,
        })
    }
}

impl TryFrom<Search> for SearchRuns {
    type Error = Error;

    fn try_from(input: Search) -> Result<Self> {
        Ok(Self {
            experiment_ids: experiment_ids(input.experiment_ids)?,
            filter: filter(input.filter)?,
            order_by: order_by(input.order_by)?,
            view: view_type("run_view_type", input.run_view_type.as_deref())?,
            page: PAGE_SIZE.parse(input.max_results, input.page_token)?,
        })
    }
}

/// Parses the id of a run that is looked up.
pub(crate) fn run_id(text: Option<Text>) -> Result<RunId> {
    required_text("run_id", text, limits::LOOKUP).map(RunId::new)
}

/// Parses the experiments that a search looks at.
pub(crate) fn experiment_ids(ids: Option<Vec<Text>>) -> Result<Vec<ExperimentId>> {
    list("experiment_ids", ids, limits::EXPERIMENT_IDS, |_, id| {
        ExperimentId::parse(&id)
    })
}

/// Oracle has one status that MLflow has not, and whose clients could not read it: a run that
/// ended by a fault of the system is kept as failed.
fn status(text: &str) -> Result<RunStatus> {
    match text {
        "INTERNAL_ERROR" => Ok(RunStatus::Failed),
        text => RunStatus::parse(text),
    }
}

async fn create(service: Arc<Service>, context: Context, input: Create) -> Result<Answer<One>> {
    let new = input.parse(&context.caller.principal)?;
    let run = service.create_run(&context, new).await?;
    let etag = run.info.etag;
    Ok(Answer::tagged(etag, One { run: run.into() }))
}

async fn get(service: Arc<Service>, context: Context, input: ById) -> Result<Answer<One>> {
    let run = service.get_run(&context, &run_id(input.run_id)?).await?;
    let etag = run.info.etag;
    Ok(Answer::tagged(etag, One { run: run.into() }))
}

async fn update(service: Arc<Service>, context: Context, input: Update) -> Result<Answer<Updated>> {
    let info = service.update_run(&context, input.try_into()?).await?;
    let etag = info.etag;
    let run_info = info.into();
    Ok(Answer::tagged(etag, Updated { run_info }))
}

async fn delete(service: Arc<Service>, context: Context, input: Delete) -> Result<Answer<Empty>> {
    let id = run_id(input.run_id)?;
    let permanently = input.is_permanent.unwrap_or(false);
    let etag = service.delete_run(&context, &id, permanently).await?;
    Ok(Answer::empty(etag))
}

async fn restore(service: Arc<Service>, context: Context, input: ById) -> Result<Answer<Empty>> {
    let etag = service
        .restore_run(&context, &run_id(input.run_id)?)
        .await?;
    Ok(Answer::empty(etag))
}

async fn search(
    service: Arc<Service>,
    context: Context,
    input: Search,
) -> Result<Answer<Collection>> {
    let page = service.search_runs(&context, input.try_into()?).await?;
    let body = |runs, next_page_token| Collection {
        runs,
        next_page_token,
    };
    Ok(Answer::page(page, RunBody::from, body))
}

async fn tag(service: Arc<Service>, context: Context, input: TagOne) -> Result<Answer<Empty>> {
    let id = run_id(input.run_id)?;
    let changes = set_tag(KeyRule::Entity, input.key, input.value)?;
    let etag = service.tag_run(&context, &id, changes).await?;
    Ok(Answer::empty(etag))
}

async fn untag(service: Arc<Service>, context: Context, input: UntagOne) -> Result<Answer<Empty>> {
    let id = run_id(input.run_id)?;
    let changes = delete_tag(input.key, MissingTag::Refuse)?;
    let etag = service.tag_run(&context, &id, changes).await?;
    Ok(Answer::empty(etag))
}

async fn update_tags(
    service: Arc<Service>,
    context: Context,
    input: UpdateTags,
) -> Result<Answer<Empty>> {
    let id = run_id(input.run_id)?;
    let changes = KeyRule::Entity.changes(input.set_tags, input.delete_tags)?;
    let etag = service.tag_run(&context, &id, changes).await?;
    Ok(Answer::empty(etag))
}

#[cfg(test)]
mod tests {
    use ferroflow_model::{ErrorKind, ViewType};
    use serde_json::{Value, json};

    use super::*;
    use crate::decode::decode;

    fn create(body: &Value) -> Result<NewRun> {
        decode::<Create>(body.to_string().as_bytes())?.parse("somebody")
    }

    fn update(body: &Value) -> Result<UpdateRun> {
        decode::<Update>(body.to_string().as_bytes())?.try_into()
    }

    fn search(body: &Value) -> Result<SearchRuns> {
        decode::<Search>(body.to_string().as_bytes())?.try_into()
    }

    #[test]
    fn a_run_needs_nothing_and_belongs_to_its_caller() {
        let new = create(&json!({})).unwrap();
        assert_eq!(
            (new.experiment_id, new.name, new.start_ms),
            (None, None, None)
        );
        assert_eq!(new.user_id, "somebody");
        let new =
            create(&json!({"experiment_id": "3", "run_name": "r", "start_time": "5"})).unwrap();
        assert_eq!(new.experiment_id, Some(ExperimentId::new(3)));
        assert_eq!((new.name.as_deref(), new.start_ms), (Some("r"), Some(5)));
    }

    #[test]
    fn what_a_run_may_not_have_is_named() {
        for (body, place) in [
            (json!({"experiment_id": "x"}), "experiment ID"),
            (json!({"experiment_id": ""}), "'experiment_id'"),
            (json!({"run_name": "n".repeat(256)}), "'run_name'"),
            (
                json!({"tags": [{"key": "a/../b", "value": ""}]}),
                "'tags[0].key'",
            ),
            (json!({"tags": vec![json!({"key": "k"}); 101]}), "'tags'"),
        ] {
            let error = create(&body).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::InvalidParameter);
            assert!(error.message().contains(place), "{error}");
        }
        assert!(create(&json!({"run_name": "n".repeat(255)})).is_ok());
    }

    #[test]
    fn a_status_is_one_of_oracle_s() {
        let status = |text: &str| update(&json!({"run_id": "r", "status": text}));
        for known in RunStatus::ALL {
            assert_eq!(status(known.as_str()).unwrap().status, Some(known));
        }
        assert_eq!(
            status("INTERNAL_ERROR").unwrap().status,
            Some(RunStatus::Failed)
        );
        assert!(
            status("running")
                .unwrap_err()
                .message()
                .contains("'status'")
        );
        let nothing = update(&json!({"run_id": "r"})).unwrap();
        assert_eq!(
            (nothing.status, nothing.end_ms, nothing.name),
            (None, None, None)
        );
        assert_eq!(
            update(&json!({})).unwrap_err().kind(),
            ErrorKind::MissingParameter
        );
    }

    #[test]
    fn a_search_has_a_view_experiments_and_a_page() {
        let defaults = search(&json!({})).unwrap();
        assert_eq!(defaults.view, ViewType::ActiveOnly);
        assert_eq!(defaults.page.max_results, 1000);
        assert!(defaults.experiment_ids.is_empty());
        let body = json!({
            "experiment_ids": ["1", "0"], "run_view_type": "ALL", "max_results": 50_000,
            "filter": "metrics.a > 1", "order_by": ["metrics.a DESC", "start_time"],
        });
        let all = search(&body).unwrap();
        assert_eq!(all.view, ViewType::All);
        assert_eq!(
            all.experiment_ids,
            [ExperimentId::new(1), ExperimentId::new(0)]
        );
        assert_eq!(all.filter.as_deref(), Some("metrics.a > 1"));
        assert_eq!(all.order_by, ["metrics.a DESC", "start_time"]);
        for (body, place) in [
            (json!({"max_results": 50_001}), "'max_results'"),
            (json!({"max_results": 0}), "'max_results'"),
            (json!({"run_view_type": "active"}), "'run_view_type'"),
            (json!({"experiment_ids": [1]}), "'experiment_ids[0]'"),
            (json!({"order_by": "start_time"}), "'order_by'"),
        ] {
            let error = search(&body).unwrap_err();
            assert!(error.message().contains(place), "{error}");
        }
    }
}

//! Operations on runs: their own fields, their tags, their lifecycle.

use std::sync::Arc;

use ferroflow_model::runs::{NewRun, RunStatus, SearchRuns, UpdateRun};
use ferroflow_model::{
    Context, Error, ExperimentId, MissingTag, Permission, Resource, Result, RunId,
};
use ferroflow_service::Service;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::answer::{Empty, Listed, Tagged};
use crate::experiments::View;
use crate::fields::{Flag, Integer, List, Required};
use crate::filter::{Clauses, order_by};
use crate::limits;
use crate::operation::{Operations, workspace};
use crate::page::{PageSize, page};
use crate::run_bodies::{RunBody, RunInfoBody};
use crate::tags::{KeyRule, Keys, Tags, delete_tag, set_tag};

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

#[derive(Deserialize, Serialize, JsonSchema)]
struct Create {
    run_name: Option<limits::RunName>,
    experiment_id: Option<limits::Lookup>,
    start_time: Option<Integer>,
    tags: Tags,
}

#[derive(Deserialize, Serialize, JsonSchema)]
struct Delete {
    run_id: Required<limits::Lookup>,
    is_permanent: Option<Flag<false>>,
}

#[derive(Deserialize, Serialize, JsonSchema)]
struct ById {
    run_id: Required<limits::Lookup>,
}

#[derive(Deserialize, Serialize, JsonSchema)]
struct Search {
    experiment_ids: ExperimentIds,
    max_results: Option<PageSize<1000, 50_000>>,
    page_token: Option<limits::PageToken>,
    filter: Option<limits::Expression>,
    order_by: Clauses,
    run_view_type: Option<View>,
}

#[derive(Deserialize, Serialize, JsonSchema)]
struct Update {
    run_id: Required<limits::Lookup>,
    status: Option<Status>,
    end_time: Option<Integer>,
    run_name: Option<limits::RunName>,
}

/// Oracle has one status that MLflow has not, and whose clients could not read it: a run that
/// ended by a fault of the system is kept as failed.
#[derive(Clone, Copy, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[schemars(rename = "RunStatus")]
enum Status {
    Running,
    Scheduled,
    Finished,
    Failed,
    Killed,
    InternalError,
}

#[derive(Deserialize, Serialize, JsonSchema)]
struct TagOne {
    run_id: Required<limits::Lookup>,
    key: Required<limits::Key>,
    value: Required<limits::TagValue>,
}

#[derive(Deserialize, Serialize, JsonSchema)]
struct UntagOne {
    run_id: Required<limits::Lookup>,
    key: Required<limits::Key>,
}

#[derive(Deserialize, Serialize, JsonSchema)]
struct UpdateTags {
    run_id: Required<limits::Lookup>,
    set_tags: Tags,
    delete_tags: Keys,
}

#[derive(Serialize, JsonSchema)]
struct One {
    run: RunBody,
}

#[derive(Serialize, JsonSchema)]
struct Updated {
    run_info: RunInfoBody,
}

#[derive(Serialize, JsonSchema)]
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
            experiment_id: id.map(|id| ExperimentId::parse(&id)).transpose()?,
            name: self.run_name.map(String::from),
            user_id: user_id.to_owned(),
            start_ms: self.start_time.map(|Integer(time)| time),
            tags: KeyRule::Entity.tags("tags", self.tags)?,
        })
    }
}

impl From<Status> for RunStatus {
    fn from(status: Status) -> Self {
        match status {
            Status::Running => Self::Running,
            Status::Scheduled => Self::Scheduled,
            Status::Finished => Self::Finished,
            Status::Failed | Status::InternalError => Self::Failed,
            Status::Killed => Self::Killed,
        }
    }
}

impl TryFrom<Update> for UpdateRun {
    type Error = Error;

    fn try_from(input: Update) -> Result<Self> {
        Ok(Self {
            run_id: run_id(input.run_id)?,
            status: input.status.map(Into::into),
            end_ms: input.end_time.map(|Integer(time)| time),
            name: input.run_name.map(String::from),
        })
    }
}

impl TryFrom<Search> for SearchRuns {
    type Error = Error;

    fn try_from(input: Search) -> Result<Self> {
        Ok(Self {
            experiment_ids: experiment_ids(input.experiment_ids)?,
            filter: input.filter.map(String::from),
            order_by: order_by(input.order_by)?,
            view: input.run_view_type.unwrap_or_default().into(),
            page: page(input.max_results, input.page_token),
        })
    }
}

/// Parses the id of a run that is looked up.
pub(crate) fn run_id(text: Required<limits::Lookup>) -> Result<RunId> {
    text.text("run_id").map(RunId::new)
}

/// The experiments that a search looks at.
pub(crate) type ExperimentIds = Option<List<limits::Lookup, { limits::EXPERIMENT_IDS }>>;

/// Parses the experiments that a search looks at.
pub(crate) fn experiment_ids(ids: ExperimentIds) -> Result<Vec<ExperimentId>> {
    (ids.unwrap_or_default()).parse(|_, id| ExperimentId::parse(&id))
}

async fn create(service: Arc<Service>, context: Context, input: Create) -> Result<Tagged<One>> {
    let new = input.parse(&context.caller.principal)?;
    let run = service.create_run(&context, new).await?;
    let etag = run.info.etag;
    Ok(Tagged::new(etag, One { run: run.into() }))
}

async fn get(service: Arc<Service>, context: Context, input: ById) -> Result<Tagged<One>> {
    let run = service.get_run(&context, &run_id(input.run_id)?).await?;
    let etag = run.info.etag;
    Ok(Tagged::new(etag, One { run: run.into() }))
}

async fn update(service: Arc<Service>, context: Context, input: Update) -> Result<Tagged<Updated>> {
    let info = service.update_run(&context, input.try_into()?).await?;
    let etag = info.etag;
    let run_info = info.into();
    Ok(Tagged::new(etag, Updated { run_info }))
}

async fn delete(service: Arc<Service>, context: Context, input: Delete) -> Result<Tagged<Empty>> {
    let id = run_id(input.run_id)?;
    let permanently = input.is_permanent.unwrap_or_default().0;
    let etag = service.delete_run(&context, &id, permanently).await?;
    Ok(Tagged::empty(etag))
}

async fn restore(service: Arc<Service>, context: Context, input: ById) -> Result<Tagged<Empty>> {
    let etag = service
        .restore_run(&context, &run_id(input.run_id)?)
        .await?;
    Ok(Tagged::empty(etag))
}

async fn search(
    service: Arc<Service>,
    context: Context,
    input: Search,
) -> Result<Listed<Collection>> {
    let page = service.search_runs(&context, input.try_into()?).await?;
    let body = |runs, next_page_token| Collection {
        runs,
        next_page_token,
    };
    Ok(Listed::new(page, RunBody::from, body))
}

async fn tag(service: Arc<Service>, context: Context, input: TagOne) -> Result<Tagged<Empty>> {
    let id = run_id(input.run_id)?;
    let changes = set_tag(KeyRule::Entity, input.key, input.value)?;
    let etag = service.tag_run(&context, &id, changes).await?;
    Ok(Tagged::empty(etag))
}

async fn untag(service: Arc<Service>, context: Context, input: UntagOne) -> Result<Tagged<Empty>> {
    let id = run_id(input.run_id)?;
    let changes = delete_tag(input.key, MissingTag::Refuse)?;
    let etag = service.tag_run(&context, &id, changes).await?;
    Ok(Tagged::empty(etag))
}

async fn update_tags(
    service: Arc<Service>,
    context: Context,
    input: UpdateTags,
) -> Result<Tagged<Empty>> {
    let id = run_id(input.run_id)?;
    let changes = KeyRule::Entity.changes(input.set_tags, input.delete_tags)?;
    let etag = service.tag_run(&context, &id, changes).await?;
    Ok(Tagged::empty(etag))
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

//! Runs: their own fields, their tags, their lifecycle.

use ferroflow_model::runs::{Run, RunStatus, UpdateRun as Update};
use ferroflow_model::{
    Error, ErrorKind, ExperimentId, LifecycleStage, MissingTag, Result, RunId, Tag,
};
use ferroflow_store::runs::{
    CreateRun, DeleteRun, GetRun, LogBatch, PurgeRun, RestoreRun, TagRun, UpdateRun,
};
use ferroflow_store::{KeyedChanges, KeyedValue, WriteContext};

use crate::harness::{NOW_MS, TestDb, on_each_engine};

/// A run of the default experiment, as the service asks for it.
pub(crate) async fn new_run(test: &TestDb, run_id: &str) -> CreateRun {
    CreateRun {
        run_id: RunId::new(run_id),
        experiment_id: ExperimentId::DEFAULT,
        name: "bold-ox-1".to_owned(),
        user_id: "ann".to_owned(),
        start_ms: NOW_MS,
        tags: vec![tag("mlflow.runName", "bold-ox-1")],
        tag_keys: vec![test.key("mlflow.runName").await],
        keys: test.db().keys(),
    }
}

/// Creates a run of the default experiment.
pub(crate) async fn create_run(test: &TestDb, run_id: &str) -> Run {
    test.write(new_run(test, run_id).await).await.unwrap()
}

/// Reads a run.
pub(crate) async fn get_run(test: &TestDb, run_id: &str) -> Result<Run> {
    let (tenant, keys) = (test.tenant, test.db().keys());
    test.read(GetRun {
        tenant,
        run_id: RunId::new(run_id),
        keys,
    })
    .await
}

/// Nothing to log yet.
pub(crate) fn empty_batch(run_id: &str) -> LogBatch {
    LogBatch {
        run_id: RunId::new(run_id),
        name: None,
        metrics: Vec::new(),
        metric_keys: Vec::new(),
        params: Vec::new(),
        param_keys: Vec::new(),
        tags: Vec::new(),
        is_one_param: false,
    }
}

/// A tag.
pub(crate) fn tag(key: &str, value: &str) -> Tag {
    Tag {
        key: key.to_owned(),
        value: value.to_owned(),
    }
}

fn update(run_id: &str, name: Option<&str>, status: Option<RunStatus>) -> Update {
    let name = name.map(str::to_owned);
    Update {
        run_id: RunId::new(run_id),
        status,
        end_ms: status.map(|_| NOW_MS + 5),
        name,
    }
}

async fn write_update(test: &TestDb, context: WriteContext, update: Update) -> Result<()> {
    let name_key = test.key("mlflow.runName").await;
    test.write_with(context, UpdateRun { update, name_key })
        .await
        .map(drop)
}

fn kind<T>(result: Result<T>) -> Option<ErrorKind> {
    result.err().map(|error| error.kind())
}

fn told(result: Result<impl Sized>) -> (ErrorKind, String) {
    let error: Error = result.err().unwrap();
    (error.kind(), error.message().to_owned())
}

#[tokio::test]
async fn a_run_is_read_as_it_was_created() {
    on_each_engine(async |test| {
        let created = create_run(test, "r1").await;
        assert_eq!(
            created.info.artifact_uri,
            "mlflow-artifacts:/0/r1/artifacts"
        );
        assert_eq!(created.info.status, RunStatus::Running);
        assert_eq!(get_run(test, "r1").await.unwrap(), created);
        test.restart().await;
        assert_eq!(get_run(test, "r1").await.unwrap(), created);
        let unknown = told(get_run(test, "r2").await);
        assert_eq!(
            unknown,
            (ErrorKind::NotFound, "Run with id=r2 not found".to_owned())
        );
    })
    .await;
}

#[tokio::test]
async fn a_run_needs_an_experiment_that_is_there() {
    on_each_engine(async |test| {
        let mut new = new_run(test, "r1").await;
        new.experiment_id = ExperimentId::new(7);
        let unknown = told(test.write(new).await);
        assert_eq!(
            unknown,
            (
                ErrorKind::NotFound,
                "No Experiment with id=7 exists".to_owned()
            )
        );
    })
    .await;
}

#[tokio::test]
async fn another_tenant_sees_nothing_and_changes_nothing() {
    on_each_engine(async |test| {
        let created = create_run(test, "r1").await;
        let home = test.tenant;
        for (platform, workspace) in [("default", "other"), ("other", "default")] {
            test.tenant = test.tenant(platform, workspace).await;
            let run_id = RunId::new("r1");
            assert_eq!(kind(get_run(test, "r1").await), Some(ErrorKind::NotFound));
            assert_eq!(
                kind(test.write(empty_batch("r1")).await),
                Some(ErrorKind::NotFound)
            );
            let delete = DeleteRun {
                run_id: run_id.clone(),
            };
            assert_eq!(kind(test.write(delete).await), Some(ErrorKind::NotFound));
            let purge = PurgeRun { run_id };
            assert_eq!(kind(test.write(purge).await), Some(ErrorKind::NotFound));
        }
        test.tenant = home;
        assert_eq!(get_run(test, "r1").await.unwrap(), created);
    })
    .await;
}

#[tokio::test]
async fn an_update_changes_what_it_names() {
    on_each_engine(async |test| {
        let created = create_run(test, "r1").await.info;
        let ended = update("r1", None, Some(RunStatus::Finished));
        write_update(test, test.context(), ended).await.unwrap();
        let info = get_run(test, "r1").await.unwrap().info;
        assert_eq!(
            (info.status, info.end_ms),
            (RunStatus::Finished, Some(NOW_MS + 5))
        );
        assert_eq!(info.name, created.name);
        assert_ne!(info.etag, created.etag);

        write_update(test, test.context(), update("r1", Some("new"), None))
            .await
            .unwrap();
        let run = get_run(test, "r1").await.unwrap();
        assert_eq!(
            (run.info.name.as_str(), run.info.status),
            ("new", RunStatus::Finished)
        );
        assert_eq!(run.info.end_ms, Some(NOW_MS + 5));
        assert_eq!(run.tags, [tag("mlflow.runName", "new")]);
    })
    .await;
}

#[tokio::test]
async fn tags_are_set_and_deleted() {
    on_each_engine(async |test| {
        create_run(test, "r1").await;
        let (a, b) = (test.key("a").await, test.key("b").await);
        let change = |set: Vec<KeyedValue>, delete, missing| TagRun {
            run_id: RunId::new("r1"),
            name: None,
            changes: KeyedChanges {
                set,
                delete,
                missing,
            },
        };
        let value = |key_id, value: &str| KeyedValue {
            key_id,
            value: value.to_owned(),
        };
        let set = change(
            vec![value(a, "1"), value(b, "")],
            Vec::new(),
            MissingTag::Refuse,
        );
        test.write(set).await.unwrap();
        let delete = vec![(Some(a), "a".to_owned()), (None, "c".to_owned())];
        let refused = change(vec![value(b, "2")], delete.clone(), MissingTag::Refuse);
        let missing = "No tag with name: c in run with id r1".to_owned();
        assert_eq!(
            told(test.write(refused).await),
            (ErrorKind::NotFound, missing)
        );
        let tags = get_run(test, "r1").await.unwrap().tags;
        assert_eq!(
            tags,
            [
                tag("a", "1"),
                tag("b", ""),
                tag("mlflow.runName", "bold-ox-1")
            ]
        );

        test.write(change(vec![value(b, "2")], delete, MissingTag::Ignore))
            .await
            .unwrap();
        let tags = get_run(test, "r1").await.unwrap().tags;
        assert_eq!(tags, [tag("b", "2"), tag("mlflow.runName", "bold-ox-1")]);
    })
    .await;
}

#[tokio::test]
async fn a_deleted_run_can_be_read_and_restored_but_not_changed() {
    on_each_engine(async |test| {
        create_run(test, "r1").await;
        let delete = || DeleteRun {
            run_id: RunId::new("r1"),
        };
        let deleted = test.write(delete()).await.unwrap();
        assert_eq!(
            test.write(delete()).await.unwrap(),
            deleted,
            "again has no effect"
        );
        let run = get_run(test, "r1").await.unwrap();
        assert_eq!(
            (run.info.lifecycle, run.info.etag),
            (LifecycleStage::Deleted, deleted)
        );
        let refused = told(test.write(empty_batch("r1")).await);
        let message = "The run r1 must be in the 'active' state. Current state is deleted.";
        assert_eq!(refused, (ErrorKind::InvalidParameter, message.to_owned()));

        let restore = || RestoreRun {
            run_id: RunId::new("r1"),
        };
        let restored = test.write(restore()).await.unwrap();
        assert_eq!(
            test.write(restore()).await.unwrap(),
            restored,
            "again has no effect"
        );
        test.write(empty_batch("r1")).await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn a_change_is_made_only_to_the_state_that_the_caller_knows() {
    on_each_engine(async |test| {
        let first = create_run(test, "r1").await.info.etag;
        let renamed = update("r1", Some("new"), None);
        write_update(test, test.if_match(first), renamed)
            .await
            .unwrap();
        let second = get_run(test, "r1").await.unwrap().info.etag;

        let late = update("r1", Some("late"), None);
        let refused = write_update(test, test.if_match(first), late).await;
        assert_eq!(kind(refused), Some(ErrorKind::PreconditionFailed));
        let run_id = RunId::new("r1");
        let delete = DeleteRun {
            run_id: run_id.clone(),
        };
        let refused = test.write_with(test.if_match(first), delete).await;
        assert_eq!(kind(refused), Some(ErrorKind::PreconditionFailed));
        let purge = PurgeRun { run_id };
        let refused = test.write_with(test.if_match(first), purge).await;
        assert_eq!(kind(refused), Some(ErrorKind::PreconditionFailed));
        let info = get_run(test, "r1").await.unwrap().info;
        assert_eq!((info.name.as_str(), info.etag), ("new", second));
    })
    .await;
}

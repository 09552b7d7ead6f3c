//! Logged models: created, finished, tagged, deleted.

use ferroflow_model::logged_models::{LoggedModel, LoggedModelStatus, NewLoggedModel};
use ferroflow_model::metrics::{Metric, MetricDataset, ModelMetric, NewMetric};
use ferroflow_model::{ErrorKind, ExperimentId, MissingTag, ModelId, Result, RunId};
use ferroflow_store::logged_models::{
    CreateLoggedModel, DeleteLoggedModel, FinalizeLoggedModel, GetLoggedModel, LogModelParams,
    TagLoggedModel,
};
use ferroflow_store::runs::LogBatch;
use ferroflow_store::{KeyedChanges, Tenant, WriteContext};

use crate::harness::{NOW_MS, TestDb, on_each_engine};
use crate::registry::{delete_tags, kind, later, refusal, set_tags, tags};
use crate::run_data::metric;
use crate::runs::{create_run, empty_batch};

/// The command that creates a logged model in the default experiment.
pub(crate) async fn new_logged_model(test: &TestDb, id: &str) -> CreateLoggedModel {
    CreateLoggedModel {
        new: NewLoggedModel {
            experiment_id: ExperimentId::DEFAULT,
            name: None,
            model_type: Some("Agent".to_owned()),
            source_run_id: Some(RunId::new("r1")),
            params: Vec::new(),
            tags: Vec::new(),
        },
        model_id: ModelId::new(id),
        name: "bold-ox-1".to_owned(),
        params: set_tags(test, &[("depth", "3"), ("alpha", "0.1")])
            .await
            .set,
        tags: set_tags(test, &[("b", "2"), ("a", "1")]).await.set,
        keys: test.db().keys(),
    }
}

/// Creates a logged model, whose source is the run `r1`.
pub(crate) async fn create_logged_model(test: &TestDb, id: &str) -> LoggedModel {
    test.write(new_logged_model(test, id).await).await.unwrap()
}

/// Reads a logged model that is in use.
pub(crate) async fn get_logged_model(test: &TestDb, id: &str) -> Result<LoggedModel> {
    get(test, test.tenant, id, false).await
}

async fn get(test: &TestDb, tenant: Tenant, id: &str, allow_deleted: bool) -> Result<LoggedModel> {
    test.read(GetLoggedModel {
        tenant,
        model_id: ModelId::new(id),
        allow_deleted,
        keys: test.db().keys(),
    })
    .await
}

/// Logs points to a logged model through a run.
pub(crate) async fn log_model_metrics(test: &TestDb, id: &str, run_id: &str, points: &[Metric]) {
    let keys: Vec<&str> = points.iter().map(|point| point.key.as_str()).collect();
    let metrics = points.iter().cloned().map(|metric| NewMetric {
        metric,
        model_id: Some(ModelId::new(id)),
        dataset: None,
    });
    let batch = LogBatch {
        metric_keys: test.db().intern(&keys).await.unwrap(),
        metrics: metrics.collect(),
        ..empty_batch(run_id)
    };
    test.write(batch).await.unwrap();
}

fn tag_model(test: &TestDb, id: &str, changes: KeyedChanges) -> TagLoggedModel {
    TagLoggedModel {
        model_id: ModelId::new(id),
        changes,
        keys: test.db().keys(),
    }
}

fn finalize(test: &TestDb, id: &str, status: LoggedModelStatus) -> FinalizeLoggedModel {
    FinalizeLoggedModel {
        model_id: ModelId::new(id),
        status,
        keys: test.db().keys(),
    }
}

fn delete(id: &str) -> DeleteLoggedModel {
    DeleteLoggedModel {
        model_id: ModelId::new(id),
    }
}

fn not_found(id: &str) -> (ErrorKind, String) {
    let message = format!("Logged model with ID '{id}' not found.");
    (ErrorKind::NotFound, message)
}

#[tokio::test]
async fn a_logged_model_is_read_as_it_was_created() {
    on_each_engine(async |test| {
        let created = create_logged_model(test, "m-1").await;
        assert_eq!(
            created.artifact_uri,
            "mlflow-artifacts:/0/models/m-1/artifacts"
        );
        assert_eq!(created.status, LoggedModelStatus::Pending);
        assert_eq!(created.name, "bold-ox-1");
        assert_eq!(created.model_type.as_deref(), Some("Agent"));
        assert_eq!(created.source_run_id, Some(RunId::new("r1")));
        assert_eq!(created.tags, tags(&[("a", "1"), ("b", "2")]));
        let params: Vec<_> = created
            .params
            .iter()
            .map(|param| (param.key.as_str(), param.value.as_str()))
            .collect();
        assert_eq!(params, [("alpha", "0.1"), ("depth", "3")]);
        assert_eq!((created.created_ms, created.updated_ms), (NOW_MS, NOW_MS));
        assert!(created.metrics.is_empty() && !created.is_deleted);
        test.restart().await;
        assert_eq!(get_logged_model(test, "m-1").await.unwrap(), created);
        assert_eq!(
            refusal(get_logged_model(test, "m-2").await),
            not_found("m-2")
        );
        let platform = Tenant {
            workspace: 0,
            ..test.tenant
        };
        assert_eq!(get(test, platform, "m-1", false).await.unwrap(), created);
    })
    .await;
}

#[tokio::test]
async fn a_logged_model_needs_an_active_experiment() {
    on_each_engine(async |test| {
        let mut unknown = new_logged_model(test, "m-1").await;
        unknown.new.experiment_id = ExperimentId::new(7);
        let message = "No Experiment with id=7 exists".to_owned();
        assert_eq!(
            refusal(test.write(unknown).await),
            (ErrorKind::NotFound, message)
        );
        test.execute("UPDATE experiments SET lifecycle = 'deleted'")
            .await;
        let refused = refusal(test.write(new_logged_model(test, "m-1").await).await);
        let message =
            "The experiment 0 must be in the 'active' state. Current state is deleted.".to_owned();
        assert_eq!(refused, (ErrorKind::InvalidParameter, message));
    })
    .await;
}

#[tokio::test]
async fn an_upload_ends() {
    on_each_engine(async |test| {
        let created = create_logged_model(test, "m-1").await;
        let ready = finalize(test, "m-1", LoggedModelStatus::Ready);
        let done = test.write_with(later(test, 5), ready).await.unwrap();
        assert_eq!(done.status, LoggedModelStatus::Ready);
        assert_eq!((done.created_ms, done.updated_ms), (NOW_MS, NOW_MS + 5));
        assert_ne!(done.etag, created.etag);
        assert_eq!(get_logged_model(test, "m-1").await.unwrap(), done);
        let unknown = finalize(test, "m-2", LoggedModelStatus::Ready);
        assert_eq!(refusal(test.write(unknown).await), not_found("m-2"));
    })
    .await;
}

#[tokio::test]
async fn a_deleted_logged_model_is_shown_when_asked_for() {
    on_each_engine(async |test| {
        create_logged_model(test, "m-1").await;
        let etag = test
            .write_with(later(test, 5), delete("m-1"))
            .await
            .unwrap();
        assert_eq!(
            refusal(get_logged_model(test, "m-1").await),
            not_found("m-1")
        );
        let deleted = get(test, test.tenant, "m-1", true).await.unwrap();
        assert!(deleted.is_deleted);
        assert_eq!((deleted.etag, deleted.updated_ms), (etag, NOW_MS + 5));
        assert_eq!(deleted.tags.len(), 2);
        assert_eq!(refusal(test.write(delete("m-2")).await), not_found("m-2"));
    })
    .await;
}

#[tokio::test]
async fn tags_are_set_replaced_and_deleted() {
    on_each_engine(async |test| {
        let created = create_logged_model(test, "m-1").await;
        let changes = set_tags(test, &[("a", "9"), ("c", "3")]).await;
        let tagged = test
            .write_with(later(test, 5), tag_model(test, "m-1", changes))
            .await
            .unwrap();
        assert_eq!(tagged.tags, tags(&[("a", "9"), ("b", "2"), ("c", "3")]));
        assert_ne!(tagged.etag, created.etag);
        assert_eq!(tagged.updated_ms, NOW_MS, "tags leave the time of update");
        let changes = delete_tags(test, &["b"], MissingTag::Refuse).await;
        let untagged = test.write(tag_model(test, "m-1", changes.clone())).await;
        assert_eq!(untagged.unwrap().tags, tags(&[("a", "9"), ("c", "3")]));
        let again = refusal(test.write(tag_model(test, "m-1", changes)).await);
        let message = "No tag with key 'b' found for model with ID 'm-1'.".to_owned();
        assert_eq!(again, (ErrorKind::NotFound, message));
        let unknown = tag_model(test, "m-2", set_tags(test, &[("a", "1")]).await);
        assert_eq!(refusal(test.write(unknown).await), not_found("m-2"));
    })
    .await;
}

#[tokio::test]
async fn params_are_written_once() {
    on_each_engine(async |test| {
        create_logged_model(test, "m-1").await;
        let log = async |pairs: &[(&str, &str)]| LogModelParams {
            model_id: ModelId::new("m-1"),
            params: set_tags(test, pairs).await.set,
        };
        let etag = test.write(log(&[("seed", "7")]).await).await.unwrap();
        let model = get_logged_model(test, "m-1").await.unwrap();
        assert_eq!((model.params.len(), model.etag), (3, etag));
        let refused = test.write(log(&[("new", "1"), ("seed", "7")]).await).await;
        assert_eq!(kind(refused), Some(ErrorKind::InvalidParameter));
        assert_eq!(get_logged_model(test, "m-1").await.unwrap(), model);
    })
    .await;
}

#[tokio::test]
async fn all_points_are_shown_with_their_runs() {
    on_each_engine(async |test| {
        create_run(test, "r1").await;
        create_run(test, "r2").await;
        create_logged_model(test, "m-1").await;
        let points = [metric("loss", 0, 10, 0.5), metric("loss", 1, 11, f64::NAN)];
        log_model_metrics(test, "m-1", "r1", &points).await;
        log_model_metrics(test, "m-1", "r2", &points[..1]).await;
        let dataset = Some(MetricDataset {
            name: "train".to_owned(),
            digest: "abc".to_owned(),
        });
        let batch = LogBatch {
            metric_keys: vec![test.key("acc").await],
            metrics: vec![NewMetric {
                metric: metric("acc", 0, 12, 0.9),
                model_id: Some(ModelId::new("m-1")),
                dataset: dataset.clone(),
            }],
            ..empty_batch("r1")
        };
        test.write(batch).await.unwrap();
        let shown = get_logged_model(test, "m-1").await.unwrap().metrics;
        assert_eq!(shown[0].metric.key, "acc", "in the order of their keys");
        let of = |key: &str| -> Vec<ModelMetric> {
            let points = shown.iter().filter(|point| point.metric.key == key);
            points.cloned().collect()
        };
        let runs: Vec<_> = of("loss")
            .iter()
            .map(|point| (point.metric.step, point.run_id.to_string()))
            .collect();
        let expected = [(0, "r1"), (0, "r2"), (1, "r1")];
        assert_eq!(runs, expected.map(|(step, run)| (step, run.to_owned())));
        assert!(of("loss")[2].metric.value.is_nan());
        assert_eq!(of("acc").len(), 1);
        assert_eq!(of("acc")[0].dataset, dataset);
        assert_eq!(of("loss")[0].dataset, None);
    })
    .await;
}

#[tokio::test]
async fn of_very_many_points_the_newest_are_shown() {
    on_each_engine(async |test| {
        create_run(test, "r1").await;
        create_logged_model(test, "m-1").await;
        for batch in 0..11 {
            let points: Vec<Metric> = (0..1000)
                .map(|step| metric("loss", step, batch * 1000 + step, 0.5))
                .collect();
            log_model_metrics(test, "m-1", "r1", &points).await;
        }
        let shown = get_logged_model(test, "m-1").await.unwrap().metrics;
        let times: Vec<i64> = shown.iter().map(|p| p.metric.timestamp_ms).collect();
        assert_eq!(times, (1000..11_000).collect::<Vec<i64>>());
    })
    .await;
}

#[tokio::test]
async fn a_repeated_creation_finds_what_it_made() {
    on_each_engine(async |test| {
        let create = async |id: &str| {
            let command = new_logged_model(test, id).await;
            test.write_with(test.retry("t", 1), command).await
        };
        let created = create("m-1").await.unwrap();
        assert_eq!(create("m-2").await.unwrap(), created);
        assert_eq!(
            refusal(get_logged_model(test, "m-2").await),
            not_found("m-2")
        );
        let changes = set_tags(test, &[("a", "9")]).await;
        let tagged = test.write(tag_model(test, "m-1", changes)).await.unwrap();
        assert_eq!(create("m-3").await.unwrap(), tagged);
        test.write(delete("m-1")).await.unwrap();
        assert_eq!(
            kind(create("m-4").await),
            Some(ErrorKind::RetryTokenInvalidated)
        );
    })
    .await;
}

#[tokio::test]
async fn a_changed_logged_model_refuses_an_old_etag() {
    on_each_engine(async |test| {
        let created = create_logged_model(test, "m-1").await;
        let changes = set_tags(test, &[("a", "9")]).await;
        let tag = || tag_model(test, "m-1", changes.clone());
        let matching: WriteContext = test.if_match(created.etag);
        let tagged = test.write_with(matching.clone(), tag()).await.unwrap();
        let stale = test.write_with(matching, tag()).await;
        assert_eq!(kind(stale), Some(ErrorKind::PreconditionFailed));
        assert_eq!(get_logged_model(test, "m-1").await.unwrap(), tagged);
    })
    .await;
}

//! What runs log: params, tags and metrics, all or nothing.

use ferroflow_model::metrics::{Metric, MetricDataset, NewMetric};
use ferroflow_model::{ErrorKind, ModelId, Param, Result, RunId};
use ferroflow_store::KeyedValue;
use ferroflow_store::runs::{LogBatch, LogModel, PurgeRun};
use futures_util::future::join_all;

use crate::harness::{TestDb, count, on_each_engine};
use crate::runs::{create_run, empty_batch, get_run, tag};

/// A point.
pub(crate) fn metric(key: &str, step: i64, timestamp_ms: i64, value: f64) -> Metric {
    Metric {
        key: key.to_owned(),
        value,
        timestamp_ms,
        step,
    }
}

/// A param.
fn param(key: &str, value: &str) -> Param {
    Param {
        key: key.to_owned(),
        value: value.to_owned(),
    }
}

/// A batch of points.
pub(crate) async fn metrics_batch(test: &TestDb, run_id: &str, metrics: &[Metric]) -> LogBatch {
    let keys: Vec<&str> = metrics.iter().map(|metric| metric.key.as_str()).collect();
    LogBatch {
        metric_keys: test.db().intern(&keys).await.unwrap(),
        metrics: metrics.iter().cloned().map(NewMetric::from).collect(),
        ..empty_batch(run_id)
    }
}

/// How many points there are, in blocks and alone.
async fn count_points(test: &TestDb) -> i64 {
    let packed = "SELECT CAST(COALESCE(SUM(point_count), 0) AS BIGINT) FROM";
    let alone = "SELECT count(*) FROM run_metrics m WHERE NOT EXISTS \
        (SELECT 1 FROM metric_tails t WHERE t.run_pk = m.run_pk AND t.key_id = m.key_id)";
    count(test, &format!("{packed} metric_blocks")).await
        + count(test, &format!("{packed} metric_tails")).await
        + count(test, alone).await
}

async fn params_batch(test: &TestDb, run_id: &str, params: &[Param]) -> LogBatch {
    let keys: Vec<&str> = params.iter().map(|param| param.key.as_str()).collect();
    LogBatch {
        param_keys: test.db().intern(&keys).await.unwrap(),
        params: params.to_vec(),
        ..empty_batch(run_id)
    }
}

async fn log_params(test: &TestDb, run_id: &str, params: &[Param]) -> Result<()> {
    let batch = params_batch(test, run_id, params).await;
    test.write(batch).await.map(drop)
}

#[tokio::test]
async fn a_batch_is_read_back() {
    on_each_engine(async |test| {
        create_run(test, "r1").await;
        let mut batch = metrics_batch(test, "r1", &[metric("loss", 1, 10, 0.5)]).await;
        batch.param_keys = test.db().intern(&["depth", "a/b"]).await.unwrap();
        batch.params = vec![param("depth", "3"), param("a/b", "")];
        let name_key = test.key("mlflow.runName").await;
        batch.tags = vec![KeyedValue {
            key_id: name_key,
            value: "renamed".to_owned(),
        }];
        batch.name = Some("renamed".to_owned());
        let etag = test.write(batch).await.unwrap();

        test.restart().await;
        let run = get_run(test, "r1").await.unwrap();
        assert_eq!(run.metrics, [metric("loss", 1, 10, 0.5)]);
        assert_eq!(run.params, [param("a/b", ""), param("depth", "3")]);
        assert_eq!(run.tags, [tag("mlflow.runName", "renamed")]);
        assert_eq!((run.info.name.as_str(), run.info.etag), ("renamed", etag));
    })
    .await;
}

#[tokio::test]
async fn params_keep_their_first_value() {
    on_each_engine(async |test| {
        create_run(test, "r1").await;
        log_params(test, "r1", &[param("p", "a"), param("q", "b")])
            .await
            .unwrap();
        log_params(test, "r1", &[param("p", "a"), param("new", "c")])
            .await
            .unwrap();
        let alone = LogBatch {
            is_one_param: true,
            ..params_batch(test, "r1", &[param("p", "z")]).await
        };
        let refused = test.write(alone).await.unwrap_err();
        assert_eq!(refused.kind(), ErrorKind::InvalidParameter);
        assert_eq!(
            refused.message(),
            "Changing param values is not allowed. Param with key='p' was already logged with \
             value='a' for run ID='r1'. Attempted logging new value 'z'."
        );
        let several = [param("new2", "d"), param("q", "y"), param("p", "z")];
        let refused = log_params(test, "r1", &several).await.unwrap_err();
        assert_eq!(
            refused.message(),
            "Changing param values is not allowed. Params were already logged='[\
             {'key': 'q', 'old_value': 'b', 'new_value': 'y'}, \
             {'key': 'p', 'old_value': 'a', 'new_value': 'z'}]' for run ID='r1'."
        );
        let params = get_run(test, "r1").await.unwrap().params;
        assert_eq!(
            params,
            [param("new", "c"), param("p", "a"), param("q", "b")]
        );
    })
    .await;
}

#[tokio::test]
async fn a_refused_batch_leaves_nothing_behind() {
    on_each_engine(async |test| {
        create_run(test, "r1").await;
        log_params(test, "r1", &[param("p", "a")]).await.unwrap();
        let before = get_run(test, "r1").await.unwrap();
        let mut batch = metrics_batch(test, "r1", &[metric("loss", 1, 10, 0.5)]).await;
        batch.metrics[0].model_id = Some(ModelId::new("m-unknown"));
        batch.param_keys = vec![test.key("new").await];
        batch.params = vec![param("new", "c")];
        let refused = test.write(batch).await.unwrap_err();
        assert_eq!(refused.kind(), ErrorKind::InvalidParameter);
        assert_eq!(
            refused.message(),
            "Logged model with ID 'm-unknown' not found."
        );
        assert_eq!(get_run(test, "r1").await.unwrap(), before);
        assert_eq!(count_points(test).await, 0);
    })
    .await;
}

#[tokio::test]
async fn the_latest_point_has_the_highest_step_then_time_then_value() {
    on_each_engine(async |test| {
        create_run(test, "r1").await;
        let latest = async |points: Vec<Metric>| {
            test.write(metrics_batch(test, "r1", &points).await)
                .await
                .unwrap();
            get_run(test, "r1").await.unwrap().metrics
        };
        let first = || vec![metric("m", 5, 10, 1.0)];
        let mut points = first();
        points.push(metric("m", 4, 99, 9.0));
        assert_eq!(latest(points).await, first());
        let earlier = vec![
            metric("m", 4, 100, 7.0),
            metric("m", 5, 9, 8.0),
            metric("m", 5, 10, 0.5),
        ];
        assert_eq!(latest(earlier).await, first());
        let nan = vec![metric("m", 5, 10, f64::NAN)];
        assert_eq!(latest(nan).await, first(), "NaN counts as 0");
        let higher = || vec![metric("m", 5, 10, 2.0)];
        assert_eq!(latest(higher()).await, higher());
        let metrics = latest(vec![metric("n", -3, 1, f64::NEG_INFINITY)]).await;
        assert_eq!(metrics[1], metric("n", -3, 1, f64::MIN));
        let nan = &latest(vec![metric("m", 6, 1, f64::NAN)]).await[0];
        assert!(nan.value.is_nan() && nan.step == 6);
    })
    .await;
}

#[tokio::test]
async fn exact_duplicates_are_one_point() {
    on_each_engine(async |test| {
        create_run(test, "r1").await;
        let points = [
            metric("m", 1, 1, 0.5),
            metric("m", 1, 1, 0.5),
            metric("m", 1, 1, 0.25),
            metric("m", 1, 1, 0.0),
            metric("m", 1, 1, f64::NAN),
            metric("m", 1, 1, f64::NAN),
        ];
        for _ in 0..2 {
            test.write(metrics_batch(test, "r1", &points).await)
                .await
                .unwrap();
        }
        assert_eq!(count_points(test).await, 4);
    })
    .await;
}

#[tokio::test]
async fn points_are_logged_to_models_too() {
    on_each_engine(async |test| {
        create_run(test, "r1").await;
        insert_model(test, "m-1").await;
        let on = |name: &str, value| NewMetric {
            model_id: Some(ModelId::new("m-1")),
            dataset: Some(MetricDataset {
                name: name.to_owned(),
                digest: "d".to_owned(),
            }),
            ..metric("rmse", 1, 10, value).into()
        };
        let plain = NewMetric {
            dataset: None,
            ..on("", 0.1)
        };
        let metrics = vec![on("test", 0.2), on("train", 0.3), plain, on("test", 0.4)];
        let metric_keys = vec![test.key("rmse").await; metrics.len()];
        for _ in 0..2 {
            let (metrics, metric_keys) = (metrics.clone(), metric_keys.clone());
            test.write(LogBatch {
                metrics,
                metric_keys,
                ..empty_batch("r1")
            })
            .await
            .unwrap();
        }
        let logged = "SELECT count(*) FROM logged_model_metrics WHERE run_id = 'r1'";
        assert_eq!(count(test, logged).await, 3, "one per dataset");
        let last = format!("{logged} AND dataset_name = 'test' AND value = 0.4");
        assert_eq!(count(test, &last).await, 1, "the last one wins");
        assert_eq!(count_points(test).await, 4);
    })
    .await;
}

/// A logged model of the default experiment.
async fn insert_model(test: &TestDb, model_id: &str) {
    let sql = format!(
        "INSERT INTO logged_models (platform_pk, workspace_pk, experiment_pk, model_id, name, \
         artifact_uri, status, lifecycle, created_ms, updated_ms, revision) \
         VALUES ({}, {}, 1, '{model_id}', 'm', '', 1, 'active', 0, 0, 1)",
        test.tenant.platform, test.tenant.workspace
    );
    test.execute(&sql).await;
}

#[tokio::test]
async fn many_log_to_one_run_at_once() {
    on_each_engine(async |test| {
        create_run(test, "r1").await;
        let value = |step: i32| f64::from(step) / 2.0;
        let batches = join_all((0..40).map(|step| {
            let own_key = format!("own{step}");
            let test = &*test;
            async move {
                let points = [
                    metric("shared", step.into(), 1, value(step)),
                    metric(&own_key, 0, 1, value(step)),
                ];
                metrics_batch(test, "r1", &points).await
            }
        }))
        .await;
        let written = join_all(batches.into_iter().map(|batch| test.write(batch))).await;
        let mut revisions: Vec<i64> = written
            .into_iter()
            .map(|etag| etag.unwrap().revision)
            .collect();
        revisions.sort_unstable();
        assert_eq!(revisions, (2..42).collect::<Vec<i64>>());
        let run = get_run(test, "r1").await.unwrap();
        assert_eq!(run.metrics.len(), 41);
        assert_eq!(run.metrics[40], metric("shared", 39, 1, value(39)));
        assert_eq!(count_points(test).await, 80);
    })
    .await;
}

#[tokio::test]
async fn logged_models_are_listed_in_a_tag() {
    on_each_engine(async |test| {
        create_run(test, "r1").await;
        let history_key = test.key("mlflow.log-model.history").await;
        for model_json in ["{\"a\":1}", "{\"b\":2}"] {
            let model_json = model_json.to_owned();
            let run_id = RunId::new("r1");
            test.write(LogModel {
                run_id,
                model_json,
                history_key,
            })
            .await
            .unwrap();
        }
        let tags = get_run(test, "r1").await.unwrap().tags;
        assert_eq!(
            tags[0],
            tag("mlflow.log-model.history", "[{\"a\":1}, {\"b\":2}]")
        );
    })
    .await;
}

#[tokio::test]
async fn a_purged_run_leaves_nothing_behind() {
    on_each_engine(async |test| {
        for run_id in ["gone", "kept"] {
            create_run(test, run_id).await;
            log_params(test, run_id, &[param("p", "a")]).await.unwrap();
            // A full block, and some points more.
            let points: Vec<Metric> = (0..100).map(|n| metric("m", n, n, 0.5)).collect();
            test.write(metrics_batch(test, run_id, &points).await)
                .await
                .unwrap();
        }
        let kept = get_run(test, "kept").await.unwrap();
        test.write(PurgeRun {
            run_id: RunId::new("gone"),
        })
        .await
        .unwrap();
        assert_eq!(
            get_run(test, "gone").await.unwrap_err().kind(),
            ErrorKind::NotFound
        );
        assert_eq!(get_run(test, "kept").await.unwrap(), kept);
        for table in [
            "runs",
            "run_params",
            "run_tags",
            "run_metrics",
            "metric_tails",
            "metric_blocks",
        ] {
            assert_eq!(
                count(test, &format!("SELECT count(*) FROM {table}")).await,
                1,
                "{table}"
            );
        }
    })
    .await;
}

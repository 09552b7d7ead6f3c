//! Where versions come from: their runs and logged models.

use ferroflow_model::metrics::Metric;
use ferroflow_model::model_versions::{ModelVersion, NewModelVersion, UnknownOrigin};
use ferroflow_model::{ErrorKind, ModelId, Result, RunId};
use ferroflow_store::logged_models::{DeleteLoggedModel, TagLoggedModel};
use ferroflow_store::{Tenant, WriteContext};
use futures_util::future::join_all;

use crate::harness::{NOW_MS, TestDb, on_each_engine};
use crate::logged_models::{
    create_logged_model, get_logged_model, log_model_metrics, new_logged_model,
};
use crate::registered_models::delete;
use crate::registry::{
    bare_version, create_model, creation, get_version, later, number, refusal, set_tags,
};
use crate::run_data::metric;
use crate::runs::{create_run, new_run};

/// A version that names a run, a logged model, or both.
fn version_of(run_id: Option<&str>, model_id: Option<&str>) -> NewModelVersion {
    NewModelVersion {
        run_id: run_id.map(RunId::new),
        model_id: model_id.map(ModelId::new),
        ..bare_version("iris")
    }
}

async fn create(test: &TestDb, tenant: Tenant, new: NewModelVersion) -> Result<ModelVersion> {
    let context = WriteContext {
        tenant,
        ..test.context()
    };
    test.write_with(context, creation(test, new).await).await
}

fn unknown(parameter: &str, id: &str) -> (ErrorKind, String) {
    let message = format!(
        "Invalid value for parameter '{parameter}': '{id}' does not exist, or you may not see it."
    );
    (ErrorKind::RelatedNotFound, message)
}

/// A run `r-ID` and a logged model `m-ID` in each of these tenants.
async fn create_origins(test: &TestDb, tenants: &[(&str, Tenant)]) {
    for (id, tenant) in tenants {
        let context = WriteContext {
            tenant: *tenant,
            ..test.context()
        };
        let run = new_run(test, &format!("r-{id}")).await;
        test.write_with(context.clone(), run).await.unwrap();
        let model = new_logged_model(test, &format!("m-{id}")).await;
        test.write_with(context, model).await.unwrap();
    }
}

#[tokio::test]
async fn an_origin_is_looked_for_where_the_request_speaks_for() {
    on_each_engine(async |test| {
        create_model(test, "iris").await;
        let here = test.tenant;
        let sibling = test.tenant("default", "sibling").await;
        let stranger = test.tenant("stranger", "default").await;
        create_origins(
            test,
            &[("here", here), ("sibling", sibling), ("stranger", stranger)],
        )
        .await;
        let platform = Tenant {
            workspace: 0,
            ..here
        };
        for (tenant, id, is_known) in [
            (here, "here", true),
            (here, "sibling", false),
            (here, "stranger", false),
            (here, "nowhere", false),
            (sibling, "sibling", true),
            (sibling, "here", false),
            (platform, "here", true),
            (platform, "sibling", true),
            (platform, "stranger", false),
            (platform, "nowhere", false),
        ] {
            let (run_id, model_id) = (format!("r-{id}"), format!("m-{id}"));
            let of_run = create(test, tenant, version_of(Some(&run_id), None)).await;
            let of_model = create(test, tenant, version_of(None, Some(&model_id))).await;
            if is_known {
                assert_eq!(of_run.unwrap().run_id, Some(RunId::new(run_id)));
                assert_eq!(of_model.unwrap().model_params.len(), 2);
            } else {
                assert_eq!(refusal(of_run), unknown("run_id", &run_id));
                assert_eq!(refusal(of_model), unknown("model_id", &model_id));
            }
        }
    })
    .await;
}

#[tokio::test]
async fn an_unknown_origin_is_kept_as_text_when_asked_for() {
    on_each_engine(async |test| {
        create_model(test, "iris").await;
        let sibling = test.tenant("default", "sibling").await;
        create_origins(test, &[("sibling", sibling)]).await;
        for id in ["nowhere", "sibling"] {
            let (run_id, model_id) = (format!("r-{id}"), format!("m-{id}"));
            let new = NewModelVersion {
                unknown_origin: UnknownOrigin::Keep,
                ..version_of(Some(&run_id), Some(&model_id))
            };
            let version = create(test, test.tenant, new).await.unwrap();
            assert_eq!(version.run_id, Some(RunId::new(run_id)));
            assert_eq!(version.model_id, Some(ModelId::new(model_id)));
            assert!(
                version.model_params.is_empty(),
                "another workspace's is not shown"
            );
            let read = get_version(test, "iris", version.version.number()).await;
            assert_eq!(read.unwrap(), version);
        }
    })
    .await;
}

#[tokio::test]
async fn a_deleted_logged_model_is_no_origin() {
    on_each_engine(async |test| {
        create_model(test, "iris").await;
        create_logged_model(test, "m-1").await;
        let new = || version_of(None, Some("m-1"));
        let made = create(test, test.tenant, new()).await.unwrap();
        let model_id = ModelId::new("m-1");
        test.write(DeleteLoggedModel { model_id }).await.unwrap();
        let refused = refusal(create(test, test.tenant, new()).await);
        assert_eq!(refused, unknown("model_id", "m-1"));
        let read = get_version(test, "iris", 1).await.unwrap();
        assert_eq!(read, made, "a version keeps what it was made from");
    })
    .await;
}

#[tokio::test]
async fn the_run_is_the_one_named_or_the_source_of_the_logged_model() {
    on_each_engine(async |test| {
        create_model(test, "iris").await;
        create_run(test, "r2").await;
        create_logged_model(test, "m-1").await;
        let inherited = create(test, test.tenant, version_of(None, Some("m-1"))).await;
        assert_eq!(inherited.unwrap().run_id, Some(RunId::new("r1")));
        let named = create(test, test.tenant, version_of(Some("r2"), Some("m-1"))).await;
        assert_eq!(named.unwrap().run_id, Some(RunId::new("r2")));
        let read = get_version(test, "iris", 1).await.unwrap();
        assert_eq!(read.run_id, Some(RunId::new("r1")));
    })
    .await;
}

fn shown(metrics: &[Metric]) -> Vec<(&str, i64, f64)> {
    metrics
        .iter()
        .map(|metric| (metric.key.as_str(), metric.step, metric.value))
        .collect()
}

#[tokio::test]
async fn a_version_shows_the_params_and_latest_metrics_of_its_logged_model() {
    on_each_engine(async |test| {
        create_model(test, "iris").await;
        create_run(test, "r1").await;
        create_run(test, "r2").await;
        for id in ["m-1", "m-2"] {
            create_logged_model(test, id).await;
        }
        let points = [
            metric("loss", 5, 10, 0.5),
            metric("loss", 1, 20, 0.4),
            metric("loss", 2, 20, 0.3),
            metric("acc", 0, 10, 0.9),
        ];
        log_model_metrics(test, "m-1", "r2", &points).await;
        log_model_metrics(test, "m-1", "r1", &[metric("loss", 2, 20, 0.2)]).await;
        let version = create(test, test.tenant, version_of(None, Some("m-1")))
            .await
            .unwrap();
        let params: Vec<_> = version
            .model_params
            .iter()
            .map(|param| (param.key.as_str(), param.value.as_str()))
            .collect();
        assert_eq!(params, [("alpha", "0.1"), ("depth", "3")]);
        let expected = [("acc", 0, 0.9), ("loss", 2, 0.2)];
        assert_eq!(shown(&version.model_metrics), expected);
        assert_eq!(get_version(test, "iris", 1).await.unwrap(), version);

        create(test, test.tenant, version_of(None, Some("m-2")))
            .await
            .unwrap();
        log_model_metrics(test, "m-1", "r1", &[metric("acc", 1, 30, 0.95)]).await;
        let read = get_version(test, "iris", 1).await.unwrap();
        assert_eq!(shown(&read.model_metrics)[0], ("acc", 1, 0.95));
        assert_eq!(
            read.etag, version.etag,
            "the metrics of a logged model are its own"
        );
        let other = get_version(test, "iris", 2).await.unwrap();
        assert!(other.model_metrics.is_empty() && other.model_params.len() == 2);
    })
    .await;
}

async fn links(test: &TestDb, id: &str) -> String {
    let model = get_logged_model(test, id).await.unwrap();
    let tags = model.tags.into_iter();
    let mut links = tags.filter(|tag| tag.key == "mlflow.modelVersions");
    links.next().unwrap().value
}

#[tokio::test]
async fn a_logged_model_lists_the_versions_made_from_it() {
    on_each_engine(async |test| {
        create_model(test, "iris").await;
        let logged = create_logged_model(test, "m-1").await;
        let version = async || {
            let new = creation(test, version_of(None, Some("m-1"))).await;
            test.write_with(later(test, 5), new).await.unwrap().version
        };
        version().await;
        assert_eq!(
            links(test, "m-1").await,
            r#"[{"name": "iris", "version": 1}]"#
        );
        let linked = get_logged_model(test, "m-1").await.unwrap();
        assert_ne!(linked.etag, logged.etag);
        assert_eq!(linked.updated_ms, NOW_MS, "tags leave the time of update");
        version().await;
        let both = r#"[{"name": "iris", "version": 1}, {"name": "iris", "version": 2}]"#;
        assert_eq!(links(test, "m-1").await, both);

        test.write(delete(test, "iris")).await.unwrap();
        create_model(test, "iris").await;
        version().await;
        let again = r#"[{"name": "iris", "version": 2}, {"name": "iris", "version": 1}]"#;
        assert_eq!(links(test, "m-1").await, again);

        let garbled = TagLoggedModel {
            model_id: ModelId::new("m-1"),
            changes: set_tags(test, &[("mlflow.modelVersions", "not JSON")]).await,
            keys: test.db().keys(),
        };
        test.write(garbled).await.unwrap();
        assert_eq!(version().await, number(2));
        assert_eq!(
            links(test, "m-1").await,
            r#"[{"name": "iris", "version": 2}]"#
        );
    })
    .await;
}

#[tokio::test]
async fn a_logged_model_lists_the_newest_hundred_versions() {
    on_each_engine(async |test| {
        create_model(test, "iris").await;
        create_logged_model(test, "m-1").await;
        let mut creations = Vec::new();
        for _ in 0..105 {
            creations.push(creation(test, version_of(None, Some("m-1"))).await);
        }
        for result in join_all(creations.into_iter().map(|create| test.write(create))).await {
            result.unwrap();
        }
        let links = links(test, "m-1").await;
        assert_eq!(links.matches("iris").count(), 100);
        assert!(
            links.starts_with(r#"[{"name": "iris", "version": 6},"#),
            "{links}"
        );
        assert!(
            links.ends_with(r#"{"name": "iris", "version": 105}]"#),
            "{links}"
        );
    })
    .await;
}

#[tokio::test]
async fn versions_tags_and_metrics_of_one_logged_model_come_at_once() {
    on_each_engine(async |test| {
        for label in ["iris", "rose"] {
            create_model(test, label).await;
        }
        create_run(test, "r1").await;
        create_logged_model(test, "m-1").await;
        let one = async |client: i64| {
            for round in 0..10 {
                let label = if (client + round) % 2 == 0 {
                    "iris"
                } else {
                    "rose"
                };
                let new = NewModelVersion {
                    model_id: Some(ModelId::new("m-1")),
                    ..bare_version(label)
                };
                create(test, test.tenant, new).await.unwrap();
                let step = client * 100 + round;
                log_model_metrics(test, "m-1", "r1", &[metric("loss", step, step, 0.1)]).await;
                let tag = TagLoggedModel {
                    model_id: ModelId::new("m-1"),
                    changes: set_tags(test, &[("a", "b")]).await,
                    keys: test.db().keys(),
                };
                test.write(tag).await.unwrap();
            }
        };
        join_all((0..4).map(one)).await;
        assert_eq!(links(test, "m-1").await.matches("version").count(), 40);
        let model = get_logged_model(test, "m-1").await.unwrap();
        assert_eq!(model.metrics.len(), 40);
    })
    .await;
}

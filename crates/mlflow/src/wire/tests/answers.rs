//! Holds what clients are answered to MLflow's messages, with everything set and with nothing set.

use ferroflow_model::artifacts::FileInfo;
use ferroflow_model::datasets::{self, DatasetInput, DatasetSummary};
use ferroflow_model::experiments::Experiment;
use ferroflow_model::logged_models::{LoggedModel, LoggedModelStatus};
use ferroflow_model::metrics::{self, MetricDataset, ModelMetric};
use ferroflow_model::model_versions::{ModelVersion, ModelVersionStatus, Stage};
use ferroflow_model::registered_models::{AliasTarget, ModelName, RegisteredModel};
use ferroflow_model::runs::{Run, RunInfo, RunStatus};
use ferroflow_model::{
    Etag, ExperimentId, LifecycleStage, ModelId, Param, RunId, Tag, VersionNumber,
};
use serde::Serialize;
use serde_json::{Value as Json, json};

use crate::wire::{artifacts, experiments, logged_models, model_versions, registered_models, runs};

/// Names and types of the fields of answers. `?` marks what this dialect never sets.
const ANSWERS: &[(&str, &str)] = &[
    (
        "Experiment",
        "experiment_id:text name:text artifact_location:text lifecycle_stage:text \
         last_update_time:integer creation_time:integer tags:message* \
         effective_trace_archival_retention:text? workspace:text",
    ),
    (
        "RunInfo",
        "run_id:text run_uuid:text run_name:text experiment_id:text user_id:text status:text \
         start_time:integer end_time:integer artifact_uri:text lifecycle_stage:text",
    ),
    ("RunData", "metrics:message* params:message* tags:message*"),
    (
        "Run",
        "info:message data:message inputs:message outputs:message",
    ),
    ("RunInputs", "dataset_inputs:message* model_inputs:message*"),
    (
        "Metric",
        "key:text value:double timestamp:integer step:integer dataset_name:text \
         dataset_digest:text model_id:text run_id:text",
    ),
    (
        "Dataset",
        "name:text digest:text source_type:text source:text schema:text profile:text",
    ),
    (
        "LoggedModelInfo",
        "model_id:text experiment_id:text name:text creation_timestamp_ms:integer \
         last_updated_timestamp_ms:integer artifact_uri:text status:text creator_id:integer? \
         model_type:text source_run_id:text status_message:text tags:message* \
         registrations:message*?",
    ),
    ("LoggedModelData", "params:message* metrics:message*"),
    (
        "RegisteredModel",
        "name:text creation_timestamp:integer last_updated_timestamp:integer user_id:text? \
         description:text latest_versions:message* tags:message* aliases:message* \
         deployment_job_id:text deployment_job_state:text?",
    ),
    (
        "ModelVersion",
        "name:text version:text creation_timestamp:integer last_updated_timestamp:integer \
         user_id:text current_stage:text description:text source:text run_id:text status:text \
         status_message:text tags:message* run_link:text aliases:text* model_id:text? \
         model_params:message*? model_metrics:message*? deployment_job_state:message?",
    ),
    ("FileInfo", "path:text is_dir:boolean file_size:integer"),
    (
        "DatasetSummary",
        "experiment_id:text name:text digest:text context:text",
    ),
];

fn kind(value: &Json) -> String {
    match value {
        Json::String(_) => "text".to_owned(),
        Json::Bool(_) => "boolean".to_owned(),
        Json::Number(number) if number.is_f64() => "double".to_owned(),
        Json::Number(_) => "integer".to_owned(),
        Json::Array(items) => format!("{}*", kind(&items[0])),
        Json::Object(_) => "message".to_owned(),
        Json::Null => "null".to_owned(),
    }
}

/// Checks an answer in which everything is set.
fn check(message: &str, answer: &Json) {
    let (_, facts) = ANSWERS.iter().find(|(name, _)| *name == message).unwrap();
    let is_set = |fact: &&str| !fact.ends_with('?');
    let mut expected: Vec<&str> = facts.split_whitespace().filter(is_set).collect();
    let fields = answer.as_object().unwrap().iter();
    let mut found: Vec<String> = fields
        .map(|(name, value)| format!("{name}:{}", kind(value)))
        .collect();
    expected.sort_unstable();
    found.sort();
    assert_eq!(found, expected, "{message}");
}

fn json<T: Serialize>(view: T) -> Json {
    serde_json::to_value(view).unwrap()
}

const ETAG: Etag = Etag {
    row: 1,
    revision: 1,
};

fn some_tags() -> Vec<Tag> {
    vec![Tag {
        key: "k".to_owned(),
        value: "v".to_owned(),
    }]
}

fn some_params() -> Vec<Param> {
    vec![Param {
        key: "p".to_owned(),
        value: String::new(),
    }]
}

fn some_metric(value: f64) -> metrics::Metric {
    metrics::Metric {
        key: "m".to_owned(),
        value,
        timestamp_ms: 1,
        step: -2,
    }
}

fn some_run() -> Run {
    Run {
        info: RunInfo {
            run_id: RunId::new("r"),
            name: "n".to_owned(),
            experiment_id: ExperimentId::new(7),
            user_id: "u".to_owned(),
            status: RunStatus::Finished,
            start_ms: Some(1),
            end_ms: Some(2),
            artifact_uri: "mlflow-artifacts:/7/r/artifacts".to_owned(),
            lifecycle: LifecycleStage::Active,
            etag: ETAG,
        },
        metrics: vec![some_metric(1.5), some_metric(f64::NAN)],
        params: some_params(),
        tags: some_tags(),
        dataset_inputs: vec![DatasetInput {
            dataset: datasets::Dataset {
                name: "d".to_owned(),
                digest: "g".to_owned(),
                source_type: "t".to_owned(),
                source: "s".to_owned(),
                schema: Some("{}".to_owned()),
                profile: Some("{}".to_owned()),
            },
            tags: some_tags(),
        }],
        model_inputs: vec![ModelId::new("m-1")],
        model_outputs: vec![datasets::ModelOutput {
            model_id: ModelId::new("m-2"),
            step: 3,
        }],
    }
}

fn some_version() -> ModelVersion {
    ModelVersion {
        name: ModelName::new("n"),
        version: VersionNumber::new(3),
        created_ms: 1,
        updated_ms: 2,
        user_id: "u".to_owned(),
        stage: Stage::Staging,
        description: Some(String::new()),
        source: "s".to_owned(),
        storage_location: Some("l".to_owned()),
        run_id: Some(RunId::new("r")),
        run_link: String::new(),
        status: ModelVersionStatus::Ready,
        status_message: "fine".to_owned(),
        tags: some_tags(),
        aliases: vec!["a".to_owned()],
        model_id: Some(ModelId::new("m-1")),
        model_params: some_params(),
        model_metrics: vec![some_metric(1.0)],
        deployment_job_id: Some("j".to_owned()),
        etag: ETAG,
    }
}

#[test]
fn experiments_are_answered_as_by_mlflow() {
    let experiment = Experiment {
        id: ExperimentId::new(7),
        name: "n".to_owned(),
        artifact_location: "l".to_owned(),
        lifecycle: LifecycleStage::Deleted,
        created_ms: 1,
        updated_ms: 2,
        tags: some_tags(),
        etag: ETAG,
    };
    check(
        "Experiment",
        &json(experiments::ExperimentView::new(&experiment, "default")),
    );
    let summary = DatasetSummary {
        experiment_id: ExperimentId::new(7),
        name: "d".to_owned(),
        digest: "g".to_owned(),
        context: Some("training".to_owned()),
    };
    check(
        "DatasetSummary",
        &json(experiments::DatasetSummaryView::from(&summary)),
    );
}

#[test]
fn runs_are_answered_as_by_mlflow() {
    let run = some_run();
    let answer = json(runs::RunView::from(&run));
    check("Run", &answer);
    check("RunInfo", &answer["info"]);
    check("RunData", &answer["data"]);
    check("RunInputs", &answer["inputs"]);
    check("Dataset", &answer["inputs"]["dataset_inputs"][0]["dataset"]);
    assert_eq!(answer["info"]["experiment_id"], "7");
    assert_eq!(answer["info"]["status"], "FINISHED");
    assert_eq!(answer["data"]["metrics"][1]["value"], "NaN");
    assert_eq!(
        answer["outputs"],
        json!({"model_outputs": [{"model_id": "m-2", "step": 3}]})
    );
    let created = json(runs::RunView::from(&run).without_outputs());
    assert!(created.get("outputs").is_none());
}

#[test]
fn what_is_not_set_is_absent() {
    let mut run = some_run();
    run.metrics.clear();
    run.params.clear();
    run.dataset_inputs.clear();
    run.model_inputs.clear();
    run.model_outputs.clear();
    run.info.end_ms = None;
    run.info.user_id.clear();
    let answer = json(runs::RunView::from(&run));
    assert_eq!(answer["inputs"], json!({}));
    assert_eq!(answer["outputs"], json!({}));
    assert_eq!(
        answer["data"],
        json!({"tags": [{"key": "k", "value": "v"}]})
    );
    assert_eq!(answer["info"]["user_id"], "");
    assert!(answer["info"].get("end_time").is_none());
}

#[test]
fn logged_models_are_answered_as_by_mlflow() {
    let model = LoggedModel {
        model_id: ModelId::new("m-1"),
        experiment_id: ExperimentId::new(7),
        name: "n".to_owned(),
        artifact_uri: "l".to_owned(),
        status: LoggedModelStatus::Ready,
        status_message: Some("fine".to_owned()),
        model_type: None,
        source_run_id: None,
        created_ms: 1,
        updated_ms: 2,
        is_deleted: false,
        tags: some_tags(),
        params: some_params(),
        metrics: vec![ModelMetric {
            metric: some_metric(0.5),
            run_id: RunId::new("r"),
            dataset: Some(MetricDataset {
                name: "d".to_owned(),
                digest: "g".to_owned(),
            }),
        }],
        etag: ETAG,
    };
    let answer = json(logged_models::LoggedModelView::from(&model));
    check("LoggedModelInfo", &answer["info"]);
    check("LoggedModelData", &answer["data"]);
    check("Metric", &answer["data"]["metrics"][0]);
    assert_eq!(answer["info"]["status"], "LOGGED_MODEL_READY");
    assert_eq!(answer["info"]["model_type"], "");
}

#[test]
fn the_registry_is_answered_as_by_mlflow() {
    let version = some_version();
    check(
        "ModelVersion",
        &json(model_versions::ModelVersionView::from(&version)),
    );
    let model = RegisteredModel {
        name: ModelName::new("n"),
        created_ms: 1,
        updated_ms: 2,
        description: "d".to_owned(),
        deployment_job_id: Some("j".to_owned()),
        tags: some_tags(),
        aliases: vec![AliasTarget {
            alias: "a".to_owned(),
            version: VersionNumber::new(3),
        }],
        latest_versions: vec![some_version()],
        etag: ETAG,
    };
    let answer = json(registered_models::RegisteredModelView::from(&model));
    check("RegisteredModel", &answer);
    assert_eq!(answer["aliases"], json!([{"alias": "a", "version": "3"}]));
    assert!(answer["latest_versions"][0].get("aliases").is_none());
}

#[test]
fn files_are_answered_as_by_mlflow() {
    let file = |size| FileInfo {
        path: "a/b".to_owned(),
        is_dir: false,
        size,
    };
    let view = |size| json(artifacts::FileInfoView::new(&file(size), "b"));
    check("FileInfo", &view(Some(5)));
    assert_eq!(view(Some(5))["path"], "b");
    assert!(view(Some(0)).get("file_size").is_none());
    assert!(view(None).get("file_size").is_none());
}

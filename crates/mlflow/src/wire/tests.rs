//! Holds the messages to MLflow's: the same names, the same types, nothing more and nothing less.

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

use super::{
    artifacts, experiments, logged_models, metrics as metric_wire, model_versions,
    registered_models, runs, tags,
};
use crate::message::{Field, Kind, Message};

/// Names and types of the fields of a request, as MLflow's message of that operation has them.
/// `*` marks lists.
macro_rules! requests {
    ($($module:ident :: $message:ident : $facts:literal,)*) => {
        &[$((
            stringify!($message),
            <$module::$message as Message>::FIELDS,
            $facts,
        )),*]
    };
}

const REQUESTS: &[(&str, &[Field], &str)] = requests! {
    experiments::CreateExperiment: "name:text artifact_location:text tags:message*",
    experiments::ExperimentById: "experiment_id:text",
    experiments::GetExperimentByName: "experiment_name:text",
    experiments::UpdateExperiment: "experiment_id:text new_name:text",
    experiments::SearchExperiments: "max_results:integer page_token:text filter:text order_by:text* view_type:enumeration",
    experiments::SetExperimentTag: "experiment_id:text key:text value:text",
    experiments::DeleteExperimentTag: "experiment_id:text key:text",
    experiments::SearchDatasets: "experiment_ids:text*",
    runs::CreateRun: "experiment_id:text user_id:text run_name:text start_time:integer tags:message*",
    runs::GetRun: "run_id:text run_uuid:text",
    runs::UpdateRun: "run_id:text run_uuid:text status:enumeration end_time:integer run_name:text",
    runs::RunById: "run_id:text",
    runs::SearchRuns: "experiment_ids:text* filter:text run_view_type:enumeration max_results:integer order_by:text* page_token:text",
    runs::LogParam: "run_id:text run_uuid:text key:text value:text",
    runs::SetTag: "run_id:text run_uuid:text key:text value:text",
    runs::DeleteTag: "run_id:text key:text",
    runs::LogBatch: "run_id:text metrics:message* params:message* tags:message*",
    runs::LogModel: "run_id:text model_json:text",
    runs::Dataset: "name:text digest:text source_type:text source:text schema:text profile:text",
    runs::DatasetInputMessage: "tags:message* dataset:message",
    runs::ModelInput: "model_id:text",
    runs::ModelOutput: "model_id:text step:integer",
    runs::LogInputs: "run_id:text datasets:message* models:message*",
    runs::LogOutputs: "run_id:text models:message*",
    metric_wire::Metric: "key:text value:double timestamp:integer step:integer dataset_name:text dataset_digest:text model_id:text run_id:text",
    metric_wire::LogMetric: "run_id:text run_uuid:text key:text value:double timestamp:integer step:integer model_id:text dataset_name:text dataset_digest:text",
    metric_wire::GetMetricHistory: "run_id:text run_uuid:text metric_key:text page_token:text max_results:integer",
    tags::KeyValue: "key:text value:text",
    logged_models::CreateLoggedModel: "experiment_id:text name:text model_type:text source_run_id:text params:message* tags:message*",
    logged_models::LogLoggedModelParams: "model_id:text params:message*",
    logged_models::FinalizeLoggedModel: "model_id:text status:enumeration",
    logged_models::SetLoggedModelTags: "model_id:text tags:message*",
    logged_models::DatasetFilter: "dataset_name:text dataset_digest:text",
    logged_models::OrderBy: "field_name:text ascending:boolean dataset_name:text dataset_digest:text",
    logged_models::SearchLoggedModels: "experiment_ids:text* filter:text datasets:message* max_results:integer order_by:message* page_token:text",
    registered_models::CreateRegisteredModel: "name:text tags:message* description:text deployment_job_id:text",
    registered_models::RegisteredModelByName: "name:text",
    registered_models::UpdateRegisteredModel: "name:text description:text deployment_job_id:text",
    registered_models::RenameRegisteredModel: "name:text new_name:text",
    registered_models::SearchRegisteredModels: "filter:text max_results:integer order_by:text* page_token:text",
    registered_models::GetLatestVersions: "name:text stages:text*",
    registered_models::SetRegisteredModelTag: "name:text key:text value:text",
    registered_models::DeleteRegisteredModelTag: "name:text key:text",
    registered_models::SetAlias: "name:text alias:text version:text",
    registered_models::AliasByName: "name:text alias:text",
    model_versions::CreateModelVersion: "name:text source:text run_id:text tags:message* run_link:text description:text model_id:text",
    model_versions::ModelVersionById: "name:text version:text",
    model_versions::GetDownloadUri: "name:text version:text",
    model_versions::UpdateModelVersion: "name:text version:text description:text",
    model_versions::TransitionModelVersionStage: "name:text version:text stage:text archive_existing_versions:boolean",
    model_versions::SearchModelVersions: "filter:text max_results:integer order_by:text* page_token:text",
    model_versions::SetModelVersionTag: "name:text version:text key:text value:text",
    model_versions::DeleteModelVersionTag: "name:text version:text key:text",
    artifacts::ListRunArtifacts: "run_id:text run_uuid:text path:text page_token:text",
    artifacts::ListLoggedModelArtifacts: "model_id:text artifact_directory_path:text page_token:text",
    artifacts::ListProxiedArtifacts: "path:text",
    artifacts::CreateMultipartUpload: "path:text num_parts:integer",
    artifacts::MultipartUploadPart: "part_number:integer etag:text url:text",
    artifacts::CompleteMultipartUpload: "path:text upload_id:text parts:message*",
    artifacts::AbortMultipartUpload: "path:text upload_id:text",
    artifacts::CreatePresignedUploadUrl: "run_id:text path:text expiration:integer model_id:text",
    artifacts::CreatePresignedDownloadUrl: "run_id:text path:text expiration:integer",
};

fn fact(field: &Field) -> String {
    let kind = match field.kind {
        Kind::Text => "text",
        Kind::Integer => "integer",
        Kind::Double => "double",
        Kind::Boolean => "boolean",
        Kind::Enumeration => "enumeration",
        Kind::Message(_) => "message",
    };
    let list = if field.is_repeated { "*" } else { "" };
    format!("{}:{kind}{list}", field.name)
}

#[test]
fn requests_have_the_fields_of_mlflow() {
    for (name, fields, facts) in REQUESTS {
        let mut found: Vec<String> = fields.iter().map(fact).collect();
        let mut expected: Vec<&str> = facts.split(' ').collect();
        found.sort();
        expected.sort_unstable();
        assert_eq!(found, expected, "{name}");
    }
}

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
    part: 0,
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
        description: String::new(),
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
        &json(experiments::ExperimentView::from(&experiment)),
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

//! Holds what clients send to MLflow's messages: the same names, the same types, nothing more and
//! nothing less.

mod answers;

use super::{
    artifacts, experiments, logged_models, metrics as metric_wire, model_versions,
    registered_models, runs, tags, workspaces,
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
    metric_wire::GetMetricHistoryBulkInterval: "run_ids:text* metric_key:text start_step:integer end_step:integer max_results:integer",
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
    workspaces::TraceArchivalConfig: "location:text retention:text",
    workspaces::CreateWorkspace: "name:text description:text default_artifact_root:text trace_archival_config:message",
    workspaces::UpdateWorkspace: "workspace_name:text description:text default_artifact_root:text trace_archival_config:message",
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

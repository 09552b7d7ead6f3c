//! Artifacts are read: by their path, or through the run, version or model that they belong to.

use axum::extract::Request;
use axum::response::Response;
use ferroflow_model::{ErrorKind, ModelId, Permission, Resource, RunId, VersionNumber};
use ferroflow_service::ArtifactPath;
use http::StatusCode;

use crate::artifacts::{ANY, Query};
use crate::byte_requests::ByteRequest;
use crate::call::{Answer, Call};
use crate::error::{BAD_REQUEST, Failure};
use crate::json;
use crate::registered_models::model_name;
use crate::routes::{GET, Roots, Routes};

/// The routes of what is read.
pub(crate) fn declare(routes: &mut Routes) {
    let reads = Permission::read(Resource::Artifacts);
    let by_path = (GET, Roots::Both, ANY);
    routes.add_raw(by_path, "downloadArtifact", reads, download);
    let of_run = (GET, Roots::Bare, "/get-artifact");
    routes.add_raw(of_run, "getRunArtifact", reads, download_of_run);
    let of_version = (GET, Roots::Bare, "/model-versions/get-artifact");
    let name = "getModelVersionArtifact";
    routes.add_raw(of_version, name, reads, download_of_version);
    let files = "/2.0/mlflow/logged-models/{model_id}/artifacts/files";
    let (of_model, name) = ((GET, Roots::Ajax, files), "getLoggedModelArtifact");
    routes.add_raw(of_model, name, reads, download_of_logged_model);
}

/// `GET mlflow-artifacts/artifacts/{path}`
pub(crate) async fn download(call: Call<Request>) -> Answer<Response> {
    let (service, context) = (&call.service, &call.context);
    let path = call.path.get("path");
    ByteRequest::of(call.message.headers())
        .serve(|range| service.download_artifact(context, path, range))
        .await
        .map_err(of_directory)
}

/// The reference refuses a directory here in the shape of its newer endpoints.
fn of_directory(failure: Failure) -> Failure {
    match failure.core() {
        Some(error) if error.kind() == ErrorKind::IsADirectory => {
            json::detail(StatusCode::BAD_REQUEST, error.message()).into()
        }
        _ => failure,
    }
}

/// `GET get-artifact`
pub(crate) async fn download_of_run(call: Call<Request>) -> Answer<Response> {
    let (service, context) = (&call.service, &call.context);
    let query = Query::of(&call.message);
    let run_id = query.get("run_id").or_else(|| query.get("run_uuid"));
    let run_id = RunId::new(run_id.unwrap_or_default());
    let path = query.path()?;
    ByteRequest::of(call.message.headers())
        .serve(|range| service.download_run_artifact(context, &run_id, path, range))
        .await
}

/// `GET model-versions/get-artifact`
pub(crate) async fn download_of_version(call: Call<Request>) -> Answer<Response> {
    let (service, context) = (&call.service, &call.context);
    let query = Query::of(&call.message);
    let path = query.path()?;
    ArtifactPath::parse(path)?;
    let name = model_name(query.get("name").map(str::to_owned))?;
    let version = VersionNumber::parse(query.get("version").unwrap_or_default())?;
    ByteRequest::of(call.message.headers())
        .serve(|range| service.download_version_artifact(context, &name, version, path, range))
        .await
}

/// `GET logged-models/{model_id}/artifacts/files`
pub(crate) async fn download_of_logged_model(call: Call<Request>) -> Answer<Response> {
    let (service, context) = (&call.service, &call.context);
    let query = Query::of(&call.message);
    let Some(path) = query.get("artifact_file_path") else {
        return Err(Failure::new(
            BAD_REQUEST,
            "Request must include the \"artifact_file_path\" query parameter.",
        ));
    };
    let model_id = ModelId::new(call.path.get("model_id"));
    ByteRequest::of(call.message.headers())
        .serve(|range| service.download_model_artifact(context, &model_id, path, range))
        .await
}

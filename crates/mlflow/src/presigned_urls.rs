//! Signed URLs, which need an object store behind the server. The operations check what they are
//! asked, and then say that the local disk does not offer it.

use ferroflow_model::{Error, ErrorKind, ModelId, Permission, Resource, Result, RunId};
use ferroflow_service::ArtifactPath;

use crate::call::{Answer, Call};
use crate::routes::{GET, POST, Roots, Routes};
use crate::uri::Uri;
use crate::wire::artifacts::{CreatePresignedDownloadUrl, CreatePresignedUploadUrl};

/// How long a signed URL may live, in seconds: what cloud providers allow.
const MAX_EXPIRATION: i64 = 604_800;
const DEFAULT_EXPIRATION: i64 = 900;

/// The routes of signed URLs.
pub(crate) fn declare(routes: &mut Routes) {
    let mut group = routes.group(Resource::Artifacts);
    let signed = "artifacts/presigned-upload-url";
    group.write(
        POST,
        signed,
        "createPresignedUploadUrl",
        presigned_upload_url,
    );
    let signed = "artifacts/presigned-download-url";
    group.read(
        POST,
        signed,
        "createPresignedDownloadUrl",
        presigned_download_url,
    );
    let at = (GET, Roots::Both, "/2.0/mlflow-artifacts/presigned/{*path}");
    let reads = Permission::read(Resource::Artifacts);
    routes.add(at, "getPresignedDownloadUrl", reads, presigned_download);
}

fn unsupported(what: &str) -> Error {
    Error::new(
        ErrorKind::Unsupported,
        format!("{what} is not supported for the current artifact repository"),
    )
}

/// `GET mlflow-artifacts/presigned/{path}`
pub(crate) async fn presigned_download(call: Call<()>) -> Answer {
    ArtifactPath::parse(call.path.get("path"))?;
    Err(unsupported("Multipart download").into())
}

/// `POST artifacts/presigned-upload-url`
pub(crate) async fn presigned_upload_url(call: Call<CreatePresignedUploadUrl>) -> Answer {
    let named = |text: &Option<String>| text.clone().filter(|text| !text.is_empty());
    let (service, context) = (&call.service, &call.context);
    let run_id = named(&call.message.run_id);
    let model_id = named(&call.message.model_id);
    if run_id.is_some() == model_id.is_some() {
        let message = "Exactly one of run_id and model_id must be provided.";
        return Err(Error::invalid(message).into());
    }
    check_path(call.message.path.as_deref())?;
    let root = if let Some(run_id) = run_id {
        let run = service.get_run(context, &RunId::new(run_id)).await?;
        run.info.artifact_uri
    } else {
        let model_id = ModelId::new(model_id.unwrap_or_default());
        let model = service.get_logged_model(context, &model_id, false);
        model.await?.artifact_uri
    };
    refuse_proxied(&root, "upload is not supported for", "a")?;
    Err(unsupported("Presigned upload").into())
}

/// `POST artifacts/presigned-download-url`
pub(crate) async fn presigned_download_url(call: Call<CreatePresignedDownloadUrl>) -> Answer {
    check_path(call.message.path.as_deref())?;
    let expiration = call.message.expiration.unwrap_or(DEFAULT_EXPIRATION);
    if !(1..=MAX_EXPIRATION).contains(&expiration) {
        return Err(Error::invalid(format!(
            "expiration must be between 1 and {MAX_EXPIRATION} seconds (got {expiration})."
        ))
        .into());
    }
    let run_id = RunId::new(call.message.run_id.unwrap_or_default());
    let run = call.service.get_run(&call.context, &run_id).await?;
    let root = &run.info.artifact_uri;
    refuse_proxied(
        root,
        "download is not supported for runs with",
        "a run with a",
    )?;
    Err(unsupported("Presigned download").into())
}

fn check_path(path: Option<&str>) -> Result<()> {
    ArtifactPath::parse(path.unwrap_or_default()).map(drop)
}

/// Refuses a root that only this server reads, so that there is nothing else to sign a URL for.
fn refuse_proxied(root: &str, what: &str, needed: &str) -> Result<()> {
    let scheme = Uri::parse(root).scheme;
    if !matches!(scheme.as_str(), "http" | "https" | "mlflow-artifacts") {
        return Ok(());
    }
    Err(Error::invalid(format!(
        "Presigned {what} proxied artifact storage (artifact URI scheme: {scheme}). \
         This endpoint requires {needed} direct cloud storage artifact URI."
    )))
}

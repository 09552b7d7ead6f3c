//! Signed URLs: where clients reach the object store behind the server without credentials of their
//! own. A local disk has none.

use std::time::Duration;

use ferroflow_model::{Error, ErrorKind, ModelId, Permission, Resource, Result, RunId};
use ferroflow_service::{ArtifactPath, MAX_SIGNED_URL_SECONDS, SignedUrl};
use ferroflow_web::content_type;

use crate::call::{Answer, Call};
use crate::json::Json;
use crate::routes::{GET, POST, Roots, Routes};
use crate::uri::Uri;
use crate::wire::artifacts::{
    CreatePresignedDownloadUrl, CreatePresignedUploadUrl, PresignedUrl, ProxiedPresignedUrl,
};

/// How long a URL for an upload lives unless asked otherwise.
const UPLOAD_LIFETIME: Duration = Duration::from_mins(15);

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
    let path = call.path.get("path");
    let lifetime = call.options.signed_url_lifetime;
    let signed = call.service.sign_download(&call.context, path, lifetime);
    let signed = (signed.await?).ok_or_else(|| unsupported("Multipart download"))?;
    Ok(Json::of(&ProxiedPresignedUrl::new(&signed))?)
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
    let path = artifact_path(call.message.path.as_deref())?;
    let root = if let Some(run_id) = run_id {
        let run = service.get_run(context, &RunId::new(run_id)).await?;
        run.info.artifact_uri
    } else {
        let model_id = ModelId::new(model_id.unwrap_or_default());
        let model = service.get_logged_model(context, &model_id, false);
        model.await?.artifact_uri
    };
    refuse_proxied(&root, "upload is not supported for", "a")?;
    let asked = call.message.expiration.map(lifetime).transpose()?;
    let lifetime = asked.unwrap_or(UPLOAD_LIFETIME);
    let content_type = content_type(path.name());
    let signing = service.sign_direct_upload(context, &root, &path, content_type, lifetime);
    answer(signing.await?, "Presigned upload")
}

/// `POST artifacts/presigned-download-url`
pub(crate) async fn presigned_download_url(call: Call<CreatePresignedDownloadUrl>) -> Answer {
    let path = artifact_path(call.message.path.as_deref())?;
    let asked = call.message.expiration.map(lifetime).transpose()?;
    let lifetime = asked.unwrap_or(call.options.signed_url_lifetime);
    let run_id = RunId::new(call.message.run_id.unwrap_or_default());
    let run = call.service.get_run(&call.context, &run_id).await?;
    let root = &run.info.artifact_uri;
    refuse_proxied(
        root,
        "download is not supported for runs with",
        "a run with a",
    )?;
    let signing = call
        .service
        .sign_direct_download(&call.context, root, &path, lifetime);
    answer(signing.await?, "Presigned download")
}

fn answer(signed: Option<SignedUrl>, what: &str) -> Answer {
    let signed = signed.ok_or_else(|| unsupported(what))?;
    Ok(Json::of(&PresignedUrl::new(&signed))?)
}

fn artifact_path(path: Option<&str>) -> Result<ArtifactPath> {
    ArtifactPath::parse(path.unwrap_or_default())
}

fn lifetime(seconds: i64) -> Result<Duration> {
    match u64::try_from(seconds) {
        Ok(allowed @ 1..=MAX_SIGNED_URL_SECONDS) => Ok(Duration::from_secs(allowed)),
        _ => Err(Error::invalid(format!(
            "expiration must be between 1 and {MAX_SIGNED_URL_SECONDS} seconds (got {seconds})."
        ))),
    }
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

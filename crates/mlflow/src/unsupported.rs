//! Operations that need an object store behind the server. They check what they are asked, and
//! then say that the local disk does not offer it.

use ferroflow_model::{Error, ErrorKind, ModelId, Permission, Resource, Result, RunId};

use crate::call::{Answer, Call};
use crate::routes::{GET, POST, Roots, Routes};
use crate::uri::Uri;
use crate::wire::artifacts::{
    AbortMultipartUpload, CompleteMultipartUpload, CreateMultipartUpload,
    CreatePresignedDownloadUrl, CreatePresignedUploadUrl,
};

/// How long a signed URL may live, in seconds: what cloud providers allow.
const MAX_EXPIRATION: i64 = 604_800;
const DEFAULT_EXPIRATION: i64 = 900;

/// The routes of uploads in parts and of signed URLs.
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
    let reads = Permission::read(Resource::Artifacts);
    let writes = Permission::write(Resource::Artifacts);
    let create = "/2.0/mlflow-artifacts/mpu/create/{*path}";
    let complete = "/2.0/mlflow-artifacts/mpu/complete/{*path}";
    let abort = "/2.0/mlflow-artifacts/mpu/abort/{*path}";
    let signed = "/2.0/mlflow-artifacts/presigned/{*path}";
    let at = |path| (POST, Roots::Both, path);
    routes.add(
        at(create),
        "createMultipartUpload",
        writes,
        create_multipart,
    );
    routes.add(
        at(complete),
        "completeMultipartUpload",
        writes,
        complete_multipart,
    );
    routes.add(at(abort), "abortMultipartUpload", writes, abort_multipart);
    let at = (GET, Roots::Both, signed);
    routes.add(at, "getPresignedDownloadUrl", reads, presigned_download);
}

fn unsupported(what: &str) -> Error {
    Error::new(
        ErrorKind::Unsupported,
        format!("{what} is not supported for the current artifact repository"),
    )
}

/// `POST mlflow-artifacts/mpu/create/{path}`
pub(crate) async fn create_multipart(_call: Call<CreateMultipartUpload>) -> Answer {
    Err(unsupported("Multipart upload").into())
}

/// `POST mlflow-artifacts/mpu/complete/{path}`
pub(crate) async fn complete_multipart(_call: Call<CompleteMultipartUpload>) -> Answer {
    Err(unsupported("Multipart upload").into())
}

/// `POST mlflow-artifacts/mpu/abort/{path}`
pub(crate) async fn abort_multipart(_call: Call<AbortMultipartUpload>) -> Answer {
    Err(unsupported("Multipart upload").into())
}

/// `GET mlflow-artifacts/presigned/{path}`
pub(crate) async fn presigned_download(_call: Call<()>) -> Answer {
    Err(unsupported("Multipart download").into())
}

/// `POST artifacts/presigned-upload-url`
pub(crate) async fn presigned_upload_url(call: Call<CreatePresignedUploadUrl>) -> Answer {
    let named = |text: &Option<String>| text.clone().filter(|text| !text.is_empty());
    let (service, context) = (&call.service, &call.context);
    let root = match (named(&call.message.run_id), named(&call.message.model_id)) {
        (Some(run_id), None) => {
            let run = service.get_run(context, &RunId::new(run_id)).await?;
            run.info.artifact_uri
        }
        (None, Some(model_id)) => {
            let model_id = ModelId::new(model_id);
            let model = service.get_logged_model(context, &model_id, false);
            model.await?.artifact_uri
        }
        _ => {
            return Err(
                Error::invalid("Exactly one of run_id and model_id must be provided.").into(),
            );
        }
    };
    refuse_proxied(&root, "upload is not supported for", "a")?;
    Err(unsupported("Presigned upload").into())
}

/// `POST artifacts/presigned-download-url`
pub(crate) async fn presigned_download_url(call: Call<CreatePresignedDownloadUrl>) -> Answer {
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

//! Operations that need an object store behind the server. They check what they are asked, and
//! then say that the local disk does not offer it.

use ferroflow_model::{Error, ErrorKind, ModelId, Result, RunId};

use crate::call::{Answer, Call};
use crate::uri::Uri;
use crate::wire::artifacts::{
    AbortMultipartUpload, CompleteMultipartUpload, CreateMultipartUpload,
    CreatePresignedDownloadUrl, CreatePresignedUploadUrl,
};

/// How long a signed URL may live, in seconds: what cloud providers allow.
const MAX_EXPIRATION: i64 = 604_800;
const DEFAULT_EXPIRATION: i64 = 900;

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
    refuse_proxied("upload", "storage", &root)?;
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
    refuse_proxied(
        "download",
        "runs with proxied artifact",
        &run.info.artifact_uri,
    )?;
    Err(unsupported("Presigned download").into())
}

fn refuse_proxied(direction: &str, whose: &str, root: &str) -> Result<()> {
    let scheme = Uri::parse(root).scheme;
    if !matches!(scheme.as_str(), "http" | "https" | "mlflow-artifacts") {
        return Ok(());
    }
    let subject = match whose {
        "storage" => "proxied artifact storage".to_owned(),
        other => format!("{other} storage"),
    };
    Err(Error::invalid(format!(
        "Presigned {direction} is not supported for {subject} (artifact URI scheme: {scheme}). \
         This endpoint requires a direct cloud storage artifact URI."
    )))
}

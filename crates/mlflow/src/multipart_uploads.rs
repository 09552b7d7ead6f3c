//! Uploads in parts. An object store takes the parts from clients, at signed URLs. Where there is
//! none, the URLs lead back to this server, and the id of the upload in them takes the place of a
//! signature.

use std::borrow::Cow;

use axum::extract::Request;
use axum::response::{IntoResponse, Response};
use ferroflow_model::{Error, Permission, Resource, Result};
use ferroflow_service::{ArtifactPath, CompletedPart, OpenUpload, UploadTarget};
use ferroflow_web::host_of;
use http::request::Parts;
use http::{HeaderValue, StatusCode, header};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use crate::artifacts::{Query, stream};
use crate::call::{Answer, Call, WORKSPACE_HEADER};
use crate::decode;
use crate::json::Json;
use crate::message::Message;
use crate::options::RoutesOptions;
use crate::routes::{POST, PUT, Roots, Routes};
use crate::wire::artifacts::{
    AbortMultipartUpload, CompleteMultipartUpload, CreateMultipartUpload, MultipartUploadPart,
    PartCredential, PartHeaders, UploadCredentials,
};

/// What all paths of these operations have in common.
const BASE: &str = "/2.0/mlflow-artifacts/mpu/";

/// What is written as it is in the path of a URL (RFC 3986, `unreserved` and the slash).
const NOT_IN_PATH: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~')
    .remove(b'/');

/// The routes of uploads in parts.
pub(crate) fn declare(routes: &mut Routes) {
    let writes = Permission::write(Resource::Artifacts);
    let create_at = "/2.0/mlflow-artifacts/mpu/create/{*path}";
    let complete_at = "/2.0/mlflow-artifacts/mpu/complete/{*path}";
    let abort_at = "/2.0/mlflow-artifacts/mpu/abort/{*path}";
    let at = |path| (POST, Roots::Both, path);
    routes.add_raw(at(create_at), "createMultipartUpload", writes, create);
    routes.add_raw(at(complete_at), "completeMultipartUpload", writes, complete);
    routes.add_raw(at(abort_at), "abortMultipartUpload", writes, abort);
    // Clients send parts without credentials, as they do to an object store.
    let anybody = Permission::public(Resource::Artifacts);
    let at = (PUT, Roots::Both, "/2.0/mlflow-artifacts/mpu/part/{*path}");
    routes.add_raw(at, "uploadPart", anybody, upload_part);
}

/// `POST mlflow-artifacts/mpu/create/{path}`
pub(crate) async fn create(call: Call<Request>) -> Answer {
    let directory = call.path.get("path");
    let (request, message): (_, CreateMultipartUpload) = read(directory, call.message).await?;
    let target = target(directory, message.path.as_ref());
    let parts = message.num_parts.unwrap_or(1);
    let opening = call
        .service
        .create_multipart_upload(&call.context, target, parts);
    let mut upload = opening.await?;
    let credentials = if let Some(urls) = upload.signed_urls.take() {
        with_numbers(urls, None)
    } else {
        let url = part_url(&request, &call.options, &upload);
        let urls = (1..=upload.parts).map(|number| format!("{url}{number}"));
        let workspace = request.headers.get(WORKSPACE_HEADER);
        with_numbers(urls, workspace.and_then(|name| name.to_str().ok()))
    };
    Ok(Json::of(&UploadCredentials {
        upload_id: upload.id.as_str(),
        credentials,
    })?)
}

fn with_numbers(
    urls: impl IntoIterator<Item = String>,
    workspace: Option<&str>,
) -> Vec<PartCredential<'_>> {
    let numbered = (1..).zip(urls).map(|(part_number, url)| PartCredential {
        url,
        part_number,
        headers: workspace.map(|workspace| PartHeaders { workspace }),
    });
    numbered.collect()
}

/// `PUT mlflow-artifacts/mpu/part/{path}`
pub(crate) async fn upload_part(call: Call<Request>) -> Answer<Response> {
    let query = Query::of(&call.message);
    let named = |name| query.get(name).unwrap_or_default();
    let (upload_id, number) = (named("upload_id"), part_number(named("part_number"))?);
    let content = stream(call.message.into_body());
    let path = call.path.get("path");
    let service = &call.service;
    let part = service
        .upload_part(&call.context, path, upload_id, number, content)
        .await?;
    let etag = HeaderValue::from_str(&format!("\"{}\"", part.etag)).map_err(Error::internal)?;
    Ok((StatusCode::OK, [(header::ETAG, etag)]).into_response())
}

/// `POST mlflow-artifacts/mpu/complete/{path}`
pub(crate) async fn complete(call: Call<Request>) -> Answer {
    let directory = call.path.get("path");
    let (_, message): (_, CompleteMultipartUpload) = read(directory, call.message).await?;
    let target = target(directory, message.path.as_ref());
    let upload_id = message.upload_id.unwrap_or_default();
    let parts = message.parts.unwrap_or_default().into_iter();
    let parts = parts.map(completed_part).collect::<Result<_>>()?;
    let service = &call.service;
    service
        .complete_multipart_upload(&call.context, target, &upload_id, parts)
        .await?;
    Ok(Json::empty())
}

/// `POST mlflow-artifacts/mpu/abort/{path}`
pub(crate) async fn abort(call: Call<Request>) -> Answer {
    let directory = call.path.get("path");
    let (_, message): (_, AbortMultipartUpload) = read(directory, call.message).await?;
    let target = target(directory, message.path.as_ref());
    let upload_id = message.upload_id.unwrap_or_default();
    let service = &call.service;
    service
        .abort_multipart_upload(&call.context, target, &upload_id)
        .await?;
    Ok(Json::empty())
}

/// Reads the message of a request, once its path has been checked, as in the reference.
async fn read<M: Message>(directory: &str, request: Request) -> Result<(Parts, M)> {
    ArtifactPath::parse_directory(directory)?;
    let (parts, body) = request.into_parts();
    let message = decode::read_request(&parts, body).await?;
    Ok((parts, message))
}

fn target<'a>(directory: &'a str, local_file: Option<&'a String>) -> UploadTarget<'a> {
    UploadTarget {
        directory,
        local_file: local_file.map_or("", String::as_str),
    }
}

/// The URL of each part but for its number, which comes last.
fn part_url(request: &Parts, options: &RoutesOptions, upload: &OpenUpload) -> String {
    let origin = if options.public_url.is_empty() {
        let host = host_of(&request.uri, &request.headers);
        Cow::from(format!("{}://{host}", options.scheme))
    } else {
        Cow::from(options.public_url.trim_end_matches('/'))
    };
    let prefix = options.static_prefix.trim_end_matches('/');
    // What comes before is the same for all operations: `/api` or `/ajax-api`, after the path of a
    // tenant where there is one.
    let mounted_at = request.uri.path().split(BASE).next().unwrap_or_default();
    let path = utf8_percent_encode(upload.path.as_str(), NOT_IN_PATH);
    let id = &upload.id;
    format!("{origin}{prefix}{mounted_at}{BASE}part/{path}?upload_id={id}&part_number=")
}

fn completed_part(part: MultipartUploadPart) -> Result<CompletedPart> {
    let number = part.part_number.unwrap_or_default();
    // Clients hand back the header as they got it.
    let etag = part.etag.unwrap_or_default();
    Ok(CompletedPart {
        number: part_number(&number.to_string())?,
        etag: etag.trim_matches('"').to_owned(),
    })
}

/// The upper bound is the store's to check.
fn part_number(text: &str) -> Result<u32> {
    let number = text.parse().ok().filter(|number| *number > 0);
    number.ok_or_else(|| {
        Error::invalid(format!(
            "Invalid value '{text}' for parameter 'part_number': it is a number from 1 on."
        ))
    })
}

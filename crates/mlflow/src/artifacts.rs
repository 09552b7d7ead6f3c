//! Bytes of artifacts, streamed in both directions.

use std::time::{Duration, SystemTime};

use axum::body::Body;
use axum::extract::Request;
use axum::response::{IntoResponse, Response};
use ferroflow_model::{
    Error, ErrorKind, ModelId, Permission, Resource, Result, RunId, VersionNumber,
};
use ferroflow_service::{ArtifactContent, ByteRange, ByteStream, Served};
use ferroflow_web::{content_disposition, content_type};
use futures_util::{StreamExt, TryStreamExt};
use http::{HeaderMap, HeaderValue, StatusCode, header};

use crate::call::{Answer, Call};
use crate::error::{BAD_REQUEST, Failure};
use crate::json::{self, Json};
use crate::registered_models::model_name;
use crate::routes::{DELETE, GET, POST, PUT, Roots, Routes};

/// The largest artifact that a browser may upload, in bytes.
const BROWSER_UPLOAD_BYTES: u64 = 10 * 1024 * 1024;

/// The routes of bytes.
pub(crate) fn declare(routes: &mut Routes) {
    use Resource::Artifacts;
    let reads = Permission::read(Artifacts);
    let writes = Permission::write(Artifacts);
    let deletes = Permission::delete(Artifacts);
    let any = "/2.0/mlflow-artifacts/artifacts/{*path}";
    let both = Roots::Both;
    routes.add_raw((GET, both, any), "downloadArtifact", reads, download);
    routes.add_raw((PUT, both, any), "uploadArtifact", writes, upload);
    routes.add((DELETE, both, any), "deleteArtifact", deletes, delete);
    // What pages download and upload.
    let of_run = (GET, Roots::Bare, "/get-artifact");
    let of_version = (GET, Roots::Bare, "/model-versions/get-artifact");
    let files = "/2.0/mlflow/logged-models/{model_id}/artifacts/files";
    let of_model = (GET, Roots::Ajax, files);
    let to_run = (POST, Roots::Ajax, "/2.0/mlflow/upload-artifact");
    routes.add_raw(of_run, "getRunArtifact", reads, download_of_run);
    routes.add_raw(
        of_version,
        "getModelVersionArtifact",
        reads,
        download_of_version,
    );
    routes.add_raw(
        of_model,
        "getLoggedModelArtifact",
        reads,
        download_of_logged_model,
    );
    routes.add_raw(to_run, "uploadRunArtifact", writes, upload_of_run);
}

/// `PUT mlflow-artifacts/artifacts/{path}`
pub(crate) async fn upload(call: Call<Request>) -> Answer<StatusCode> {
    let path = call.path.get("path").to_owned();
    let content = stream(call.message.into_body());
    if path.ends_with('/') {
        return Err(detail(
            StatusCode::BAD_REQUEST,
            "Artifact path must include a filename (cannot end with '/').",
        ));
    }
    let stored = call.service.upload_artifact(&call.context, &path, content);
    stored.await?;
    Ok(StatusCode::OK)
}

/// An error in the shape that the reference's newer endpoints have.
fn detail(status: StatusCode, message: &str) -> Failure {
    let body = serde_json::json!({ "detail": message }).to_string();
    json::response(status, json::JSON, Body::from(body)).into()
}

fn stream(body: Body) -> ByteStream {
    let chunks = body.into_data_stream();
    chunks
        .map_err(|_| {
            Error::new(
                ErrorKind::Unparsable,
                "The request body ended before it was complete.",
            )
        })
        .boxed()
}

/// `GET mlflow-artifacts/artifacts/{path}`
pub(crate) async fn download(call: Call<Request>) -> Answer<Response> {
    let path = call.path.get("path");
    let range = Range::of(call.message.headers());
    let service = &call.service;
    let content = service.download_artifact(&call.context, path, range.asked);
    Ok(range.serve(path, content.await?))
}

/// `DELETE mlflow-artifacts/artifacts/{path}`
pub(crate) async fn delete(call: Call<()>) -> Answer {
    let path = call.path.get("path");
    call.service.delete_artifacts(&call.context, path).await?;
    Ok(Json::empty())
}

/// `GET get-artifact`
pub(crate) async fn download_of_run(call: Call<Request>) -> Answer<Response> {
    let query = Query::of(&call.message);
    let run_id = query.get("run_id").or_else(|| query.get("run_uuid"));
    let run_id = RunId::new(run_id.unwrap_or_default());
    let path = query.path()?;
    let range = Range::of(call.message.headers());
    let service = &call.service;
    let content = service
        .download_run_artifact(&call.context, &run_id, path, range.asked)
        .await?;
    Ok(range.serve(path, content))
}

/// `GET model-versions/get-artifact`
pub(crate) async fn download_of_version(call: Call<Request>) -> Answer<Response> {
    let query = Query::of(&call.message);
    let path = query.path()?;
    let name = model_name(query.get("name").map(str::to_owned))?;
    let version = VersionNumber::parse(query.get("version").unwrap_or_default())?;
    let range = Range::of(call.message.headers());
    let service = &call.service;
    let content = service
        .download_version_artifact(&call.context, &name, version, path, range.asked)
        .await?;
    Ok(range.serve(path, content))
}

/// `GET logged-models/{model_id}/artifacts/files`
pub(crate) async fn download_of_logged_model(call: Call<Request>) -> Answer<Response> {
    let query = Query::of(&call.message);
    let Some(path) = query.get("artifact_file_path") else {
        return Err(Failure::new(
            BAD_REQUEST,
            "Request must include the \"artifact_file_path\" query parameter.",
        ));
    };
    let model_id = ModelId::new(call.path.get("model_id"));
    let range = Range::of(call.message.headers());
    let service = &call.service;
    let content = service
        .download_model_artifact(&call.context, &model_id, path, range.asked)
        .await?;
    Ok(range.serve(path, content))
}

/// `POST upload-artifact`, which browsers use.
pub(crate) async fn upload_of_run(call: Call<Request>) -> Answer<Response> {
    let query = Query::of(&call.message);
    let named = |name| {
        let missing = format!("Request must specify {name}.");
        query.get(name).ok_or_else(|| Error::invalid(missing))
    };
    let run_id = RunId::new(named("run_uuid")?);
    let path = named("path")?.to_owned();
    let content = bounded(call.message.into_body()).await?;
    let stored = call
        .service
        .upload_run_artifact(&call.context, &run_id, &path, content);
    stored.await?;
    Ok(json::response(StatusCode::OK, json::JSON, Body::empty()))
}

/// The body as a stream that has at least one byte, and fails when it has too many.
async fn bounded(body: Body) -> Result<ByteStream> {
    let mut chunks = stream(body).try_filter(|chunk| std::future::ready(!chunk.is_empty()));
    let Some(first) = chunks.next().await else {
        return Err(Error::invalid("Request must specify data."));
    };
    let mut left = BROWSER_UPLOAD_BYTES;
    let all = futures_util::stream::once(std::future::ready(first)).chain(chunks);
    let counted = all.map(move |chunk| {
        let chunk = chunk?;
        left = left
            .checked_sub(chunk.len() as u64)
            .ok_or_else(|| Error::invalid("Artifact size is too large. Max size is 10MB."))?;
        Ok(chunk)
    });
    Ok(counted.boxed())
}

/// The arguments of a request that is no message.
struct Query(Vec<(String, String)>);

impl Query {
    fn of(request: &Request) -> Self {
        let query = request.uri().query().unwrap_or_default();
        Self(
            form_urlencoded::parse(query.as_bytes())
                .into_owned()
                .collect(),
        )
    }

    /// The first argument of this name, unless it is empty.
    fn get(&self, name: &str) -> Option<&str> {
        let found = self.0.iter().find(|(key, _)| key == name)?;
        Some(found.1.as_str()).filter(|text| !text.is_empty())
    }

    fn path(&self) -> Result<&str> {
        self.get("path").ok_or_else(|| Error::missing("path"))
    }
}

/// What a download asks for beside the artifact.
struct Range {
    asked: Option<ByteRange>,
    /// The tags that the client has already.
    known: Option<HeaderValue>,
}

impl Range {
    fn of(headers: &HeaderMap) -> Self {
        // With a condition a client says that the whole is as good as the range, so it gets that.
        let is_plain = !headers.contains_key(header::IF_RANGE);
        let range = headers.get(header::RANGE).filter(|_| is_plain);
        Self {
            asked: range.and_then(|value| parse_range(value.to_str().ok()?)),
            known: headers.get(header::IF_NONE_MATCH).cloned(),
        }
    }

    /// Answers with what was opened under the name that `path` ends with.
    fn serve(&self, path: &str, content: ArtifactContent) -> Response {
        let etag = format!("\"{}\"", content.info.etag);
        if self.is_known(&etag) {
            let mut response = StatusCode::NOT_MODIFIED.into_response();
            insert(response.headers_mut(), header::ETAG, &etag);
            return response;
        }
        let size = content.info.size;
        let modified_ms = content.info.modified_ms;
        let mut response = Response::new(Body::empty());
        let headers = response.headers_mut();
        let name = path.rsplit_once('/').map_or(path, |(_, name)| name);
        insert(headers, header::CONTENT_TYPE, content_type(name));
        insert(
            headers,
            header::CONTENT_DISPOSITION,
            &content_disposition(name),
        );
        insert(headers, header::X_CONTENT_TYPE_OPTIONS, "nosniff");
        insert(headers, header::ACCEPT_RANGES, "bytes");
        insert(headers, header::ETAG, &etag);
        insert(headers, header::LAST_MODIFIED, &http_date(modified_ms));
        let (status, length) = match content.served {
            Served::Whole => (StatusCode::OK, size),
            Served::Part(part) => {
                let last = part.end.saturating_sub(1);
                let text = format!("bytes {}-{last}/{size}", part.start);
                insert(headers, header::CONTENT_RANGE, &text);
                (StatusCode::PARTIAL_CONTENT, part.end - part.start)
            }
            Served::Unsatisfiable => {
                insert(headers, header::CONTENT_RANGE, &format!("bytes */{size}"));
                (StatusCode::RANGE_NOT_SATISFIABLE, 0)
            }
        };
        insert(headers, header::CONTENT_LENGTH, &length.to_string());
        *response.body_mut() = Body::from_stream(content.body);
        *response.status_mut() = status;
        response
    }

    fn is_known(&self, etag: &str) -> bool {
        let known = self.known.as_ref().and_then(|value| value.to_str().ok());
        known.is_some_and(|tags| {
            let mut tags = tags.split(',').map(str::trim);
            tags.any(|tag| tag == "*" || tag.trim_start_matches("W/") == etag)
        })
    }
}

fn insert(headers: &mut HeaderMap, name: header::HeaderName, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        headers.insert(name, value);
    }
}

/// A time as HTTP writes it.
fn http_date(ms: i64) -> String {
    let since_epoch = Duration::from_millis(u64::try_from(ms).unwrap_or_default());
    httpdate::fmt_http_date(SystemTime::UNIX_EPOCH + since_epoch)
}

/// Reads a single range of bytes. Anything else, several ranges too, means the whole, which HTTP
/// allows.
fn parse_range(text: &str) -> Option<ByteRange> {
    let range = text.trim().strip_prefix("bytes=")?;
    let (first, last) = range.split_once('-')?;
    let number = |text: &str| {
        let is_number = !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
        is_number.then(|| text.parse().unwrap_or(u64::MAX))
    };
    match (first.trim(), last.trim()) {
        ("", last) => number(last).map(ByteRange::Last),
        (first, "") => number(first).map(ByteRange::From),
        (first, last) => {
            let (first, last) = (number(first)?, number(last)?);
            (first <= last).then_some(ByteRange::Between { first, last })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_are_read_one_at_a_time() {
        for (text, expected) in [
            ("bytes=0-4", Some(ByteRange::Between { first: 0, last: 4 })),
            ("bytes=5-", Some(ByteRange::From(5))),
            ("bytes=-3", Some(ByteRange::Last(3))),
            ("bytes=4-0", None),
            ("bytes=0-1,3-4", None),
            ("bytes=-", None),
            ("bytes=a-b", None),
            ("items=0-1", None),
        ] {
            assert_eq!(parse_range(text), expected, "{text}");
        }
    }

    #[test]
    fn dates_are_those_of_http() {
        assert_eq!(http_date(784_111_777_000), "Sun, 06 Nov 1994 08:49:37 GMT");
    }

    #[tokio::test]
    async fn uploads_of_browsers_are_bounded() {
        let total = |size: usize| async move {
            let content = bounded(Body::from(vec![0_u8; size])).await?;
            let chunks: Vec<_> = content.try_collect().await?;
            Ok::<_, Error>(chunks.iter().map(bytes::Bytes::len).sum::<usize>())
        };
        let limit = 10 * 1024 * 1024;
        assert_eq!(total(limit).await.ok(), Some(limit));
        assert!(total(limit + 1).await.is_err());
        assert!(total(0).await.is_err());
    }
}

//! Artifacts are written and deleted.

use axum::body::Body;
use axum::extract::Request;
use axum::response::Response;
use ferroflow_model::{Error, ErrorKind, Permission, Resource, Result, RunId};
use ferroflow_service::{ArtifactPath, ByteStream};
use futures_util::{StreamExt, TryStreamExt};
use http::StatusCode;

use crate::call::{Answer, Call};
use crate::json::{self, Json};
use crate::routes::{DELETE, POST, PUT, Roots, Routes};

/// The largest artifact that a browser may upload, in bytes.
const BROWSER_UPLOAD_BYTES: u64 = 10 * 1024 * 1024;

/// The path of any artifact below the root.
pub(crate) const ANY: &str = "/2.0/mlflow-artifacts/artifacts/{*path}";

/// The routes of what is written and deleted.
pub(crate) fn declare(routes: &mut Routes) {
    let writes = Permission::write(Resource::Artifacts);
    let deletes = Permission::delete(Resource::Artifacts);
    let both = Roots::Both;
    routes.add_raw((PUT, both, ANY), "uploadArtifact", writes, upload);
    routes.add((DELETE, both, ANY), "deleteArtifact", deletes, delete);
    let to_run = (POST, Roots::Ajax, "/2.0/mlflow/upload-artifact");
    routes.add_raw(to_run, "uploadRunArtifact", writes, upload_of_run);
}

/// `PUT mlflow-artifacts/artifacts/{path}`
pub(crate) async fn upload(call: Call<Request>) -> Answer<StatusCode> {
    let path = call.path.get("path").to_owned();
    let content = stream(call.message.into_body());
    if path.ends_with('/') {
        ArtifactPath::parse_directory(&path)?;
        let message = "Artifact path must include a filename (cannot end with '/').";
        return Err(json::detail(StatusCode::BAD_REQUEST, message).into());
    }
    let stored = call.service.upload_artifact(&call.context, &path, content);
    stored.await?;
    Ok(StatusCode::OK)
}

pub(crate) fn stream(body: Body) -> ByteStream {
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

/// `DELETE mlflow-artifacts/artifacts/{path}`
pub(crate) async fn delete(call: Call<()>) -> Answer {
    let path = call.path.get("path");
    call.service.delete_artifacts(&call.context, path).await?;
    Ok(Json::empty())
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
    ArtifactPath::parse(&path)?;
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
pub(crate) struct Query(Vec<(String, String)>);

impl Query {
    pub(crate) fn of(request: &Request) -> Self {
        let query = request.uri().query().unwrap_or_default();
        Self(
            form_urlencoded::parse(query.as_bytes())
                .into_owned()
                .collect(),
        )
    }

    /// The first argument of this name, unless it is empty.
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        let found = self.0.iter().find(|(key, _)| key == name)?;
        Some(found.1.as_str()).filter(|text| !text.is_empty())
    }

    pub(crate) fn path(&self) -> Result<&str> {
        self.get("path").ok_or_else(|| Error::missing("path"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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

//! What clients ask before they use what not every server has.

use axum::body::Body;
use axum::response::Response;
use http::{HeaderValue, StatusCode};
use serde::Serialize;

use crate::call::{Answer, Call};
use crate::json::{self, Json};

/// The capabilities of this server.
#[derive(Serialize)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a capability of its own on the wire"
)]
struct ServerInfo {
    store_type: &'static str,
    workspaces_enabled: bool,
    trace_archival_enabled: bool,
    multipart_uploads_enabled: bool,
    multipart_downloads_enabled: bool,
    presigned_upload_run_id_supported: bool,
    presigned_upload_model_id_supported: bool,
    features_enabled: Features,
}

#[derive(Serialize)]
struct Features {
    gateway: bool,
}

/// `GET server-info`
pub(crate) async fn get(_call: Call<()>) -> Answer {
    Ok(Json::of(&ServerInfo {
        store_type: "SqlStore",
        workspaces_enabled: false,
        trace_archival_enabled: false,
        multipart_uploads_enabled: false,
        multipart_downloads_enabled: false,
        presigned_upload_run_id_supported: true,
        presigned_upload_model_id_supported: true,
        features_enabled: Features { gateway: false },
    })?)
}

/// All of `workspaces`, which are off.
pub(crate) async fn workspaces_disabled(_call: Call<()>) -> Answer<Response> {
    Ok(json::response(
        StatusCode::SERVICE_UNAVAILABLE,
        HeaderValue::from_static("text/plain; charset=utf-8"),
        Body::from(
            "This endpoint is disabled because the server is running without workspaces support.",
        ),
    ))
}

//! What clients ask before they use what not every server has.

use axum::body::Body;
use axum::response::Response;
use http::{HeaderValue, StatusCode};
use serde::Serialize;

use crate::call::{Answer, Call};
use crate::json::{self, Json};
use crate::routes::{DELETE, GET, PATCH, POST, Roots, Routes};
use ferroflow_model::{Permission, Resource};

/// The routes about the server.
pub(crate) fn declare(routes: &mut Routes) {
    use Resource::Workspaces;
    let info = (GET, Roots::Both, "/3.0/mlflow/server-info");
    routes.add(info, "getServerInfo", Permission::PUBLIC, get);
    let all = "/3.0/mlflow/workspaces";
    let one = "/3.0/mlflow/workspaces/{workspace_name}";
    for (method, path, name, permission) in [
        (GET, all, "listWorkspaces", Permission::read(Workspaces)),
        (POST, all, "createWorkspace", Permission::write(Workspaces)),
        (GET, one, "getWorkspace", Permission::read(Workspaces)),
        (PATCH, one, "updateWorkspace", Permission::write(Workspaces)),
        (
            DELETE,
            one,
            "deleteWorkspace",
            Permission::delete(Workspaces),
        ),
    ] {
        let at = (method, Roots::Both, path);
        routes.add(at, name, permission, workspaces_disabled);
    }
}

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

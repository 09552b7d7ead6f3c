//! What clients ask before they use what not every server has.

use ferroflow_model::Permission;
use serde::Serialize;

use crate::call::{Answer, Call};
use crate::json::Json;
use crate::routes::{GET, Roots, Routes};

/// The routes about the server.
pub(crate) fn declare(routes: &mut Routes) {
    let info = (GET, Roots::Both, "/3.0/mlflow/server-info");
    routes.add(info, "getServerInfo", Permission::PUBLIC, get);
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
pub(crate) async fn get(call: Call<()>) -> Answer {
    // A client that hears of them sends bytes to the object store and fetches them there.
    let signs_urls = call.options.serve_artifacts && call.service.signs_urls();
    Ok(Json::of(&ServerInfo {
        store_type: "SqlStore",
        workspaces_enabled: call.options.has_workspaces,
        trace_archival_enabled: false,
        multipart_uploads_enabled: signs_urls,
        multipart_downloads_enabled: signs_urls,
        presigned_upload_run_id_supported: true,
        presigned_upload_model_id_supported: true,
        features_enabled: Features { gateway: false },
    })?)
}

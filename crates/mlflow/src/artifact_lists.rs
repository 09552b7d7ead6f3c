//! Lists of artifacts: of a run, of a logged model, and below the artifact root.

use ferroflow_model::{ModelId, Permission, Resource};
use ferroflow_service::ArtifactListing;

use crate::call::{Answer, Call};
use crate::json::Json;
use crate::routes::{GET, Roots, Routes};
use crate::runs::run_id;
use crate::wire::artifacts::{
    FileInfoView, FileList, ListLoggedModelArtifacts, ListProxiedArtifacts, ListRunArtifacts,
};

/// The routes of lists of artifacts.
pub(crate) fn declare(routes: &mut Routes) {
    let mut group = routes.group(Resource::Artifacts);
    group.read(GET, "artifacts/list", "listArtifacts", of_run);
    group.read(
        GET,
        "logged-models/{model_id}/artifacts/directories",
        "listLoggedModelArtifacts",
        of_logged_model,
    );
    routes.add(
        (GET, Roots::Both, "/2.0/mlflow-artifacts/artifacts"),
        "listProxiedArtifacts",
        Permission::read(Resource::Artifacts),
        below_root,
    );
}

/// `GET artifacts/list`
pub(crate) async fn of_run(call: Call<ListRunArtifacts>) -> Answer {
    let run_id = run_id(call.message.run_id, call.message.run_uuid);
    let path = call.message.path.as_deref();
    let token = call.message.page_token.as_deref();
    let service = &call.service;
    let listing = service
        .list_run_artifacts(&call.context, &run_id, path, token)
        .await?;
    from_root(&listing)
}

/// `GET logged-models/{model_id}/artifacts/directories`
pub(crate) async fn of_logged_model(call: Call<ListLoggedModelArtifacts>) -> Answer {
    let model_id = ModelId::new(call.path.get("model_id"));
    let path = call.message.artifact_directory_path.as_deref();
    let token = call.message.page_token.as_deref();
    let service = &call.service;
    let listing = service
        .list_model_artifacts(&call.context, &model_id, path, token)
        .await?;
    from_root(&listing)
}

/// Paths from the root of the run or model.
fn from_root(listing: &ArtifactListing) -> Answer {
    let files = listing.files.iter();
    Ok(Json::of(&FileList {
        root_uri: Some(&listing.root_uri),
        files: files
            .map(|file| FileInfoView::new(file, &file.path))
            .collect(),
        next_page_token: listing.next_page_token.as_deref(),
    })?)
}

/// `GET mlflow-artifacts/artifacts`; shows bare names, as clients know where they asked.
pub(crate) async fn below_root(call: Call<ListProxiedArtifacts>) -> Answer {
    let path = call.message.path.as_deref();
    let listing = call.service.list_artifacts(&call.context, path, None);
    let listing = listing.await?;
    let files = listing.files.iter();
    Ok(Json::of(&FileList {
        root_uri: None,
        files: files
            .map(|file| FileInfoView::new(file, name(&file.path)))
            .collect(),
        next_page_token: None,
    })?)
}

fn name(path: &str) -> &str {
    path.rsplit_once('/').map_or(path, |(_, name)| name)
}

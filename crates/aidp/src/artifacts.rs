//! The list of a run's artifacts.

use std::sync::Arc;

use ferroflow_model::artifacts::FileInfo;
use ferroflow_model::{Context, Page, Permission, Resource, Result};
use ferroflow_service::Service;
use serde::{Deserialize, Serialize};

use crate::answer::Answer;
use crate::fields::{Text, optional_text};
use crate::limits;
use crate::operation::{Operations, workspace};
use crate::page::page_token_of;
use crate::runs::run_id;

/// Declares the operation on artifacts.
pub(crate) fn declare(operations: &mut Operations) {
    const READ: Permission = Permission::read(Resource::Artifacts);
    operations.get(
        workspace("mlflow/artifacts/list"),
        "listArtifacts",
        READ,
        artifacts,
    );
}

#[derive(Deserialize, Serialize)]
struct List {
    run_id: Option<Text>,
    path: Option<Text>,
    page_token: Option<Text>,
}

#[derive(Serialize)]
struct Listing {
    root_uri: String,
    files: Vec<FileBody>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_page_token: Option<String>,
}

#[derive(Serialize)]
struct FileBody {
    path: String,
    is_dir: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    file_size: Option<u64>,
}

impl From<FileInfo> for FileBody {
    fn from(FileInfo { path, is_dir, size }: FileInfo) -> Self {
        Self {
            path,
            is_dir,
            file_size: size,
        }
    }
}

async fn artifacts(
    service: Arc<Service>,
    context: Context,
    input: List,
) -> Result<Answer<Listing>> {
    let id = run_id(input.run_id)?;
    let path = optional_text("path", input.path, limits::ARTIFACT_PATH)?;
    let token = page_token_of(input.page_token)?;
    let listing = service
        .list_run_artifacts(&context, &id, path.as_deref(), token.as_deref())
        .await?;
    let page = Page {
        items: listing.files,
        next_page_token: listing.next_page_token,
    };
    let root_uri = listing.root_uri;
    let body = |files, next_page_token| Listing {
        root_uri,
        files,
        next_page_token,
    };
    Ok(Answer::page(page, FileBody::from, body))
}

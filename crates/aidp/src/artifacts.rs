//! The list of a run's artifacts.

use std::sync::Arc;

use ferroflow_model::artifacts::FileInfo;
use ferroflow_model::{Context, Page, Permission, Resource, Result};
use ferroflow_service::Service;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::answer::Listed;
use crate::fields::Required;
use crate::limits;
use crate::operation::{Operations, workspace};
use crate::page::page_token;
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

#[derive(Deserialize, Serialize, JsonSchema)]
struct List {
    run_id: Required<limits::Lookup>,
    path: Option<limits::ArtifactPath>,
    page_token: Option<limits::PageToken>,
}

#[derive(Serialize, JsonSchema)]
struct Listing {
    root_uri: String,
    files: Vec<FileBody>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_page_token: Option<String>,
}

#[derive(Serialize, JsonSchema)]
#[schemars(rename = "File")]
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
) -> Result<Listed<Listing>> {
    let id = run_id(input.run_id)?;
    let token = page_token(input.page_token);
    let listing = service
        .list_run_artifacts(&context, &id, input.path.as_deref(), token.as_deref())
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
    Ok(Listed::new(page, FileBody::from, body))
}

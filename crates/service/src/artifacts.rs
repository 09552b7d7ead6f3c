//! Artifact bytes: resolved from what they belong to, then streamed.

use ferroflow_model::artifacts::FileInfo;
use ferroflow_model::{Context, ModelId, Result, RunId};

use crate::Service;

/// A list of artifacts below the root of what they belong to.
pub struct ArtifactListing {
    /// The root's URI.
    pub root_uri: String,
    /// Paths are relative to the root.
    pub files: Vec<FileInfo>,
    /// Absent on the last page.
    pub next_page_token: Option<String>,
}

impl Service {
    /// Lists a run's artifacts below `path` (empty: the root).
    pub async fn list_run_artifacts(
        &self,
        context: &Context,
        run_id: &RunId,
        path: Option<&str>,
        page_token: Option<&str>,
    ) -> Result<ArtifactListing> {
        unimplemented!()
    }

    /// Lists a logged model's artifacts below `path`.
    pub async fn list_model_artifacts(
        &self,
        context: &Context,
        model_id: &ModelId,
        path: Option<&str>,
        page_token: Option<&str>,
    ) -> Result<ArtifactListing> {
        unimplemented!()
    }
}

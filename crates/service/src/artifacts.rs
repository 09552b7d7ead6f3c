//! Artifact bytes: resolved from what they belong to, then streamed.

use ferroflow_artifacts::{ArtifactContent, ByteRange, ByteStream};
use ferroflow_model::artifacts::FileInfo;
use ferroflow_model::registered_models::ModelName;
use ferroflow_model::{Context, ModelId, Result, RunId, VersionNumber};

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

    /// Lists artifacts below `path` of the tenant's artifact root (absent: the root itself).
    pub async fn list_artifacts(
        &self,
        context: &Context,
        path: Option<&str>,
        page_token: Option<&str>,
    ) -> Result<ArtifactListing> {
        unimplemented!()
    }

    /// Opens an artifact by its path below the tenant's artifact root.
    pub async fn download_artifact(
        &self,
        context: &Context,
        path: &str,
        range: Option<ByteRange>,
    ) -> Result<ArtifactContent> {
        unimplemented!()
    }

    /// Stores an artifact at a path below the tenant's artifact root; answers its size in bytes.
    pub async fn upload_artifact(
        &self,
        context: &Context,
        path: &str,
        content: ByteStream,
    ) -> Result<u64> {
        unimplemented!()
    }

    /// Deletes a file or directory below the tenant's artifact root; one that is missing is
    /// deleted already.
    pub async fn delete_artifacts(&self, context: &Context, path: &str) -> Result<()> {
        unimplemented!()
    }

    /// Opens an artifact of a run.
    pub async fn download_run_artifact(
        &self,
        context: &Context,
        run_id: &RunId,
        path: &str,
        range: Option<ByteRange>,
    ) -> Result<ArtifactContent> {
        unimplemented!()
    }

    /// Stores an artifact of a run; answers its size in bytes.
    pub async fn upload_run_artifact(
        &self,
        context: &Context,
        run_id: &RunId,
        path: &str,
        content: ByteStream,
    ) -> Result<u64> {
        unimplemented!()
    }

    /// Opens an artifact of a logged model.
    pub async fn download_model_artifact(
        &self,
        context: &Context,
        model_id: &ModelId,
        path: &str,
        range: Option<ByteRange>,
    ) -> Result<ArtifactContent> {
        unimplemented!()
    }

    /// Opens an artifact of a model version.
    pub async fn download_version_artifact(
        &self,
        context: &Context,
        name: &ModelName,
        version: VersionNumber,
        path: &str,
        range: Option<ByteRange>,
    ) -> Result<ArtifactContent> {
        unimplemented!()
    }
}

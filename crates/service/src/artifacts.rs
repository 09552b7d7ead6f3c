//! Artifact bytes: resolved from what they belong to, then streamed.

use ferroflow_artifacts::{ArtifactContent, ArtifactPath, ByteRange, ByteStream, ListPage};
use ferroflow_model::artifacts::{FileInfo, append_path};
use ferroflow_model::registered_models::ModelName;
use ferroflow_model::{Context, ModelId, Result, RunId, Scope, VersionNumber};

use crate::Service;
use crate::places::{PROXY_SCHEME, Root};

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
        let path = ArtifactPath::parse_directory(path.unwrap_or_default())?;
        let root_uri = self.get_run(context, run_id).await?.info.artifact_uri;
        self.list_below(context, root_uri, &path, page_token).await
    }

    /// Lists a logged model's artifacts below `path`.
    pub async fn list_model_artifacts(
        &self,
        context: &Context,
        model_id: &ModelId,
        path: Option<&str>,
        page_token: Option<&str>,
    ) -> Result<ArtifactListing> {
        let path = ArtifactPath::parse_directory(path.unwrap_or_default())?;
        let root_uri = self
            .get_logged_model(context, model_id, false)
            .await?
            .artifact_uri;
        self.list_below(context, root_uri, &path, page_token).await
    }

    /// Lists artifacts below `path` of the tenant's artifact root (absent: the root itself), by
    /// their names alone.
    pub async fn list_artifacts(
        &self,
        context: &Context,
        path: Option<&str>,
        page_token: Option<&str>,
    ) -> Result<ArtifactListing> {
        let path = ArtifactPath::parse_directory(path.unwrap_or_default())?;
        let root = Root {
            store: &self.artifacts,
            path: self.place_to_read(context, path).await?,
        };
        list_directory(format!("{PROXY_SCHEME}/"), &root, &root.path, page_token).await
    }

    /// Opens an artifact by its path below the tenant's artifact root.
    pub async fn download_artifact(
        &self,
        context: &Context,
        path: &str,
        range: Option<ByteRange>,
    ) -> Result<ArtifactContent> {
        let place = self.place_to_read(context, ArtifactPath::parse(path)?);
        self.artifacts.open(&place.await?, range).await
    }

    /// Stores an artifact at a path below the tenant's artifact root; answers its size in bytes.
    pub async fn upload_artifact(
        &self,
        context: &Context,
        path: &str,
        bytes: ByteStream,
    ) -> Result<u64> {
        let place = self.place_to_change(context, ArtifactPath::parse(path)?);
        self.artifacts.put(&place.await?, bytes).await
    }

    /// Deletes a file or directory below the tenant's artifact root; one that is missing is
    /// deleted already.
    pub async fn delete_artifacts(&self, context: &Context, path: &str) -> Result<()> {
        let place = self.place_to_change(context, ArtifactPath::parse_directory(path)?);
        self.artifacts.delete(&place.await?).await
    }

    /// Opens an artifact of a run.
    pub async fn download_run_artifact(
        &self,
        context: &Context,
        run_id: &RunId,
        path: &str,
        range: Option<ByteRange>,
    ) -> Result<ArtifactContent> {
        let path = ArtifactPath::parse(path)?;
        let root_uri = self.get_run(context, run_id).await?.info.artifact_uri;
        self.open_below(&context.scope, &root_uri, &path, range)
            .await
    }

    /// Stores an artifact of a run; answers its size in bytes.
    pub async fn upload_run_artifact(
        &self,
        context: &Context,
        run_id: &RunId,
        path: &str,
        bytes: ByteStream,
    ) -> Result<u64> {
        let root_uri = self.get_run(context, run_id).await?.info.artifact_uri;
        let root = self.root_at(&context.scope, &root_uri).await?;
        let place = root.path.join(&ArtifactPath::parse(path)?)?;
        root.store.put(&place, bytes).await
    }

    /// Opens an artifact of a logged model.
    pub async fn download_model_artifact(
        &self,
        context: &Context,
        model_id: &ModelId,
        path: &str,
        range: Option<ByteRange>,
    ) -> Result<ArtifactContent> {
        let path = ArtifactPath::parse(path)?;
        let root_uri = self
            .get_logged_model(context, model_id, false)
            .await?
            .artifact_uri;
        self.open_below(&context.scope, &root_uri, &path, range)
            .await
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
        let path = ArtifactPath::parse(path)?;
        let version = self.get_model_version(context, name, version).await?;
        let root_uri = self.resolve_source(context, version.location()).await?;
        self.open_below(&context.scope, &root_uri, &path, range)
            .await
    }

    /// Where the files of a source are: `runs:/RUN/PATH` and `models:/m-...` name them through
    /// what they belong to, any other URI is its own answer.
    pub async fn resolve_source(&self, context: &Context, source: &str) -> Result<String> {
        if let Some(rest) = source.strip_prefix("runs:/") {
            let (run_id, path) = split_first(rest);
            let run = self.get_run(context, &RunId::new(run_id)).await?;
            return below(&run.info.artifact_uri, path);
        }
        if let Some(rest) = source.strip_prefix("models:/")
            && rest.starts_with("m-")
        {
            let (model_id, path) = split_first(rest);
            let model = self
                .get_logged_model(context, &ModelId::new(model_id), false)
                .await?;
            return below(&model.artifact_uri, path);
        }
        Ok(source.to_owned())
    }

    async fn list_below(
        &self,
        context: &Context,
        root_uri: String,
        path: &ArtifactPath,
        page_token: Option<&str>,
    ) -> Result<ArtifactListing> {
        let root = self.root_at(&context.scope, &root_uri).await?;
        let directory = root.path.join(path)?;
        list_directory(root_uri, &root, &directory, page_token).await
    }

    async fn open_below(
        &self,
        scope: &Scope,
        root_uri: &str,
        path: &ArtifactPath,
        range: Option<ByteRange>,
    ) -> Result<ArtifactContent> {
        let root = self.root_at(scope, root_uri).await?;
        let place = root.path.join(path)?;
        root.store.open(&place, range).await
    }
}

async fn list_directory(
    root_uri: String,
    root: &Root<'_>,
    directory: &ArtifactPath,
    page_token: Option<&str>,
) -> Result<ArtifactListing> {
    let after = page_token
        .filter(|token| !token.is_empty())
        .map(ToOwned::to_owned);
    let page = ListPage {
        after,
        ..ListPage::default()
    };
    let listing = root.store.list(directory, page).await?;
    let files = listing.files.into_iter().map(|file| FileInfo {
        path: relative(&root.path, &file.path).to_owned(),
        is_dir: file.is_dir,
        size: file.size,
    });
    Ok(ArtifactListing {
        files: files.collect(),
        root_uri,
        next_page_token: listing.next,
    })
}

/// The path of a file below a root that holds it.
fn relative<'a>(root: &ArtifactPath, path: &'a ArtifactPath) -> &'a str {
    let path = path.as_str();
    path.strip_prefix(root.as_str())
        .unwrap_or(path)
        .trim_start_matches('/')
}

/// The location of a path below another location. What follows a `?` or `#` in the path would not be
/// read as a part of it, so such a path is refused, as wherever artifacts are named.
fn below(location: &str, path: &str) -> Result<String> {
    ArtifactPath::parse_directory(path)?;
    Ok(append_path(location, path))
}

fn split_first(path: &str) -> (&str, &str) {
    path.split_once('/').unwrap_or((path, ""))
}

#[cfg(test)]
mod tests {
    use super::below;

    #[test]
    fn a_path_below_a_location_is_no_query() {
        let location = "mlflow-artifacts:/0/run/artifacts?x=1";
        let found = below(location, "model/data").ok();
        let expected = "mlflow-artifacts:/0/run/artifacts/model/data?x=1";
        assert_eq!(found.as_deref(), Some(expected));
        assert_eq!(below(location, "").ok().as_deref(), Some(location));
        for path in ["a?b", "a#b", "../a", "a/%2e%2e/b"] {
            assert!(below(location, path).is_err(), "{path}");
        }
    }
}

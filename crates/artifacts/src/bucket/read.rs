//! From a bucket to a stream.

use ferroflow_model::{Error, Result};
use futures_util::{StreamExt, TryStreamExt};
use object_store::{GetOptions, GetRange, GetResult, ObjectMeta, ObjectStore, ObjectStoreExt};

use super::Bucket;
use super::failure::failure;
use crate::store::is_a_directory;
use crate::{ArtifactContent, ArtifactInfo, ArtifactPath, ByteRange, Served};

impl Bucket {
    /// Opens an object. A range costs one request more, because it means something only once the
    /// size is known.
    pub(crate) async fn read(
        &self,
        path: &ArtifactPath,
        range: Option<ByteRange>,
    ) -> Result<ArtifactContent> {
        let Some(range) = range else {
            let found = self.get(path, GetOptions::default()).await?;
            return Ok(content(path, found, Served::Whole));
        };
        let object = self.describe(path).await?;
        let Some(range) = range.resolve(object.size) else {
            return Ok(ArtifactContent {
                name: path.name().to_owned(),
                info: info(&object),
                served: Served::Unsatisfiable,
                body: futures_util::stream::empty().boxed(),
            });
        };
        let options = GetOptions {
            // Not of what somebody writes there between the two requests.
            if_match: object.e_tag,
            range: Some(GetRange::Bounded(range.clone())),
            ..GetOptions::default()
        };
        let found = self.get(path, options).await?;
        Ok(content(path, found, Served::Part(range)))
    }

    /// What is known of an object without reading it.
    pub(crate) async fn head(&self, path: &ArtifactPath) -> Result<ArtifactInfo> {
        Ok(info(&self.describe(path).await?))
    }

    async fn describe(&self, path: &ArtifactPath) -> Result<ObjectMeta> {
        if path.is_root() {
            return Err(is_a_directory(path));
        }
        let key = self.key(path)?;
        let found = self.store.head(&key).await;
        found.map_err(|error| failure(path, error))
    }

    async fn get(&self, path: &ArtifactPath, options: GetOptions) -> Result<GetResult> {
        if path.is_root() {
            return Err(is_a_directory(path));
        }
        let key = self.key(path)?;
        match self.store.get_opts(&key, options).await {
            Err(error @ object_store::Error::Precondition { .. }) => Err(Error::unavailable(error)),
            found => found.map_err(|error| failure(path, error)),
        }
    }
}

fn content(path: &ArtifactPath, found: GetResult, served: Served) -> ArtifactContent {
    ArtifactContent {
        name: path.name().to_owned(),
        info: info(&found.meta),
        served,
        body: found.into_stream().map_err(Error::unavailable).boxed(),
    }
}

fn info(object: &ObjectMeta) -> ArtifactInfo {
    let etag = object.e_tag.as_deref().unwrap_or_default();
    let modified_ms = object.last_modified.timestamp_millis();
    let etag = match etag.trim_start_matches("W/").trim_matches('"') {
        // A store without tags tells two writes apart by time and size at best.
        "" => format!("{modified_ms:x}-{:x}", object.size),
        etag => etag.to_owned(),
    };
    ArtifactInfo {
        size: object.size,
        modified_ms,
        etag,
    }
}

//! A bucket of an object store as a backend: S3, or whatever speaks its protocol.
//!
//! The key of an artifact is its path behind the prefix of the store, letter by letter. There are
//! no directories: a path is one as long as keys lie below it.

mod connect;
mod failure;
mod list;
mod multipart;
mod read;
mod receive;
mod signed;

use std::sync::Arc;

use ferroflow_model::{Error, Result};
use futures_util::{StreamExt, TryStreamExt};
use object_store::aws::AmazonS3;
use object_store::path::Path;
use object_store::{ObjectStore, ObjectStoreExt};
use tokio::sync::Semaphore;

use crate::ArtifactPath;
pub use connect::{BucketOptions, is_bucket};
use failure::failure;

/// Where the artifacts of a store lie in a bucket.
pub(crate) struct Bucket {
    store: AmazonS3,
    /// Without a slash at either end; empty where artifacts lie in the bucket itself.
    prefix: String,
    signing: signed::Signing,
    /// One permit for each part that is held in memory on its way to the store.
    parts_in_memory: Arc<Semaphore>,
}

impl Bucket {
    /// The key of an artifact.
    fn key(&self, path: &ArtifactPath) -> Result<Path> {
        Path::parse(self.key_text(path)).map_err(Error::internal)
    }

    fn key_text(&self, path: &ArtifactPath) -> String {
        match (self.prefix.as_str(), path.as_str()) {
            ("", path) => path.to_owned(),
            (prefix, "") => prefix.to_owned(),
            (prefix, path) => format!("{prefix}/{path}"),
        }
    }

    /// What all keys below a directory begin with.
    fn directory_prefix(&self, directory: &ArtifactPath) -> String {
        match self.key_text(directory) {
            key if key.is_empty() => key,
            key => format!("{key}/"),
        }
    }

    /// Whether clients can be given URLs to reach objects by.
    pub(crate) fn signs_urls(&self) -> bool {
        self.signing.is_possible
    }

    /// Deletes a file, and what lies below it as a directory, in requests of a thousand keys.
    pub(crate) async fn delete(&self, path: &ArtifactPath) -> Result<()> {
        let failed = |error| failure(path, error);
        let key = self.key(path)?;
        let below = self.store.list(Some(&key));
        let keys = below.map_ok(|object| object.location).boxed();
        let mut deleted = self.store.delete_stream(keys);
        while let Some(outcome) = deleted.next().await {
            ignore_missing(outcome).map_err(failed)?;
        }
        ignore_missing(self.store.delete(&key).await).map_err(failed)
    }
}

fn ignore_missing<T>(outcome: object_store::Result<T>) -> object_store::Result<()> {
    match outcome {
        Ok(_) | Err(object_store::Error::NotFound { .. }) => Ok(()),
        Err(error) => Err(error),
    }
}

//! The artifact store: one type whatever holds the bytes.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use ferroflow_model::{Error, ErrorKind, Result};
use futures_util::Stream;
use futures_util::stream::BoxStream;

use crate::bucket::Bucket;
use crate::local::LocalDisk;
use crate::{
    ArtifactPath, BucketOptions, ByteRange, CompletedPart, Served, SignedUrl, UploadId,
    UploadedPart,
};

/// The most entries that one page of a listing has.
pub const MAX_LIST_LIMIT: usize = 10_000;

/// Bytes of an artifact, in chunks of at most 128 KiB.
///
/// An error in the middle means that the rest cannot be had; the answer must then be cut.
pub type ByteStream = BoxStream<'static, Result<Bytes>>;

/// The bounds of a store.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// The largest artifact, in bytes.
    pub artifact_bytes: u64,
    /// The largest part of an upload in parts, in bytes.
    pub part_bytes: u64,
    /// The most parts of one upload.
    pub parts: u32,
    /// The most uploads in parts that are open at a time.
    pub open_uploads: usize,
}

impl Default for Limits {
    /// The bounds that object stores have, so that what one backend takes another does.
    fn default() -> Self {
        Self {
            artifact_bytes: 5 << 40,
            part_bytes: 5 << 30,
            parts: 10_000,
            open_uploads: 10_000,
        }
    }
}

/// What is known of one artifact without reading it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ArtifactInfo {
    /// Its size in bytes.
    pub size: u64,
    /// When it was written, in milliseconds since the Unix epoch.
    pub modified_ms: i64,
    /// Changes whenever the bytes do (a strong validator, without quotes).
    pub etag: String,
}

/// An opened artifact. What is written to its path later does not change it.
pub struct ArtifactContent {
    /// What it is called in its directory.
    pub name: String,
    /// The whole artifact's size, time and tag.
    pub info: ArtifactInfo,
    /// Which of its bytes `body` holds.
    pub served: Served,
    /// The bytes.
    pub body: ByteStream,
}

/// One entry of a directory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileInfo {
    /// Its path from the root of the store.
    pub path: ArtifactPath,
    /// Whether it is a directory.
    pub is_dir: bool,
    /// The size of a file in bytes; directories have none.
    pub size: Option<u64>,
}

/// Which entries of a directory to list.
#[derive(Debug, Clone)]
pub struct ListPage {
    /// The cursor of the page before; `None` begins at the first entry.
    pub after: Option<String>,
    /// How many at most; more than [`MAX_LIST_LIMIT`] counts as that.
    pub limit: usize,
}

impl Default for ListPage {
    fn default() -> Self {
        Self {
            after: None,
            limit: MAX_LIST_LIMIT,
        }
    }
}

/// A page of a directory, sorted by name in code point order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Listing {
    /// The entries.
    pub files: Vec<FileInfo>,
    /// The cursor of the next page, when there is one.
    pub next: Option<String>,
}

/// Where artifact bytes are kept.
///
/// A write is visible whole or not at all, and an answer means that it is on disk. Reading what
/// is not there is `NotFound`, and so is what a link would reach outside of the root.
#[derive(Clone)]
pub struct ArtifactStore {
    backend: Backend,
    limits: Limits,
}

#[derive(Clone)]
enum Backend {
    Local(Arc<LocalDisk>),
    Bucket(Arc<Bucket>),
}

impl ArtifactStore {
    /// Opens a directory of the local disk as a store, creating it when it is missing, and
    /// removes what crashed uploads left there. It blocks, so it is for the start of a server.
    ///
    /// Several servers may share the directory as long as its file system has file locks.
    pub fn local(root: &Path, limits: Limits) -> Result<Self> {
        let disk = LocalDisk::open(root).map_err(Error::internal)?;
        Ok(Self {
            backend: Backend::Local(Arc::new(disk)),
            limits,
        })
    }

    /// Opens a place in a bucket, such as `s3://bucket/prefix`, as a store. Nothing is sent, so
    /// whether it can be reached shows at the first use.
    ///
    /// Several servers may share it. What an upload leaves behind that was cut by the end of a
    /// server is dropped by the bucket's own rules for unfinished uploads.
    pub fn bucket(location: &str, options: &BucketOptions, limits: Limits) -> Result<Self> {
        let bucket = Bucket::open(location, options)?;
        Ok(Self {
            backend: Backend::Bucket(Arc::new(bucket)),
            limits,
        })
    }

    /// The bounds that this store was opened with.
    pub fn limits(&self) -> &Limits {
        &self.limits
    }

    /// Stores `content` at `path`, replacing what was there, and answers its size in bytes.
    ///
    /// When the content ends in an error, or the future is dropped, nothing is left behind.
    pub async fn put<S>(&self, path: &ArtifactPath, content: S) -> Result<u64>
    where
        S: Stream<Item = Result<Bytes>> + Send,
    {
        refuse_root(path)?;
        match &self.backend {
            Backend::Local(disk) => disk.put(path, content, self.limits.artifact_bytes).await,
            Backend::Bucket(bucket) => bucket.put(path, content, self.limits.artifact_bytes).await,
        }
    }

    /// Opens an artifact for reading, from the first chunk of `range` on.
    pub async fn open(
        &self,
        path: &ArtifactPath,
        range: Option<ByteRange>,
    ) -> Result<ArtifactContent> {
        match &self.backend {
            Backend::Local(disk) => disk.read(path, range).await,
            Backend::Bucket(bucket) => bucket.read(path, range).await,
        }
    }

    /// What is known of an artifact without reading it.
    pub async fn head(&self, path: &ArtifactPath) -> Result<ArtifactInfo> {
        match &self.backend {
            Backend::Local(disk) => disk.head(path).await,
            Backend::Bucket(bucket) => bucket.head(path).await,
        }
    }

    /// Lists a directory; one that is missing, or is a file, has no entries.
    pub async fn list(&self, directory: &ArtifactPath, page: ListPage) -> Result<Listing> {
        let limit = page.limit.clamp(1, MAX_LIST_LIMIT);
        match &self.backend {
            Backend::Local(disk) => disk.list(directory, page.after, limit).await,
            Backend::Bucket(bucket) => bucket.list(directory, page.after, limit).await,
        }
    }

    /// Deletes a file, or a directory with all that is in it; what is missing is deleted already.
    pub async fn delete(&self, path: &ArtifactPath) -> Result<()> {
        refuse_root(path)?;
        match &self.backend {
            Backend::Local(disk) => disk.delete(path).await,
            Backend::Bucket(bucket) => bucket.delete(path).await,
        }
    }

    /// Begins an upload in parts to `path`. `proposed` is a fresh random id; a backend that
    /// makes ids of its own answers with another one.
    pub async fn create_multipart(
        &self,
        path: &ArtifactPath,
        proposed: UploadId,
    ) -> Result<UploadId> {
        refuse_root(path)?;
        match &self.backend {
            Backend::Local(disk) => {
                disk.create_multipart(path, &proposed, self.limits.open_uploads)
                    .await?;
                Ok(proposed)
            }
            Backend::Bucket(bucket) if bucket.signs_urls() => bucket.create_multipart(path).await,
            // By this message clients know that they have to send the file whole.
            Backend::Bucket(_) => Err(Error::new(
                ErrorKind::Unsupported,
                "Multipart upload is not supported for the current artifact repository",
            )),
        }
    }

    /// Stores part `number` (from 1) of an upload; sent again, it replaces what was there.
    pub async fn put_part<S>(
        &self,
        path: &ArtifactPath,
        upload: &UploadId,
        number: u32,
        content: S,
    ) -> Result<UploadedPart>
    where
        S: Stream<Item = Result<Bytes>> + Send,
    {
        self.check_part_number(number)?;
        match &self.backend {
            Backend::Local(disk) => {
                disk.put_part(path, upload, number, content, self.limits.part_bytes)
                    .await
            }
            Backend::Bucket(_) => Err(Error::new(
                ErrorKind::Unsupported,
                "The parts of this upload are sent to the signed URLs that it was begun with.",
            )),
        }
    }

    /// Makes the artifact of the parts named, in their order, and answers its size in bytes.
    /// Parts that are not named are dropped. The upload is then over; when this fails it is not.
    pub async fn complete_multipart(
        &self,
        path: &ArtifactPath,
        upload: &UploadId,
        parts: Vec<CompletedPart>,
    ) -> Result<u64> {
        self.check_parts(&parts)?;
        match &self.backend {
            Backend::Local(disk) => {
                disk.complete_multipart(path, upload, parts, self.limits.artifact_bytes)
                    .await
            }
            Backend::Bucket(bucket) => bucket.complete_multipart(path, upload, parts).await,
        }
    }

    /// Ends an upload and drops its parts; one that is not there is ended already.
    pub async fn abort_multipart(&self, path: &ArtifactPath, upload: &UploadId) -> Result<()> {
        match &self.backend {
            Backend::Local(disk) => disk.abort_multipart(path, upload).await,
            Backend::Bucket(bucket) => bucket.abort_multipart(path, upload).await,
        }
    }

    /// Drops uploads in parts that got no part since `before_ms` (milliseconds since the Unix
    /// epoch), and what servers that are gone left behind. Answers how many uploads it dropped.
    pub async fn sweep(&self, before_ms: i64) -> Result<usize> {
        match &self.backend {
            Backend::Local(disk) => disk.sweep(before_ms).await,
            // Buckets have rules of their own for what nobody continues.
            Backend::Bucket(_) => Ok(0),
        }
    }

    /// Whether clients can be given URLs by which they reach artifacts without this server.
    pub fn signs_urls(&self) -> bool {
        match &self.backend {
            Backend::Local(_) => false,
            Backend::Bucket(bucket) => bucket.signs_urls(),
        }
    }

    /// The URLs to which a client sends the parts 1 to `count` of an upload, for an hour; `None`
    /// where it sends them to this server.
    pub async fn sign_parts(
        &self,
        path: &ArtifactPath,
        upload: &UploadId,
        count: u32,
    ) -> Result<Option<Vec<String>>> {
        match &self.backend {
            Backend::Local(_) => Ok(None),
            Backend::Bucket(bucket) => bucket.sign_parts(path, upload, count).await.map(Some),
        }
    }

    /// A URL to which a client may write an artifact for so long; `None` where the store has none.
    pub async fn sign_upload(
        &self,
        path: &ArtifactPath,
        content_type: &str,
        lifetime: Duration,
    ) -> Result<Option<SignedUrl>> {
        refuse_root(path)?;
        match self.signer() {
            None => Ok(None),
            Some(bucket) => {
                let signed = bucket.sign_upload(path, content_type, lifetime);
                signed.await.map(Some)
            }
        }
    }

    /// A URL from which a client may read an artifact for so long; `None` where the store has none.
    pub async fn sign_download(
        &self,
        path: &ArtifactPath,
        lifetime: Duration,
    ) -> Result<Option<SignedUrl>> {
        match self.signer() {
            None => Ok(None),
            Some(bucket) => bucket.sign_download(path, lifetime).await.map(Some),
        }
    }

    fn signer(&self) -> Option<&Bucket> {
        match &self.backend {
            Backend::Bucket(bucket) if bucket.signs_urls() => Some(bucket),
            _ => None,
        }
    }

    fn check_part_number(&self, number: u32) -> Result<()> {
        if (1..=self.limits.parts).contains(&number) {
            return Ok(());
        }
        Err(Error::invalid(format!(
            "Invalid value {number} for parameter 'part_number': it is from 1 to {}.",
            self.limits.parts
        )))
    }

    fn check_parts(&self, parts: &[CompletedPart]) -> Result<()> {
        if parts.is_empty() {
            return Err(Error::missing("parts"));
        }
        parts
            .iter()
            .try_for_each(|part| self.check_part_number(part.number))?;
        if parts.is_sorted_by(|one, next| one.number < next.number) {
            return Ok(());
        }
        Err(Error::invalid(
            "Invalid value for parameter 'parts': part numbers ascend and do not repeat.",
        ))
    }
}

fn refuse_root(path: &ArtifactPath) -> Result<()> {
    if path.is_root() {
        return Err(Error::invalid(
            "Invalid path: the root of the artifacts cannot be written or deleted.",
        ));
    }
    Ok(())
}

/// The error for an artifact that is not there.
pub(crate) fn no_such_artifact(path: &ArtifactPath) -> Error {
    Error::not_found(format!("No such artifact: '{path}'"))
}

/// The error for a directory where a file is needed.
pub(crate) fn is_a_directory(path: &ArtifactPath) -> Error {
    Error::new(
        ErrorKind::IsADirectory,
        format!("Artifact path refers to a directory, not a file: '{path}'"),
    )
}

/// The error for content that is larger than a limit.
pub(crate) fn too_large(limit: u64) -> Error {
    Error::new(
        ErrorKind::TooLarge,
        format!("The artifact is too large: at most {limit} bytes are allowed."),
    )
}

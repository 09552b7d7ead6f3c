//! From a stream to a bucket: in one request where that holds it, else in parts of one size.

use std::pin::{Pin, pin};
use std::sync::Arc;

use bytes::Bytes;
use ferroflow_model::{Error, Result};
use futures_util::{Stream, StreamExt, future};
use object_store::path::Path;
use object_store::{MultipartUpload, ObjectStore, ObjectStoreExt, PutPayload, PutPayloadMut};
use tokio::runtime::Handle;
use tokio::sync::OwnedSemaphorePermit;

use super::Bucket;
use super::failure::failure;
use crate::ArtifactPath;
use crate::store::too_large;

/// The size of all parts but the last: some stores want them alike, and all want 5 MiB at least.
const PART_BYTES: usize = 16 << 20;

/// The most parts that one object can have.
const PARTS: u64 = 10_000;

/// The largest object that is written through this server: 156 GiB.
const MAX_BYTES: u64 = PARTS * PART_BYTES as u64;

/// How many parts may be in memory at a time, for all uploads together: half a gibibyte. Uploads
/// beyond that wait.
pub(super) const PARTS_IN_MEMORY: usize = 32;

/// Frames are copied into blocks, so that a small one does not keep the large buffer it lies in.
const BLOCK_BYTES: usize = 256 * 1024;

impl Bucket {
    /// Stores `content` at `path` and answers its size. The object appears at the end, whole.
    pub(crate) async fn put<S>(&self, path: &ArtifactPath, content: S, limit: u64) -> Result<u64>
    where
        S: Stream<Item = Result<Bytes>> + Send,
    {
        let failed = |error| failure(path, error);
        let key = self.key(path)?;
        let mut content = pin!(content);
        let part = Part::gather(content.as_mut(), self.memory_for_part().await?).await?;
        if !part.is_last {
            let upload = Upload::begin(&self.store, &key).await.map_err(failed)?;
            return self.put_parts(path, upload, part, content, limit).await;
        }
        let size = part.bytes();
        if size > limit {
            return Err(too_large(limit));
        }
        let stored = self.store.put(&key, part.payload).await;
        stored.map_err(failed)?;
        Ok(size)
    }

    /// While one part is sent, the next one is gathered, if there is memory for both.
    async fn put_parts<S>(
        &self,
        path: &ArtifactPath,
        mut upload: Upload,
        mut part: Part,
        mut content: Pin<&mut S>,
        limit: u64,
    ) -> Result<u64>
    where
        S: Stream<Item = Result<Bytes>> + Send,
    {
        let limit = limit.min(MAX_BYTES);
        let mut size = 0;
        loop {
            size += part.bytes();
            if size > limit {
                return Err(too_large(limit));
            }
            let is_last = part.is_last;
            let sent = upload.send(part);
            let sent = async { sent.await.map_err(|error| failure(path, error)) };
            if is_last {
                sent.await?;
                break;
            }
            part = if let Ok(memory) = Arc::clone(&self.parts_in_memory).try_acquire_owned() {
                let next = Part::gather(content.as_mut(), memory);
                future::try_join(sent, next).await?.1
            } else {
                sent.await?;
                Part::gather(content.as_mut(), self.memory_for_part().await?).await?
            };
        }
        let completed = upload.complete().await;
        completed.map_err(|error| failure(path, error))?;
        Ok(size)
    }

    async fn memory_for_part(&self) -> Result<OwnedSemaphorePermit> {
        let permits = Arc::clone(&self.parts_in_memory);
        permits.acquire_owned().await.map_err(Error::internal)
    }
}

/// What is sent at once, and the room that it takes.
struct Part {
    payload: PutPayload,
    is_last: bool,
    memory: OwnedSemaphorePermit,
}

impl Part {
    async fn gather<S>(mut content: Pin<&mut S>, memory: OwnedSemaphorePermit) -> Result<Self>
    where
        S: Stream<Item = Result<Bytes>>,
    {
        let mut payload = PutPayloadMut::new().with_block_size(BLOCK_BYTES);
        let mut is_last = false;
        while payload.content_length() < PART_BYTES {
            let Some(frame) = content.next().await else {
                is_last = true;
                break;
            };
            payload.extend_from_slice(&frame?);
        }
        Ok(Self {
            payload: payload.freeze(),
            is_last,
            memory,
        })
    }

    fn bytes(&self) -> u64 {
        self.payload.content_length() as u64
    }
}

/// An upload in parts, which is given up unless it is completed.
struct Upload(Option<Box<dyn MultipartUpload>>);

impl Upload {
    async fn begin(store: &dyn ObjectStore, key: &Path) -> object_store::Result<Self> {
        Ok(Self(Some(store.put_multipart(key).await?)))
    }

    /// Sends a part, and then frees the room that it takes.
    fn send(&mut self, part: Part) -> impl Future<Output = object_store::Result<()>> + use<> {
        // The last part is empty when the content ends with the part before.
        let is_needed = part.bytes() > 0;
        let sent = self.0.as_mut().filter(|_| is_needed);
        let sent = sent.map(|upload| upload.put_part(part.payload));
        async move {
            let outcome = match sent {
                Some(sent) => sent.await,
                None => Ok(()),
            };
            drop(part.memory);
            outcome
        }
    }

    async fn complete(mut self) -> object_store::Result<()> {
        if let Some(upload) = &mut self.0 {
            upload.complete().await?;
        }
        self.0 = None;
        Ok(())
    }
}

impl Drop for Upload {
    fn drop(&mut self) {
        let Some(mut upload) = self.0.take() else {
            return;
        };
        // Where there is no runtime any more, the bucket's own rules drop what is unfinished.
        if let Ok(runtime) = Handle::try_current() {
            runtime.spawn(async move {
                if let Err(error) = upload.abort().await {
                    tracing::warn!(%error, "an unfinished upload stays in the bucket");
                }
            });
        }
    }
}

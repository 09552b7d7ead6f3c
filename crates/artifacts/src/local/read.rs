//! From a file to a stream: the next chunk is read while the last one is sent.

use std::fs::{File, Metadata};
use std::io::{self, Read, Seek, SeekFrom};
use std::sync::Arc;
use std::time::UNIX_EPOCH;

use bytes::Bytes;
use ferroflow_model::{Error, Result};
use futures_util::{StreamExt, stream};
use tokio::task::JoinHandle;

use super::failure::{is_a_directory, no_such_artifact, read_failure};
use super::{LocalDisk, blocking};
use crate::{ArtifactContent, ArtifactInfo, ArtifactPath, ByteRange, ByteStream, Served};

/// Large enough that switching threads costs little, small enough for many readers at a time.
const CHUNK_BYTES: usize = 256 * 1024;

impl LocalDisk {
    /// Opens a file and reads its first chunk in the same go, so that a small file costs one
    /// switch between threads.
    pub(crate) async fn read(
        self: &Arc<Self>,
        path: &ArtifactPath,
        range: Option<ByteRange>,
    ) -> Result<ArtifactContent> {
        let (disk, path) = (Arc::clone(self), path.clone());
        blocking(move || {
            let (mut file, info) = disk.open_file(&path)?;
            let (served, start, end) = resolve(range, info.size);
            if start > 0 {
                file.seek(SeekFrom::Start(start)).map_err(Error::internal)?;
            }
            let first = read_chunk(file, end - start)?;
            Ok(ArtifactContent {
                info,
                served,
                body: stream_from(first),
            })
        })
        .await
    }

    /// What is known of a file without reading it.
    pub(crate) async fn head(self: &Arc<Self>, path: &ArtifactPath) -> Result<ArtifactInfo> {
        let (disk, path) = (Arc::clone(self), path.clone());
        blocking(move || disk.open_file(&path).map(|(_, info)| info)).await
    }

    /// Opens a regular file. Its kind is checked first, because opening a pipe would wait.
    fn open_file(&self, path: &ArtifactPath) -> Result<(File, ArtifactInfo)> {
        if path.is_root() {
            return Err(is_a_directory(path));
        }
        let failure = |error| read_failure(path, error);
        let kind = self
            .root
            .metadata(path.as_str())
            .map_err(failure)?
            .file_type();
        if kind.is_dir() {
            return Err(is_a_directory(path));
        }
        if !kind.is_file() {
            return Err(no_such_artifact(path));
        }
        let file = self.root.open(path.as_str()).map_err(failure)?.into_std();
        let info = file
            .metadata()
            .and_then(|metadata| describe(&metadata))
            .map_err(failure)?;
        Ok((file, info))
    }
}

/// Size, time and tag of a file. A write always makes a new file, so its number in the file
/// system tells two writes apart that the clock does not.
pub(super) fn describe(metadata: &Metadata) -> io::Result<ArtifactInfo> {
    // A time before the epoch can only have been set by hand.
    let modified = metadata
        .modified()?
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    Ok(ArtifactInfo {
        size: metadata.len(),
        modified_ms: i64::try_from(modified.as_millis()).unwrap_or(i64::MAX),
        etag: format!(
            "{:x}-{:x}-{:x}",
            file_number(metadata),
            modified.as_nanos(),
            metadata.len()
        ),
    })
}

#[cfg(unix)]
fn file_number(metadata: &Metadata) -> u64 {
    std::os::unix::fs::MetadataExt::ino(metadata)
}

#[cfg(not(unix))]
fn file_number(_: &Metadata) -> u64 {
    0
}

fn resolve(range: Option<ByteRange>, size: u64) -> (Served, u64, u64) {
    let Some(range) = range else {
        return (Served::Whole, 0, size);
    };
    match range.resolve(size) {
        Some(part) => (Served::Part(part.clone()), part.start, part.end),
        None => (Served::Unsatisfiable, 0, 0),
    }
}

struct Chunk {
    bytes: Bytes,
    file: File,
    remaining: u64,
}

enum Ahead {
    Read(Chunk),
    Reading(JoinHandle<Result<Chunk>>),
}

fn stream_from(first: Chunk) -> ByteStream {
    stream::try_unfold(Some(Ahead::Read(first)), |ahead| async {
        let chunk = match ahead {
            None => return Ok(None),
            Some(Ahead::Read(chunk)) => chunk,
            Some(Ahead::Reading(handle)) => handle.await.map_err(Error::internal)??,
        };
        if chunk.bytes.is_empty() {
            return Ok(None);
        }
        Ok(Some((chunk.bytes, read_ahead(chunk.file, chunk.remaining))))
    })
    .boxed()
}

fn read_ahead(file: File, remaining: u64) -> Option<Ahead> {
    (remaining > 0).then(|| {
        Ahead::Reading(tokio::task::spawn_blocking(move || {
            read_chunk(file, remaining)
        }))
    })
}

/// Reads as much as fits in a chunk. A file that ends early is an error: the length has been
/// promised to the client.
fn read_chunk(mut file: File, remaining: u64) -> Result<Chunk> {
    let length = usize::try_from(remaining).map_or(CHUNK_BYTES, |left| left.min(CHUNK_BYTES));
    let mut bytes = Vec::with_capacity(length);
    let limit = length as u64;
    let read = (&mut file)
        .take(limit)
        .read_to_end(&mut bytes)
        .map_err(Error::internal)?;
    if read < length {
        return Err(Error::internal(io::Error::from(
            io::ErrorKind::UnexpectedEof,
        )));
    }
    Ok(Chunk {
        bytes: bytes.into(),
        file,
        remaining: remaining - limit,
    })
}

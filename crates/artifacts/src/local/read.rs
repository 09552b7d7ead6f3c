//! From a file to a stream: what the system has in memory is sent without a switch of threads.

use std::fs::{File, Metadata};
use std::io::{self, Read, Seek, SeekFrom};
use std::sync::Arc;
use std::time::UNIX_EPOCH;

use bytes::Bytes;
use ferroflow_model::{Error, Result};
use futures_util::{StreamExt, stream};
#[cfg(target_os = "linux")]
use rustix::io::{ReadWriteFlags, preadv2};

use super::failure::read_failure;
use super::{LocalDisk, blocking};
use crate::store::{is_a_directory, no_such_artifact};
use crate::{ArtifactContent, ArtifactInfo, ArtifactPath, ByteRange, ByteStream, Served};

/// Small enough for many readers at a time, and to stay in the caches between reading and sending.
const CHUNK_BYTES: usize = 128 * 1024;

/// Asks `preadv2` to read from where the file stands, and to move that on.
#[cfg(target_os = "linux")]
const FILE_POSITION: u64 = u64::MAX;

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
            let size = end - start;
            let (first, rest) = Rest { file, size }.read()?;
            Ok(ArtifactContent {
                name: path.name().to_owned(),
                info,
                served,
                body: stream_from(first, rest),
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

/// What of a file is still to be sent.
struct Rest {
    file: File,
    size: u64,
}

impl Rest {
    fn next_length(&self) -> usize {
        usize::try_from(self.size).map_or(CHUNK_BYTES, |size| size.min(CHUNK_BYTES))
    }

    /// The next bytes, where it may block. A file that ends early is an error: the length has been
    /// promised to the client.
    fn read(mut self) -> Result<(Bytes, Self)> {
        let length = self.next_length();
        let mut bytes = Vec::with_capacity(length);
        let limited = &mut (&mut self.file).take(length as u64);
        limited.read_to_end(&mut bytes).map_err(Error::internal)?;
        if bytes.len() < length {
            let early = io::Error::from(io::ErrorKind::UnexpectedEof);
            return Err(Error::internal(early));
        }
        self.size -= length as u64;
        Ok((bytes.into(), self))
    }

    /// The next bytes, if the system has some of them in memory, so that reading cannot block.
    #[cfg(target_os = "linux")]
    fn read_from_memory(&mut self) -> Option<Bytes> {
        let mut bytes = vec![0; self.next_length()];
        let slices = &mut [io::IoSliceMut::new(&mut bytes)];
        // Any failure shows again, and is answered for, where it is read in earnest.
        let read = preadv2(&self.file, slices, FILE_POSITION, ReadWriteFlags::NOWAIT).ok()?;
        bytes.truncate(read);
        self.size -= read as u64;
        (read > 0).then(|| bytes.into())
    }

    #[cfg(not(target_os = "linux"))]
    fn read_from_memory(&mut self) -> Option<Bytes> {
        None
    }
}

fn stream_from(first: Bytes, rest: Rest) -> ByteStream {
    let first = (!first.is_empty()).then_some(Ok(first));
    let others = stream::try_unfold(rest, |rest| next_chunk(rest, Rest::read_from_memory));
    stream::iter(first).chain(others).boxed()
}

/// Reads on: at once what the system has in memory, and what it has to wait for on another thread.
async fn next_chunk(
    mut rest: Rest,
    from_memory: impl FnOnce(&mut Rest) -> Option<Bytes>,
) -> Result<Option<(Bytes, Rest)>> {
    if rest.size == 0 {
        return Ok(None);
    }
    let read = match from_memory(&mut rest) {
        Some(bytes) => (bytes, rest),
        None => blocking(move || rest.read()).await?,
    };
    Ok(Some(read))
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    /// Reads a file of this content to its end, and answers how often it was read in earnest.
    async fn read_all(
        content: &[u8],
        from_memory: impl Fn(&mut Rest) -> Option<Bytes>,
    ) -> (Vec<u8>, usize) {
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(content).unwrap();
        file.rewind().unwrap();
        let size = content.len() as u64;
        let (mut rest, mut all, mut waits) = (Rest { file, size }, Vec::new(), 0);
        loop {
            let in_memory = |rest: &mut Rest| {
                let found = from_memory(rest);
                waits += usize::from(found.is_none());
                found
            };
            match next_chunk(rest, in_memory).await.unwrap() {
                Some((bytes, next)) => {
                    all.extend_from_slice(&bytes);
                    rest = next;
                }
                None => return (all, waits),
            }
        }
    }

    #[tokio::test]
    async fn what_is_not_in_memory_is_waited_for() {
        let content: Vec<u8> = (0..3 * CHUNK_BYTES + 7)
            .map(|index| index.to_le_bytes()[1])
            .collect();
        assert_eq!(read_all(&content, |_| None).await, (content.clone(), 4));
        let every_other = |rest: &mut Rest| {
            let is_even = (rest.size / 1000).is_multiple_of(2);
            let is_even = is_even && rest.size > 1000;
            is_even.then(|| {
                let mut few = vec![0; 1000];
                rest.file.read_exact(&mut few).unwrap();
                rest.size -= 1000;
                few.into()
            })
        };
        let (read, waits) = read_all(&content, every_other).await;
        assert!(read == content);
        assert!((1..=4).contains(&waits), "{waits}");
    }

    #[cfg(target_os = "linux")]
    #[tokio::test]
    async fn what_was_just_written_is_in_memory() {
        let content = vec![7; 2 * CHUNK_BYTES];
        let (read, waits) = read_all(&content, Rest::read_from_memory).await;
        assert!(read == content);
        assert_eq!(waits, 0);
    }
}

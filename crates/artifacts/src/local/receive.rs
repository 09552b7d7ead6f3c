//! From a stream to a file: flat memory, and few switches between threads.
//!
//! Frames are gathered into batches; while one batch is written on a thread that may block, the
//! next one is gathered. A slow client holds no thread, and a small file costs one switch.

use std::fs::File;
use std::io::{self, IoSlice, Write};
use std::pin::{Pin, pin};
use std::sync::Arc;

use bytes::Bytes;
use ferroflow_model::{Error, Result};
use futures_util::{Stream, StreamExt, future};

use super::blocking;
use super::scratch::{Scratch, TemporaryFile};
use crate::store::too_large;

/// Enough that a switch between threads (about 10 us) is nothing beside the writing, and that the
/// system takes memory for the file in few large pieces: that alone saves a fifth of what the write
/// costs. Two of them are held for each upload.
const BATCH_BYTES: usize = 512 * 1024;

/// The most slices that Linux takes in one `writev`; it also bounds a stream of tiny frames.
const BATCH_FRAMES: usize = 1024;

/// Writes `content` to a temporary file and hands it, with its size, to `finish`, which runs
/// where it may block. On any error, and when the future is dropped, the file goes away.
pub(super) async fn receive<S, T>(
    scratch: &Arc<Scratch>,
    content: S,
    limit: u64,
    finish: impl FnOnce(TemporaryFile, u64) -> Result<T> + Send + 'static,
) -> Result<T>
where
    S: Stream<Item = Result<Bytes>> + Send,
    T: Send + 'static,
{
    let mut content = pin!(content);
    let mut batch = Batch::gather(content.as_mut()).await?;
    let mut file = None;
    let mut size = 0;
    loop {
        size += batch.size as u64;
        if size > limit {
            return Err(too_large(limit));
        }
        let (scratch, current, frames) = (Arc::clone(scratch), file.take(), batch.frames);
        let append = move || append(&scratch, current, &frames).map_err(Error::internal);
        if batch.is_last {
            return blocking(move || finish(append()?, size)).await;
        }
        let gather = Batch::gather(content.as_mut());
        let (written, next) = future::join(blocking(append), gather).await;
        file = Some(written?);
        batch = next?;
    }
}

/// What is written at once.
struct Batch {
    frames: Vec<Bytes>,
    size: usize,
    is_last: bool,
}

impl Batch {
    async fn gather<S>(mut content: Pin<&mut S>) -> Result<Self>
    where
        S: Stream<Item = Result<Bytes>>,
    {
        let mut batch = Self {
            frames: Vec::new(),
            size: 0,
            is_last: false,
        };
        while batch.size < BATCH_BYTES && batch.frames.len() < BATCH_FRAMES {
            let Some(frame) = content.next().await else {
                batch.is_last = true;
                break;
            };
            let frame = frame?;
            if !frame.is_empty() {
                batch.size += frame.len();
                batch.frames.push(frame);
            }
        }
        Ok(batch)
    }
}

fn append(
    scratch: &Arc<Scratch>,
    file: Option<TemporaryFile>,
    frames: &[Bytes],
) -> io::Result<TemporaryFile> {
    let mut file = file.map_or_else(|| scratch.create(), Ok)?;
    write_frames(file.file(), frames)?;
    Ok(file)
}

/// Writes the frames as they are, without copying them together first.
fn write_frames(file: &mut File, frames: &[Bytes]) -> io::Result<()> {
    let mut slices: Vec<IoSlice> = frames.iter().map(|frame| IoSlice::new(frame)).collect();
    let mut slices = &mut slices[..];
    while !slices.is_empty() {
        match file.write_vectored(slices) {
            Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
            Ok(written) => IoSlice::advance_slices(&mut slices, written),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

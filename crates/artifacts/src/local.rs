//! The local disk as a backend.
//!
//! Everything is reached through one `Dir` of `cap-std`, which resolves each path below the root
//! in the kernel, so that no link leads outside. Files come into being in a hidden directory of
//! the same file system, and get their names by a rename once they are whole and on disk.

mod failure;
mod list;
mod multipart;
mod read;
mod receive;
mod scratch;

use std::io;
use std::path::Path;
use std::sync::Arc;

use bytes::Bytes;
use cap_std::ambient_authority;
use cap_std::fs::Dir;
use ferroflow_model::{Error, Result};
use futures_util::Stream;

use crate::ArtifactPath;
use crate::path::RESERVED_PREFIX;
use failure::{is_missing, write_failure};
use scratch::{Scratch, TemporaryFile, create_missing_dir, remove_any};

/// How often a write starts over when its directory is deleted under it.
const PUBLISH_ATTEMPTS: usize = 8;

/// A directory that holds artifacts, and in it the hidden one for what is not yet an artifact.
pub(crate) struct LocalDisk {
    root: Dir,
    uploads: Dir,
    scratch: Arc<Scratch>,
}

impl LocalDisk {
    /// Opens the store in `root`, creating it when it is missing. It blocks.
    pub(crate) fn open(root: &Path) -> io::Result<Self> {
        Dir::create_ambient_dir_all(root, ambient_authority())?;
        let root = Dir::open_ambient_dir(root, ambient_authority())?;
        let hidden_name = format!("{RESERVED_PREFIX}uploads");
        create_missing_dir(&root, &hidden_name)?;
        let hidden = root.open_dir(&hidden_name)?;
        let scratch = Scratch::claim(&hidden)?;
        create_missing_dir(&hidden, multipart::DIRECTORY)?;
        let uploads = hidden.open_dir(multipart::DIRECTORY)?;
        Ok(Self {
            root,
            uploads,
            scratch: Arc::new(scratch),
        })
    }

    /// Stores `content` at `path` and answers its size.
    pub(crate) async fn put<S>(
        self: &Arc<Self>,
        path: &ArtifactPath,
        content: S,
        limit: u64,
    ) -> Result<u64>
    where
        S: Stream<Item = Result<Bytes>> + Send,
    {
        let (disk, path) = (Arc::clone(self), path.clone());
        receive::receive(&self.scratch, content, limit, move |file, size| {
            disk.publish(file, &path)
                .map_err(|error| write_failure(&path, error))?;
            Ok(size)
        })
        .await
    }

    /// Deletes a file or a directory tree.
    pub(crate) async fn delete(self: &Arc<Self>, path: &ArtifactPath) -> Result<()> {
        let (disk, path) = (Arc::clone(self), path.clone());
        blocking(move || {
            disk.delete_now(&path)
                .map_err(|error| write_failure(&path, error))
        })
        .await
    }

    /// Moves the entry out of the tree at once, so that nobody sees half a directory, and then
    /// takes it apart.
    fn delete_now(&self, path: &ArtifactPath) -> io::Result<()> {
        let trash = match self.scratch.take(&self.root, path.as_str()) {
            Err(error) if is_missing(&error) => return Ok(()),
            taken => taken?,
        };
        self.sync_dir(path.parent_str())?;
        remove_any(self.scratch.dir(), &trash)
    }

    /// Gives a finished file its name. Directories on the way come into being only when the
    /// rename finds them missing, which costs the common case nothing.
    fn publish(&self, mut file: TemporaryFile, path: &ArtifactPath) -> io::Result<()> {
        file.sync()?;
        let mut renamed = file.rename_to(&self.root, path.as_str());
        for _ in 1..PUBLISH_ATTEMPTS {
            match renamed {
                Err(error) if error.kind() == io::ErrorKind::NotFound => {
                    self.create_parents(path)?;
                    renamed = file.rename_to(&self.root, path.as_str());
                }
                _ => break,
            }
        }
        renamed?;
        self.sync_dir(path.parent_str())
    }

    fn create_parents(&self, path: &ArtifactPath) -> io::Result<()> {
        let text = path.as_str();
        let mut parent = "";
        for (end, _) in text.match_indices('/') {
            let directory = &text[..end];
            match self.root.create_dir(directory) {
                Ok(()) => self.sync_dir(parent)?,
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                // Somebody deletes it at this moment; the caller tries again.
                Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
                Err(error) => return Err(error),
            }
            parent = directory;
        }
        Ok(())
    }

    /// Makes the names in a directory durable. When the directory has been deleted meanwhile,
    /// there is nothing to keep.
    fn sync_dir(&self, directory: &str) -> io::Result<()> {
        let directory = if directory.is_empty() { "." } else { directory };
        match self.root.open(directory) {
            Err(error) if is_missing(&error) => Ok(()),
            opened => opened?.sync_all(),
        }
    }
}

/// Runs `work` where it may block.
async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T> + Send + 'static,
) -> Result<T> {
    tokio::task::spawn_blocking(work)
        .await
        .map_err(Error::internal)?
}

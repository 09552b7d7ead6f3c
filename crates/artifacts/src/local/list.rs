//! Listing a directory in pages, with memory for one page only.

use std::collections::BinaryHeap;
use std::io;
use std::sync::Arc;

use cap_std::fs::Dir;
use ferroflow_model::{Error, Result};

use super::failure::is_missing;
use super::{LocalDisk, blocking};
use crate::{ArtifactPath, FileInfo, Listing};

impl LocalDisk {
    /// The first `limit` entries after the name `after`, sorted by name.
    pub(crate) async fn list(
        self: &Arc<Self>,
        directory: &ArtifactPath,
        after: Option<String>,
        limit: usize,
    ) -> Result<Listing> {
        let (disk, directory) = (Arc::clone(self), directory.clone());
        blocking(move || {
            match disk.list_now(&directory, after.as_deref().unwrap_or_default(), limit) {
                Err(error) if is_missing(&error) => Ok(Listing::default()),
                listed => listed.map_err(Error::internal),
            }
        })
        .await
    }

    fn list_now(&self, directory: &ArtifactPath, after: &str, limit: usize) -> io::Result<Listing> {
        let opened = if directory.is_root() {
            self.root.try_clone()?
        } else {
            self.root.open_dir(directory.as_str())?
        };
        let mut paths = first_entries(&opened, directory, after, limit + 1)?;
        let has_more = paths.len() > limit;
        paths.truncate(limit);
        let next = has_more
            .then(|| paths.last().map(|path| path.name().to_owned()))
            .flatten();
        let files = paths
            .into_iter()
            .filter_map(|path| self.file_info(path))
            .collect();
        Ok(Listing { files, next })
    }

    /// What a listing says of an entry. Left out is what cannot be opened either: links that
    /// lead outside or nowhere, pipes and devices, and what has been deleted meanwhile.
    fn file_info(&self, path: ArtifactPath) -> Option<FileInfo> {
        let metadata = self.root.metadata(path.as_str()).ok()?;
        let is_dir = metadata.is_dir();
        (is_dir || metadata.is_file()).then(|| FileInfo {
            path,
            is_dir,
            size: (!is_dir).then_some(metadata.len()),
        })
    }
}

/// The `count` smallest entries behind `after`. A heap keeps them, so that a directory of any
/// size needs the memory of one page. Names that no client could ask for are passed over.
fn first_entries(
    opened: &Dir,
    directory: &ArtifactPath,
    after: &str,
    count: usize,
) -> io::Result<Vec<ArtifactPath>> {
    let mut first = BinaryHeap::new();
    for entry in opened.entries()? {
        let name = entry?.file_name();
        let Some(name) = name.to_str().filter(|name| *name > after) else {
            continue;
        };
        let is_full = first.len() == count;
        if is_full
            && first
                .peek()
                .is_some_and(|last: &ArtifactPath| name >= last.name())
        {
            continue;
        }
        if let Some(path) = directory.child(name) {
            first.push(path);
            if is_full {
                first.pop();
            }
        }
    }
    Ok(first.into_sorted_vec())
}

//! Listing a directory of a bucket in pages.

use ferroflow_model::{Error, Result};
use object_store::list::{PaginatedListOptions, PaginatedListStore};

use super::Bucket;
use super::failure::failure;
use crate::{ArtifactPath, FileInfo, Listing};

/// The longest cursor that a client may send back; stores give far shorter ones.
const MAX_CURSOR_BYTES: usize = 4096;

impl Bucket {
    /// At least the first `limit` entries from the cursor of the page before on, where there are
    /// as many. A store answers a thousand at a time; what it answers is not cut, because only it
    /// can tell where to go on.
    pub(crate) async fn list(
        &self,
        directory: &ArtifactPath,
        mut cursor: Option<String>,
        limit: usize,
    ) -> Result<Listing> {
        if cursor
            .as_ref()
            .is_some_and(|cursor| cursor.len() > MAX_CURSOR_BYTES)
        {
            return Err(Error::invalid("Invalid page token"));
        }
        let prefix = self.directory_prefix(directory);
        let mut files = Vec::new();
        loop {
            let options = PaginatedListOptions {
                delimiter: Some("/".into()),
                page_token: cursor,
                ..PaginatedListOptions::default()
            };
            let named = Some(prefix.as_str()).filter(|prefix| !prefix.is_empty());
            let page = self.store.list_paginated(named, options).await;
            let page = page.map_err(|error| failure(directory, error))?;
            append(directory, &prefix, &page.result, &mut files);
            cursor = page.page_token;
            if cursor.is_none() || files.len() >= limit {
                break;
            }
        }
        files.sort_unstable_by(|one, other| one.path.cmp(&other.path));
        Ok(Listing {
            files,
            next: cursor,
        })
    }
}

/// Adds the entries of a page. Names that no client could ask for are passed over, and so are
/// the empty objects by which some tools mark a directory.
fn append(
    directory: &ArtifactPath,
    prefix: &str,
    page: &object_store::ListResult,
    files: &mut Vec<FileInfo>,
) {
    let child = |key: &object_store::path::Path| {
        let name = key.as_ref().strip_prefix(prefix)?;
        directory.child(name.trim_end_matches('/'))
    };
    let directories = page.common_prefixes.iter().filter_map(|key| {
        Some(FileInfo {
            path: child(key)?,
            is_dir: true,
            size: None,
        })
    });
    files.extend(directories);
    let objects = page.objects.iter().filter_map(|object| {
        Some(FileInfo {
            path: child(&object.location)?,
            is_dir: false,
            size: Some(object.size),
        })
    });
    files.extend(objects);
}

//! A store in a directory of its own, and short ways to fill and read it.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use bytes::Bytes;
use ferroflow_artifacts::{ArtifactContent, ArtifactPath, ArtifactStore, Limits, ListPage};
use ferroflow_model::{Error, ErrorKind, Result};
use futures_util::{Stream, TryStreamExt, stream};
use tempfile::TempDir;

pub(crate) struct Disk {
    pub(crate) store: ArtifactStore,
    pub(crate) directory: TempDir,
}

impl Disk {
    pub(crate) fn new() -> Self {
        Self::with_limits(Limits::default())
    }

    pub(crate) fn with_limits(limits: Limits) -> Self {
        let directory = TempDir::new().unwrap();
        let store = ArtifactStore::local(&directory.path().join("root"), limits).unwrap();
        Self { store, directory }
    }

    pub(crate) fn root(&self) -> PathBuf {
        self.directory.path().join("root")
    }

    pub(crate) async fn put(&self, text: &str, content: &[u8]) -> u64 {
        self.store.put(&path(text), once(content)).await.unwrap()
    }

    pub(crate) async fn get(&self, text: &str) -> Vec<u8> {
        collect(self.store.open(&path(text), None).await.unwrap()).await
    }

    pub(crate) async fn kind_of_get(&self, text: &str) -> Option<ErrorKind> {
        self.store
            .open(&path(text), None)
            .await
            .err()
            .map(|error| error.kind())
    }

    pub(crate) async fn names(&self, directory: &str) -> Vec<String> {
        let directory = ArtifactPath::parse_directory(directory).unwrap();
        let listing = self
            .store
            .list(&directory, ListPage::default())
            .await
            .unwrap();
        listing
            .files
            .iter()
            .map(|file| file.path.name().to_owned())
            .collect()
    }

    /// All files in the hidden directory, apart from locks.
    pub(crate) fn leftovers(&self) -> Vec<PathBuf> {
        let mut found = Vec::new();
        walk(&self.root().join(".ferroflow-uploads"), &mut found);
        found.retain(|path| path.extension().is_none_or(|extension| extension != "lock"));
        found
    }

    /// Waits for the removal of temporary files, which a dropped upload leaves to a thread.
    pub(crate) async fn wait_until_clean(&self) {
        let start = Instant::now();
        while !self.leftovers().is_empty() {
            assert!(
                start.elapsed() < Duration::from_mins(1),
                "left: {:?}",
                self.leftovers()
            );
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }
}

fn walk(directory: &Path, found: &mut Vec<PathBuf>) {
    let entries = match std::fs::read_dir(directory) {
        // Another thread removed it after it was seen.
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return,
        entries => entries.unwrap(),
    };
    for entry in entries {
        let path = entry.unwrap().path();
        if path.is_dir() {
            walk(&path, found);
        } else {
            found.push(path);
        }
    }
}

pub(crate) fn path(text: &str) -> ArtifactPath {
    ArtifactPath::parse(text).unwrap()
}

pub(crate) fn once(content: &[u8]) -> impl Stream<Item = Result<Bytes>> + Send + use<> {
    stream::iter([Ok(Bytes::copy_from_slice(content))])
}

/// `count` frames of `size` bytes, which differ from frame to frame.
pub(crate) fn frames(count: usize, size: usize) -> impl Stream<Item = Result<Bytes>> + Send {
    stream::iter((0..count).map(move |number| Ok(Bytes::from(vec![number.to_le_bytes()[0]; size]))))
}

/// Frames that end as a connection does that is cut.
pub(crate) fn cut_after(count: usize, size: usize) -> impl Stream<Item = Result<Bytes>> + Send {
    use futures_util::StreamExt;
    frames(count, size).chain(stream::iter([Err(Error::invalid("The body was cut."))]))
}

pub(crate) async fn collect(content: ArtifactContent) -> Vec<u8> {
    let chunks: Vec<Bytes> = content.body.try_collect().await.unwrap();
    assert!(
        chunks
            .iter()
            .all(|chunk| !chunk.is_empty() && chunk.len() <= 128 * 1024)
    );
    chunks.concat()
}

//! What a list of artifacts shows.

/// A file or directory among artifacts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileInfo {
    /// Relative to the root that was listed.
    pub path: String,
    /// Directories have no size.
    pub is_dir: bool,
    /// In bytes.
    pub size: Option<u64>,
}

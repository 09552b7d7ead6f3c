//! Where the files of runs and logged models are, and what a list of them shows.

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

/// Appends a path to an artifact location. A URI keeps its query and its fragment at the end; in a
/// plain path, a question mark means nothing. Nothing is appended for an empty path.
pub fn append_path(location: &str, path: &str) -> String {
    if path.is_empty() {
        return location.to_owned();
    }
    let (base, suffix) = split_query(location);
    let separator = if base.ends_with('/') { "" } else { "/" };
    format!("{base}{separator}{path}{suffix}")
}

/// Splits an artifact location where its query or its fragment begins, which are no part of the
/// path; a plain path has none.
pub fn split_query(location: &str) -> (&str, &str) {
    let query = location.find(['?', '#']).filter(|_| location.contains(':'));
    location.split_at(query.unwrap_or(location.len()))
}

#[cfg(test)]
mod tests {
    use super::append_path;

    #[test]
    fn a_path_goes_ahead_of_the_query_of_a_uri() {
        for (location, expected) in [
            ("mlflow-artifacts:/0", "mlflow-artifacts:/0/r/artifacts"),
            ("mlflow-artifacts:/", "mlflow-artifacts:/r/artifacts"),
            ("s3://b/p?q=1", "s3://b/p/r/artifacts?q=1"),
            ("s3://b?q=/x", "s3://b/r/artifacts?q=/x"),
            ("/data/a?b", "/data/a?b/r/artifacts"),
        ] {
            assert_eq!(append_path(location, "r/artifacts"), expected);
            assert_eq!(append_path(location, ""), location);
        }
    }
}

//! Where artifacts are kept.

use std::path::PathBuf;

use ferroflow_artifacts::is_bucket;
use ferroflow_model::artifacts::split_query;
use percent_encoding::percent_decode_str;

use super::in_full;

/// The location below which they are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ArtifactRoot {
    /// As clients see it; a path begins at the root of the file system.
    pub location: String,
    /// The directory of this machine that it names, which the server reads for clients.
    pub directory: Option<PathBuf>,
}

impl ArtifactRoot {
    /// Reads a path or URI.
    pub(crate) fn new(text: &str) -> Self {
        let directory = directory(text).map(|path| in_full(&path));
        let location = match &directory {
            Some(path) if !text.contains(':') => path.display().to_string(),
            _ => text.to_owned(),
        };
        Self {
            location,
            directory,
        }
    }

    /// Whether it names a place in a bucket, which the server can open.
    pub fn is_bucket(&self) -> bool {
        is_bucket(&self.location)
    }

    /// Whether it ends where workspaces of MLflow have their artifacts below a root.
    pub(crate) fn is_of_workspaces(&self) -> bool {
        let (location, _) = split_query(&self.location);
        let path = match location.split_once("://") {
            Some((_, rest)) => rest.split_once('/').map_or("", |(_, path)| path),
            None => location,
        };
        let mut segments = path.rsplit('/').filter(|segment| !segment.is_empty());
        let last_two = [segments.next(), segments.next()];
        last_two.contains(&Some("workspaces"))
    }
}

/// A directory of this machine: a path, or a `file:` URI without a host.
pub(crate) fn directory(text: &str) -> Option<PathBuf> {
    let Some((scheme, rest)) = text.split_once(':') else {
        return Some(PathBuf::from(text));
    };
    if !scheme.eq_ignore_ascii_case("file") {
        return None;
    }
    let path = rest.strip_prefix("//").unwrap_or(rest);
    let decoded = percent_decode_str(path).decode_utf8().ok()?;
    decoded
        .starts_with('/')
        .then(|| PathBuf::from(decoded.as_ref()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn directories_are_paths_and_file_uris() {
        for (uri, expected) in [
            ("./mlartifacts", Some("./mlartifacts")),
            ("/srv/a", Some("/srv/a")),
            ("file:///srv/a%20b", Some("/srv/a b")),
            ("file:/srv/a", Some("/srv/a")),
            ("file://host/srv", None),
            ("s3://bucket/a", None),
            ("mlflow-artifacts:/", None),
        ] {
            assert_eq!(directory(uri), expected.map(PathBuf::from), "{uri}");
        }
    }

    #[test]
    fn a_root_may_end_where_workspaces_begin() {
        for (root, expected) in [
            ("workspaces", true),
            ("./data/workspaces/", true),
            ("/srv/workspaces/team", true),
            ("file:///srv/workspaces", true),
            ("s3://bucket/workspaces?x=1", true),
            ("s3://bucket/workspaces/team#x", true),
            ("mlflow-artifacts:/workspaces", true),
            ("s3://bucket/workspaces/team/models", false),
            ("s3://workspaces", false),
            ("s3://workspaces/a", false),
            ("s3://bucket/a?b=/workspaces", false),
            ("/srv/my-workspaces", false),
            ("mlflow-artifacts:/", false),
        ] {
            assert_eq!(
                ArtifactRoot::new(root).is_of_workspaces(),
                expected,
                "{root}"
            );
        }
    }

    #[test]
    fn a_relative_path_becomes_absolute_and_a_uri_stays() {
        let root = ArtifactRoot::new("mlruns");
        assert!(root.location.starts_with('/') && root.location.ends_with("/mlruns"));
        assert_eq!(root.directory, Some(PathBuf::from(&root.location)));
        let uri = ArtifactRoot::new("file:///srv/a%20b");
        assert_eq!(uri.location, "file:///srv/a%20b");
        assert_eq!(uri.directory, Some(PathBuf::from("/srv/a b")));
        assert_eq!(ArtifactRoot::new("s3://b/p?x=1").directory, None);
    }
}

//! Artifact locations: where the files of runs and logged models go.

/// Appends a path to the location of an experiment. A URI keeps its query string at the end; in a
/// plain path, a question mark means nothing.
pub(crate) fn append_path(location: &str, path: &str) -> String {
    let query = location.find(['?', '#']).filter(|_| location.contains(':'));
    let (base, suffix) = location.split_at(query.unwrap_or(location.len()));
    let separator = if base.ends_with('/') { "" } else { "/" };
    format!("{base}{separator}{path}{suffix}")
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
        }
    }
}

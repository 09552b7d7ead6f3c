//! Whether a source lies where it may lie, judged by its text alone.

use ferroflow_model::{Error, Result};

use crate::uri::{Uri, decode_fully};

/// Whether the files are on the server that is asked.
pub(super) fn is_proxied(text: &str) -> bool {
    let uri = Uri::parse(text);
    let route = ["api", "2.0", "mlflow-artifacts", "artifacts"];
    match uri.scheme.as_str() {
        "mlflow-artifacts" => true,
        "http" | "https" => segments(uri.path)
            .windows(route.len())
            .any(|part| part == route),
        _ => false,
    }
}

pub(super) fn segments(path: &str) -> Vec<String> {
    let parts = path.split('/').filter(|part| !part.is_empty());
    parts.map(|part| decode_fully(part).into_owned()).collect()
}

pub(super) fn check_within(text: &str, root: &str, parameter: &str) -> Result<()> {
    let (uri, root) = (Uri::parse(text), Uri::parse(root));
    let root_path = segments(root.path);
    let is_within = uri.scheme == root.scheme
        && uri.authority.eq_ignore_ascii_case(root.authority)
        && !root_path.is_empty()
        && segments(uri.path).starts_with(&root_path);
    if is_within {
        Ok(())
    } else {
        Err(not_contained(text, parameter))
    }
}

pub(super) fn check_local(text: &str, root: &str, parameter: &str) -> Result<()> {
    let (uri, root) = (Uri::parse(text), Uri::parse(root));
    let root_path = local_segments(root.path);
    let is_within = root.is_local()
        && !root_path.is_empty()
        && uri.path.starts_with('/')
        && uri.authority.is_empty()
        && local_segments(uri.path).starts_with(&root_path);
    if is_within {
        return Ok(());
    }
    // The reference has looked for the file by now, and speaks of its path.
    let is_looked_for = !root_path.is_empty() && uri.path.starts_with('/');
    let path = format!("/{}", local_segments(uri.path).join("/"));
    Err(invalid(
        if is_looked_for { &path } else { text },
        &format!(
            "To use a local path as a model version source, the {parameter} request parameter has \
             to be specified and the local path has to be contained within the artifact directory \
             of the run specified by the {parameter}."
        ),
    ))
}

/// The segments of a local path after `.` and `..` are resolved.
pub(super) fn local_segments(path: &str) -> Vec<String> {
    let mut resolved = Vec::new();
    for part in segments(path) {
        match part.as_str() {
            "." => {}
            ".." => {
                resolved.pop();
            }
            _ => resolved.push(part),
        }
    }
    resolved
}

/// Refuses relative segments and NUL, however they are encoded, and paths that are not in their
/// normal form: what reads them later could read them differently.
pub(super) fn check_path(text: &str) -> Result<()> {
    let decoded = decode_fully(&text.replace('+', " ")).into_owned();
    let is_relative = decoded.split('/').any(|part| part == "..");
    let uri = Uri::parse(&decoded);
    let path = uri.path.trim_end_matches('/');
    let is_normal = path.starts_with('/') && !path.split('/').any(|part| part == ".");
    if !is_relative && is_normal && !path.contains('\0') {
        return Ok(());
    }
    Err(invalid(
        text,
        "If supplying a source as an http, https, local file path, ftp, objectstore, or \
         mlflow-artifacts uri, an absolute path must be provided without relative path references \
         present. Please provide an absolute path.",
    ))
}

pub(super) fn not_contained(text: &str, parameter: &str) -> Error {
    invalid(
        text,
        &format!(
            "The {parameter} request parameter must identify the resource that contains the source."
        ),
    )
}

pub(super) fn invalid(text: &str, reason: &str) -> Error {
    Error::invalid(format!("Invalid model version source: '{text}'. {reason}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn odd_paths_are_refused() {
        for text in [
            "s3://b/a/../c",
            "s3://b/a/%2e%2e/c",
            "s3://b/a/%252e%252e/c",
            "mlflow-artifacts:/a%00",
            "s3://b/./a",
            "dbfs:a/b",
            "s3://b",
            "s3://b\\..\\a",
            "mlflow-artifacts:",
        ] {
            assert!(check_path(text).is_err(), "{text}");
        }
        for text in ["s3://b/a/c", "mlflow-artifacts:/1/2/", "s3://b/a..b"] {
            assert!(check_path(text).is_ok(), "{text}");
        }
    }

    #[test]
    fn sources_lie_within_their_root() {
        let root = "mlflow-artifacts:/1/r/artifacts";
        assert!(check_within("mlflow-artifacts:/1/r/artifacts/model", root, "run_id").is_ok());
        assert!(check_within("mlflow-artifacts:/1/r%2Fartifacts/m", root, "run_id").is_err());
        assert!(check_within("mlflow-artifacts:/1/r2/artifacts", root, "run_id").is_err());
        assert!(check_within("mlflow-artifacts:/1/r/artifacts", "", "run_id").is_err());
        assert!(check_local("/data/r/m", "file:///data/r", "run_id").is_ok());
        for text in ["/data/r/../x", "/data", "data/r", "file://host/data/r"] {
            assert!(check_local(text, "/data/r", "run_id").is_err(), "{text}");
        }
        assert!(check_local("/data/r", root, "run_id").is_err());
    }

    #[test]
    fn proxied_sources_are_recognised() {
        assert!(is_proxied("mlflow-artifacts:/a"));
        assert!(is_proxied(
            "http://h/p/api/2.0/mlflow-artifacts/artifacts/a"
        ));
        assert!(!is_proxied("http://h/p/api/2.0/mlflow/artifacts/a"));
        assert!(!is_proxied("s3://api/2.0/mlflow-artifacts/artifacts/a"));
    }
}

//! Where a client may say that artifacts are.

use std::collections::HashSet;

use ferroflow_model::{Error, Result};

use crate::options::RoutesOptions;
use crate::uri::{Uri, decode_fully};

/// Checks the artifact location of a new experiment. A relative local path becomes absolute.
pub(crate) fn experiment_location(location: String, options: &RoutesOptions) -> Result<String> {
    check_storage("artifact_location", &location, options)?;
    check_is_here(&location)?;
    let absolute = make_absolute(location, options);
    check_length(&absolute, options)?;
    Ok(absolute)
}

/// Checks the artifact root of a workspace. Clients resolve it, so it must mean the same to each.
pub(crate) fn workspace_root(location: &str, options: &RoutesOptions) -> Result<()> {
    check_storage("default_artifact_root", location, options)?;
    // One letter is the drive of a path, not a scheme.
    if Uri::parse(location).scheme.len() > 1 || location.starts_with('/') {
        return Ok(());
    }
    Err(Error::invalid(format!(
        "Invalid value for 'default_artifact_root'. Expected a URI (for example \
         's3://bucket/prefix' or 'mlflow-artifacts:/prefix') or an absolute path, got '{location}'."
    )))
}

/// Checks where a workspace archives traces.
pub(crate) fn archive(location: &str, options: &RoutesOptions) -> Result<()> {
    const FIELD: &str = "trace_archival_config.location";
    check_storage(FIELD, location, options)?;
    match Uri::parse(location).scheme.as_str() {
        "" => Err(Error::invalid(format!(
            "Invalid value for '{FIELD}'. Expected a URI string."
        ))),
        "mlflow-artifacts" => Err(Error::invalid(format!(
            "Invalid value for '{FIELD}'. Trace archival location cannot use the proxy-only \
             `mlflow-artifacts:` scheme."
        ))),
        _ => Ok(()),
    }
}

/// Checks a URI or path below which a client would have artifacts kept.
fn check_storage(field: &str, location: &str, options: &RoutesOptions) -> Result<()> {
    let uri = Uri::parse(location);
    if !uri.fragment.is_empty() || !uri.params.is_empty() {
        return Err(Error::invalid(format!(
            "'{field}' URL can't include fragments or params."
        )));
    }
    if decode_fully(uri.query).contains("..") {
        return Err(Error::invalid("Invalid query string"));
    }
    check_host(field, location, options)?;
    if location.starts_with("runs:") {
        return Err(Error::invalid(format!(
            "Artifact location cannot be a runs:/ URI. Given: '{location}'"
        )));
    }
    check_length(location, options)
}

fn check_length(location: &str, options: &RoutesOptions) -> Result<()> {
    let limit = options.location_characters;
    if location.chars().count() > limit {
        return Err(Error::invalid(format!(
            "Invalid artifact path length. The length of the artifact path cannot be greater \
             than {limit} characters."
        )));
    }
    Ok(())
}

/// Refuses files of another machine, which Windows would look for there.
fn check_is_here(location: &str) -> Result<()> {
    let uri = Uri::parse(location);
    let is_here = |host: &str| {
        let names = ["localhost", "127.0.0.1"];
        matches!(host, "" | ".") || names.iter().any(|name| host.starts_with(name))
    };
    if uri.scheme == "file" && !is_here(uri.host()) {
        return Err(Error::invalid(format!(
            "{location} is not a valid remote uri. For remote access on windows, please consider \
             using a different scheme such as SMB (e.g. smb://<hostname>/<path>)."
        )));
    }
    Ok(())
}

fn make_absolute(location: String, options: &RoutesOptions) -> String {
    let uri = Uri::parse(&location);
    if uri.scheme.is_empty() && !location.starts_with('/') {
        let absolute = options.working_directory.join(&location);
        return absolute.to_string_lossy().into_owned();
    }
    location
}

/// Refuses a URI that would make the server, or a client of it, connect to a host that whoever
/// stored the URI has chosen.
pub(crate) fn check_host(field: &str, text: &str, options: &RoutesOptions) -> Result<()> {
    let uri = Uri::parse(text);
    let Some(targets) = targets(&uri) else {
        return Ok(());
    };
    let is_allowed = |scheme: &String| scheme.eq_ignore_ascii_case(&uri.scheme);
    if options.host_schemes.iter().any(is_allowed) || targets_own_storage(&targets, options) {
        return Ok(());
    }
    let scheme = &uri.scheme;
    Err(Error::invalid(format!(
        "'{field}' cannot use the '{scheme}' scheme: the '{scheme}' scheme addresses a host other \
         than the tracking server's configured artifact storage, so the server would connect to \
         the host named in the URI. An administrator of the server can allow the scheme."
    )))
}

fn targets_own_storage(targets: &HashSet<Target>, options: &RoutesOptions) -> bool {
    let own = options.artifact_roots.iter();
    own.filter_map(|root| self::targets(&Uri::parse(root)))
        .any(|own| !own.is_disjoint(targets))
}

/// A family of schemes, a host and a port. No port: what the client's own settings say.
type Target = (&'static str, String, Option<u16>);

/// What a URI may connect to, or nothing when its scheme does not name a host.
fn targets(uri: &Uri) -> Option<HashSet<Target>> {
    let (family, default_ports) = family(&uri.scheme)?;
    if uri.scheme == "mlflow-artifacts" && uri.authority.is_empty() {
        return None;
    }
    // HTTP clients end the host at a backslash or space, so it would not be the one seen here.
    let is_odd = uri.authority.contains('\\') || uri.authority.contains(char::is_whitespace);
    let port = uri.port();
    let (Ok(port), false) = (port, is_odd) else {
        return Some(HashSet::from([(
            "malformed",
            uri.authority.to_owned(),
            None,
        )]));
    };
    let host = uri.host().to_ascii_lowercase();
    let target = |port| (family, host.clone(), port);
    Some(match port {
        Some(port) => HashSet::from([target(Some(port))]),
        None if default_ports.is_empty() => HashSet::from([target(None)]),
        None => default_ports
            .iter()
            .map(|port| target(Some(*port)))
            .collect(),
    })
}

/// The family of a scheme that names a host, with the ports that it uses by default.
fn family(scheme: &str) -> Option<(&'static str, &'static [u16])> {
    Some(match scheme {
        "ftp" => ("ftp", &[21]),
        "sftp" => ("sftp", &[22]),
        "hdfs" | "viewfs" => ("hdfs", &[]),
        "http" => ("http", &[80]),
        "https" => ("http", &[443]),
        "mlflow-artifacts" => ("http", &[80, 443]),
        "r2" => ("r2", &[443]),
        "b2" => ("b2", &[443]),
        "abfss" => ("abfss", &[443]),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn location(text: &str) -> Result<String> {
        let options = RoutesOptions {
            artifact_roots: vec!["https://files.example/x".to_owned()],
            host_schemes: vec!["SFTP".to_owned()],
            working_directory: "/srv".into(),
            ..RoutesOptions::default()
        };
        experiment_location(text.to_owned(), &options)
    }

    #[test]
    fn locations_that_name_no_host_are_fine() {
        for text in [
            "s3://bucket/a?x=1",
            "gs://bucket/a",
            "/var/data",
            "file:///a",
            "mlflow-artifacts:/a",
            "dbfs:/a;b",
        ] {
            assert_eq!(location(text).ok().as_deref(), Some(text));
        }
        assert_eq!(location("a/b").ok().as_deref(), Some("/srv/a/b"));
    }

    #[test]
    fn hosts_are_refused_unless_they_are_ours() {
        for text in [
            "ftp://h/a",
            "http://h/a",
            "http://files.example/a",
            "mlflow-artifacts://h/a",
            "hdfs://h/a",
            "abfss://c@a.dfs.core.windows.net/a",
            "https://files.example:444/a",
            "https://files.example\\@h/a",
        ] {
            assert!(location(text).is_err(), "{text}");
        }
        for text in [
            "https://files.example/a",
            "mlflow-artifacts://FILES.example/a",
            "sftp://anywhere/a",
        ] {
            assert!(location(text).is_ok(), "{text}");
        }
    }

    #[test]
    fn a_root_means_the_same_to_all() {
        let options = RoutesOptions::default();
        for (text, is_root, is_archive) in [
            ("s3://b/x", true, true),
            ("file:///x", true, true),
            ("/data", true, false),
            ("mlflow-artifacts:/p", true, false),
            ("team/a", false, false),
            ("C:x", false, true),
            ("runs:/x", false, false),
            ("ftp://h/x", false, false),
            ("s3://b/x#f", false, false),
        ] {
            assert_eq!(workspace_root(text, &options).is_ok(), is_root, "{text}");
            assert_eq!(archive(text, &options).is_ok(), is_archive, "{text}");
        }
    }

    #[test]
    fn odd_locations_are_refused() {
        for text in [
            "s3://b/a#f",
            "http://files.example/a;p",
            "runs:/x/y",
            "s3://b/a?x=%2e%2e",
            "file://elsewhere/a",
        ] {
            assert!(location(text).is_err(), "{text}");
        }
        assert!(location(&format!("s3://{}", "a".repeat(2043))).is_ok());
        assert!(location(&format!("s3://{}", "a".repeat(2044))).is_err());
    }
}

//! The start line: where the server is, where the data is, and how to point a client at it.

use std::net::SocketAddr;

use crate::config::{ArtifactRoot, LogFormat, Settings};
use crate::probes::{MLFLOW_VERSION, VERSION};

/// What is printed to standard output once the server listens.
pub(crate) fn announcement(settings: &Settings, address: SocketAddr) -> String {
    let url = url(settings, address);
    let database = if settings.artifacts_only {
        "no database".to_owned()
    } else {
        settings.database().in_full().to_string()
    };
    let artifacts = artifacts(settings);
    match settings.log_format {
        LogFormat::Text => format!(
            "Ferroflow {VERSION} listens on {url}\n\
             \x20 data      {database}, artifacts in {artifacts}\n\
             \x20 MLflow    mlflow.set_tracking_uri(\"{url}\")  # speaks MLflow {MLFLOW_VERSION}\n\
             \x20 AIDP SDK  MLOpsClient(config, service_endpoint=\"{url}\")\n\
             \x20 stop      Ctrl-C\n"
        ),
        LogFormat::Json => {
            let line = serde_json::json!({
                "message": "listening",
                "version": VERSION,
                "url": url,
                "database": database,
                "artifacts": artifacts,
            });
            format!("{line}\n")
        }
    }
}

/// Where artifacts are: those that clients read and write through the server, else those that they
/// reach by themselves.
fn artifacts(settings: &Settings) -> String {
    let root = settings.default_artifact_root().location;
    if settings.serve_artifacts && root.starts_with("mlflow-artifacts:") {
        let root = ArtifactRoot::new(&settings.artifacts());
        return match root.directory {
            Some(directory) => directory.display().to_string(),
            None => root.location,
        };
    }
    root
}

/// An address that a client on this machine can use.
fn url(settings: &Settings, address: SocketAddr) -> String {
    let port = address.port();
    let is_wildcard = address.ip().is_unspecified();
    let scheme = match settings.certificate() {
        Some(_) => "https",
        None => "http",
    };
    let prefix = &settings.static_prefix;
    match settings.host.as_str() {
        _ if is_wildcard => format!("{scheme}://127.0.0.1:{port}{prefix}"),
        host if host.contains(':') => format!("{scheme}://[{host}]:{port}{prefix}"),
        host => format!("{scheme}://{host}:{port}{prefix}"),
    }
}

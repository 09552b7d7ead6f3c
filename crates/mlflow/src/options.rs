//! What the installation decides about this dialect.

use std::path::PathBuf;
use std::time::Duration;

use ferroflow_model::limits;

/// The settings of the dialect's routes.
#[derive(Debug, Clone)]
#[expect(clippy::struct_excessive_bools, reason = "each is a choice of its own")]
pub struct RoutesOptions {
    /// Whether clients read and write artifacts through this server.
    pub serve_artifacts: bool,
    /// Whether that is all that this server does.
    pub artifacts_only: bool,
    /// What connections to the server speak, `http` or `https`.
    pub scheme: &'static str,
    /// Where clients reach the server, when their requests do not say so: scheme and host, and what
    /// a proxy takes off paths. Empty: `scheme` and the host of the request.
    pub public_url: String,
    /// What clients put before all paths and the server takes off; empty or like `/mlflow`.
    pub static_prefix: String,
    /// Cuts params and run tags that are too long, as MLflow does by default, instead of refusing
    /// them.
    pub truncate_long_values: bool,
    /// How long the artifact location of an experiment may be.
    pub location_characters: usize,
    /// Schemes of artifact URIs that may name any host (for example `ftp`). Locations of other
    /// such schemes are refused unless they lie on the host of one of `artifact_roots`.
    pub host_schemes: Vec<String>,
    /// Where the installation itself keeps artifacts.
    pub artifact_roots: Vec<String>,
    /// What relative local artifact locations are relative to.
    pub working_directory: PathBuf,
    /// How long a signed URL to read an artifact lives, unless a client asks for another time.
    pub signed_url_lifetime: Duration,
    /// Whether clients may name a workspace by a header, and list, make and delete workspaces.
    pub has_workspaces: bool,
}

impl Default for RoutesOptions {
    fn default() -> Self {
        Self {
            serve_artifacts: true,
            artifacts_only: false,
            scheme: "http",
            public_url: String::new(),
            static_prefix: String::new(),
            truncate_long_values: true,
            location_characters: limits::ARTIFACT_LOCATION_CHARACTERS,
            host_schemes: Vec::new(),
            artifact_roots: Vec::new(),
            working_directory: PathBuf::from("/"),
            signed_url_lifetime: Duration::from_mins(5),
            has_workspaces: false,
        }
    }
}

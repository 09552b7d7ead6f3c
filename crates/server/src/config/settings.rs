//! What can be configured, and what holds when nothing is.

use std::fmt;
use std::num::NonZero;
use std::ops::RangeInclusive;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use clap::ValueEnum;
use ferroflow_service::SourcePattern;
use http::Uri;
use serde::{Deserialize, Serialize};
use tracing_subscriber::EnvFilter;

use super::{ArtifactRoot, DatabaseUrl};
use crate::http::{CertificateFiles, Rate};

/// The configuration in force. The flags document each field.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
#[expect(missing_docs, reason = "the flags of the same names document them")]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a switch of its own in the file"
)]
pub struct Settings {
    pub host: String,
    pub port: u16,
    pub allow_public: bool,
    pub tls_cert: Option<PathBuf>,
    pub tls_key: Option<PathBuf>,
    pub static_prefix: String,
    pub allowed_hosts: Vec<String>,
    pub cors_allowed_origins: Vec<String>,
    pub x_frame_options: String,
    pub disable_security_middleware: bool,
    pub expose_metrics: bool,
    pub public_url: String,
    pub data_dir: PathBuf,
    pub database: Option<DatabaseUrl>,
    pub database_pool_size: usize,
    pub artifacts: Option<String>,
    pub default_artifact_root: Option<String>,
    pub s3_endpoint_url: String,
    pub s3_ignore_tls: bool,
    pub s3_virtual_hosts: bool,
    pub s3_encryption: String,
    pub s3_encryption_key_id: String,
    pub signed_url_seconds: u64,
    pub serve_artifacts: bool,
    pub artifacts_only: bool,
    pub enable_workspaces: bool,
    pub truncate_long_values: bool,
    pub artifact_location_max_length: usize,
    pub allowed_host_addressed_artifact_schemes: Vec<String>,
    pub model_version_source_regex: Option<String>,
    pub max_body_bytes: usize,
    pub max_total_body_bytes: usize,
    pub max_header_bytes: usize,
    pub max_concurrent_requests: usize,
    pub rate_limit: u32,
    pub rate_limit_burst: u32,
    pub request_timeout_seconds: u64,
    pub idle_timeout_seconds: u64,
    pub shutdown_grace_seconds: u64,
    pub worker_threads: usize,
    pub log_format: LogFormat,
    pub log_level: String,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            host: "127.0.0.1".to_owned(),
            port: 5000,
            allow_public: false,
            tls_cert: None,
            tls_key: None,
            static_prefix: String::new(),
            allowed_hosts: Vec::new(),
            cors_allowed_origins: Vec::new(),
            x_frame_options: "SAMEORIGIN".to_owned(),
            disable_security_middleware: false,
            expose_metrics: true,
            public_url: String::new(),
            data_dir: PathBuf::from("./ferroflow-data"),
            database: None,
            database_pool_size: 16,
            artifacts: None,
            default_artifact_root: None,
            s3_endpoint_url: String::new(),
            s3_ignore_tls: false,
            s3_virtual_hosts: false,
            s3_encryption: String::new(),
            s3_encryption_key_id: String::new(),
            signed_url_seconds: 300,
            serve_artifacts: true,
            artifacts_only: false,
            enable_workspaces: false,
            truncate_long_values: true,
            artifact_location_max_length: 2048,
            allowed_host_addressed_artifact_schemes: Vec::new(),
            model_version_source_regex: None,
            max_body_bytes: ferroflow_web::BodyLimit::DEFAULT_BYTES,
            max_total_body_bytes: 512 * 1024 * 1024,
            max_header_bytes: 64 * 1024,
            max_concurrent_requests: 1024,
            rate_limit: 0,
            rate_limit_burst: 0,
            request_timeout_seconds: 60,
            idle_timeout_seconds: 75,
            shutdown_grace_seconds: 30,
            worker_threads: 0,
            log_format: LogFormat::Text,
            log_level: "info".to_owned(),
        }
    }
}

impl Settings {
    /// Where the database is: a file in the data directory unless configured.
    pub fn database(&self) -> DatabaseUrl {
        let in_data_dir = || DatabaseUrl::sqlite(&self.data_dir.join("ferroflow.db"));
        self.database.clone().unwrap_or_else(in_data_dir)
    }

    /// Where artifacts are, as a path or URI: a folder in the data directory unless configured.
    pub fn artifacts(&self) -> String {
        let in_data_dir = || self.data_dir.join("artifacts").display().to_string();
        self.artifacts.clone().unwrap_or_else(in_data_dir)
    }

    /// Where the certificate and its key are, when connections are encrypted.
    pub(crate) fn certificate(&self) -> Option<CertificateFiles> {
        let (certificate, key) = (self.tls_cert.clone()?, self.tls_key.clone()?);
        Some(CertificateFiles { certificate, key })
    }

    /// Below what new experiments keep their artifacts: this server, unless it serves none or another
    /// place is configured.
    pub fn default_artifact_root(&self) -> ArtifactRoot {
        match &self.default_artifact_root {
            Some(root) => ArtifactRoot::new(root),
            None if self.serve_artifacts => ArtifactRoot::new("mlflow-artifacts:/"),
            None => ArtifactRoot::new(&self.artifacts()),
        }
    }

    /// How long a signed URL to read an artifact lives, unless a client asks for another time.
    pub(crate) fn signed_url_lifetime(&self) -> Duration {
        Duration::from_secs(self.signed_url_seconds)
    }

    /// How long a request may take whose bodies are not streamed.
    pub fn request_timeout(&self) -> Duration {
        Duration::from_secs(self.request_timeout_seconds)
    }

    /// How many requests each caller may send, when that is limited.
    pub(crate) fn rate(&self) -> Option<Rate> {
        let per_second = NonZero::new(self.rate_limit)?;
        let burst = NonZero::new(self.rate_limit_burst).unwrap_or(per_second);
        Some(Rate { per_second, burst })
    }

    /// How long a connection may stay open without sending the head of a request.
    pub fn idle_timeout(&self) -> Duration {
        Duration::from_secs(self.idle_timeout_seconds)
    }

    /// How long requests in flight may take to finish when the server stops.
    pub fn shutdown_grace(&self) -> Duration {
        Duration::from_secs(self.shutdown_grace_seconds)
    }

    /// What is logged, as `tracing` understands it.
    pub fn log_filter(&self) -> Result<EnvFilter> {
        EnvFilter::builder()
            .with_regex(false)
            .parse(&self.log_level)
            .with_context(|| {
                format!(
                    "log-level = \"{}\" is neither a level (error, warn, info, debug, trace, off) \
                     nor a list such as \"info,ferroflow_store=debug\"",
                    self.log_level
                )
            })
    }

    /// What the sources of new model versions must match.
    pub(crate) fn version_sources(&self) -> Result<Option<SourcePattern>> {
        let Some(pattern) = &self.model_version_source_regex else {
            return Ok(None);
        };
        let parsed = SourcePattern::parse(pattern).context("model-version-source-regex")?;
        Ok(Some(parsed))
    }

    fn check_modes(&self) -> Result<()> {
        ensure!(
            self.serve_artifacts || !self.artifacts_only,
            "artifacts-only without serve-artifacts leaves nothing to serve"
        );
        ensure!(
            !(self.artifacts_only && self.enable_workspaces),
            "artifacts-only and enable-workspaces do not go together: a server of artifacts alone \
             has no database to look workspaces up in"
        );
        let root = self.default_artifact_root();
        ensure!(
            !(self.enable_workspaces && root.is_of_workspaces()),
            "default-artifact-root = \"{}\" and enable-workspaces do not go together: each workspace \
             has a directory `workspaces/<name>` below the root, so the root may not end in \
             `workspaces` or `workspaces/<name>` itself; choose another root",
            root.location
        );
        Ok(())
    }

    /// Checks what types cannot express.
    pub fn check(&self) -> Result<()> {
        ensure!(
            self.tls_cert.is_some() == self.tls_key.is_some(),
            "tls-cert and tls-key go together: give both to encrypt connections, or neither"
        );
        check_public_url(&self.public_url)?;
        within("max-body-bytes", &self.max_body_bytes, 1024..=1 << 30)?;
        within(
            "max-total-body-bytes",
            &self.max_total_body_bytes,
            1024..=1 << 40,
        )?;
        ensure!(
            self.max_total_body_bytes >= self.max_body_bytes,
            "max-total-body-bytes = {} leaves no room for a body of max-body-bytes = {}",
            self.max_total_body_bytes,
            self.max_body_bytes
        );
        within("max-header-bytes", &self.max_header_bytes, 8192..=1 << 20)?;
        within(
            "max-concurrent-requests",
            &self.max_concurrent_requests,
            1..=1_000_000,
        )?;
        within("rate-limit", &self.rate_limit, 0..=1_000_000)?;
        within("rate-limit-burst", &self.rate_limit_burst, 0..=1_000_000)?;
        ensure!(
            self.rate_limit > 0 || self.rate_limit_burst == 0,
            "rate-limit-burst = {} means nothing without rate-limit",
            self.rate_limit_burst
        );
        within(
            "request-timeout-seconds",
            &self.request_timeout_seconds,
            1..=86_400,
        )?;
        within(
            "idle-timeout-seconds",
            &self.idle_timeout_seconds,
            1..=86_400,
        )?;
        within(
            "shutdown-grace-seconds",
            &self.shutdown_grace_seconds,
            0..=3600,
        )?;
        within(
            "artifact-location-max-length",
            &self.artifact_location_max_length,
            1..=65_536,
        )?;
        within("database-pool-size", &self.database_pool_size, 1..=1000)?;
        within("worker-threads", &self.worker_threads, 0..=1024)?;
        check_prefix(&self.static_prefix)?;
        self.check_modes()?;
        self.check_artifacts()?;
        check_header("x-frame-options", &self.x_frame_options)?;
        self.version_sources()?;
        self.log_filter().map(drop)
    }
}

fn check_prefix(prefix: &str) -> Result<()> {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~/".contains(&byte);
    let is_path = prefix.starts_with('/') && !prefix.ends_with('/') && !prefix.contains("//");
    ensure!(
        prefix.is_empty() || is_path && prefix.bytes().all(is_plain),
        "static-prefix = \"{prefix}\" is not a path such as /mlflow: it begins with a slash, does \
         not end with one, and has letters, digits and - . _ ~ between them"
    );
    Ok(())
}

fn check_header(key: &str, value: &str) -> Result<()> {
    ensure!(
        value.bytes().all(|byte| matches!(byte, b' '..=b'~')),
        "{key} = \"{value}\" cannot be the value of a header"
    );
    Ok(())
}

/// What clients ask for is appended to it.
fn check_public_url(url: &str) -> Result<()> {
    if url.is_empty() {
        return Ok(());
    }
    ensure!(
        is_address(url),
        "public-url = \"{url}\" is no address such as https://ml.example.com"
    );
    Ok(())
}

/// Whether a text is the address of a server, with or without a path.
pub(super) fn is_address(url: &str) -> bool {
    let parsed = url.parse::<Uri>().ok().filter(|uri| {
        let scheme = uri.scheme_str().unwrap_or_default();
        let names_host = uri.host().is_some_and(|host| !host.is_empty());
        ["http", "https"].contains(&scheme) && names_host && uri.query().is_none()
    });
    parsed.is_some() && !url.contains('#')
}

pub(super) fn within<T: PartialOrd + fmt::Display>(
    key: &str,
    value: &T,
    allowed: RangeInclusive<T>,
) -> Result<()> {
    ensure!(
        allowed.contains(value),
        "{key} = {value} is out of range: {} to {} are allowed",
        allowed.start(),
        allowed.end()
    );
    Ok(())
}

/// How the log is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    /// Lines for people.
    Text,
    /// One JSON object a line, for machines.
    Json,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_prefix_is_a_plain_path() {
        for prefix in ["", "/mlflow", "/a/b-c_d.e~f"] {
            assert!(check_prefix(prefix).is_ok(), "{prefix}");
        }
        for prefix in [
            "/", "mlflow", "/a/", "//a", "/a b", "/{a}", "/a%2F", "/a?b", "/a#b",
        ] {
            assert!(check_prefix(prefix).is_err(), "{prefix}");
        }
    }
}

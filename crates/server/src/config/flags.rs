//! The flags and the environment. Help texts here are the one description of each setting: the
//! example file and the table in `docs/configuration.md` are made from them.

use std::path::PathBuf;

use clap::Args;
use serde::Serialize;

use super::LogFormat;

/// What flags and the environment say; absent fields are left to the file and the defaults.
#[derive(Debug, Clone, Default, Args, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Flags {
    /// The TOML file to read settings from; `ferroflow.toml` in the working directory is read when
    /// it is there
    #[arg(
        long,
        env = "FERROFLOW_CONFIG",
        value_name = "PATH",
        help_heading = "Configuration"
    )]
    #[serde(skip)]
    pub config: Option<PathBuf>,

    /// The address or host name to listen on
    #[arg(
        long,
        env = "FERROFLOW_HOST",
        value_name = "ADDRESS",
        help_heading = "Listening"
    )]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub host: Option<String>,

    /// The port to listen on; 0 takes a free one and prints it
    #[arg(
        long,
        env = "FERROFLOW_PORT",
        value_name = "PORT",
        help_heading = "Listening"
    )]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub port: Option<u16>,

    /// Listen on an address that other machines reach although callers are not authenticated:
    /// anyone who reaches it may read, change and delete everything
    #[arg(
        long,
        env = "FERROFLOW_ALLOW_PUBLIC",
        value_name = "BOOLEAN",
        num_args = 0..=1,
        require_equals = true,
        default_missing_value = "true",
        help_heading = "Listening"
    )]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub allow_public: Option<bool>,

    /// The file of the server's certificate in PEM, followed by the certificates that vouch for it;
    /// with it and `tls-key`, the server speaks HTTPS only
    #[arg(
        long,
        env = "FERROFLOW_TLS_CERT",
        value_name = "PATH",
        help_heading = "Listening"
    )]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tls_cert: Option<PathBuf>,

    /// The file of the certificate's private key in PEM, without a password
    #[arg(
        long,
        env = "FERROFLOW_TLS_KEY",
        value_name = "PATH",
        help_heading = "Listening"
    )]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tls_key: Option<PathBuf>,

    /// The path below which everything is, such as `/mlflow`; what clients are given as the server's
    /// address ends with it. Metrics, and artifacts for reading and writing, are without it too
    #[arg(
        long,
        env = "FERROFLOW_STATIC_PREFIX",
        value_name = "PATH",
        help_heading = "Listening"
    )]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub static_prefix: Option<String>,

    /// Host names, besides loopback and the address listened on, under which clients reach the
    /// server, with or without a port; `*` stands for any text, and `*` alone switches the check of
    /// the Host header off
    #[arg(
        long,
        env = "FERROFLOW_ALLOWED_HOSTS",
        value_name = "HOST,...",
        value_delimiter = ',',
        help_heading = "Listening"
    )]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub allowed_hosts: Option<Vec<String>>,

    /// Origins, besides loopback and the server's own, whose web pages may change things, such as
    /// `https://ml.example.com`; `*` stands for any text, and `*` alone allows all, without
    /// credentials
    #[arg(
        long,
        env = "FERROFLOW_CORS_ALLOWED_ORIGINS",
        value_name = "ORIGIN,...",
        value_delimiter = ',',
        help_heading = "Listening"
    )]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cors_allowed_origins: Option<Vec<String>>,

    /// The header by which browsers are told who may frame the server's pages: `SAMEORIGIN`, `DENY`,
    /// or `NONE` for no such header
    #[arg(
        long,
        env = "FERROFLOW_X_FRAME_OPTIONS",
        value_name = "VALUE",
        help_heading = "Listening"
    )]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub x_frame_options: Option<String>,

    /// Check neither the host nor the origin of requests, so that any web page that a user visits
    /// can reach the server
    #[arg(
        long,
        env = "FERROFLOW_DISABLE_SECURITY_MIDDLEWARE",
        value_name = "BOOLEAN",
        num_args = 0..=1,
        require_equals = true,
        default_missing_value = "true",
        help_heading = "Listening"
    )]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub disable_security_middleware: Option<bool>,

    /// Whether `/metrics` is answered
    #[arg(
        long,
        env = "FERROFLOW_EXPOSE_METRICS",
        value_name = "BOOLEAN",
        num_args = 0..=1,
        require_equals = true,
        default_missing_value = "true",
        help_heading = "Listening"
    )]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expose_metrics: Option<bool>,

    /// The address under which clients reach the server, such as `https://ml.example.com`, where a
    /// proxy in front of it changes the scheme, the host or the beginning of paths; unless given, the
    /// server's own scheme and the host that the client names
    #[arg(
        long,
        env = "FERROFLOW_PUBLIC_URL",
        value_name = "URL",
        help_heading = "Listening"
    )]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub public_url: Option<String>,

    /// The directory of the database and the artifacts, where these are not placed elsewhere; it is
    /// made when absent
    #[arg(
        long,
        env = "FERROFLOW_DATA_DIR",
        value_name = "PATH",
        help_heading = "Data"
    )]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub data_dir: Option<PathBuf>,

    /// The database, `sqlite:PATH` or `postgres://USER:PASSWORD@HOST:PORT/NAME`; unless given,
    /// `ferroflow.db` in the data directory
    #[arg(
        long,
        env = "FERROFLOW_DATABASE",
        value_name = "URL",
        hide_env_values = true,
        help_heading = "Data"
    )]
    #[serde(skip_serializing_if = "Option::is_none")]
    // Text, because clap repeats a value that it refuses, and this one may hold a password.
    pub database: Option<String>,

    /// How many connections to PostgreSQL there are at most
    #[arg(
        long,
        env = "FERROFLOW_DATABASE_POOL_SIZE",
        value_name = "COUNT",
        help_heading = "Data"
    )]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub database_pool_size: Option<usize>,

    /// Where artifacts are that clients read and write through this server: a directory, or a place
    /// in an S3 bucket such as `s3://bucket/prefix`; unless given, `artifacts` in the data directory
    #[arg(
        long,
        env = "FERROFLOW_ARTIFACTS",
        value_name = "PATH or URI",
        help_heading = "Artifacts"
    )]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub artifacts: Option<String>,

    /// Below what new experiments keep their artifacts, as a path or URI. Below `mlflow-artifacts:/`,
    /// clients read and write them through this server. Anywhere else clients go themselves; the
    /// server reads a directory of this machine and `s3://` for them, and signs URLs of the latter.
    /// With `enable-workspaces`, it may not end in `workspaces` or `workspaces/<name>`
    #[arg(
        long,
        env = "FERROFLOW_DEFAULT_ARTIFACT_ROOT",
        value_name = "URI",
        help_heading = "Artifacts"
    )]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub default_artifact_root: Option<String>,

    /// The address of the object store of `s3://`, when it is not Amazon's; it may also stand in
    /// `AWS_ENDPOINT_URL_S3`. Credentials and region are read from `AWS_*` variables alone
    #[arg(
        long,
        env = "FERROFLOW_S3_ENDPOINT_URL",
        value_name = "URL",
        help_heading = "Artifacts"
    )]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub s3_endpoint_url: Option<String>,

    /// Whether the certificate of the object store is not checked
    #[arg(
        long,
        env = "FERROFLOW_S3_IGNORE_TLS",
        value_name = "BOOLEAN",
        num_args = 0..=1,
        require_equals = true,
        default_missing_value = "true",
        help_heading = "Artifacts"
    )]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub s3_ignore_tls: Option<bool>,

    /// Whether requests name the bucket in their host instead of their path
    #[arg(
        long,
        env = "FERROFLOW_S3_VIRTUAL_HOSTS",
        value_name = "BOOLEAN",
        num_args = 0..=1,
        require_equals = true,
        default_missing_value = "true",
        help_heading = "Artifacts"
    )]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub s3_virtual_hosts: Option<bool>,

    /// How the object store is told to encrypt what is written, by `AES256`, `aws:kms` or
    /// `aws:kms:dsse`; empty leaves it to the bucket
    #[arg(
        long,
        env = "FERROFLOW_S3_ENCRYPTION",
        value_name = "NAME",
        help_heading = "Artifacts"
    )]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub s3_encryption: Option<String>,

    /// The id of the key by which `aws:kms` encrypts; empty for the bucket's own
    #[arg(
        long,
        env = "FERROFLOW_S3_ENCRYPTION_KEY_ID",
        value_name = "ID",
        help_heading = "Artifacts"
    )]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub s3_encryption_key_id: Option<String>,

    /// How long a signed URL lives from which clients fetch an artifact, unless they ask for
    /// another time
    #[arg(
        long,
        env = "FERROFLOW_SIGNED_URL_SECONDS",
        value_name = "SECONDS",
        help_heading = "Artifacts"
    )]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub signed_url_seconds: Option<u64>,

    /// Whether clients read and write artifacts through this server; without it, the operations on
    /// `mlflow-artifacts` are answered 503
    #[arg(
        long,
        env = "FERROFLOW_SERVE_ARTIFACTS",
        value_name = "BOOLEAN",
        num_args = 0..=1,
        require_equals = true,
        default_missing_value = "true",
        help_heading = "MLflow"
    )]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub serve_artifacts: Option<bool>,

    /// Whether that is all that this server does: it keeps no database, and all other operations
    /// are answered 503
    #[arg(
        long,
        env = "FERROFLOW_ARTIFACTS_ONLY",
        value_name = "BOOLEAN",
        num_args = 0..=1,
        require_equals = true,
        default_missing_value = "true",
        help_heading = "MLflow"
    )]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub artifacts_only: Option<bool>,

    /// Whether clients of MLflow may name a workspace, by the header `X-MLFLOW-WORKSPACE`, whose
    /// experiments and models they mean, and may list, create and delete workspaces
    #[arg(
        long,
        env = "FERROFLOW_ENABLE_WORKSPACES",
        value_name = "BOOLEAN",
        num_args = 0..=1,
        require_equals = true,
        default_missing_value = "true",
        help_heading = "MLflow"
    )]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub enable_workspaces: Option<bool>,

    /// Whether values of params and of tags of runs that are too long are cut, as MLflow does it,
    /// rather than refused
    #[arg(
        long,
        env = "FERROFLOW_TRUNCATE_LONG_VALUES",
        value_name = "BOOLEAN",
        num_args = 0..=1,
        require_equals = true,
        default_missing_value = "true",
        help_heading = "MLflow"
    )]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub truncate_long_values: Option<bool>,

    /// How many characters the artifact location of an experiment may have
    #[arg(
        long,
        env = "FERROFLOW_ARTIFACT_LOCATION_MAX_LENGTH",
        value_name = "COUNT",
        help_heading = "MLflow"
    )]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub artifact_location_max_length: Option<usize>,

    /// Schemes of artifact locations that may name any host, such as `hdfs`; locations with others
    /// that name a host are refused unless it is that of the default artifact root
    #[arg(
        long,
        env = "FERROFLOW_ALLOWED_HOST_ADDRESSED_ARTIFACT_SCHEMES",
        value_name = "SCHEME,...",
        value_delimiter = ',',
        help_heading = "MLflow"
    )]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub allowed_host_addressed_artifact_schemes: Option<Vec<String>>,

    /// A regular expression that some part of the source of each new model version must match;
    /// others are refused. It looks neither around nor back
    #[arg(
        long,
        env = "FERROFLOW_MODEL_VERSION_SOURCE_REGEX",
        value_name = "REGEX",
        help_heading = "MLflow"
    )]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub model_version_source_regex: Option<String>,

    /// The largest request body in bytes; artifacts are streamed and not limited by it
    #[arg(
        long,
        env = "FERROFLOW_MAX_BODY_BYTES",
        value_name = "BYTES",
        help_heading = "Limits"
    )]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_body_bytes: Option<usize>,

    /// The bytes of all request bodies held at once, but for the first 64 KiB of each; those beyond are answered 503 with `retry-after`
    #[arg(
        long,
        env = "FERROFLOW_MAX_TOTAL_BODY_BYTES",
        value_name = "BYTES",
        help_heading = "Limits"
    )]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_total_body_bytes: Option<usize>,

    /// The largest request line and headers together in bytes
    #[arg(
        long,
        env = "FERROFLOW_MAX_HEADER_BYTES",
        value_name = "BYTES",
        help_heading = "Limits"
    )]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_header_bytes: Option<usize>,

    /// How many requests are worked on at once; those beyond are answered 503 with `retry-after`
    #[arg(
        long,
        env = "FERROFLOW_MAX_CONCURRENT_REQUESTS",
        value_name = "COUNT",
        help_heading = "Limits"
    )]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_concurrent_requests: Option<usize>,

    /// How many requests a second each caller may send on average; those beyond are answered 429
    /// with `retry-after`; 0 means as many as they like
    #[arg(
        long,
        env = "FERROFLOW_RATE_LIMIT",
        value_name = "COUNT",
        help_heading = "Limits"
    )]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rate_limit: Option<u32>,

    /// How many requests a caller may send at once after a pause; 0 means as many as `rate-limit`
    #[arg(
        long,
        env = "FERROFLOW_RATE_LIMIT_BURST",
        value_name = "COUNT",
        help_heading = "Limits"
    )]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rate_limit_burst: Option<u32>,

    /// How long a request may take before it is answered 503; artifact transfers may take longer
    #[arg(
        long,
        env = "FERROFLOW_REQUEST_TIMEOUT_SECONDS",
        value_name = "SECONDS",
        help_heading = "Limits"
    )]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub request_timeout_seconds: Option<u64>,

    /// How long a connection may stay open without sending the head of a request
    #[arg(
        long,
        env = "FERROFLOW_IDLE_TIMEOUT_SECONDS",
        value_name = "SECONDS",
        help_heading = "Limits"
    )]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub idle_timeout_seconds: Option<u64>,

    /// How long requests in flight may take to finish after SIGTERM or SIGINT; a second signal ends
    /// the wait
    #[arg(
        long,
        env = "FERROFLOW_SHUTDOWN_GRACE_SECONDS",
        value_name = "SECONDS",
        help_heading = "Limits"
    )]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub shutdown_grace_seconds: Option<u64>,

    /// How many threads work on requests; 0 means one for each core
    #[arg(
        long,
        env = "FERROFLOW_WORKER_THREADS",
        value_name = "COUNT",
        help_heading = "Limits"
    )]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub worker_threads: Option<usize>,

    /// How the log is written to standard error
    #[arg(
        long,
        env = "FERROFLOW_LOG_FORMAT",
        value_name = "FORMAT",
        help_heading = "Log"
    )]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub log_format: Option<LogFormat>,

    /// What is logged: error, warn, info, debug, trace or off, also by module, as in
    /// `info,ferroflow_store=debug`; debug logs each request
    #[arg(
        long,
        env = "FERROFLOW_LOG_LEVEL",
        value_name = "LEVEL",
        help_heading = "Log"
    )]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub log_level: Option<String>,
}

//! All flags and variables of `mlflow server` 3.17.2, and what each becomes.
//!
//! The help of the command, `docs/mlflow-server.md` and what the server says about a flag at its
//! start are made from this table.

use anyhow::Result;

use super::translation::Translation;

/// A flag of `mlflow server`, a variable that it reads, or both.
#[derive(Debug)]
pub struct Name {
    /// The flag without its dashes; empty where there is only a variable.
    pub flag: &'static str,
    /// The flag's one letter.
    pub short: Option<char>,
    /// The variable; empty where there is only a flag.
    pub variable: &'static str,
    /// What the value is; empty for a switch.
    pub value: &'static str,
    /// The switch that says the opposite; of the two the last counts.
    pub opposite: &'static str,
    /// Under which heading it is explained.
    pub topic: &'static str,
    /// What it does here. A sentence without its full stop.
    pub help: &'static str,
    /// What becomes of it.
    pub then: Then,
}

/// What becomes of a flag or variable.
#[derive(Debug, Clone, Copy)]
pub enum Then {
    /// It becomes the setting of this key as it is.
    Text(&'static str),
    /// It becomes the setting of this key, a list, taken apart at its commas.
    List(&'static str),
    /// It becomes the setting of this key, a number of at most 65,535.
    Number(&'static str),
    /// It becomes the setting of this key, a switch; with `false`, its opposite.
    Switch(&'static str, bool),
    /// It switches the setting of this key on, whatever its value is.
    Presence(&'static str),
    /// It becomes settings in a way of its own.
    Set(fn(&mut Translation, &str) -> Result<()>),
    /// It is accepted, and a note says why it has no effect.
    Ignore,
    /// It is refused, because what the operator asked for would silently be missing.
    Refuse,
}

const STORAGE: &str = "Storage";
const NETWORK: &str = "Network";
const SECURITY: &str = "Security";
const LIMITS: &str = "Limits";
const OTHER: &str = "Other";
const IGNORED: &str = "Accepted without effect";
const REFUSED: &str = "Refused";

const NAME: Name = Name {
    flag: "",
    short: None,
    variable: "",
    value: "",
    opposite: "",
    topic: OTHER,
    help: "",
    then: Then::Ignore,
};

/// The table, in the order in which it is read.
pub const NAMES: &[Name] = &[
    Name {
        flag: "backend-store-uri",
        variable: "MLFLOW_BACKEND_STORE_URI",
        value: "URI",
        topic: STORAGE,
        help: "The database: sqlite:///relative/path.db, sqlite:////absolute/path.db or \
               postgresql://USER:PASSWORD@HOST:PORT/NAME; unless given, sqlite:///ferroflow.db. A \
               database that MLflow made is refused and left as it is",
        then: Then::Set(Translation::backend_store),
        ..NAME
    },
    Name {
        flag: "registry-store-uri",
        variable: "MLFLOW_REGISTRY_STORE_URI",
        value: "URI",
        topic: STORAGE,
        help: "The same database as --backend-store-uri; another one is refused, because models \
               and runs are kept together",
        then: Then::Set(Translation::registry_store),
        ..NAME
    },
    Name {
        flag: "serve-artifacts",
        variable: "MLFLOW_SERVE_ARTIFACTS",
        opposite: "no-serve-artifacts",
        topic: STORAGE,
        help: "Clients read and write artifacts through this server, which holds unless said \
               otherwise",
        then: Then::Switch("serve-artifacts", true),
        ..NAME
    },
    Name {
        flag: "no-serve-artifacts",
        opposite: "serve-artifacts",
        topic: STORAGE,
        help: "Operations on mlflow-artifacts are answered 503",
        then: Then::Switch("serve-artifacts", false),
        ..NAME
    },
    Name {
        flag: "artifacts-only",
        variable: "MLFLOW_ARTIFACTS_ONLY",
        topic: STORAGE,
        help: "Serves artifacts and nothing else: no database is kept, and all other operations \
               are answered 503",
        then: Then::Switch("artifacts-only", true),
        ..NAME
    },
    Name {
        flag: "default-artifact-root",
        variable: "MLFLOW_DEFAULT_ARTIFACT_ROOT",
        value: "URI",
        topic: STORAGE,
        help: "Below what new experiments keep their artifacts: a directory, file: URI or s3:// URI, \
               which the server also reads for clients, or any other URI, which only clients \
               read. Unless given, mlflow-artifacts:/, or ./mlruns with --no-serve-artifacts",
        then: Then::Text("default-artifact-root"),
        ..NAME
    },
    Name {
        flag: "artifacts-destination",
        variable: "MLFLOW_ARTIFACTS_DESTINATION",
        value: "URI",
        topic: STORAGE,
        help: "Where artifacts are that clients read and write through this server: a directory, as \
               a path or file: URI, or a place in a bucket, as s3://bucket/path; unless given, \
               ./mlartifacts. Other object stores are refused",
        then: Then::Set(Translation::artifacts_destination),
        ..NAME
    },
    Name {
        variable: "MLFLOW_S3_ENDPOINT_URL",
        value: "URL",
        topic: STORAGE,
        help: "The address of the object store of s3://, when it is not Amazon's; credentials and \
               region are read from the AWS_* variables",
        then: Then::Text("s3-endpoint-url"),
        ..NAME
    },
    Name {
        variable: "MLFLOW_S3_IGNORE_TLS",
        topic: STORAGE,
        help: "Whether the certificate of the object store is not checked",
        then: Then::Switch("s3-ignore-tls", true),
        ..NAME
    },
    Name {
        variable: "MLFLOW_BOTO_CLIENT_ADDRESSING_STYLE",
        value: "STYLE",
        topic: STORAGE,
        help: "With `virtual`, requests name the bucket in their host; with `path` and `auto`, in \
               their path",
        then: Then::Set(Translation::addressing_style),
        ..NAME
    },
    Name {
        variable: "MLFLOW_S3_UPLOAD_EXTRA_ARGS",
        value: "JSON",
        topic: STORAGE,
        help: "How the object store encrypts what is written, as an object with \
               `ServerSideEncryption` and `SSEKMSKeyId`; other arguments are refused",
        then: Then::Set(Translation::upload_arguments),
        ..NAME
    },
    Name {
        variable: "MLFLOW_PRESIGNED_DOWNLOAD_URL_TTL_SECONDS",
        value: "SECONDS",
        topic: STORAGE,
        help: "How long a signed URL lives from which clients fetch an artifact; unless given, 300",
        then: Then::Set(Translation::signed_url_seconds),
        ..NAME
    },
    Name {
        variable: "MLFLOW_S3_EXPECTED_BUCKET_OWNER",
        value: "ACCOUNT",
        topic: REFUSED,
        help: "Requests to a bucket do not name its owner; a policy of the account can see to that",
        then: Then::Refuse,
        ..NAME
    },
    Name {
        flag: "host",
        short: Some('h'),
        variable: "MLFLOW_HOST",
        value: "HOST",
        topic: NETWORK,
        help: "The address or host name to listen on; unless given, 127.0.0.1. Where other machines \
               reach it, anyone there may read, change and delete everything, as with `mlflow \
               server`",
        then: Then::Text("host"),
        ..NAME
    },
    Name {
        flag: "port",
        short: Some('p'),
        variable: "MLFLOW_PORT",
        value: "PORT",
        topic: NETWORK,
        help: "The port to listen on; unless given, 5000",
        then: Then::Number("port"),
        ..NAME
    },
    Name {
        flag: "static-prefix",
        variable: "MLFLOW_STATIC_PREFIX",
        value: "PATH",
        topic: NETWORK,
        help: "The path below which everything is, such as /mlflow. Metrics, and artifacts for \
               reading and writing, are without it too, as with `mlflow server`",
        then: Then::Text("static-prefix"),
        ..NAME
    },
    Name {
        flag: "allowed-hosts",
        variable: "MLFLOW_SERVER_ALLOWED_HOSTS",
        value: "HOST,...",
        topic: SECURITY,
        help: "Host names, besides loopback and the address listened on, under which clients reach \
               the server; `*` stands for any text, and `*` alone for all. Unless given, addresses \
               of private networks",
        then: Then::List("allowed-hosts"),
        ..NAME
    },
    Name {
        flag: "cors-allowed-origins",
        variable: "MLFLOW_SERVER_CORS_ALLOWED_ORIGINS",
        value: "ORIGIN,...",
        topic: SECURITY,
        help: "Origins, besides loopback and the server's own, whose web pages may change things; \
               `*` alone allows all, without credentials",
        then: Then::List("cors-allowed-origins"),
        ..NAME
    },
    Name {
        flag: "x-frame-options",
        variable: "MLFLOW_SERVER_X_FRAME_OPTIONS",
        value: "VALUE",
        topic: SECURITY,
        help: "The header by which browsers are told who may frame pages: SAMEORIGIN (unless given), \
               DENY, or NONE for no such header",
        then: Then::Text("x-frame-options"),
        ..NAME
    },
    Name {
        flag: "disable-security-middleware",
        variable: "MLFLOW_SERVER_DISABLE_SECURITY_MIDDLEWARE",
        topic: SECURITY,
        help: "Checks neither the host nor the origin of requests, so that any web page that a user \
               visits can reach the server",
        then: Then::Switch("disable-security-middleware", true),
        ..NAME
    },
    Name {
        flag: "enable-workspaces",
        variable: "MLFLOW_ENABLE_WORKSPACES",
        opposite: "disable-workspaces",
        topic: OTHER,
        help: "Clients may name a workspace whose experiments and models they mean",
        then: Then::Switch("enable-workspaces", true),
        ..NAME
    },
    Name {
        flag: "disable-workspaces",
        opposite: "enable-workspaces",
        topic: OTHER,
        help: "The opposite of --enable-workspaces, which holds unless that is given",
        then: Then::Switch("enable-workspaces", false),
        ..NAME
    },
    Name {
        flag: "workspace-store-uri",
        variable: "MLFLOW_WORKSPACE_STORE_URI",
        value: "URI",
        topic: OTHER,
        help: "The same database as --backend-store-uri; another one is refused, because workspaces \
               are kept with what they hold",
        then: Then::Set(Translation::workspace_store),
        ..NAME
    },
    Name {
        flag: "expose-prometheus",
        variable: "MLFLOW_EXPOSE_PROMETHEUS",
        value: "PATH",
        topic: OTHER,
        help: "Answers /metrics for Prometheus; the directory is neither needed nor made",
        then: Then::Presence("expose-metrics"),
        ..NAME
    },
    Name {
        flag: "dev",
        topic: OTHER,
        help: "Logs as much as --log-level debug of `ferroflow serve`; there is nothing to reload",
        then: Then::Set(Translation::development),
        ..NAME
    },
    Name {
        variable: "MLFLOW_LOGGING_LEVEL",
        value: "LEVEL",
        topic: OTHER,
        help: "What is logged: CRITICAL, ERROR, WARNING, INFO (unless given) or DEBUG",
        then: Then::Set(Translation::logging_level),
        ..NAME
    },
    Name {
        variable: "MLFLOW_TRUNCATE_LONG_VALUES",
        topic: LIMITS,
        help: "Whether values of params and of tags of runs that are too long are cut rather than \
               refused",
        then: Then::Switch("truncate-long-values", true),
        ..NAME
    },
    Name {
        variable: "MLFLOW_ARTIFACT_LOCATION_MAX_LENGTH",
        value: "COUNT",
        topic: LIMITS,
        help: "How many characters the artifact location of an experiment may have",
        then: Then::Number("artifact-location-max-length"),
        ..NAME
    },
    Name {
        variable: "MLFLOW_ALLOWED_HOST_ADDRESSED_ARTIFACT_SCHEMES",
        value: "SCHEME,...",
        topic: SECURITY,
        help: "Schemes of artifact locations that may name any host",
        then: Then::List("allowed-host-addressed-artifact-schemes"),
        ..NAME
    },
    Name {
        variable: "MLFLOW_CREATE_MODEL_VERSION_SOURCE_VALIDATION_REGEX",
        topic: OTHER,
        help: "A regular expression that some part of the source of each new model version must \
               match; one that looks around or refers back is refused at the start",
        then: Then::Set(Translation::version_sources),
        ..NAME
    },
    Name {
        variable: "MLFLOW_SQLALCHEMYSTORE_POOL_SIZE",
        value: "COUNT",
        topic: LIMITS,
        help: "How many connections to PostgreSQL there are at most",
        then: Then::Number("database-pool-size"),
        ..NAME
    },
    Name {
        flag: "uvicorn-opts",
        variable: "MLFLOW_UVICORN_OPTS",
        value: "OPTIONS",
        topic: IGNORED,
        help: "There is no uvicorn. Options for TLS are refused: FERROFLOW_TLS_CERT and \
               FERROFLOW_TLS_KEY say what they say",
        then: Then::Set(Translation::uvicorn_options),
        ..NAME
    },
    Name {
        flag: "gunicorn-opts",
        variable: "MLFLOW_GUNICORN_OPTS",
        value: "OPTIONS",
        topic: IGNORED,
        help: "There is no gunicorn. Options for TLS are refused: FERROFLOW_TLS_CERT and \
               FERROFLOW_TLS_KEY say what they say",
        then: Then::Set(Translation::gunicorn_options),
        ..NAME
    },
    Name {
        flag: "waitress-opts",
        value: "OPTIONS",
        topic: IGNORED,
        help: "There is no waitress",
        ..NAME
    },
    Name {
        flag: "workers",
        short: Some('w'),
        variable: "MLFLOW_WORKERS",
        value: "COUNT",
        topic: IGNORED,
        help: "One process works on all cores; FERROFLOW_WORKER_THREADS says on how many threads",
        ..NAME
    },
    Name {
        flag: "read-replica-backend-store-uri",
        variable: "MLFLOW_READ_REPLICA_BACKEND_STORE_URI",
        value: "URI",
        topic: IGNORED,
        help: "All is read from --backend-store-uri",
        ..NAME
    },
    Name {
        flag: "trace-archival-config",
        variable: "MLFLOW_TRACE_ARCHIVAL_CONFIG",
        value: "PATH",
        topic: IGNORED,
        help: "Traces are not archived; nothing is removed",
        ..NAME
    },
    Name {
        flag: "secrets-cache-ttl",
        value: "SECONDS",
        topic: IGNORED,
        help: "There is no AI gateway, so no secrets are kept",
        ..NAME
    },
    Name {
        flag: "secrets-cache-max-size",
        value: "COUNT",
        topic: IGNORED,
        help: "There is no AI gateway, so no secrets are kept",
        ..NAME
    },
    Name {
        variable: "MLFLOW_SQLALCHEMYSTORE_MAX_OVERFLOW",
        topic: IGNORED,
        help: "The pool of connections does not grow beyond its size",
        ..NAME
    },
    Name {
        variable: "MLFLOW_SQLALCHEMYSTORE_POOL_RECYCLE",
        topic: IGNORED,
        help: "A connection is kept as long as it works",
        ..NAME
    },
    Name {
        variable: "MLFLOW_SQLALCHEMYSTORE_POOLCLASS",
        topic: IGNORED,
        help: "There is one kind of pool",
        ..NAME
    },
    Name {
        variable: "MLFLOW_SQLALCHEMYSTORE_ECHO",
        topic: IGNORED,
        help: "FERROFLOW_LOG_LEVEL says what is logged",
        ..NAME
    },
    Name {
        variable: "MLFLOW_FLASK_SERVER_SECRET_KEY",
        topic: IGNORED,
        help: "There are no sessions to sign",
        ..NAME
    },
    Name {
        variable: "MLFLOW_CRYPTO_KEK_PASSPHRASE",
        topic: IGNORED,
        help: "There is no AI gateway, so no secrets are kept",
        ..NAME
    },
    Name {
        variable: "MLFLOW_SERVER_ENABLE_JOB_EXECUTION",
        topic: IGNORED,
        help: "The server runs no jobs",
        ..NAME
    },
    Name {
        flag: "app-name",
        value: "NAME",
        topic: REFUSED,
        help: "The server does not authenticate callers, so it does not start where that is asked \
               for; put a proxy that does before it, and leave the flag out",
        then: Then::Refuse,
        ..NAME
    },
    Name {
        variable: "MLFLOW_WORKSPACE",
        topic: REFUSED,
        help: "It is for clients; `mlflow server` refuses it as well",
        then: Then::Refuse,
        ..NAME
    },
];

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn each_name_is_there_once_and_explained() {
        let mut seen = HashSet::new();
        for name in NAMES {
            assert!(
                !name.help.is_empty() && !name.help.ends_with('.'),
                "{name:?}"
            );
            assert!(name.flag.is_empty() || seen.insert(name.flag), "{name:?}");
            assert!(
                name.variable.is_empty() || seen.insert(name.variable),
                "{name:?}"
            );
            assert!(!name.flag.is_empty() || !name.variable.is_empty());
            let is_refused = matches!(name.then, Then::Refuse);
            assert_eq!(is_refused, name.topic == REFUSED, "{name:?}");
        }
    }
}

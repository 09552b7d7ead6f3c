use clap::{Args, Command, FromArgMatches};

use super::*;

type Variables<'a> = &'a [(&'a str, &'a str)];

fn translate(flags: &[&str], variables: Variables) -> Result<Translation> {
    let command = MlflowFlags::augment_args(Command::new("server").no_binary_name(true));
    let matches = command.try_get_matches_from(flags)?;
    let environment = |wanted: &str| {
        let found = variables.iter().find(|(name, _)| *name == wanted);
        found.map(|(_, value)| OsString::from(value))
    };
    Translation::of(&MlflowFlags::from_arg_matches(&matches)?, &environment)
}

fn settings(flags: &[&str], variables: Variables) -> String {
    let translation = translate(flags, variables).unwrap();
    let text = toml::to_string(&translation.settings).unwrap();
    text.trim_end().replace('\n', "; ")
}

fn refusal(flags: &[&str], variables: Variables) -> String {
    format!("{:#}", translate(flags, variables).unwrap_err())
}

#[test]
fn flags_become_settings() {
    for (flags, expected) in [
        (
            &["-h", "0.0.0.0"][..],
            "allow-public = true; host = \"0.0.0.0\"",
        ),
        (&["-p", "80"], "port = 80"),
        (&["--static-prefix", "/ml"], "static-prefix = \"/ml\""),
        (
            &["--allowed-hosts", "a, b,"],
            "allowed-hosts = [\"a\", \"b\"]",
        ),
        (
            &["--cors-allowed-origins", "*"],
            "cors-allowed-origins = [\"*\"]",
        ),
        (&["--x-frame-options", "NONE"], "x-frame-options = \"NONE\""),
        (
            &["--disable-security-middleware"],
            "disable-security-middleware = true",
        ),
        (&["--enable-workspaces"], "enable-workspaces = true"),
        (
            &["--enable-workspaces", "--disable-workspaces"],
            "enable-workspaces = false",
        ),
        (
            &["--disable-workspaces", "--enable-workspaces"],
            "enable-workspaces = true",
        ),
        (&["--expose-prometheus", "/tmp/m"], "expose-metrics = true"),
        (
            &["--artifacts-destination", "file:///a"],
            "artifacts = \"/a\"",
        ),
        (
            &["--artifacts-destination", "s3://b/p"],
            "artifacts = \"s3://b/p\"",
        ),
        (
            &["--backend-store-uri", "sqlite:///m.db"],
            "database = \"sqlite:m.db\"",
        ),
        (&["--dev"], "log-level = \"debug\""),
        (
            &["--no-serve-artifacts"],
            "default-artifact-root = \"./mlruns\"; serve-artifacts = false",
        ),
        (
            &["--default-artifact-root", "s3://b"],
            "default-artifact-root = \"s3://b\"",
        ),
        (
            &["--no-serve-artifacts", "--serve-artifacts"],
            "serve-artifacts = true",
        ),
        (&["--artifacts-only"], "artifacts-only = true"),
        (&["-w", "4"], ""),
        (&["--gunicorn-opts", "--timeout 60"], ""),
    ] {
        assert_eq!(settings(flags, &[]), expected, "{flags:?}");
    }
}

#[test]
fn a_flag_wins_over_its_variable() {
    let variables = [("MLFLOW_PORT", "1"), ("MLFLOW_ENABLE_WORKSPACES", "true")];
    let both = settings(&["--port", "2", "--disable-workspaces"], &variables);
    assert_eq!(both, "enable-workspaces = false; port = 2");
    let variable = settings(&[], &variables);
    assert_eq!(variable, "enable-workspaces = true; port = 1");
    assert_eq!(
        settings(&[], &[("MLFLOW_PORT", ""), ("MLFLOW_HOST", "")]),
        ""
    );
    let off = [("MLFLOW_ENABLE_WORKSPACES", "false")];
    assert_eq!(settings(&[], &off), "enable-workspaces = false");
    let alone = [
        (
            "MLFLOW_ALLOWED_HOST_ADDRESSED_ARTIFACT_SCHEMES",
            "hdfs, ftp",
        ),
        ("MLFLOW_ARTIFACT_LOCATION_MAX_LENGTH", "512"),
        (
            "MLFLOW_CREATE_MODEL_VERSION_SOURCE_VALIDATION_REGEX",
            "^s3:",
        ),
        ("MLFLOW_LOGGING_LEVEL", "warning"),
        ("MLFLOW_SQLALCHEMYSTORE_POOL_SIZE", "20"),
        ("MLFLOW_TRUNCATE_LONG_VALUES", "FALSE"),
    ];
    let expected = "allowed-host-addressed-artifact-schemes = [\"hdfs\", \"ftp\"]; \
                    artifact-location-max-length = 512; database-pool-size = 20; \
                    log-level = \"warn\"; model-version-source-regex = \"^s3:\"; \
                    truncate-long-values = false";
    assert_eq!(settings(&[], &alone), expected);
}

#[test]
fn variables_say_how_a_bucket_is_reached() {
    let variables = [
        ("MLFLOW_BOTO_CLIENT_ADDRESSING_STYLE", "virtual"),
        ("MLFLOW_PRESIGNED_DOWNLOAD_URL_TTL_SECONDS", "3600"),
        ("MLFLOW_S3_ENDPOINT_URL", "http://h:9000"),
        ("MLFLOW_S3_IGNORE_TLS", "true"),
        (
            "MLFLOW_S3_UPLOAD_EXTRA_ARGS",
            r#"{"ServerSideEncryption": "aws:kms", "SSEKMSKeyId": "k1"}"#,
        ),
    ];
    let expected = "s3-encryption = \"aws:kms\"; s3-encryption-key-id = \"k1\"; \
                    s3-endpoint-url = \"http://h:9000\"; s3-ignore-tls = true; \
                    s3-virtual-hosts = true; signed-url-seconds = 3600";
    assert_eq!(settings(&[], &variables), expected);
    for (name, value) in [
        ("MLFLOW_BOTO_CLIENT_ADDRESSING_STYLE", "host"),
        ("MLFLOW_PRESIGNED_DOWNLOAD_URL_TTL_SECONDS", "soon"),
        ("MLFLOW_S3_EXPECTED_BUCKET_OWNER", "111122223333"),
        ("MLFLOW_S3_UPLOAD_EXTRA_ARGS", r#"{"ACL": "public-read"}"#),
        ("MLFLOW_S3_UPLOAD_EXTRA_ARGS", "AES256"),
    ] {
        let refusal = refusal(&[], &[(name, value)]);
        assert!(refusal.starts_with(name), "{refusal}");
    }
}

#[test]
fn what_has_no_effect_is_said() {
    let flags = ["--workers", "4", "--uvicorn-opts", "--timeout-keep-alive 5"];
    let notes = translate(&flags, &[("MLFLOW_SQLALCHEMYSTORE_ECHO", "1")]);
    let notes = notes.unwrap().notes.join("\n");
    for by in ["--workers", "--uvicorn-opts", "MLFLOW_SQLALCHEMYSTORE_ECHO"] {
        assert!(notes.contains(&format!("{by} has no effect: ")), "{notes}");
    }
}

#[test]
fn what_would_be_missed_is_refused() {
    for flags in [
        &["--app-name", "basic-auth"][..],
        &["--uvicorn-opts", "--ssl-keyfile=k.pem --ssl-certfile c.pem"],
        &["--gunicorn-opts", "--workers 2 --certfile c.pem"],
        &["--artifacts-destination", "gs://bucket/path"],
        &["--backend-store-uri", "mysql://h/n"],
        &["--artifacts-only", "--backend-store-uri", "sqlite:///a.db"],
        &["--port", "eighty"],
        &["--disable-security-middleware=perhaps"],
    ] {
        let refusal = refusal(flags, &[]);
        let flag = flags[0].split('=').next().unwrap_or_default();
        assert!(refusal.starts_with(flag), "{refusal}");
    }
    let client_only = refusal(&[], &[("MLFLOW_WORKSPACE", "team")]);
    assert!(
        client_only.starts_with("MLFLOW_WORKSPACE is refused"),
        "{client_only}"
    );
    let name = "MLFLOW_CREATE_MODEL_VERSION_SOURCE_VALIDATION_REGEX";
    let looks_around = refusal(&[], &[(name, "^(?!file)")]);
    assert!(
        looks_around.starts_with(name) && looks_around.contains("look-around"),
        "{looks_around}"
    );
}

#[test]
fn there_is_one_database() {
    let backend = ["--backend-store-uri", "postgresql+psycopg2://u:s3cret@h/n"];
    for flag in ["--registry-store-uri", "--workspace-store-uri"] {
        let same = [&backend[..], &[flag, "postgresql://u:s3cret@h/n"]].concat();
        assert!(translate(&same, &[]).is_ok());
        let other = [&backend[..], &[flag, "postgresql://u:s3cret@h/other"]].concat();
        let refusal = refusal(&other, &[]);
        assert!(
            refusal.starts_with(flag) && !refusal.contains("s3cret"),
            "{refusal}"
        );
    }
}

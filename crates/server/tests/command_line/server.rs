//! `ferroflow server`: the command line of `mlflow server`.

use std::fs;

use crate::support::{Running, complaint, directory, ferroflow, get, output, stdout};

#[test]
fn the_defaults_are_those_of_mlflow_but_for_the_name_of_the_database() {
    let directory = directory();
    let server = Running::start_command(directory.path(), &["server", "--port", "0"]);
    assert!(server.address.ip().is_loopback());
    assert!(get(server.address, "/health").ends_with("\r\n\r\nOK"));
    assert!(get(server.address, "/metrics").starts_with("HTTP/1.1 404 "));
    assert!(directory.path().join("ferroflow.db").is_file());
    assert!(directory.path().join("mlartifacts").is_dir());
    assert!(!directory.path().join("mlflow.db").exists());
}

#[test]
fn a_unit_file_changes_only_the_name_of_the_command() {
    let directory = directory();
    let arguments = [
        "server",
        "--backend-store-uri",
        "sqlite:///data/tracking.db",
        "--artifacts-destination",
        "data/artifacts",
        "-h",
        "127.0.0.1",
        "-p",
        "0",
        "--workers",
        "4",
        "--gunicorn-opts",
        "--timeout 60",
        "--expose-prometheus",
        "metrics",
        "--allowed-hosts",
        "ml.example.com",
    ];
    let server = Running::start_command(directory.path(), &arguments);
    assert!(get(server.address, "/metrics").starts_with("HTTP/1.1 200 "));
    assert!(directory.path().join("data/tracking.db").is_file());
    assert!(directory.path().join("data/artifacts").is_dir());
    assert!(!directory.path().join("metrics").exists());
    server.signal("TERM");
    let (code, log) = server.wait();
    assert_eq!(code, Some(0), "{log}");
    for note in ["--workers has no effect", "--gunicorn-opts has no effect"] {
        assert!(log.contains(note), "{log}");
    }
}

#[test]
fn variables_speak_where_flags_are_silent_and_the_file_for_the_rest() {
    let directory = directory();
    fs::write(
        directory.path().join("ferroflow.toml"),
        "log-format = \"json\"\nport = 1\n",
    )
    .unwrap();
    let mut command = ferroflow(directory.path(), &["server", "--workers", "2"]);
    command
        .env("MLFLOW_PORT", "80000")
        .env("MLFLOW_HOST", "")
        .env("FERROFLOW_LOG_LEVEL", "debug");
    let refused = complaint(&output(command));
    assert_eq!(
        refused,
        "ferroflow: MLFLOW_PORT: `80000` is not a number from 0 to 65535"
    );

    let mut command = ferroflow(directory.path(), &["server", "--port", "0"]);
    command.env("MLFLOW_ARTIFACTS_DESTINATION", "gs://bucket");
    let refused = complaint(&output(command));
    assert!(
        refused.starts_with("ferroflow: MLFLOW_ARTIFACTS_DESTINATION: "),
        "{refused}"
    );

    let server = Running::start_command(directory.path(), &["server", "--port", "0"]);
    assert!(server.announced[0].starts_with('{'), "the file is read too");
}

#[test]
fn what_the_operator_would_miss_is_refused() {
    let directory = directory();
    for (arguments, reason) in [
        (
            vec!["--app-name", "basic-auth"],
            "does not authenticate callers",
        ),
        (
            vec!["--uvicorn-opts", "--ssl-keyfile key.pem"],
            "--ssl-keyfile asks for TLS",
        ),
        (
            vec!["--backend-store-uri", "./mlruns"],
            "directory of files is not supported",
        ),
        (
            vec!["--backend-store-uri", "mysql://u:s3cret@h/n"],
            "`mysql` is not supported",
        ),
        (
            vec!["--registry-store-uri", "sqlite:///other.db"],
            "all is kept in one database",
        ),
        (
            vec![
                "--enable-workspaces",
                "--default-artifact-root",
                "./workspaces",
            ],
            "may not end in `workspaces`",
        ),
    ] {
        let arguments = [&["server", "--port", "0"], &arguments[..]].concat();
        let complaint = complaint(&output(ferroflow(directory.path(), &arguments)));
        assert!(complaint.contains(reason), "{complaint}");
        assert!(!complaint.contains("s3cret"), "{complaint}");
    }
    let left: Vec<_> = fs::read_dir(directory.path()).unwrap().collect();
    assert!(left.is_empty(), "nothing was made: {left:?}");
}

#[test]
fn data_of_mlflow_is_not_begun_anew_beside_it() {
    let begins = |prepare: fn(&std::path::Path)| {
        let directory = directory();
        prepare(directory.path());
        let complaint = complaint(&output(ferroflow(directory.path(), &["server", "-p", "0"])));
        assert!(complaint.contains("MLflow made"), "{complaint}");
        assert!(complaint.contains("--backend-store-uri"), "{complaint}");
        assert!(!directory.path().join("ferroflow.db").exists());
    };
    begins(|directory| fs::write(directory.join("mlflow.db"), "tables").unwrap());
    begins(|directory| {
        fs::create_dir_all(directory.join("mlruns/0")).unwrap();
        fs::write(directory.join("mlruns/0/meta.yaml"), "experiment_id: '0'").unwrap();
    });
}

#[test]
fn the_help_has_every_flag_and_no_short_one_of_its_own() {
    let directory = directory();
    let help = stdout(&output(ferroflow(directory.path(), &["server", "--help"])));
    for flag in [
        "--backend-store-uri",
        "-h, --host",
        "-p, --port",
        "-w, --workers",
        "--app-name",
    ] {
        assert!(help.contains(flag), "{flag}: {help}");
    }
}

#[test]
fn a_server_of_artifacts_alone_stands_beside_the_one_that_tracks() {
    let directory = directory();
    let temporary = directory.path().join("tmp");
    fs::create_dir(&temporary).unwrap();
    let tracking = ["server", "-p", "0", "--no-serve-artifacts"];
    let tracking = Running::start_command(directory.path(), &tracking);
    let mut command = ferroflow(directory.path(), &["server", "-p", "0", "--artifacts-only"]);
    command.env("TMPDIR", &temporary);
    let artifacts = Running::start_process(command);
    assert!(
        artifacts.announced[1].contains("no database"),
        "{:?}",
        artifacts.announced
    );

    let experiment = "/api/2.0/mlflow/experiments/get?experiment_id=0";
    let files = "/api/2.0/mlflow-artifacts/artifacts";
    for (server, path, status) in [
        (&tracking, "/health", 200),
        (&artifacts, "/health", 200),
        (&tracking, experiment, 200),
        (&artifacts, experiment, 503),
        (&tracking, files, 503),
        (&artifacts, files, 200),
        (&tracking, "/api/3.0/mlflow/server-info", 200),
        (&artifacts, "/api/3.0/mlflow/server-info", 200),
        (
            &artifacts,
            "/20260430/aiDataPlatforms/p/workspaces/w/mlops/api/2.0/mlflow/experiments/get",
            503,
        ),
    ] {
        let answer = get(server.address, path);
        assert!(
            answer.starts_with(&format!("HTTP/1.1 {status} ")),
            "{path}: {answer}"
        );
    }
    artifacts.signal("TERM");
    assert_eq!(artifacts.wait().0, Some(0));
    assert_eq!(fs::read_dir(&temporary).unwrap().count(), 0);
}

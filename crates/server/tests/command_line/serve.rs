//! `ferroflow serve`, `config` and `version`.

use std::fs;

use crate::support::{Running, complaint, directory, ferroflow, get, output, stdout};

#[test]
fn flag_before_environment_before_file_before_default() {
    let directory = directory();
    fs::write(
        directory.path().join("ferroflow.toml"),
        "port = 1\nhost = \"::1\"\nlog-level = \"warn\"\n",
    )
    .unwrap();
    let mut command = ferroflow(directory.path(), &["config", "--port", "3"]);
    command
        .env("FERROFLOW_PORT", "2")
        .env("FERROFLOW_HOST", "localhost");
    let printed = stdout(&output(command));
    for line in [
        "port = 3  # flag",
        "host = \"localhost\"  # environment",
        "log-level = \"warn\"  # ferroflow.toml",
        "max-body-bytes = 33554432  # default",
        "database = \"sqlite:./ferroflow-data/ferroflow.db\"  # default",
    ] {
        assert!(
            printed.lines().any(|found| found == line),
            "{line} is not in\n{printed}"
        );
    }
}

#[test]
fn the_file_can_be_named_and_must_then_exist() {
    let directory = directory();
    fs::write(directory.path().join("other.toml"), "port = 7\n").unwrap();
    let named = output(ferroflow(
        directory.path(),
        &["config", "--config", "other.toml"],
    ));
    assert!(stdout(&named).contains("port = 7  # other.toml\n"));
    let mut command = ferroflow(directory.path(), &["config"]);
    command.env("FERROFLOW_CONFIG", "absent.toml");
    let complaint = complaint(&output(command));
    assert!(
        complaint.starts_with("ferroflow: cannot read absent.toml: No such file"),
        "{complaint}"
    );
}

#[test]
fn what_config_prints_is_a_file_that_serves_the_same() {
    let directory = directory();
    let arguments = [
        "config",
        "--allowed-hosts",
        "a.example,*.b",
        "--allow-public",
        "--port",
        "9",
    ];
    let first = stdout(&output(ferroflow(directory.path(), &arguments)));
    fs::write(directory.path().join("ferroflow.toml"), &first).unwrap();
    let second = stdout(&output(ferroflow(directory.path(), &["config"])));
    let without_origins = |text: &str| -> Vec<String> {
        text.lines()
            .map(|line| line.split("  # ").next().unwrap().to_owned())
            .collect()
    };
    assert_eq!(without_origins(&first), without_origins(&second));
    assert!(
        second.contains(r#"allowed-hosts = ["a.example", "*.b"]  # ferroflow.toml"#),
        "{second}"
    );
    assert!(second.contains("allow-public = true"));
}

#[test]
fn mistakes_are_named_on_one_line() {
    let directory = directory();
    let refused = |arguments: &[&str]| complaint(&output(ferroflow(directory.path(), arguments)));
    let range = refused(&["config", "--max-header-bytes", "1"]);
    assert_eq!(
        range,
        "ferroflow: max-header-bytes = 1 is out of range: 8192 to 1048576 are allowed"
    );
    assert!(refused(&["config", "--log-level", "loud=loud"]).contains("log-level = \"loud=loud\""));
    assert!(refused(&["serve", "--host", "0.0.0.0"]).contains("--allow-public"));

    fs::write(directory.path().join("ferroflow.toml"), "\nprot = 1\n").unwrap();
    let unknown = refused(&["serve"]);
    assert!(
        unknown.starts_with("ferroflow: ferroflow.toml, line 2: unknown field `prot`"),
        "{unknown}"
    );
}

#[test]
fn a_password_is_shown_nowhere() {
    let directory = directory();
    let secret = "postgres://u:s3cret@127.0.0.1:1/n";
    let shown = output(ferroflow(
        directory.path(),
        &["config", "--database", secret],
    ));
    assert!(stdout(&shown).contains("database = \"postgres://u:***@127.0.0.1:1/n\"  # flag"));
    for arguments in [
        vec!["serve", "--port", "0", "--database", secret],
        vec!["config", "--database", "postgras://u:s3cret@h/n"],
        vec![
            "serve",
            "--database",
            "postgres://u:s3cret@[h/n",
            "--log-level",
            "trace",
            "--port",
            "0",
        ],
        vec!["serve", "--help"],
    ] {
        let mut command = ferroflow(directory.path(), &arguments);
        let output = output({
            command.env("FERROFLOW_DATABASE", secret);
            command
        });
        let text = format!("{output:?}");
        assert!(!text.contains("s3cret"), "{arguments:?}: {text}");
    }
}

#[test]
fn the_version_is_printed() {
    let directory = directory();
    let expected = format!("ferroflow {}\n", env!("CARGO_PKG_VERSION"));
    assert_eq!(
        stdout(&output(ferroflow(directory.path(), &["version"]))),
        expected
    );
    assert_eq!(
        stdout(&output(ferroflow(directory.path(), &["--version"]))),
        expected
    );
}

#[test]
fn the_start_says_where_everything_is() {
    let directory = directory();
    let server = Running::start(directory.path(), &[]);
    let url = format!("http://{}", server.address);
    let text = server.announced.join("\n");
    assert!(text.starts_with(&format!(
        "Ferroflow {} listens on {url}\n",
        env!("CARGO_PKG_VERSION")
    )));
    let place = directory.path().canonicalize().unwrap();
    let data = place.join("ferroflow-data").display().to_string();
    let told = format!("sqlite:{data}/ferroflow.db, artifacts in {data}/artifacts");
    assert!(text.contains(&told), "{text}");
    assert!(text.contains(&format!("mlflow.set_tracking_uri(\"{url}\")")));
    assert!(text.contains(&format!("service_endpoint=\"{url}\"")));
    assert!(get(server.address, "/health").ends_with("\r\n\r\nOK"));
    assert!(
        directory
            .path()
            .join("ferroflow-data/ferroflow.db")
            .exists()
    );
    assert!(directory.path().join("ferroflow-data/artifacts").is_dir());
}

#[test]
fn signals_end_the_server_in_order() {
    for signal in ["TERM", "INT"] {
        let directory = directory();
        let server = Running::start(directory.path(), &[]);
        assert!(get(server.address, "/health").contains("200 OK"));
        server.signal(signal);
        let (code, log) = server.wait();
        assert_eq!(code, Some(0), "{log}");
        assert!(log.contains("stopped"), "{log}");
    }
}

#[test]
fn a_data_directory_is_for_one_server_at_a_time() {
    let directory = directory();
    let first = Running::start(directory.path(), &[]);
    let second = output(ferroflow(directory.path(), &["serve", "--port", "0"]));
    let complaint = complaint(&second);
    assert!(
        complaint.contains("in use by another ferroflow server"),
        "{complaint}"
    );
    first.signal("KILL");
    first.wait();
    let third = Running::start(directory.path(), &[]);
    assert!(
        get(third.address, "/health").contains("200 OK"),
        "a lock does not outlive its server"
    );
}

#[test]
fn a_port_is_for_one_server_at_a_time() {
    let directory = directory();
    let first = Running::start(directory.path(), &[]);
    let port = first.address.port().to_string();
    let arguments = ["serve", "--port", &port, "--data-dir", "other"];
    let complaint = complaint(&output(ferroflow(directory.path(), &arguments)));
    assert!(
        complaint.starts_with(&format!("ferroflow: cannot listen on 127.0.0.1:{port}")),
        "{complaint}"
    );
    assert!(
        !directory.path().join("other").exists(),
        "nothing was touched"
    );
}

#[test]
fn a_file_of_another_program_is_refused() {
    let directory = directory();
    fs::write(
        directory.path().join("notes.db"),
        "these are my notes, not a database",
    )
    .unwrap();
    let arguments = ["serve", "--port", "0", "--database", "sqlite:notes.db"];
    complaint(&output(ferroflow(directory.path(), &arguments)));
    let kept = fs::read_to_string(directory.path().join("notes.db")).unwrap();
    assert_eq!(kept, "these are my notes, not a database");
}

#[test]
fn the_json_log_is_json_from_the_first_line_to_the_last() {
    let directory = directory();
    let arguments = ["--log-format", "json", "--log-level", "debug"];
    let server = Running::start(directory.path(), &arguments);
    let announced: serde_json::Value = serde_json::from_str(&server.announced[0]).unwrap();
    assert_eq!(announced["url"], format!("http://{}", server.address));
    get(server.address, "/health?token=s3cret");
    server.signal("TERM");
    let (_, log) = server.wait();
    let lines = log
        .lines()
        .map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap());
    let answered: Vec<_> = lines.filter(|line| line["message"] == "answered").collect();
    assert_eq!(answered.len(), 1);
    assert_eq!(answered[0]["request"], "GET /health");
    assert_eq!(answered[0]["status"], 200);
    assert_eq!(answered[0]["request_id"].as_str().map(str::len), Some(32));
    assert!(!log.contains("s3cret"));
}

//! The documents of the configuration: all of each setting is said once, in the flags.

use std::fmt::Write;

use clap::Arg;
use ferroflow_server::config::{DatabaseUrl, Settings};
use toml::Table;

use crate::documents;

/// The flags of `ferroflow serve` that are settings, in their order.
fn flags() -> Vec<Arg> {
    let mut command = ferroflow_server::command();
    command.build();
    let serve = command.find_subcommand("serve").unwrap();
    let flags = serve
        .get_arguments()
        .filter(|flag| flag.get_env().is_some());
    flags.cloned().collect()
}

fn key(flag: &Arg) -> &str {
    flag.get_long().unwrap()
}

/// One line, however the source is wrapped.
fn help(flag: &Arg) -> String {
    let help = flag
        .get_long_help()
        .or(flag.get_help())
        .unwrap()
        .to_string();
    help.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The defaults, those that follow from others included.
fn defaults() -> Table {
    let mut settings = Settings::default();
    settings.artifacts = Some(settings.artifacts());
    settings.default_artifact_root = Some(settings.default_artifact_root().location);
    settings.database = Some(settings.database());
    Table::try_from(&settings).unwrap()
}

/// The defaults, and an example of what has none.
fn examples() -> Table {
    let mut examples = defaults();
    for (key, example) in [
        ("tls-cert", "/etc/ferroflow/tls.crt"),
        ("tls-key", "/etc/ferroflow/tls.key"),
        ("model-version-source-regex", "^s3://models/"),
    ] {
        let former = examples.insert(key.to_owned(), example.into());
        assert_eq!(former, None, "{key} has a default");
    }
    examples
}

#[test]
fn the_example_file_is_up_to_date() {
    documents::check("ferroflow.example.toml", &example());
}

#[test]
fn the_example_file_can_be_read() {
    let uncommented: Vec<_> = example()
        .lines()
        .map(|line| {
            line.strip_prefix("#")
                .filter(|rest| !rest.starts_with(' '))
                .unwrap_or(line)
                .to_owned()
        })
        .collect();
    let settings: Settings = toml::from_str(&uncommented.join("\n")).unwrap();
    let table = Table::try_from(&settings).unwrap();
    assert_eq!(table, examples());
}

#[test]
fn every_setting_has_a_flag_a_variable_and_a_key() {
    let mut keys: Vec<_> = examples().keys().cloned().collect();
    let flags = flags();
    let mut documented: Vec<_> = flags
        .iter()
        .map(key)
        .filter(|key| *key != "config")
        .collect();
    keys.sort();
    documented.sort_unstable();
    assert_eq!(keys, documented);
    for flag in &flags {
        let variable = format!("FERROFLOW_{}", key(flag).to_uppercase().replace('-', "_"));
        assert_eq!(flag.get_env().unwrap().to_str(), Some(variable.as_str()));
    }
}

#[test]
fn the_page_of_the_configuration_is_up_to_date() {
    documents::check("docs/configuration.md", &page());
}

#[test]
fn a_database_address_never_shows_its_password() {
    let url: DatabaseUrl = "postgres://u:s3cret@h/n".parse().unwrap();
    let settings = Settings {
        database: Some(url),
        ..Settings::default()
    };
    assert!(!format!("{settings:?}").contains("s3cret"));
}

fn example() -> String {
    let mut text = String::from(
        "# Every setting with its default, or with an example where it has none. Copy this file to\n\
         # `ferroflow.toml`, or name it with --config. A flag or an environment variable wins over this\n\
         # file. Made by `make documents`.\n",
    );
    let examples = examples();
    for flag in flags().iter().filter(|flag| key(flag) != "config") {
        let key = key(flag);
        writeln!(text, "\n{}#{key} = {}", comment(&help(flag)), examples[key]).unwrap();
    }
    text
}

/// Wraps a text into comment lines.
fn comment(text: &str) -> String {
    let mut lines = vec![String::from("#")];
    for word in text.split(' ') {
        let line = lines.last_mut().unwrap();
        if line.len() + 1 + word.len() > 100 {
            lines.push(format!("# {word}"));
        } else {
            line.push(' ');
            line.push_str(word);
        }
    }
    lines.join("\n") + "\n"
}

const INTRODUCTION: &str = "\
# Configuration

`ferroflow serve` needs none. What it is told, it takes from four places; the first that speaks wins:

1. a flag: `ferroflow serve --port 8080`
2. an environment variable: `FERROFLOW_PORT=8080`
3. one TOML file, named by `--config` or `FERROFLOW_CONFIG`; without either, `ferroflow.toml` in the
   working directory where there is one: `port = 8080`
4. the default

The names are the same in all places: `max-body-bytes` in flags and the file is
`FERROFLOW_MAX_BODY_BYTES` in the environment. `ferroflow config` prints what is in force and where each value
came from, with passwords hidden; it takes the same flags as `ferroflow serve`. A key in the file that
is none of these is refused. Relative paths are relative to the working directory, also those in the
file. `ferroflow.example.toml` is a file with every setting, to copy from.

This page is made from the flags by `make documents`.
";

fn page() -> String {
    let mut text = INTRODUCTION.to_owned();
    let defaults = defaults();
    let mut heading = String::new();
    for flag in &flags() {
        let found = flag.get_help_heading().unwrap_or_default();
        if found != heading {
            found.clone_into(&mut heading);
            write!(
                text,
                "\n## {heading}\n\n| setting | default | meaning |\n|---|---|---|\n"
            )
            .unwrap();
        }
        let default = defaults
            .get(key(flag))
            .map_or_else(String::new, |value| format!("`{value}`"));
        let meaning = help(flag).replace('|', "\\|");
        writeln!(text, "| `{}` | {default} | {meaning}. |", key(flag)).unwrap();
    }
    text + NOTES
}

const NOTES: &str = "
## Listening where others reach it

Callers are not authenticated yet, so the server refuses to listen on an address that other machines
reach. Where the network itself keeps strangers out, `--allow-public` accepts it. Clients must then use
a host name that the server knows: loopback names, the address it listens on, or one of
`allowed-hosts`. Requests with any other `Host` header are answered 403, except `/health` and
`/version`: this stops web pages that make their own name point to this server.

Requests that change something and come from a web page are answered 403 unless the page is the
server's own, of this machine, or of one of `cors-allowed-origins`.

## HTTPS

With `tls-cert` and `tls-key` the server speaks HTTPS only, from TLS 1.2 on; a request without encryption is
answered 400. Both are files in PEM: the certificate followed by the certificates between it and one that clients trust, and its
private key without a password (PKCS #8, PKCS #1 or SEC 1). The server does not start unless both can be
read and belong together. [Operating](operations.md#https) says how a certificate is renewed and what
clients are told.

## What an operator asks the server

| path | answers |
|---|---|
| `/health` | `OK` once the database has answered, else status 503 |
| `/version` | the MLflow release whose REST interface is spoken; Ferroflow's own version is in the header `server` and in `ferroflow version` |
| `/metrics` | requests by route, status and latency; transactions by name with retries and duration; the depth of the write queue and the size of commit groups; memory and CPU: for Prometheus |

Every answer carries a request id, the client's own where it sends one of at most 255 letters, digits,
`_` and `-`: in the header `opc-request-id` below `/20260430`, in `x-request-id` elsewhere. The log and
the audit rows name it. The log goes to standard error, as text or as one JSON object a line.

## Stopping

On SIGTERM or SIGINT the server takes no more connections, answers what is in flight for at most
`shutdown-grace-seconds`, writes what is queued, and exits with code 0. A second signal does not wait
for what is in flight.
";

//! The page about moving from `mlflow server`: made from the table of its flags and variables.

use std::fmt::Write;

use ferroflow_server::config::{MLFLOW_NAMES, MlflowName, Then};

use crate::documents;

#[test]
fn the_page_of_mlflow_server_is_up_to_date() {
    documents::check("docs/mlflow-server.md", &page());
}

fn page() -> String {
    let mut text = INTRODUCTION.to_owned();
    let mut topics: Vec<&str> = Vec::new();
    for name in MLFLOW_NAMES {
        if !topics.contains(&name.topic) {
            topics.push(name.topic);
        }
    }
    for topic in topics {
        let head = "| flag | variable | here |\n|---|---|---|";
        write!(text, "\n## {topic}\n\n{head}\n").unwrap();
        for name in MLFLOW_NAMES.iter().filter(|name| name.topic == topic) {
            let help = name.help.replace('|', "\\|");
            writeln!(
                text,
                "| {} | {} | {help}{}. |",
                flag(name),
                variable(name),
                setting(name)
            )
            .unwrap();
        }
    }
    text + NOTES
}

fn flag(name: &MlflowName) -> String {
    match (name.flag, name.short) {
        ("", _) => String::new(),
        (flag, Some(short)) => format!("`--{flag}`, `-{short}`"),
        (flag, None) => format!("`--{flag}`"),
    }
}

fn variable(name: &MlflowName) -> String {
    match name.variable {
        "" => String::new(),
        variable => format!("`{variable}`"),
    }
}

/// The setting of `ferroflow serve` that it becomes.
fn setting(name: &MlflowName) -> String {
    match name.then {
        Then::Text(key)
        | Then::List(key)
        | Then::Number(key)
        | Then::Switch(key, true)
        | Then::Presence(key) => format!(" (`{key}`)"),
        Then::Switch(key, false) => format!(" (`{key} = false`)"),
        Then::Set(_) | Then::Ignore | Then::Refuse => String::new(),
    }
}

const INTRODUCTION: &str = "\
# Moving from `mlflow server`

`ferroflow server` takes the flags of `mlflow server` 3.17.2 and the variables that it reads, so a unit file or
chart changes the name of the command and nothing else:

```sh
mlflow server    --backend-store-uri postgresql://u:p@db/ml --host 0.0.0.0 --artifacts-destination /srv/artifacts
ferroflow server --backend-store-uri postgresql://u:p@db/new --host 0.0.0.0 --artifacts-destination /srv/new
```

It translates them into the settings of [`ferroflow serve`](configuration.md), which is the same server. A flag
wins over its variable, as with MLflow, and an empty variable counts as none. What MLflow has no
name for, such as TLS, rate limits and the log, comes from `FERROFLOW_...` variables and `ferroflow.toml`.

**The data of MLflow is not taken over.** A database that MLflow made is recognised, on SQLite and PostgreSQL, and
refused; nothing in it or beside it is changed. Give the new server a database of its own. Without
`--backend-store-uri` it is `ferroflow.db` in the working directory, not `mlflow.db`; where a `mlflow.db`
or an `mlruns` directory with experiments is there and no `ferroflow.db`, the server does not begin an
empty one beside it but says so and stops.

What has no effect is accepted, and a line of the log says why. What the operator would miss, if it were
ignored, is refused before anything is opened.

The page is made from the table that the command itself reads, by `make documents`.
";

const NOTES: &str = "
## Where artifacts are

| arguments | runs keep their artifacts | who writes and reads them |
|---|---|---|
| none | `mlflow-artifacts:/`, in `./mlartifacts` or `--artifacts-destination` | clients, through the server |
| `--default-artifact-root DIRECTORY` | in that directory | clients by themselves; the server reads it for pages and `get-artifact` |
| `--default-artifact-root s3://...` | there | clients by themselves; the server answers `501 NOT_IMPLEMENTED` when asked to read them |
| `--no-serve-artifacts` | `./mlruns`, unless a root is given | as for the root; operations on `mlflow-artifacts` are answered 503 |
| `--artifacts-only` | | a server of artifacts alone: it keeps no database, and all else is answered 503 |
| `--no-serve-artifacts --default-artifact-root mlflow-artifacts://HOST:PORT/` | on the other server, started with `--artifacts-only` | clients, through that one |

A directory is read through a handle that no path and no link leaves. An experiment whose location is some other
directory of the server's machine is kept, but its files are not read through the server, where MLflow
reads any file for whoever creates such an experiment.

Platforms and workspaces other than the default one have a directory each below a root that is no server.

## A prefix

With `--static-prefix /ml`, everything is below `/ml`: the MLflow dialect, the AIDP dialect
(`/ml/20260430/aiDataPlatforms/...`), health and version. `/metrics`, and `GET` and `PUT` of artifacts, are at their
own paths too, as with MLflow. Clients are given `http://host:port/ml` as the tracking URI or service endpoint.

## What differs on purpose

- `--host` with an address that other machines reach is taken at its word, though callers are not authenticated, as
  with MLflow. `--app-name basic-auth` is refused, because there would be no authentication.
- With `--allowed-hosts`, loopback names and the address listened on stay allowed. A pattern of addresses, such as
  `10.*`, does not stand for a host name, such as `10.evil.example`, as it does in MLflow.
- With `--disable-security-middleware`, answers still have `X-Content-Type-Options: nosniff`.
- Nothing is reported to anybody; there is no telemetry to switch off.
";

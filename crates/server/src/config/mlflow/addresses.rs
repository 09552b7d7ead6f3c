//! Where MLflow says that its data is, as this server says it.

use std::path::PathBuf;

use anyhow::{Result, bail};
use percent_encoding::percent_decode_str;

use crate::config::DatabaseUrl;

const KINDS: &str = "a SQLite file, sqlite:///relative/path.db or sqlite:////absolute/path.db, or \
                     PostgreSQL, postgresql://USER:PASSWORD@HOST:PORT/NAME";

/// Reads a store URI. The message never repeats it: it may hold a password.
pub(super) fn database(uri: &str) -> Result<DatabaseUrl> {
    let Some((scheme, rest)) = uri.split_once(':') else {
        bail!("a directory of files is not supported as a store; use {KINDS}");
    };
    let scheme = scheme.to_ascii_lowercase();
    // SQLAlchemy lets one name the driver: `postgresql+psycopg2`.
    let engine = scheme.split('+').next().unwrap_or_default();
    match engine {
        "sqlite" => sqlite(rest),
        "postgresql" | "postgres" => match format!("postgresql:{rest}").parse() {
            Ok(url) => Ok(url),
            Err(refusal) => bail!("{refusal}"),
        },
        "file" => bail!("a directory of files is not supported as a store; use {KINDS}"),
        _ => bail!("`{engine}` is not supported as a store; use {KINDS}"),
    }
}

/// The part of a SQLite URI after the scheme: `///relative` or `////absolute`.
fn sqlite(rest: &str) -> Result<DatabaseUrl> {
    let Some(path) = rest.strip_prefix("///") else {
        bail!(
            "a SQLite file is written as sqlite:///relative/path.db or sqlite:////absolute/path.db"
        );
    };
    if path.contains('?') {
        bail!("options after `?` are not supported for SQLite; leave them out");
    }
    if path.is_empty() || path.starts_with(":memory:") {
        bail!("a SQLite database in memory is not supported; name a file");
    }
    Ok(DatabaseUrl::sqlite(path.as_ref()))
}

/// A directory of this machine: a path, or a `file:` URI without a host.
pub(super) fn directory(uri: &str) -> Option<PathBuf> {
    let Some((scheme, rest)) = uri.split_once(':') else {
        return Some(PathBuf::from(uri));
    };
    if !scheme.eq_ignore_ascii_case("file") {
        return None;
    }
    let path = match rest.strip_prefix("//") {
        Some(rest) => &rest[rest.find('/')?..],
        None => rest,
    };
    let is_of_another_host = rest.starts_with("//")
        && !rest.starts_with("///")
        && !rest.to_ascii_lowercase().starts_with("//localhost/");
    let decoded = percent_decode_str(path).decode_utf8().ok()?;
    (!is_of_another_host).then(|| PathBuf::from(decoded.as_ref()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn databases_are_those_of_sqlalchemy() {
        for (uri, expected) in [
            ("sqlite:///mlflow.db", "sqlite:mlflow.db"),
            ("sqlite:////var/lib/m.db", "sqlite:/var/lib/m.db"),
            ("sqlite+pysqlite:///a/b.db", "sqlite:a/b.db"),
            ("postgresql://u:p@h:5432/n", "postgresql://u:p@h:5432/n"),
            ("postgresql+psycopg2://u@h/n", "postgresql://u@h/n"),
            (
                "postgres://h/n?sslmode=require",
                "postgresql://h/n?sslmode=require",
            ),
        ] {
            let url = database(uri).unwrap();
            assert_eq!(url.expose(), expected, "{uri}");
        }
    }

    #[test]
    fn other_stores_are_refused_with_what_to_use() {
        for uri in [
            "mysql+pymysql://u:s3cret@h/n",
            "mssql+pyodbc://u:s3cret@h/n",
            "./mlruns",
            "/data/mlruns",
            "file:///data/mlruns",
            "sqlite://",
            "sqlite:///",
            "sqlite:///:memory:",
            "sqlite:mlflow.db",
            "sqlite:///a.db?mode=ro&uri=true",
            "databricks://profile",
        ] {
            let refusal = database(uri).unwrap_err().to_string();
            assert!(
                refusal.contains("use ")
                    || refusal.contains("written as")
                    || refusal.contains("leave them out")
                    || refusal.contains("name a file"),
                "{refusal}"
            );
            assert!(!refusal.contains("s3cret"), "{refusal}");
        }
    }

    #[test]
    fn directories_are_paths_and_file_uris() {
        for (uri, expected) in [
            ("./mlartifacts", Some("./mlartifacts")),
            ("/srv/a", Some("/srv/a")),
            ("file:///srv/a%20b", Some("/srv/a b")),
            ("file:/srv/a", Some("/srv/a")),
            ("file://localhost/srv", Some("/srv")),
            ("file://host/srv", None),
            ("s3://bucket/a", None),
            ("wasbs://c@a/b", None),
        ] {
            assert_eq!(directory(uri), expected.map(PathBuf::from), "{uri}");
        }
    }
}

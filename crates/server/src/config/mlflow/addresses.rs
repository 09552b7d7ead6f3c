//! Where MLflow says that its data is, as this server says it.

use anyhow::{Result, bail};

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
}

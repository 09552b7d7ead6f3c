//! Migrations: embedded, numbered, forward only, the same numbers for both engines.

use std::fmt::Write as _;

use sha2::{Digest, Sha256};

use crate::conn::Engine;

/// A numbered step from one schema to the next.
pub(crate) struct Migration {
    /// Counted from 1, without a gap.
    pub(crate) version: i64,
    /// Says what it is about.
    pub(crate) name: &'static str,
    /// The text with words such as `{pk}` that the engines read differently.
    text: &'static str,
}

/// All migrations, in order.
pub(crate) const ALL: &[Migration] = &[Migration {
    version: 1,
    name: "init",
    text: include_str!("0001_init.sql"),
}];

impl Migration {
    /// The statements for an engine.
    pub(crate) fn sql(&self, engine: Engine) -> String {
        engine.migration(self.text)
    }

    /// Tells whether an applied migration is the one in this binary.
    pub(crate) fn checksum(&self) -> String {
        let digest = Sha256::digest(self.text.as_bytes());
        digest.iter().fold(String::new(), |mut text, byte| {
            let _ = write!(text, "{byte:02x}");
            text
        })
    }
}

/// The table that records what has been applied.
pub(crate) const BOOKKEEPING: &str = "CREATE TABLE IF NOT EXISTS ferroflow_migrations (
    version BIGINT PRIMARY KEY,
    name TEXT NOT NULL,
    checksum TEXT NOT NULL,
    applied_ms BIGINT NOT NULL
)";

/// Reads what has been applied, in order.
pub(crate) const APPLIED: &str =
    "SELECT version, checksum FROM ferroflow_migrations ORDER BY version";

/// Records one migration.
pub(crate) const RECORD: &str = "INSERT INTO ferroflow_migrations (version, name, checksum, applied_ms) VALUES ($1, $2, $3, $4)";

/// Which migrations are still to be applied, given those that are: `(version, checksum)`.
///
/// A database with a migration that this binary does not know is newer, and is refused; so is
/// one whose history differs.
pub(crate) fn pending(applied: &[(i64, String)]) -> Result<&'static [Migration], OpenError> {
    for (index, (version, checksum)) in applied.iter().enumerate() {
        let Some(known) = ALL.get(index) else {
            let newest = applied.last().map_or(0, |(version, _)| *version);
            return Err(OpenError::Newer {
                found: newest,
                known: ALL.len(),
            });
        };
        if known.version != *version || known.checksum() != *checksum {
            return Err(OpenError::Foreign { version: *version });
        }
    }
    Ok(&ALL[applied.len()..])
}

/// Why a database could not be opened. Its text is for the person who starts the server.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// Another server has the file.
    #[error(
        "the database {path} is in use by another ferroflow server; stop that one first, or choose another --data-dir"
    )]
    InUse {
        /// The database file.
        path: String,
    },
    /// The schema is newer than this binary.
    #[error(
        "the database has schema version {found}, but this ferroflow knows only versions up to {known}; use a newer ferroflow"
    )]
    Newer {
        /// The newest version applied.
        found: i64,
        /// The newest version known.
        known: usize,
    },
    /// The history of the schema is not ours.
    #[error("the database's schema version {version} was not made by this ferroflow's history")]
    Foreign {
        /// The version that differs.
        version: i64,
    },
    /// The file belongs to another program.
    #[error(
        "the database {path} was made by another program (it has tables, but none of ferroflow's); it is left untouched"
    )]
    NotOurs {
        /// The database file, or what stands for it on PostgreSQL.
        path: String,
    },
    /// The database is one of `mlflow server`.
    #[error(
        "the database {path} was made by MLflow; ferroflow does not read it and has left it untouched: choose a database of its own"
    )]
    Mlflow {
        /// The database file, or what stands for it on PostgreSQL.
        path: String,
    },
    /// The address cannot be understood.
    #[error("{0}")]
    BadUrl(String),
    /// The engine reported an error.
    #[error("cannot open the database: {0}")]
    Engine(String),
}

/// What the tables of a database say about who made it.
pub(crate) struct Tables {
    /// How many there are.
    pub(crate) count: i64,
    /// How many of ours that record migrations.
    pub(crate) of_ferroflow: i64,
    /// How many by which MLflow is known: its migrations and its experiments.
    pub(crate) of_mlflow: i64,
}

impl Tables {
    /// Refuses a database that another program made.
    pub(crate) fn check(&self, path: impl Into<String>) -> Result<(), OpenError> {
        let path = path.into();
        match self {
            Self { count: 0, .. }
            | Self {
                of_ferroflow: 1.., ..
            } => Ok(()),
            Self { of_mlflow: 2.., .. } => Err(OpenError::Mlflow { path }),
            _ => Err(OpenError::NotOurs { path }),
        }
    }
}

impl From<rusqlite::Error> for OpenError {
    fn from(error: rusqlite::Error) -> Self {
        Self::Engine(error.to_string())
    }
}

impl From<std::io::Error> for OpenError {
    fn from(error: std::io::Error) -> Self {
        Self::Engine(error.to_string())
    }
}

impl From<tokio_postgres::Error> for OpenError {
    fn from(error: tokio_postgres::Error) -> Self {
        let detail = error.as_db_error().map(|error| error.message().to_owned());
        Self::Engine(detail.unwrap_or_else(|| {
            let source = std::error::Error::source(&error).map(ToString::to_string);
            source.unwrap_or_else(|| error.to_string())
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_without_a_gap() {
        for (index, migration) in ALL.iter().enumerate() {
            assert_eq!(usize::try_from(migration.version).ok(), Some(index + 1));
        }
    }

    #[test]
    fn a_newer_or_foreign_history_is_refused() {
        let mut applied: Vec<(i64, String)> = ALL
            .iter()
            .map(|migration| (migration.version, migration.checksum()))
            .collect();
        assert!(pending(&applied).is_ok_and(<[Migration]>::is_empty));
        assert_eq!(pending(&[]).map(<[Migration]>::len).ok(), Some(ALL.len()));
        applied.push((99, String::new()));
        assert!(matches!(
            pending(&applied),
            Err(OpenError::Newer { found: 99, .. })
        ));
        applied.truncate(1);
        applied[0].1 = "other".to_owned();
        assert!(matches!(
            pending(&applied),
            Err(OpenError::Foreign { version: 1 })
        ));
    }
}

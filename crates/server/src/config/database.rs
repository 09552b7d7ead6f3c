//! Where the database is, and how to say so without its password.

use std::fmt;
use std::path::{self, Path, PathBuf};

use serde::{Deserialize, Serialize};

const SQLITE: &str = "sqlite:";
const HIDDEN: &str = "***";

/// `sqlite:PATH` or `postgres://...`. Printing it hides the password; only serialising does not,
/// because the layers of the configuration are merged that way.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct DatabaseUrl(String);

impl DatabaseUrl {
    /// The SQLite file at this path.
    pub fn sqlite(path: &Path) -> Self {
        Self(format!("{SQLITE}{}", path.display()))
    }

    /// The same database with the path of its file from the root on, for people to find it.
    pub(crate) fn in_full(&self) -> Self {
        match self.0.strip_prefix(SQLITE) {
            Some(path) => Self::sqlite(&in_full(Path::new(path))),
            None => self.clone(),
        }
    }

    /// The text as configured, password included.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

/// The path from the root on, where the working directory is known.
pub(crate) fn in_full(path: &Path) -> PathBuf {
    path::absolute(path).unwrap_or_else(|_| path.to_owned())
}

impl TryFrom<String> for DatabaseUrl {
    type Error = String;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl std::str::FromStr for DatabaseUrl {
    type Err = String;

    /// The message never repeats the text: it may hold a password.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        // Other tools write `sqlite:///...`; taken as a path it would name a file nobody meant.
        if text
            .strip_prefix(SQLITE)
            .is_some_and(|path| path.starts_with("//"))
        {
            return Err(
                "a SQLite database is written as sqlite:PATH, without slashes before \
                        the path"
                    .to_owned(),
            );
        }
        let parsed: Result<ferroflow_store::DatabaseUrl, _> = text.parse();
        parsed
            .map(|_| Self(text.to_owned()))
            .map_err(|refusal| refusal.to_string())
    }
}

impl From<DatabaseUrl> for String {
    fn from(url: DatabaseUrl) -> Self {
        url.0
    }
}

impl fmt::Display for DatabaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some((scheme, rest)) = self.0.split_once("://") else {
            return f.write_str(&self.0);
        };
        write!(f, "{scheme}://")?;
        // A password may hold `?`, `/` and even `@`: better to hide too much than too little.
        let address = match rest.rsplit_once('@') {
            Some((credentials, address)) => {
                match credentials.split_once(':') {
                    Some((user, _)) => write!(f, "{user}:{HIDDEN}@")?,
                    None => write!(f, "{credentials}@")?,
                }
                address
            }
            None => rest,
        };
        match address.split_once('?') {
            Some((address, query)) => write!(f, "{address}?{}", hide_parameters(query)),
            None => f.write_str(address),
        }
    }
}

impl fmt::Debug for DatabaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "\"{self}\"")
    }
}

fn hide_parameters(query: &str) -> String {
    let hide = |pair: &str| match pair.split_once('=') {
        Some((key, _)) if key.to_lowercase().contains("password") => format!("{key}={HIDDEN}"),
        _ => pair.to_owned(),
    };
    query.split('&').map(hide).collect::<Vec<_>>().join("&")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str) -> String {
        let url: DatabaseUrl = text.parse().unwrap();
        assert_eq!(format!("{url:?}"), format!("\"{url}\""));
        url.to_string()
    }

    #[test]
    fn a_password_is_never_printed() {
        assert_eq!(shown("postgres://u:s3cret@h:5/n"), "postgres://u:***@h:5/n");
        assert_eq!(shown("postgres://u:a@b/c?d@h/n"), "postgres://u:***@h/n");
        assert_eq!(
            shown("postgresql://u@h/n?sslmode=require&password=s3cret"),
            "postgresql://u@h/n?sslmode=require&password=***"
        );
        assert_eq!(
            shown("sqlite:/data/ferroflow.db"),
            "sqlite:/data/ferroflow.db"
        );
    }

    #[test]
    fn other_databases_are_refused_without_repeating_them() {
        for text in [
            "mysql://u:s3cret@h/n",
            "sqlite:",
            "sqlite:///x.db",
            "x.db",
            "",
        ] {
            let refusal = text.parse::<DatabaseUrl>().unwrap_err();
            assert!(!refusal.contains("s3cret"), "{refusal}");
        }
    }
}

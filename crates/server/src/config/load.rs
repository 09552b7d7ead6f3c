//! Brings the layers of the configuration together, and remembers where each value came from.

use std::collections::BTreeMap;
use std::fmt;
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, anyhow, bail};
use clap::ArgMatches;
use clap::parser::ValueSource;
use toml::Table;

use super::{Flags, Settings};

const DEFAULT_FILE: &str = "ferroflow.toml";

/// Where a value came from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// The command line.
    Flag,
    /// The environment.
    Environment,
    /// The configuration file.
    File(PathBuf),
    /// Nothing was said.
    Default,
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Flag => f.write_str("flag"),
            Self::Environment => f.write_str("environment"),
            Self::File(path) => write!(f, "{}", path.display()),
            Self::Default => f.write_str("default"),
        }
    }
}

/// The configuration in force, and the origin of each key.
#[derive(Debug)]
pub struct Loaded {
    /// What is in force.
    pub settings: Settings,
    /// By key, as spelled in the file.
    pub origins: BTreeMap<String, Origin>,
}

/// Merges flags, environment, file and defaults. `matches` are what `flags` was made from.
pub fn load(flags: &Flags, matches: &ArgMatches) -> Result<Loaded> {
    let mut values = Table::try_from(Settings::default())?;
    let mut origins: BTreeMap<_, _> = (values.keys().cloned())
        .map(|key| (key, Origin::Default))
        .collect();
    if let Some((path, table)) = read_file(flags.config.as_deref())? {
        let from_file = |_: &str| Origin::File(path.clone());
        overlay(&mut values, &mut origins, table, from_file);
    }
    let given = Table::try_from(flags)?;
    overlay(&mut values, &mut origins, given, |key| {
        origin_of(key, matches)
    });

    let settings: Settings = (values.try_into())
        .map_err(|error: toml::de::Error| anyhow!("{}", error.message().trim_end()))?;
    settings.check()?;
    Ok(Loaded { settings, origins })
}

fn overlay(
    values: &mut Table,
    origins: &mut BTreeMap<String, Origin>,
    layer: Table,
    origin: impl Fn(&str) -> Origin,
) {
    for (key, value) in layer {
        origins.insert(key.clone(), origin(&key));
        values.insert(key, value);
    }
}

fn origin_of(key: &str, matches: &ArgMatches) -> Origin {
    match matches.value_source(&key.replace('-', "_")) {
        Some(ValueSource::EnvVariable) => Origin::Environment,
        _ => Origin::Flag,
    }
}

/// The file that was named, which must exist, or the default one, which may.
fn read_file(named: Option<&Path>) -> Result<Option<(PathBuf, Table)>> {
    let path = named.unwrap_or(Path::new(DEFAULT_FILE));
    let text = match fs::read_to_string(path) {
        Ok(text) => text,
        Err(error) if named.is_none() && error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => {
            return Err(error).with_context(|| format!("cannot read {}", path.display()));
        }
    };
    Ok(Some((path.to_owned(), parse_file(path, &text)?)))
}

/// Reads the file as settings first: that names an unknown key or a wrong type with its line.
fn parse_file(path: &Path, text: &str) -> Result<Table> {
    let parsed = toml::from_str::<Settings>(text).and_then(|_| toml::from_str::<Table>(text));
    match parsed {
        Ok(table) => Ok(table),
        Err(error) => {
            let before = error
                .span()
                .map_or("", |span| &text[..span.start.min(text.len())]);
            let line = before.matches('\n').count() + 1;
            bail!("{}, line {line}: {}", path.display(), error.message())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mistakes_in_the_file_are_named_with_their_line() {
        let refusal = |text| {
            let error = parse_file(Path::new("f.toml"), text).unwrap_err();
            error.to_string()
        };
        let unknown = refusal("host = \"::1\"\nprot = 1\n");
        assert!(
            unknown.starts_with("f.toml, line 2: unknown field `prot`, expected one of `host`")
        );
        let wrong = refusal("port = \"many\"");
        assert!(wrong.starts_with("f.toml, line 1: invalid type: string \"many\", expected u16"));
        let broken = refusal("\n\nport = ");
        assert!(broken.starts_with("f.toml, line 3: "), "{broken}");
        let secret = refusal("database = \"mysql://u:s3cret@h/n\"");
        assert!(!secret.contains("s3cret"), "{secret}");
    }
}

//! Brings the layers of the configuration together, and remembers where each value came from.

use std::collections::BTreeMap;
use std::env;
use std::fmt;
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, anyhow, bail};
use clap::parser::ValueSource;
use clap::{ArgMatches, Args, Command, FromArgMatches};
use toml::Table;

use super::mlflow::{self, Translation};
use super::{Flags, MlflowFlags, Settings};

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
    /// What the operator should know of it.
    pub notes: Vec<String>,
}

/// Merges flags, environment, file and defaults. `matches` are what `flags` was made from.
pub fn load(flags: &Flags, matches: &ArgMatches) -> Result<Loaded> {
    let mut layers = Layers::new(Settings::default())?;
    layers.add_file(flags.config.as_deref())?;
    layers.add(Table::try_from(flags)?, |key| origin_of(key, matches));
    layers.finish()
}

/// Merges what MLflow's flags and variables say with the environment, the file, and the defaults
/// of `mlflow server`.
pub fn load_mlflow(flags: &MlflowFlags) -> Result<Loaded> {
    let command = Flags::augment_args(Command::new("environment"));
    let ours = Flags::from_arg_matches(&command.try_get_matches_from(["environment"])?)?;
    let mut layers = Layers::new(Settings::default())?;
    layers.add(mlflow::defaults(), |_| Origin::Default);
    layers.add_file(ours.config.as_deref())?;
    layers.add(Table::try_from(&ours)?, |_| Origin::Environment);
    let translation = Translation::of(flags, &|variable| env::var_os(variable))?;
    layers.add(translation.settings, |_| Origin::Flag);
    let mut loaded = layers.finish()?;
    loaded.notes = translation.notes;
    mlflow::refuse_mlflow_data(&loaded.settings)?;
    Ok(loaded)
}

/// Values by key; what is added later wins.
struct Layers {
    values: Table,
    origins: BTreeMap<String, Origin>,
}

impl Layers {
    fn new(defaults: Settings) -> Result<Self> {
        let values = Table::try_from(defaults)?;
        let keys = values.keys().cloned();
        let origins = keys.map(|key| (key, Origin::Default)).collect();
        Ok(Self { values, origins })
    }

    fn add(&mut self, layer: Table, origin: impl Fn(&str) -> Origin) {
        for (key, value) in layer {
            self.origins.insert(key.clone(), origin(&key));
            self.values.insert(key, value);
        }
    }

    fn add_file(&mut self, named: Option<&Path>) -> Result<()> {
        if let Some((path, table)) = read_file(named)? {
            self.add(table, |_| Origin::File(path.clone()));
        }
        Ok(())
    }

    fn finish(self) -> Result<Loaded> {
        let settings: Settings = (self.values.try_into())
            .map_err(|error: toml::de::Error| anyhow!("{}", error.message().trim_end()))?;
        settings.check()?;
        Ok(Loaded {
            settings,
            origins: self.origins,
            notes: Vec::new(),
        })
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

//! Prints the configuration in force.

use std::fmt::Write;

use anyhow::Result;
use toml::{Table, Value};

use super::{Loaded, Origin};

/// The configuration as a TOML file: each value with its origin, secrets hidden.
pub fn print(loaded: &Loaded) -> Result<String> {
    let settings = &loaded.settings;
    let mut values = Table::try_from(settings)?;
    values.insert("artifacts".to_owned(), Value::String(settings.artifacts()));
    let root = settings.default_artifact_root().location;
    values.insert("default-artifact-root".to_owned(), Value::String(root));
    let database = settings.database().to_string();
    values.insert("database".to_owned(), Value::String(database));

    let mut text = String::new();
    for (key, value) in &values {
        let origin = loaded.origins.get(key).unwrap_or(&Origin::Default);
        writeln!(text, "{key} = {value}  # {origin}")?;
    }
    Ok(text)
}

//! Public identifiers. Integer row keys stay inside the store.

use std::fmt;

use crate::limits;
use crate::workspaces::WorkspaceName;
use crate::{Error, Result};

macro_rules! text_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(String);

        impl $name {
            /// Wraps text that came from the store, or that only has to be looked up: a wrong id
            /// is simply not found.
            pub fn new(text: impl Into<String>) -> Self {
                Self(text.into())
            }

            /// The id as text.
            pub fn as_str(&self) -> &str {
                &self.0
            }

            /// The id as owned text.
            pub fn into_string(self) -> String {
                self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

text_id! {
    /// A run: 32 lower-case hexadecimal digits when made here.
    RunId
}
text_id! {
    /// A logged model: `m-` and 32 lower-case hexadecimal digits when made here.
    ModelId
}

/// A platform (AIDP's `aiDataPlatformId`): the tenant that owns a registry. 1 to 500 characters.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct PlatformId(String);

impl PlatformId {
    /// The platform that the MLflow dialect at the root speaks for.
    pub const DEFAULT: &'static str = "default";

    /// Parses a platform id: 1 to 500 characters, none of them a control character.
    pub fn parse(text: impl Into<String>) -> Result<Self> {
        let text = text.into();
        check_tenant_key("aiDataPlatformId", &text)?;
        Ok(Self(text))
    }

    /// The platform that a workspace of the MLflow dialect is.
    pub fn of_workspace(name: &WorkspaceName) -> Self {
        Self(name.as_str().to_owned())
    }

    /// The id as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Default for PlatformId {
    fn default() -> Self {
        Self(Self::DEFAULT.to_owned())
    }
}

/// A workspace inside a platform (AIDP's `workspaceKey`): it owns tracking. 1 to 500 characters.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct WorkspaceKey(String);

impl WorkspaceKey {
    /// The workspace that the MLflow dialect at the root speaks for.
    pub const DEFAULT: &'static str = "default";

    /// Parses a workspace key: 1 to 500 characters, none of them a control character.
    pub fn parse(text: impl Into<String>) -> Result<Self> {
        let text = text.into();
        check_tenant_key("workspaceKey", &text)?;
        Ok(Self(text))
    }

    /// The key as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Default for WorkspaceKey {
    fn default() -> Self {
        Self(Self::DEFAULT.to_owned())
    }
}

fn check_tenant_key(parameter: &str, text: &str) -> Result<()> {
    let maximum = limits::TENANT_KEY_CHARACTERS;
    if text.trim().is_empty() || text.chars().count() > maximum {
        return Err(Error::invalid(format!(
            "Invalid value for path parameter '{parameter}': 1 to {maximum} characters are allowed."
        )));
    }
    if text.chars().any(char::is_control) {
        return Err(Error::invalid(format!(
            "Invalid value for path parameter '{parameter}': control characters are not allowed."
        )));
    }
    Ok(())
}

/// An experiment, numbered from 0 inside its workspace; number 0 is the default experiment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ExperimentId(i64);

impl ExperimentId {
    /// The default experiment of a workspace.
    pub const DEFAULT: Self = Self(0);

    /// Wraps a number that came from the store.
    pub const fn new(number: i64) -> Self {
        Self(number)
    }

    /// Parses the decimal text that clients send.
    pub fn parse(text: &str) -> Result<Self> {
        text.trim().parse().map(Self).map_err(|_| {
            Error::invalid(format!(
                "Invalid experiment ID '{text}'. Experiment ID must be a valid integer."
            ))
        })
    }

    /// The number.
    pub const fn number(self) -> i64 {
        self.0
    }
}

impl fmt::Display for ExperimentId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// The number of a model version: 1, 2, 3, ... without a gap; a deleted number is not used again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct VersionNumber(i64);

impl VersionNumber {
    /// Wraps a number that came from the store.
    pub const fn new(number: i64) -> Self {
        Self(number)
    }

    /// Parses the decimal text that clients send.
    pub fn parse(text: &str) -> Result<Self> {
        text.trim().parse().map(Self).map_err(|_| {
            Error::invalid(format!(
                "Parameter 'version' must be an integer, got '{text}'."
            ))
        })
    }

    /// The number.
    pub const fn number(self) -> i64 {
        self.0
    }
}

impl fmt::Display for VersionNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_experiment_id_must_be_an_integer() {
        assert_eq!(
            ExperimentId::parse("12").map(ExperimentId::number).ok(),
            Some(12)
        );
        let message = ExperimentId::parse("x1").map_err(|error| error.to_string());
        assert_eq!(
            message,
            Err("Invalid experiment ID 'x1'. Experiment ID must be a valid integer.".to_owned())
        );
    }

    #[test]
    fn tenant_keys_have_a_length_in_characters() {
        assert!(PlatformId::parse("ü".repeat(500)).is_ok());
        assert!(PlatformId::parse("ü".repeat(501)).is_err());
        assert!(WorkspaceKey::parse("").is_err());
        assert!(WorkspaceKey::parse("a\u{0}b").is_err());
    }
}

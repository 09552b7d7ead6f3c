//! Registered models: the names under which a platform governs versions.

use std::fmt;

use crate::limits::{ALIAS_CHARACTERS, MODEL_NAME_CHARACTERS};
use crate::model_versions::ModelVersion;
use crate::{Error, Etag, PageRequest, Result, Tag, VersionNumber};

/// The name of a registered model: plain, or `catalog.schema.model`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ModelName(String);

impl ModelName {
    /// Parses the name of a model that is to be created: not blank, no `/` or `:`, not a path
    /// that means another name, at most 256 characters.
    pub fn parse(text: &str) -> Result<Self> {
        if text.trim().is_empty() {
            return Err(Error::invalid(format!(
                "Invalid name for registered model: '{text}'. The name must not be blank."
            )));
        }
        let forbidden = |c: char| c == '/' || c == ':' || c == '\0';
        if text.contains(forbidden) || matches!(text, "." | "..") {
            return Err(Error::invalid(format!(
                "Invalid name for registered model: '{text}'. The name must not contain '/' or ':', or be '.' or '..'."
            )));
        }
        let length = text.chars().count();
        if length > MODEL_NAME_CHARACTERS {
            return Err(Error::invalid(format!(
                "Invalid name for registered model: at most {MODEL_NAME_CHARACTERS} characters are allowed, got {length}."
            )));
        }
        Ok(Self(text.to_owned()))
    }

    /// Wraps a name that came from the store, or that only has to be looked up.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The name as owned text.
    pub fn into_string(self) -> String {
        self.0
    }
}

impl fmt::Display for ModelName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A name for a version that can be moved to another: `champion`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Alias(String);

impl Alias {
    /// The alias that always means the highest version; it cannot be set.
    pub const LATEST: &'static str = "latest";

    /// Parses an alias that is to be set or deleted: letters, digits, `_` and `-`, at most 255
    /// characters, not `latest`, not a version such as `v1`.
    pub fn parse(text: &str) -> Result<Self> {
        let alias = Self::parse_for_lookup(text)?;
        if text.eq_ignore_ascii_case(Self::LATEST) {
            return Err(Error::invalid(
                "'latest' alias name (case insensitive) is reserved.",
            ));
        }
        let digits = text.strip_prefix(['v', 'V']).unwrap_or_default();
        if !digits.is_empty() && digits.chars().all(char::is_numeric) {
            return Err(Error::invalid(format!(
                "Version alias name '{text}' is reserved."
            )));
        }
        Ok(alias)
    }

    /// Parses an alias that is to be looked up; `latest` is allowed.
    pub fn parse_for_lookup(text: &str) -> Result<Self> {
        if text.is_empty() {
            return Err(Error::invalid(
                "Registered model alias name cannot be empty.",
            ));
        }
        if text.chars().count() > ALIAS_CHARACTERS {
            return Err(Error::invalid(format!(
                "'Registered model alias name' exceeds the maximum length of {ALIAS_CHARACTERS} characters"
            )));
        }
        if !text
            .chars()
            .all(|c| c.is_alphanumeric() || c == '_' || c == '-')
        {
            return Err(Error::invalid(format!(
                "Invalid alias name: '{text}'. Names may only contain alphanumerics, underscores (_), and dashes (-)."
            )));
        }
        Ok(Self(text.to_owned()))
    }

    /// The alias as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// An alias with the version that it names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AliasTarget {
    /// The alias.
    pub alias: String,
    /// The version.
    pub version: VersionNumber,
}

/// A name under which versions are governed.
#[derive(Debug, Clone, PartialEq)]
pub struct RegisteredModel {
    /// Unique within the platform.
    pub name: ModelName,
    /// Milliseconds since the Unix epoch.
    pub created_ms: i64,
    /// Milliseconds since the Unix epoch; changes of tags and aliases leave it.
    pub updated_ms: i64,
    /// May be empty.
    pub description: String,
    /// The connected deployment job, when there is one.
    pub deployment_job_id: Option<String>,
    /// In the order of their keys.
    pub tags: Vec<Tag>,
    /// In the order of their names.
    pub aliases: Vec<AliasTarget>,
    /// The newest version of each stage.
    pub latest_versions: Vec<ModelVersion>,
    /// Changes with every change.
    pub etag: Etag,
}

/// What is needed to create a registered model.
#[derive(Debug, Clone, PartialEq)]
pub struct NewRegisteredModel {
    /// Unique within the platform.
    pub name: ModelName,
    /// Absent: empty.
    pub description: Option<String>,
    /// The deployment job to connect.
    pub deployment_job_id: Option<String>,
    /// Of equal keys the last wins.
    pub tags: Vec<Tag>,
}

/// Changes of a registered model's own fields.
#[derive(Debug, Clone, PartialEq)]
pub struct UpdateRegisteredModel {
    /// The model.
    pub name: ModelName,
    /// Absent: stays.
    pub description: Option<String>,
    /// Absent: stays.
    pub deployment_job_id: Option<String>,
}

/// How many things a catalog and schema hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RegistrySummary {
    /// Registered models.
    pub registered_models: i64,
    /// Versions of them.
    pub model_versions: i64,
}

/// A search over the registered models of a platform.
#[derive(Debug, Clone, PartialEq)]
pub struct SearchRegisteredModels {
    /// Filter text in the grammar of the search room.
    pub filter: Option<String>,
    /// Clauses such as `name ASC`.
    pub order_by: Vec<String>,
    /// Which page.
    pub page: PageRequest,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_plain_or_qualified() {
        assert!(ModelName::parse("iris").is_ok());
        assert!(ModelName::parse("catalog.schema.iris").is_ok());
        for name in ["", "  ", "a/b", "a:b", ".", "..", "a\0b"] {
            assert!(ModelName::parse(name).is_err(), "{name:?}");
        }
    }

    #[test]
    fn reserved_aliases_cannot_be_set() {
        assert!(Alias::parse("champion").is_ok());
        for alias in ["", "latest", "LATEST", "v1", "V22", "a b", "a.b"] {
            assert!(Alias::parse(alias).is_err(), "{alias:?}");
        }
        assert!(Alias::parse_for_lookup("latest").is_ok());
    }
}

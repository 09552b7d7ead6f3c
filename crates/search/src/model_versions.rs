//! What filters and orders of model versions can name.

use std::fmt;

use ferroflow_model::Result;

use crate::field::{Attribute, Field, FilterField, Kind, Name, Scope, attribute, write_name};
use crate::wording::Wording;

const WORDING: Wording = Wording {
    number_for_text: "Only the '{'version_number', 'creation_timestamp', 'last_updated_timestamp'}' \
                      attributes support comparison with numeric values.",
    ..Wording::REGISTRY
};

const INVALID_ORDER: &str = "Invalid order by key '<key>' specified. Valid keys are {'name', \
                             'version_number', 'creation_timestamp', 'last_updated_timestamp'}";

/// What a filter of model versions can name.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum ModelVersionField {
    /// A column.
    Attribute(ModelVersionAttribute),
    /// The value of a tag.
    Tag(String),
}

/// The columns of model versions that filters can name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ModelVersionAttribute {
    /// `name`: of the registered model.
    Name,
    /// `version_number`; a quoted integer will do.
    VersionNumber,
    /// `run_id`
    RunId,
    /// `source_path`
    SourcePath,
}

/// What an order of model versions can name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ModelVersionOrder {
    /// `name`: of the registered model.
    Name,
    /// `version_number`, also `version`.
    VersionNumber,
    /// `stage`, also `current_stage`: an order that Oracle has and MLflow has not.
    Stage,
    /// `creation_timestamp`
    CreationTime,
    /// `last_updated_timestamp`
    LastUpdateTime,
}

impl Attribute for ModelVersionAttribute {
    const ALL: &'static [Self] = &[
        Self::Name,
        Self::VersionNumber,
        Self::RunId,
        Self::SourcePath,
    ];

    fn name(self) -> &'static str {
        match self {
            Self::Name => "name",
            Self::VersionNumber => "version_number",
            Self::RunId => "run_id",
            Self::SourcePath => "source_path",
        }
    }
}

impl Attribute for ModelVersionOrder {
    /// Without `stage`: what refusals list is what MLflow has.
    const ALL: &'static [Self] = &[
        Self::Name,
        Self::VersionNumber,
        Self::CreationTime,
        Self::LastUpdateTime,
    ];

    fn name(self) -> &'static str {
        match self {
            Self::Name => "name",
            Self::VersionNumber => "version_number",
            Self::Stage => "stage",
            Self::CreationTime => "creation_timestamp",
            Self::LastUpdateTime => "last_updated_timestamp",
        }
    }
}

impl Field for ModelVersionField {
    fn resolve(name: Name<'_>) -> Result<Self> {
        match name.scope() {
            Some(Scope::Attribute) => attribute(&name.key).map(Self::Attribute),
            Some(Scope::Tag) => Ok(Self::Tag(name.key.into_owned())),
            _ => Err(name.refused(WORDING.scope)),
        }
    }
}

impl FilterField for ModelVersionField {
    const WORDING: &'static Wording = &WORDING;

    fn kind(&self) -> Kind {
        match self {
            Self::Attribute(ModelVersionAttribute::VersionNumber) => Kind::Integer {
                quoted: true,
                fraction: false,
            },
            Self::Attribute(_) => Kind::Text,
            Self::Tag(_) => Kind::KeyedText,
        }
    }
}

impl fmt::Display for ModelVersionField {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Attribute(attribute) => f.write_str(attribute.name()),
            Self::Tag(key) => write_name(f, "tags", key),
        }
    }
}

impl Field for ModelVersionOrder {
    fn resolve(name: Name<'_>) -> Result<Self> {
        match name.scope() {
            Some(Scope::Attribute) => match &*name.key {
                "version" => Ok(Self::VersionNumber),
                "stage" | "current_stage" => Ok(Self::Stage),
                key => attribute(key),
            },
            Some(Scope::Tag) => Err(name.refused(INVALID_ORDER)),
            _ => Err(name.refused(WORDING.scope)),
        }
    }
}

impl fmt::Display for ModelVersionOrder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

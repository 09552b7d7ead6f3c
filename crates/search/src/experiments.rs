//! What filters and orders of experiments can name.

use std::fmt;

use ferroflow_model::Result;

use crate::field::{Attribute, Field, FilterField, Kind, Name, Scope, attribute, write_name};
use crate::wording::Wording;

const WORDING: Wording = Wording {
    fraction: "Invalid value for numeric attribute '<key>': '<value>'",
    ..Wording::BASE
};

/// What a filter of experiments can name.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum ExperimentField {
    /// A column.
    Attribute(ExperimentAttribute),
    /// The value of a tag.
    Tag(String),
}

/// The columns of experiments; orders can name these alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ExperimentAttribute {
    /// `name`
    Name,
    /// `experiment_id`: compared as an integer, for equality and membership.
    ExperimentId,
    /// `creation_time`, in ms since the Unix epoch.
    CreationTime,
    /// `last_update_time`, in ms since the Unix epoch.
    LastUpdateTime,
}

impl Attribute for ExperimentAttribute {
    const ALL: &'static [Self] = &[
        Self::Name,
        Self::ExperimentId,
        Self::CreationTime,
        Self::LastUpdateTime,
    ];

    fn name(self) -> &'static str {
        match self {
            Self::Name => "name",
            Self::ExperimentId => "experiment_id",
            Self::CreationTime => "creation_time",
            Self::LastUpdateTime => "last_update_time",
        }
    }
}

impl Field for ExperimentField {
    fn resolve(name: Name<'_>) -> Result<Self> {
        match name.scope() {
            Some(Scope::Attribute) => attribute(&name.key).map(Self::Attribute),
            Some(Scope::Tag) => Ok(Self::Tag(name.key.into_owned())),
            _ => Err(name.refused(WORDING.scope)),
        }
    }
}

impl FilterField for ExperimentField {
    const WORDING: &'static Wording = &WORDING;

    fn kind(&self) -> Kind {
        match self {
            Self::Attribute(ExperimentAttribute::Name) => Kind::Text,
            Self::Attribute(ExperimentAttribute::ExperimentId) => Kind::ExperimentId,
            Self::Attribute(
                ExperimentAttribute::CreationTime | ExperimentAttribute::LastUpdateTime,
            ) => Kind::Integer {
                quoted: false,
                fraction: false,
            },
            Self::Tag(_) => Kind::KeyedText,
        }
    }
}

impl fmt::Display for ExperimentField {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Attribute(attribute) => f.write_str(attribute.name()),
            Self::Tag(key) => write_name(f, "tags", key),
        }
    }
}

impl Field for ExperimentAttribute {
    const REPEATABLE: bool = true;

    fn resolve(name: Name<'_>) -> Result<Self> {
        match name.scope() {
            Some(Scope::Attribute) => attribute(&name.key),
            Some(Scope::Tag) => Err(name.refused("Invalid order_by entity: tag")),
            _ => Err(name.refused(WORDING.scope)),
        }
    }
}

impl fmt::Display for ExperimentAttribute {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

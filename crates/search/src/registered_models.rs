//! What filters and orders of registered models can name.

use std::fmt;

use ferroflow_model::Result;

use crate::field::{Attribute, Field, FilterField, Kind, Name, Scope, attribute, write_name};
use crate::wording::Wording;

const INVALID_ORDER: &str =
    "Invalid order by key '<name>' specified. Valid keys are '{'name', 'timestamp'}'";

/// What a filter of registered models can name.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum RegisteredModelField {
    /// `name`
    Name,
    /// The value of a tag.
    Tag(String),
}

/// What an order of registered models can name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum RegisteredModelOrder {
    /// `name`
    Name,
    /// `last_updated_timestamp`, also `timestamp`.
    LastUpdateTime,
}

/// The one column that filters can name.
#[derive(Clone, Copy)]
struct NameAttribute;

impl Attribute for NameAttribute {
    const ALL: &'static [Self] = &[Self];

    fn name(self) -> &'static str {
        "name"
    }
}

impl Attribute for RegisteredModelOrder {
    const ALL: &'static [Self] = &[Self::Name, Self::LastUpdateTime];

    fn name(self) -> &'static str {
        match self {
            Self::Name => "name",
            Self::LastUpdateTime => "last_updated_timestamp",
        }
    }
}

impl Field for RegisteredModelField {
    fn resolve(name: Name<'_>) -> Result<Self> {
        match name.scope() {
            Some(Scope::Attribute) => attribute(&name.key).map(|NameAttribute| Self::Name),
            Some(Scope::Tag) => Ok(Self::Tag(name.key.into_owned())),
            _ => Err(name.refused(Self::WORDING.scope)),
        }
    }
}

impl FilterField for RegisteredModelField {
    const WORDING: &'static Wording = &Wording::REGISTRY;

    fn kind(&self) -> Kind {
        match self {
            Self::Name => Kind::Text,
            Self::Tag(_) => Kind::KeyedText,
        }
    }
}

impl fmt::Display for RegisteredModelField {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Name => f.write_str("name"),
            Self::Tag(key) => write_name(f, "tags", key),
        }
    }
}

impl Field for RegisteredModelOrder {
    fn resolve(name: Name<'_>) -> Result<Self> {
        match name.scope() {
            Some(Scope::Attribute) if name.key == "timestamp" => Ok(Self::LastUpdateTime),
            Some(Scope::Attribute) => attribute(&name.key).map_err(|_| name.refused(INVALID_ORDER)),
            _ => Err(name.refused(INVALID_ORDER)),
        }
    }
}

impl fmt::Display for RegisteredModelOrder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

//! What filters and orders of runs can name.

use std::fmt;

use ferroflow_model::Result;

use crate::field::{
    Attribute, Field, FilterField, Kind, Name, Scope, attribute, attribute_of, write_name,
};
use crate::wording::Wording;

const WORDING: Wording = Wording {
    word_mark: "'",
    scope: "Invalid entity type '<scope>'. Valid values are ['metric', 'parameter', 'tag', \
            'attribute', 'dataset']",
    keyed_operator: Wording::BASE.text_operator,
    null: "IS NULL / IS NOT NULL is only supported for tags and params, not for '<scope>' '<key>'",
    ..Wording::BASE
};

/// What a filter of runs can name.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum RunField {
    /// A column.
    Attribute(RunAttribute),
    /// The latest value of a metric.
    Metric(String),
    /// The value of a param.
    Param(String),
    /// The value of a tag.
    Tag(String),
    /// A property of any dataset that is an input of the run.
    Dataset(DatasetAttribute),
}

/// What an order of runs can name.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum RunOrder {
    /// A column.
    Attribute(RunAttribute),
    /// The latest value of a metric.
    Metric(String),
    /// The value of a param.
    Param(String),
    /// The value of a tag.
    Tag(String),
}

/// The columns of runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum RunAttribute {
    /// `run_id`
    RunId,
    /// `run_name`, also `run name`; the reference reads the tag `mlflow.runName`.
    RunName,
    /// `user_id`
    UserId,
    /// `status`, by its name, such as `FINISHED`.
    Status,
    /// `artifact_uri`
    ArtifactUri,
    /// `start_time`, also `created`, in ms since the Unix epoch.
    StartTime,
    /// `end_time`, in ms since the Unix epoch; running runs have none.
    EndTime,
}

/// The properties of datasets.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum DatasetAttribute {
    /// `name`
    Name,
    /// `digest`
    Digest,
    /// `context`: the tag `mlflow.data.context` of the input.
    Context,
}

impl Attribute for RunAttribute {
    const ALL: &'static [Self] = &[
        Self::RunId,
        Self::RunName,
        Self::UserId,
        Self::Status,
        Self::ArtifactUri,
        Self::StartTime,
        Self::EndTime,
    ];

    fn name(self) -> &'static str {
        match self {
            Self::RunId => "run_id",
            Self::RunName => "run_name",
            Self::UserId => "user_id",
            Self::Status => "status",
            Self::ArtifactUri => "artifact_uri",
            Self::StartTime => "start_time",
            Self::EndTime => "end_time",
        }
    }
}

impl Attribute for DatasetAttribute {
    const ALL: &'static [Self] = &[Self::Name, Self::Digest, Self::Context];

    fn name(self) -> &'static str {
        match self {
            Self::Name => "name",
            Self::Digest => "digest",
            Self::Context => "context",
        }
    }
}

/// Runs have one prefix more than the other entities.
fn scope(name: &Name<'_>) -> Option<Scope> {
    if name.prefix.as_deref() == Some("run") {
        Some(Scope::Attribute)
    } else {
        name.scope()
    }
}

fn run_attribute(key: &str) -> Result<RunAttribute> {
    match key {
        "created" | "Created" => Ok(RunAttribute::StartTime),
        "run name" | "Run name" | "Run Name" => Ok(RunAttribute::RunName),
        _ => attribute(key),
    }
}

impl Field for RunField {
    fn resolve(name: Name<'_>) -> Result<Self> {
        match scope(&name) {
            Some(Scope::Attribute) => run_attribute(&name.key).map(Self::Attribute),
            Some(Scope::Metric) => Ok(Self::Metric(name.key.into_owned())),
            Some(Scope::Param) => Ok(Self::Param(name.key.into_owned())),
            Some(Scope::Tag) => Ok(Self::Tag(name.key.into_owned())),
            Some(Scope::Dataset) => attribute_of("dataset", &name.key).map(Self::Dataset),
            None => Err(name.refused(WORDING.scope)),
        }
    }
}

impl FilterField for RunField {
    const WORDING: &'static Wording = &WORDING;

    fn kind(&self) -> Kind {
        match self {
            Self::Attribute(RunAttribute::StartTime | RunAttribute::EndTime) => Kind::Integer {
                quoted: false,
                fraction: true,
            },
            Self::Attribute(_) | Self::Dataset(_) => Kind::Text,
            Self::Metric(_) => Kind::Number,
            Self::Param(_) | Self::Tag(_) => Kind::KeyedText,
        }
    }
}

impl fmt::Display for RunField {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Attribute(attribute) => f.write_str(attribute.name()),
            Self::Metric(key) => write_name(f, "metrics", key),
            Self::Param(key) => write_name(f, "params", key),
            Self::Tag(key) => write_name(f, "tags", key),
            Self::Dataset(attribute) => write_name(f, "datasets", attribute.name()),
        }
    }
}

impl Field for RunOrder {
    fn resolve(name: Name<'_>) -> Result<Self> {
        match scope(&name) {
            Some(Scope::Attribute) => run_attribute(&name.key).map(Self::Attribute),
            Some(Scope::Metric) => Ok(Self::Metric(name.key.into_owned())),
            Some(Scope::Param) => Ok(Self::Param(name.key.into_owned())),
            Some(Scope::Tag) => Ok(Self::Tag(name.key.into_owned())),
            Some(Scope::Dataset) => Err(name.refused("Invalid identifier type 'dataset'")),
            None => Err(name.refused(WORDING.scope)),
        }
    }
}

impl fmt::Display for RunOrder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Attribute(attribute) => f.write_str(attribute.name()),
            Self::Metric(key) => write_name(f, "metrics", key),
            Self::Param(key) => write_name(f, "params", key),
            Self::Tag(key) => write_name(f, "tags", key),
        }
    }
}

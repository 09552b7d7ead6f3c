//! What filters and orders of logged models can name.

use std::fmt;

use ferroflow_model::logged_models::LoggedModelStatus;
use ferroflow_model::{Error, Result};

use crate::field::{Attribute, Field, FilterField, Kind, Name, Scope, attribute, write_name};
use crate::limits::{check_text, excerpt};
use crate::wording::Wording;

const INVALID_OPERATOR: &str = "Invalid comparison operator for <scopes>.<key>: '<operator>'. \
                                Expected one of (<allowed>).";
const WORDING: Wording = Wording {
    blank: "Invalid filter string: <quoted>. Expected a single SQL expression.",
    statements: "Invalid filter string: <quoted>. Expected a single SQL expression.",
    syntax: "Invalid filter string: <quoted>. Expected a list of comparisons separated by 'AND' \
             (e.g. 'metrics.loss > 0.1 AND params.lr = 0.01').",
    scope: "Invalid entity type: '<scope>'. Expected one of ['attributes', 'metrics', 'params', \
            'tags'].",
    text_operator: INVALID_OPERATOR,
    number_operator: INVALID_OPERATOR,
    keyed_operator: INVALID_OPERATOR,
    null: "IS NULL / IS NOT NULL is only supported for tags and params, not for '<scope>' '<key>'",
    operator_first: true,
    ..Wording::BASE
};

/// What a filter of logged models can name.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum LoggedModelField {
    /// A column.
    Attribute(LoggedModelAttribute),
    /// Any value of a metric of the model, on the datasets that the search names.
    Metric(String),
    /// The value of a param.
    Param(String),
    /// The value of a tag.
    Tag(String),
}

/// What an order of logged models can name.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum LoggedModelOrder {
    /// A column.
    Attribute(LoggedModelAttribute),
    /// The latest value of a metric, on the dataset that the clause names.
    Metric(String),
}

/// The columns of logged models.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum LoggedModelAttribute {
    /// `name`
    Name,
    /// `model_id`
    ModelId,
    /// `model_type`
    ModelType,
    /// `status`: by [`LoggedModelStatus::number`], for equality and membership.
    Status,
    /// `source_run_id`
    SourceRunId,
    /// `creation_timestamp`, also `creation_time`, in ms since the Unix epoch.
    CreationTime,
    /// `last_updated_timestamp`, in ms since the Unix epoch.
    LastUpdateTime,
}

impl Attribute for LoggedModelAttribute {
    const ALL: &'static [Self] = &[
        Self::Name,
        Self::ModelId,
        Self::ModelType,
        Self::Status,
        Self::SourceRunId,
        Self::CreationTime,
        Self::LastUpdateTime,
    ];

    fn name(self) -> &'static str {
        match self {
            Self::Name => "name",
            Self::ModelId => "model_id",
            Self::ModelType => "model_type",
            Self::Status => "status",
            Self::SourceRunId => "source_run_id",
            Self::CreationTime => "creation_timestamp",
            Self::LastUpdateTime => "last_updated_timestamp",
        }
    }
}

/// The number of a status: by its number, its short name or its name in the protocol.
pub(crate) fn status_number(text: &str) -> Option<i64> {
    // Clients write `FAILED` for what the protocol calls `LOGGED_MODEL_UPLOAD_FAILED`.
    let text = if text == "FAILED" {
        "UPLOAD_FAILED"
    } else {
        text
    };
    let text = text.strip_prefix("LOGGED_MODEL_").unwrap_or(text);
    LoggedModelStatus::ALL.into_iter().find_map(|status| {
        let is_named = status.as_str().strip_prefix("LOGGED_MODEL_") == Some(text);
        let is_numbered = text.parse() == Ok(status.number());
        (is_named || is_numbered).then_some(status.number())
    })
}

/// The names of the columns in the reference's own tables are accepted too.
fn logged_model_attribute(key: &str) -> Result<LoggedModelAttribute> {
    match key {
        "creation_time" | "creation_timestamp_ms" => Ok(LoggedModelAttribute::CreationTime),
        "last_updated_timestamp_ms" => Ok(LoggedModelAttribute::LastUpdateTime),
        _ => attribute(key),
    }
}

impl Field for LoggedModelField {
    fn resolve(name: Name<'_>) -> Result<Self> {
        match name.scope() {
            Some(Scope::Attribute) => logged_model_attribute(&name.key).map(Self::Attribute),
            Some(Scope::Metric) => Ok(Self::Metric(name.key.into_owned())),
            Some(Scope::Param) => Ok(Self::Param(name.key.into_owned())),
            Some(Scope::Tag) => Ok(Self::Tag(name.key.into_owned())),
            _ => Err(name.refused(WORDING.scope)),
        }
    }
}

impl FilterField for LoggedModelField {
    const BARE_TEXT: bool = true;
    const WORDING: &'static Wording = &WORDING;

    fn kind(&self) -> Kind {
        match self {
            Self::Attribute(
                LoggedModelAttribute::CreationTime | LoggedModelAttribute::LastUpdateTime,
            ) => Kind::Integer {
                quoted: false,
                fraction: true,
            },
            Self::Attribute(LoggedModelAttribute::Status) => Kind::LoggedModelStatus,
            Self::Attribute(_) => Kind::Text,
            Self::Metric(_) => Kind::Number,
            Self::Param(_) | Self::Tag(_) => Kind::KeyedText,
        }
    }
}

impl fmt::Display for LoggedModelField {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Attribute(attribute) => f.write_str(attribute.name()),
            Self::Metric(key) => write_name(f, "metrics", key),
            Self::Param(key) => write_name(f, "params", key),
            Self::Tag(key) => write_name(f, "tags", key),
        }
    }
}

impl LoggedModelOrder {
    /// Parses the `field_name` of an order clause. It is no text of the grammar: what follows
    /// `metrics.` is the name of the metric as it stands, though quotes around it are taken off.
    pub fn parse_field_name(field_name: &str) -> Result<Self> {
        check_text("field_name", field_name)?;
        match field_name.split_once('.') {
            Some(("metrics", key)) => Ok(Self::Metric(without_quotes(key).to_owned())),
            Some(("attributes", key)) => logged_model_attribute(key).map(Self::Attribute),
            Some(_) => Err(Error::invalid(format!(
                "Invalid order by field name: {}. Only metrics are supported.",
                excerpt(field_name)
            ))),
            None => logged_model_attribute(field_name)
                .map(Self::Attribute)
                .map_err(|_| {
                    Error::invalid(format!(
                        "Invalid order by field name: {}",
                        excerpt(field_name)
                    ))
                }),
        }
    }
}

fn without_quotes(key: &str) -> &str {
    key.strip_prefix('`')
        .and_then(|key| key.strip_suffix('`'))
        .unwrap_or(key)
}

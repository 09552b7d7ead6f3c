//! Which page of a list a request asks for.

use std::borrow::Cow;

use ferroflow_model::PageRequest;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize};

use crate::fields::Integer;
use crate::limits;

/// How many items one list gives: so many by default, and so many at most.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub(crate) struct PageSize<const DEFAULT: usize, const MAXIMUM: usize>(usize);

impl<const DEFAULT: usize, const MAXIMUM: usize> Default for PageSize<DEFAULT, MAXIMUM> {
    fn default() -> Self {
        Self(DEFAULT)
    }
}

impl<'de, const DEFAULT: usize, const MAXIMUM: usize> Deserialize<'de>
    for PageSize<DEFAULT, MAXIMUM>
{
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let number = <Integer>::deserialize(deserializer)?.0;
        match usize::try_from(number) {
            Ok(size) if (1..=MAXIMUM).contains(&size) => Ok(Self(size)),
            _ => Err(serde::de::Error::custom(format_args!(
                "1 to {MAXIMUM} are allowed, got {number}"
            ))),
        }
    }
}

impl<const DEFAULT: usize, const MAXIMUM: usize> JsonSchema for PageSize<DEFAULT, MAXIMUM> {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "PageSize".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({"type": "integer", "minimum": 1, "maximum": MAXIMUM, "default": DEFAULT})
    }
}

/// The page that a list is asked for.
pub(crate) fn page<const DEFAULT: usize, const MAXIMUM: usize>(
    size: Option<PageSize<DEFAULT, MAXIMUM>>,
    token: Option<limits::PageToken>,
) -> PageRequest {
    PageRequest {
        max_results: size.unwrap_or_default().0,
        page_token: page_token(token),
    }
}

/// The token of the page; an empty one is as if absent.
pub(crate) fn page_token(token: Option<limits::PageToken>) -> Option<String> {
    token.map(String::from).filter(|token| !token.is_empty())
}

//! Texts of an allowed length.

use std::borrow::Cow;
use std::fmt;
use std::ops::Deref;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::Visitor;
use serde::{Deserialize, Deserializer, Serialize};

/// Text of an allowed number of characters, without the NUL character, which no database keeps.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub(crate) struct Text<const MINIMUM: usize, const MAXIMUM: usize>(String);

impl<const MINIMUM: usize, const MAXIMUM: usize> Deref for Text<MINIMUM, MAXIMUM> {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

impl<const MINIMUM: usize, const MAXIMUM: usize> From<Text<MINIMUM, MAXIMUM>> for String {
    fn from(text: Text<MINIMUM, MAXIMUM>) -> Self {
        text.0
    }
}

impl<'de, const MINIMUM: usize, const MAXIMUM: usize> Deserialize<'de> for Text<MINIMUM, MAXIMUM> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_string(TextVisitor)
    }
}

struct TextVisitor<const MINIMUM: usize, const MAXIMUM: usize>;

impl<const MINIMUM: usize, const MAXIMUM: usize> Visitor<'_> for TextVisitor<MINIMUM, MAXIMUM> {
    type Value = Text<MINIMUM, MAXIMUM>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a string")
    }

    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Self::Value, E> {
        self.visit_string(text.to_owned())
    }

    fn visit_string<E: serde::de::Error>(self, text: String) -> Result<Self::Value, E> {
        if text.as_bytes().contains(&0) {
            return Err(E::custom("the NUL character is not allowed"));
        }
        match characters_out_of(MINIMUM, MAXIMUM, &text) {
            None => Ok(Text(text)),
            Some(count) => Err(E::custom(format_args!(
                "{MINIMUM} to {MAXIMUM} characters are allowed, got {count}"
            ))),
        }
    }
}

/// How many characters a text has, if that is not allowed. Most texts need no counting: they have
/// at least a quarter as many characters as bytes, and at most as many.
fn characters_out_of(minimum: usize, maximum: usize, text: &str) -> Option<usize> {
    if text.len() <= maximum && text.len().div_ceil(4) >= minimum {
        return None;
    }
    let count = text.chars().count();
    (!(minimum..=maximum).contains(&count)).then_some(count)
}

impl<const MINIMUM: usize, const MAXIMUM: usize> JsonSchema for Text<MINIMUM, MAXIMUM> {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "Text".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({"type": "string", "minLength": MINIMUM, "maxLength": MAXIMUM})
    }
}

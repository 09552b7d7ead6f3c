//! Numbers, as Oracle's clients write and read them.

use std::borrow::Cow;
use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{Unexpected, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A whole number, by default any of 64 bits; its decimal text is accepted as well.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub(crate) struct Integer<const MINIMUM: i64 = { i64::MIN }>(pub(crate) i64);

impl<'de, const MINIMUM: i64> Deserialize<'de> for Integer<MINIMUM> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let number = deserializer.deserialize_any(IntegerVisitor)?;
        if number < MINIMUM {
            let message = format_args!("at least {MINIMUM} is allowed, got {number}");
            return Err(serde::de::Error::custom(message));
        }
        Ok(Self(number))
    }
}

impl<const MINIMUM: i64> JsonSchema for Integer<MINIMUM> {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "Integer".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        let mut schema = json_schema!({"type": "integer", "format": "int64"});
        if MINIMUM != i64::MIN {
            schema.insert("minimum".to_owned(), MINIMUM.into());
        }
        schema
    }
}

struct IntegerVisitor;

impl Visitor<'_> for IntegerVisitor {
    type Value = i64;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a 64-bit integer")
    }

    fn visit_i64<E: serde::de::Error>(self, number: i64) -> Result<i64, E> {
        Ok(number)
    }

    fn visit_u64<E: serde::de::Error>(self, number: u64) -> Result<i64, E> {
        i64::try_from(number).map_err(|_| E::invalid_value(Unexpected::Unsigned(number), &self))
    }

    /// Python's `json` writes `5.0` where a time was computed as a float.
    fn visit_f64<E: serde::de::Error>(self, number: f64) -> Result<i64, E> {
        const LARGEST_EXACT: f64 = 9_007_199_254_740_992.0;
        if number.fract() != 0.0 || number.abs() > LARGEST_EXACT {
            return Err(E::invalid_value(Unexpected::Float(number), &self));
        }
        #[expect(
            clippy::cast_possible_truncation,
            reason = "whole, and small enough to be exact"
        )]
        Ok(number as i64)
    }

    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<i64, E> {
        text.parse()
            .map_err(|_| E::invalid_value(Unexpected::Str(text), &self))
    }
}

/// A floating-point number. Texts are accepted as well, among them `NaN`, `Infinity` and
/// `-Infinity`, which is how answers carry what JSON has no number for.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Double(pub(crate) f64);

impl Serialize for Double {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            number if number.is_finite() => serializer.serialize_f64(number),
            number if number.is_nan() => serializer.serialize_str("NaN"),
            number if number > 0.0 => serializer.serialize_str("Infinity"),
            _ => serializer.serialize_str("-Infinity"),
        }
    }
}

impl<'de> Deserialize<'de> for Double {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(DoubleVisitor)
    }
}

impl JsonSchema for Double {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "Double".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({"anyOf": [
            {"type": "number", "format": "double"},
            {"type": "string", "enum": ["NaN", "Infinity", "-Infinity"]},
        ]})
    }
}

/// Comes before what was written as a number, and is none in JSON.
const LITERAL_MARK: char = '\0';

struct DoubleVisitor;

impl Visitor<'_> for DoubleVisitor {
    type Value = Double;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a number")
    }

    fn visit_f64<E: serde::de::Error>(self, number: f64) -> Result<Double, E> {
        Ok(Double(number))
    }

    #[expect(clippy::cast_precision_loss, reason = "a double is what is asked for")]
    fn visit_i64<E: serde::de::Error>(self, number: i64) -> Result<Double, E> {
        Ok(Double(number as f64))
    }

    #[expect(clippy::cast_precision_loss, reason = "a double is what is asked for")]
    fn visit_u64<E: serde::de::Error>(self, number: u64) -> Result<Double, E> {
        Ok(Double(number as f64))
    }

    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Double, E> {
        text.strip_prefix(LITERAL_MARK)
            .unwrap_or(text)
            .parse()
            .map(Double)
            .map_err(|_| E::invalid_value(Unexpected::Str(text), &self))
    }
}

//! What the fields of requests and answers are made of, and the checks that they share.

use std::fmt::{self, Display};
use std::marker::PhantomData;
use std::ops::Deref;

use ferroflow_model::{Error, Result};
use serde::de::value::MapAccessDeserializer;
use serde::de::{MapAccess, Unexpected, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::limits::Length;

/// Text without the NUL character, which no database keeps.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub(crate) struct Text(String);

impl Deref for Text {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

impl From<Text> for String {
    fn from(text: Text) -> Self {
        text.0
    }
}

impl<'de> Deserialize<'de> for Text {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_string(TextVisitor)
    }
}

struct TextVisitor;

impl Visitor<'_> for TextVisitor {
    type Value = Text;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a string")
    }

    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Text, E> {
        self.visit_string(text.to_owned())
    }

    fn visit_string<E: serde::de::Error>(self, text: String) -> Result<Text, E> {
        if text.as_bytes().contains(&0) {
            return Err(E::custom("the NUL character is not allowed"));
        }
        Ok(Text(text))
    }
}

/// A whole number; its decimal text is accepted as well.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub(crate) struct Integer(pub(crate) i64);

impl<'de> Deserialize<'de> for Integer {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(IntegerVisitor)
    }
}

struct IntegerVisitor;

impl Visitor<'_> for IntegerVisitor {
    type Value = Integer;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a 64-bit integer")
    }

    fn visit_i64<E: serde::de::Error>(self, number: i64) -> Result<Integer, E> {
        Ok(Integer(number))
    }

    fn visit_u64<E: serde::de::Error>(self, number: u64) -> Result<Integer, E> {
        i64::try_from(number)
            .map(Integer)
            .map_err(|_| E::invalid_value(Unexpected::Unsigned(number), &self))
    }

    /// Python's `json` writes `5.0` where a time was computed as a float.
    fn visit_f64<E: serde::de::Error>(self, number: f64) -> Result<Integer, E> {
        const LARGEST_EXACT: f64 = 9_007_199_254_740_992.0;
        if number.fract() != 0.0 || number.abs() > LARGEST_EXACT {
            return Err(E::invalid_value(Unexpected::Float(number), &self));
        }
        #[expect(
            clippy::cast_possible_truncation,
            reason = "whole, and small enough to be exact"
        )]
        Ok(Integer(number as i64))
    }

    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Integer, E> {
        text.parse()
            .map(Integer)
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
        text.parse()
            .map(Double)
            .map_err(|_| E::invalid_value(Unexpected::Str(text), &self))
    }
}

/// A JSON object. Derived structs alone would also accept an array of their fields in order.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub(crate) struct Object<T>(pub(crate) T);

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Object<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(ObjectVisitor(PhantomData))
    }
}

struct ObjectVisitor<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for ObjectVisitor<T> {
    type Value = Object<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Object<T>, A::Error> {
        T::deserialize(MapAccessDeserializer::new(map)).map(Object)
    }
}

/// A field that must be there.
pub(crate) fn required<T>(parameter: impl Display, value: Option<T>) -> Result<T> {
    value.ok_or_else(|| Error::missing(&parameter.to_string()))
}

/// A text that must be there, of an allowed length.
pub(crate) fn required_text(
    parameter: impl Display,
    value: Option<Text>,
    length: Length,
) -> Result<String> {
    let text = required(&parameter, value)?;
    check_length(parameter, &text, length)?;
    Ok(text.into())
}

/// A text that may be there; if it is, of an allowed length.
pub(crate) fn optional_text(
    parameter: impl Display,
    value: Option<Text>,
    length: Length,
) -> Result<Option<String>> {
    let Some(text) = value else {
        return Ok(None);
    };
    check_length(parameter, &text, length)?;
    Ok(Some(text.into()))
}

/// A list that may be there, each item parsed, and not too many of them.
pub(crate) fn list<T, U>(
    parameter: &str,
    items: Option<Vec<T>>,
    maximum: usize,
    mut parse: impl FnMut(usize, T) -> Result<U>,
) -> Result<Vec<U>> {
    let items = items.unwrap_or_default();
    if items.len() > maximum {
        return Err(Error::invalid(format!(
            "Invalid value for parameter '{parameter}': at most {maximum} items are allowed, got {}.",
            items.len()
        )));
    }
    let parse = |(index, item)| parse(index, item);
    items.into_iter().enumerate().map(parse).collect()
}

/// Checks a length in characters. No length here asks for more than one character.
pub(crate) fn check_length(parameter: impl Display, text: &str, length: Length) -> Result<()> {
    let fits_in_bytes = !text.is_empty() && text.len() <= *length.end();
    if fits_in_bytes || length.contains(&text.chars().count()) {
        return Ok(());
    }
    let count = text.chars().count();
    let (minimum, maximum) = length.into_inner();
    Err(Error::invalid(format!(
        "Invalid value for parameter '{parameter}': {minimum} to {maximum} characters are allowed, got {count}."
    )))
}

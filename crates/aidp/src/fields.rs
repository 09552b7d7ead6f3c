//! What the fields of requests and answers are made of.
//!
//! A field's type holds its limits: what decodes a request is what the served document describes.

mod flag;
mod list;
mod number;
mod text;

use std::borrow::Cow;
use std::fmt::{self, Display};
use std::marker::PhantomData;

use ferroflow_model::{Error, Result};
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::de::value::MapAccessDeserializer;
use serde::de::{MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};

pub(crate) use flag::Flag;
pub(crate) use list::List;
pub(crate) use number::{Double, Integer};
pub(crate) use text::Text;

/// A field that must be there. It decodes like an optional one, so that a field that is missed is
/// named, with its place, by the one who takes it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub(crate) struct Required<T>(Option<T>);

impl<T> Required<T> {
    /// The value; an error that names the parameter when there is none.
    pub(crate) fn take(self, parameter: impl Display) -> Result<T> {
        self.0.ok_or_else(|| Error::missing(&parameter.to_string()))
    }
}

impl<const MINIMUM: usize, const MAXIMUM: usize> Required<Text<MINIMUM, MAXIMUM>> {
    /// The text; an error that names the parameter when there is none.
    pub(crate) fn text(self, parameter: impl Display) -> Result<String> {
        self.take(parameter).map(String::from)
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Required<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Option::deserialize(deserializer).map(Self)
    }
}

impl<T: JsonSchema> JsonSchema for Required<T> {
    fn inline_schema() -> bool {
        T::inline_schema()
    }

    fn schema_name() -> Cow<'static, str> {
        T::schema_name()
    }

    fn schema_id() -> Cow<'static, str> {
        T::schema_id()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        T::json_schema(generator)
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

impl<T: JsonSchema> JsonSchema for Object<T> {
    fn inline_schema() -> bool {
        T::inline_schema()
    }

    fn schema_name() -> Cow<'static, str> {
        T::schema_name()
    }

    fn schema_id() -> Cow<'static, str> {
        T::schema_id()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        T::json_schema(generator)
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

//! Lists of an allowed length.

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;

use ferroflow_model::Result;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{IgnoredAny, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};

/// A list of at most so many items.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub(crate) struct List<T, const MAXIMUM: usize>(Vec<T>);

impl<T, const MAXIMUM: usize> Default for List<T, MAXIMUM> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<T, const MAXIMUM: usize> List<T, MAXIMUM> {
    /// Parses each item; `parse` is told its place.
    pub(crate) fn parse<U>(self, mut parse: impl FnMut(usize, T) -> Result<U>) -> Result<Vec<U>> {
        let parse = |(index, item)| parse(index, item);
        self.0.into_iter().enumerate().map(parse).collect()
    }
}

impl<'de, T: Deserialize<'de>, const MAXIMUM: usize> Deserialize<'de> for List<T, MAXIMUM> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_seq(ListVisitor(PhantomData))
    }
}

struct ListVisitor<T, const MAXIMUM: usize>(PhantomData<T>);

impl<'de, T: Deserialize<'de>, const MAXIMUM: usize> Visitor<'de> for ListVisitor<T, MAXIMUM> {
    type Value = List<T, MAXIMUM>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list")
    }

    /// Items beyond the limit are counted and not kept.
    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Self::Value, A::Error> {
        let mut kept = Vec::new();
        while kept.len() < MAXIMUM {
            match items.next_element()? {
                Some(item) => kept.push(item),
                None => return Ok(List(kept)),
            }
        }
        let mut count = MAXIMUM;
        while items.next_element::<IgnoredAny>()?.is_some() {
            count += 1;
        }
        if count > MAXIMUM {
            return Err(serde::de::Error::custom(format_args!(
                "at most {MAXIMUM} items are allowed, got {count}"
            )));
        }
        Ok(List(kept))
    }
}

impl<T: JsonSchema, const MAXIMUM: usize> JsonSchema for List<T, MAXIMUM> {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        format!("ListOf{}", T::schema_name()).into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "array",
            "items": generator.subschema_for::<T>(),
            "maxItems": MAXIMUM,
        })
    }
}

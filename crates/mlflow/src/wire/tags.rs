//! Keys with texts: tags and params of everything.

use ferroflow_model::{Param, Tag};
use serde::Serialize;

use crate::message::message;

message! {
    /// A key with a text, as clients send tags and params of all kinds.
    KeyValue {
        key: Option<String>,
        value: Option<String>,
    }
}

impl KeyValue {
    /// Both texts; absent ones are empty.
    pub(crate) fn into_texts(self) -> (String, String) {
        (self.key.unwrap_or_default(), self.value.unwrap_or_default())
    }
}

impl From<KeyValue> for Tag {
    fn from(wire: KeyValue) -> Self {
        let (key, value) = wire.into_texts();
        Self { key, value }
    }
}

impl From<KeyValue> for Param {
    fn from(wire: KeyValue) -> Self {
        let (key, value) = wire.into_texts();
        Self { key, value }
    }
}

/// A key with a text, as clients are answered.
#[derive(Debug, Serialize)]
pub(crate) struct KeyValueView<'a> {
    key: &'a str,
    value: &'a str,
}

impl<'a> From<&'a Tag> for KeyValueView<'a> {
    fn from(tag: &'a Tag) -> Self {
        Self {
            key: &tag.key,
            value: &tag.value,
        }
    }
}

impl<'a> From<&'a Param> for KeyValueView<'a> {
    fn from(param: &'a Param) -> Self {
        Self {
            key: &param.key,
            value: &param.value,
        }
    }
}

/// The views of a list.
pub(crate) fn views<'a, T, V: From<&'a T>>(items: &'a [T]) -> Vec<V> {
    items.iter().map(V::from).collect()
}

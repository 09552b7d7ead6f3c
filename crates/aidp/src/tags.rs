//! Tags and params on the wire, and changes of several tags at once.

use std::fmt::Display;

use ferroflow_model::{MissingTag, Param, Result, Tag, TagChanges, check_entity_key};
use serde::{Deserialize, Serialize};

use crate::fields::{Object, Text, list, optional_text, required_text};
use crate::limits;

/// A tag or param in a request. Its value may be absent, which means empty.
#[derive(Deserialize, Serialize)]
pub(crate) struct KeyValue {
    pub(crate) key: Option<Text>,
    pub(crate) value: Option<Text>,
}

/// The key of a tag to delete.
#[derive(Deserialize, Serialize)]
pub(crate) struct Key {
    key: Option<Text>,
}

/// A list of tags or params in a request.
pub(crate) type KeyValues = Option<Vec<Object<KeyValue>>>;

/// A list of keys of tags in a request.
pub(crate) type Keys = Option<Vec<Object<Key>>>;

/// A tag or param in an answer.
#[derive(Serialize)]
pub(crate) struct KeyValueBody {
    key: String,
    value: String,
}

impl From<Tag> for KeyValueBody {
    fn from(Tag { key, value }: Tag) -> Self {
        Self { key, value }
    }
}

impl From<Param> for KeyValueBody {
    fn from(Param { key, value }: Param) -> Self {
        Self { key, value }
    }
}

/// Tags or params as answers show them.
pub(crate) fn bodies<T: Into<KeyValueBody>>(items: Vec<T>) -> Vec<KeyValueBody> {
    items.into_iter().map(Into::into).collect()
}

/// Which keys are allowed.
#[derive(Clone, Copy)]
pub(crate) enum KeyRule {
    /// Tracking: the rule of MLflow, whose clients read these keys back.
    Entity,
    /// Registry: any text of an allowed length.
    Length,
}

impl KeyRule {
    /// Parses a key that is to be written.
    pub(crate) fn parse(self, parameter: impl Display, key: Option<Text>) -> Result<String> {
        let key = required_text(&parameter, key, limits::KEY)?;
        if matches!(self, Self::Entity) {
            check_entity_key(parameter, &key)?;
        }
        Ok(key)
    }

    /// Parses a list of tags.
    pub(crate) fn tags(self, parameter: &str, tags: KeyValues, maximum: usize) -> Result<Vec<Tag>> {
        list(parameter, tags, maximum, |index, Object(tag)| {
            let key = self.parse(format_args!("{parameter}[{index}].key"), tag.key)?;
            let place = format_args!("{parameter}[{index}].value");
            let value = optional_text(place, tag.value, limits::TAG_VALUE)?.unwrap_or_default();
            Ok(Tag { key, value })
        })
    }

    /// Parses tags to set and to delete. Deleting one that is not there changes nothing, as in
    /// any request about a state that is wanted.
    pub(crate) fn changes(self, set: KeyValues, delete: Keys) -> Result<TagChanges> {
        Ok(TagChanges {
            set: self.tags("set_tags", set, limits::TAGS)?,
            delete: list("delete_tags", delete, limits::TAGS, |index, Object(tag)| {
                required_text(
                    format_args!("delete_tags[{index}].key"),
                    tag.key,
                    limits::KEY,
                )
            })?,
            missing: MissingTag::Ignore,
        })
    }
}

/// Parses the one tag of an operation that sets it; there, the value must be given.
pub(crate) fn set_tag(rule: KeyRule, key: Option<Text>, value: Option<Text>) -> Result<TagChanges> {
    let key = rule.parse("key", key)?;
    let value = required_text("value", value, limits::TAG_VALUE)?;
    Ok(TagChanges::set(key, value))
}

/// Parses the one key of an operation that deletes a tag.
pub(crate) fn delete_tag(key: Option<Text>, missing: MissingTag) -> Result<TagChanges> {
    let key = required_text("key", key, limits::KEY)?;
    Ok(TagChanges::delete(key, missing))
}

//! Tags and params on the wire, and changes of several tags at once.

use std::fmt::Display;

use ferroflow_model::{MissingTag, Param, Result, Tag, TagChanges, check_entity_key};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::fields::{List, Object, Required};
use crate::limits;

/// A tag in a request. Its value may be absent, which means empty.
#[derive(Deserialize, Serialize, JsonSchema)]
#[schemars(rename = "NewTag")]
pub(crate) struct TagFields {
    key: Required<limits::Key>,
    value: Option<limits::TagValue>,
}

/// The key of a tag to delete.
#[derive(Deserialize, Serialize, JsonSchema)]
#[schemars(rename = "TagKey")]
pub(crate) struct Key {
    key: Required<limits::Key>,
}

/// A list of tags in a request.
pub(crate) type Tags<const MAXIMUM: usize = { limits::TAGS }> =
    Option<List<Object<TagFields>, MAXIMUM>>;

/// A list of keys of tags in a request.
pub(crate) type Keys = Option<List<Object<Key>, { limits::TAGS }>>;

/// A tag or param in an answer.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "KeyValue")]
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
    pub(crate) fn parse(
        self,
        parameter: impl Display,
        key: Required<limits::Key>,
    ) -> Result<String> {
        let key = key.text(&parameter)?;
        if matches!(self, Self::Entity) {
            check_entity_key(parameter, &key)?;
        }
        Ok(key)
    }

    /// Parses a list of tags.
    pub(crate) fn tags<const MAXIMUM: usize>(
        self,
        parameter: &str,
        tags: Tags<MAXIMUM>,
    ) -> Result<Vec<Tag>> {
        tags.unwrap_or_default().parse(|index, Object(tag)| {
            Ok(Tag {
                key: self.parse(format_args!("{parameter}[{index}].key"), tag.key)?,
                value: tag.value.map_or_else(String::new, String::from),
            })
        })
    }

    /// Parses tags to set and to delete. Deleting one that is not there changes nothing, as in
    /// any request about a state that is wanted.
    pub(crate) fn changes(self, set: Tags, delete: Keys) -> Result<TagChanges> {
        let delete = delete.unwrap_or_default();
        Ok(TagChanges {
            set: self.tags("set_tags", set)?,
            delete: delete.parse(|index, Object(tag)| {
                tag.key.text(format_args!("delete_tags[{index}].key"))
            })?,
            missing: MissingTag::Ignore,
        })
    }
}

/// Parses the one tag of an operation that sets it; there, the value must be given.
pub(crate) fn set_tag(
    rule: KeyRule,
    key: Required<limits::Key>,
    value: Required<limits::TagValue>,
) -> Result<TagChanges> {
    let key = rule.parse("key", key)?;
    Ok(TagChanges::set(key, value.text("value")?))
}

/// Parses the one key of an operation that deletes a tag.
pub(crate) fn delete_tag(key: Required<limits::Key>, missing: MissingTag) -> Result<TagChanges> {
    Ok(TagChanges::delete(key.text("key")?, missing))
}

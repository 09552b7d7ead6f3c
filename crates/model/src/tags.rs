//! Small values that several entities share.

use crate::{Error, Result};

/// A key with a text, set on an experiment, run, logged model, registered model or version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tag {
    /// Unique within its entity.
    pub key: String,
    /// May be empty.
    pub value: String,
}

/// An input of a run or logged model, written once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Param {
    /// Unique within its entity.
    pub key: String,
    /// May be empty.
    pub value: String,
}

/// What deleting a tag that is not there means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MissingTag {
    /// Nothing: the tag is gone, as was asked.
    Ignore,
    /// An error, as for tags of MLflow runs.
    Refuse,
}

/// Tags to set and to delete in one change: first all are deleted, then all are set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TagChanges {
    /// Inserted, or given a new value.
    pub set: Vec<Tag>,
    /// Keys to remove.
    pub delete: Vec<String>,
    /// What an unknown key among `delete` means.
    pub missing: MissingTag,
}

impl TagChanges {
    /// Sets one tag.
    pub fn set(key: impl Into<String>, value: impl Into<String>) -> Self {
        Self::set_all(vec![Tag {
            key: key.into(),
            value: value.into(),
        }])
    }

    /// Sets several tags.
    pub fn set_all(set: Vec<Tag>) -> Self {
        Self {
            set,
            delete: Vec::new(),
            missing: MissingTag::Ignore,
        }
    }

    /// Deletes one tag.
    pub fn delete(key: impl Into<String>, missing: MissingTag) -> Self {
        Self {
            set: Vec::new(),
            delete: vec![key.into()],
            missing,
        }
    }
}

/// Whether an experiment or run is in use or in the bin.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum LifecycleStage {
    /// In use.
    Active,
    /// Deleted, and can be restored.
    Deleted,
}

impl LifecycleStage {
    /// The name on the wire and in the store.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Deleted => "deleted",
        }
    }

    /// Reads the name back.
    pub fn parse(text: &str) -> Result<Self> {
        match text {
            "active" => Ok(Self::Active),
            "deleted" => Ok(Self::Deleted),
            other => Err(Error::invalid(format!(
                "Invalid lifecycle stage '{other}'."
            ))),
        }
    }
}

/// Which lifecycle stages a search looks at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum ViewType {
    /// Only what is in use.
    #[default]
    ActiveOnly,
    /// Only what is deleted.
    DeletedOnly,
    /// Both.
    All,
}

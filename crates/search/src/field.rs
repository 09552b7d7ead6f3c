//! What clauses can name: how a written name becomes a field of one entity.

use std::borrow::Cow;
use std::fmt;

use ferroflow_model::{Error, Result};

use crate::limits::excerpt;
pub(crate) use crate::syntax::Name;
use crate::wording::{Wording, fill, listed};

/// What stands before the dot of a name; an attribute when there is no dot.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Scope {
    Attribute,
    Metric,
    Param,
    Tag,
    Dataset,
}

/// Which values and operators a field takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Text that each row has.
    Text,
    /// Text under a key that a row may lack, so that it can be asked for by `IS NULL`.
    KeyedText,
    /// A floating-point number.
    Number,
    /// An integer; `quoted` when text that holds one will do, `fraction` when it can be compared
    /// with one.
    Integer { quoted: bool, fraction: bool },
    /// The number of an experiment, written as text: only equality makes sense.
    ExperimentId,
    /// The status of a logged model, by name or by number: only equality makes sense.
    LoggedModelStatus,
}

/// What a clause about one entity can name. Sealed: the entities are those of this crate.
pub trait Field: Sized + fmt::Display {
    /// Whether an order may name a field again, which is without effect; most entities refuse it.
    #[doc(hidden)]
    const REPEATABLE: bool = false;

    /// The field that `name` stands for.
    #[doc(hidden)]
    fn resolve(name: Name<'_>) -> Result<Self>;
}

/// A [`Field`] that filters can name.
pub trait FilterField: Field {
    /// Whether text values need no quotes; only logged models are that lenient.
    #[doc(hidden)]
    const BARE_TEXT: bool = false;

    /// How refusals speak of the filters of this entity.
    #[doc(hidden)]
    const WORDING: &'static Wording;

    /// Which values and operators this field takes.
    #[doc(hidden)]
    fn kind(&self) -> Kind;
}

/// A named column of one entity.
pub trait Attribute: Copy + 'static {
    /// All of them, as error messages list them.
    const ALL: &'static [Self];

    /// The canonical name.
    fn name(self) -> &'static str;
}

impl Scope {
    /// The word of error messages.
    pub(crate) const fn noun(self) -> &'static str {
        match self {
            Self::Attribute => "attribute",
            Self::Metric => "metric",
            Self::Param => "parameter",
            Self::Tag => "tag",
            Self::Dataset => "dataset",
        }
    }

    /// The prefix of names.
    pub(crate) const fn plural(self) -> &'static str {
        match self {
            Self::Attribute => "attributes",
            Self::Metric => "metrics",
            Self::Param => "params",
            Self::Tag => "tags",
            Self::Dataset => "datasets",
        }
    }
}

impl Name<'_> {
    /// The scope of the prefix, when it is one that any entity knows.
    pub(crate) fn scope(&self) -> Option<Scope> {
        match self.prefix.as_deref() {
            None | Some("attribute" | "attributes" | "attr") => Some(Scope::Attribute),
            Some("metric" | "metrics") => Some(Scope::Metric),
            Some("parameter" | "parameters" | "param" | "params") => Some(Scope::Param),
            Some("tag" | "tags") => Some(Scope::Tag),
            Some("dataset" | "datasets") => Some(Scope::Dataset),
            Some(_) => None,
        }
    }

    /// The error for a name that this entity does not have, or does not take here: `<scope>`, which is
    /// the prefix, `<name>` as it is written, and `<key>`.
    pub(crate) fn refused(&self, template: &str) -> Error {
        Error::invalid(fill(
            template,
            &[
                (
                    "<scope>",
                    &excerpt(self.prefix.as_deref().unwrap_or("attribute")),
                ),
                ("<name>", &excerpt(&self.written())),
                ("<key>", &excerpt(&self.key)),
            ],
        ))
    }
}

/// The attribute called `key`.
pub(crate) fn attribute<A: Attribute>(key: &str) -> Result<A> {
    attribute_of("attribute", key)
}

/// The attribute called `key` of a `noun`.
pub(crate) fn attribute_of<A: Attribute>(noun: &str, key: &str) -> Result<A> {
    A::ALL
        .iter()
        .copied()
        .find(|attribute| attribute.name() == key)
        .ok_or_else(|| {
            Error::invalid(format!(
                "Invalid {noun} key '{}' specified. Valid keys are '{{{}}}'",
                excerpt(key),
                listed(A::ALL.iter().map(|attribute| attribute.name()))
            ))
        })
}

/// Writes a name that parses again, whatever the key holds.
pub(crate) fn write_name(f: &mut fmt::Formatter<'_>, prefix: &str, key: &str) -> fmt::Result {
    write!(f, "{prefix}.{}", Quoted(key, '`'))
}

/// Text between two marks, with marks inside doubled.
pub(crate) struct Quoted<'a>(pub(crate) &'a str, pub(crate) char);

impl fmt::Display for Quoted<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(text, mark) = *self;
        let doubled: Cow<'_, str> = if text.contains(mark) {
            text.replace(mark, &format!("{mark}{mark}")).into()
        } else {
            text.into()
        };
        write!(f, "{mark}{doubled}{mark}")
    }
}

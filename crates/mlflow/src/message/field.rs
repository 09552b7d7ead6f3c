//! What is known of a field: its type, and what the server checks of it.

use serde::de::MapAccess;

use super::value::{Value, Wire};

/// One field of a message.
#[derive(Debug)]
pub(crate) struct Field {
    /// In snake case, as in MLflow's message list.
    pub(crate) name: &'static str,
    /// The type of its value, or of each of its values.
    pub(crate) kind: Kind,
    /// Whether it is a list.
    pub(crate) is_repeated: bool,
    /// What the server checks, in this order.
    pub(crate) checks: &'static [Check],
}

impl Field {
    /// Whether the field must be there.
    pub(crate) fn is_required(&self) -> bool {
        self.checks
            .iter()
            .any(|check| matches!(check, Check::Required | Check::RunId))
    }
}

/// The type of a value.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Kind {
    /// `string`
    Text,
    /// `int64` or `int32`
    Integer,
    /// `double`
    Double,
    /// `bool`
    Boolean,
    /// An enumeration, by name or number.
    Enumeration,
    /// A message with these fields.
    Message(&'static [Field]),
}

/// What the server checks of a field before it looks at anything else. Checks of types matter
/// only once the request could not be decoded: they find the words for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Check {
    /// Neither absent, nor null, nor an empty text.
    Required,
    /// Required, but an absent `run_id` may be given as `run_uuid`.
    RunId,
    /// A text.
    Text,
    /// What Python's `int` takes.
    Integer,
    /// What Python's `float` takes.
    Double,
    /// True or false.
    Boolean,
    /// A list.
    List,
    /// A list of texts.
    ListOfTexts,
    /// An object.
    Object,
    /// An integer up to this.
    AtMost(i64),
    /// An integer from the one to the other.
    Within(i64, i64),
    /// A list of up to so many items, in a request of this name.
    AtMostItems(usize, &'static str),
    /// A list of objects that have all of these fields.
    ItemsHave(&'static [&'static str]),
}

/// The JSON spelling of a field name: `run_id` becomes `runId`.
pub(crate) fn spelled_in_json(name: &str) -> String {
    let mut spelled = String::with_capacity(name.len());
    let mut is_after_underscore = false;
    for c in name.chars() {
        if c == '_' {
            is_after_underscore = true;
        } else if std::mem::take(&mut is_after_underscore) {
            spelled.push(c.to_ascii_uppercase());
        } else {
            spelled.push(c);
        }
    }
    spelled
}

/// The shape of a field in a message: optional or repeated.
pub(crate) trait FieldValue: Default {
    /// The type of its value, or of each of its values.
    const KIND: Kind;
    /// Whether it is a list.
    const IS_REPEATED: bool;

    /// Reads the next value of an object; null is the same as absent.
    fn read<'de, A: MapAccess<'de>>(map: &mut A) -> Result<Self, A::Error>;

    /// Takes one argument of a query string. Of a repeated argument, a field that is no list
    /// keeps the first. Answers false when the text is not of the field's type.
    fn push_text(&mut self, text: &str) -> bool;

    /// Whether it is absent or blank.
    fn is_missing(&self) -> bool;

    /// Whether one of the checks fails.
    fn fails(&self, checks: &[Check]) -> bool;
}

impl<V: Value> FieldValue for Option<V> {
    const KIND: Kind = V::KIND;
    const IS_REPEATED: bool = false;

    fn read<'de, A: MapAccess<'de>>(map: &mut A) -> Result<Self, A::Error> {
        let value = map.next_value::<Option<Wire<V>>>()?;
        Ok(value.and_then(|wire| wire.0))
    }

    fn push_text(&mut self, text: &str) -> bool {
        if self.is_none() {
            match V::from_text(text) {
                Ok(value) => *self = value,
                Err(_) => return false,
            }
        }
        true
    }

    fn is_missing(&self) -> bool {
        self.as_ref().is_none_or(V::is_blank)
    }

    fn fails(&self, checks: &[Check]) -> bool {
        checks.iter().any(|check| match check {
            Check::Required | Check::RunId => self.is_missing(),
            Check::AtMost(limit) => self
                .as_ref()
                .and_then(V::as_integer)
                .is_some_and(|n| n > *limit),
            Check::Within(first, last) => self
                .as_ref()
                .and_then(V::as_integer)
                .is_some_and(|n| !(*first..=*last).contains(&n)),
            _ => false,
        })
    }
}

impl<V: Value> FieldValue for Vec<V> {
    const KIND: Kind = V::KIND;
    const IS_REPEATED: bool = true;

    fn read<'de, A: MapAccess<'de>>(map: &mut A) -> Result<Self, A::Error> {
        let values = map.next_value::<Option<Vec<Wire<V>>>>()?;
        let values = values.unwrap_or_default().into_iter();
        Ok(values.filter_map(|wire| wire.0).collect())
    }

    fn push_text(&mut self, text: &str) -> bool {
        match V::from_text(text) {
            Ok(value) => {
                self.extend(value);
                true
            }
            Err(_) => false,
        }
    }

    fn is_missing(&self) -> bool {
        false
    }

    fn fails(&self, checks: &[Check]) -> bool {
        checks.iter().any(|check| match check {
            Check::ItemsHave(names) => self
                .iter()
                .any(|item| names.iter().any(|name| item.lacks(name))),
            Check::AtMostItems(limit, _) => self.len() > *limit,
            _ => false,
        })
    }
}

/// A list that must be there, though it may be empty.
impl<V: Value> FieldValue for Option<Vec<V>> {
    const KIND: Kind = V::KIND;
    const IS_REPEATED: bool = true;

    fn read<'de, A: MapAccess<'de>>(map: &mut A) -> Result<Self, A::Error> {
        let values = map.next_value::<Option<Vec<Wire<V>>>>()?;
        Ok(values.map(|values| values.into_iter().filter_map(|wire| wire.0).collect()))
    }

    fn push_text(&mut self, text: &str) -> bool {
        self.get_or_insert_default().push_text(text)
    }

    fn is_missing(&self) -> bool {
        self.is_none()
    }

    fn fails(&self, checks: &[Check]) -> bool {
        (checks.contains(&Check::Required) && self.is_none())
            || self.as_ref().is_some_and(|values| values.fails(checks))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_names_are_in_camel_case() {
        let names = ["key", "run_id", "archive_existing_versions"].map(spelled_in_json);
        assert_eq!(names, ["key", "runId", "archiveExistingVersions"]);
    }
}

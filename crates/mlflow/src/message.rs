//! Request messages: what a client may send, declared once per operation.
//!
//! [`message!`] turns a declaration into a struct, its lenient JSON and query decoders, and the
//! table of its fields, from which checks, error texts and the test against MLflow's own message
//! list are derived. So a field is written down in one place only.

mod field;
mod value;

use std::fmt;
use std::marker::PhantomData;

use serde::Deserialize;
use serde::de::{Deserializer, Error as _, IgnoredAny, MapAccess, Visitor};

pub(crate) use field::{Check, Field, FieldValue, Kind, spelled_in_json};
pub(crate) use value::{Wire, without_underscores};

/// A request message, or a part of one.
pub(crate) trait Message: Default {
    /// Its fields, in the order in which a server of the reference checks them.
    const FIELDS: &'static [Field];

    /// Reads the next value of `map` into the field at `index`.
    fn set<'de, A: MapAccess<'de>>(&mut self, index: usize, map: &mut A) -> Result<(), A::Error>;

    /// Reads one argument of a query string into the field at `index`. Answers false when the
    /// text is not of the field's type.
    fn set_text(&mut self, index: usize, text: &str) -> bool;

    /// Whether a check of a field fails. Cheap, and without words: the decoder looks at the raw
    /// request again to say which.
    fn fails_checks(&self) -> bool;

    /// Whether the field of this name is absent or blank.
    fn lacks(&self, name: &str) -> bool;
}

/// The message of a request that says nothing beyond its path.
impl Message for () {
    const FIELDS: &'static [Field] = &[];

    fn set<'de, A: MapAccess<'de>>(&mut self, _index: usize, _map: &mut A) -> Result<(), A::Error> {
        Ok(())
    }

    fn set_text(&mut self, _index: usize, _text: &str) -> bool {
        true
    }

    fn fails_checks(&self) -> bool {
        false
    }

    fn lacks(&self, _name: &str) -> bool {
        true
    }
}

/// Declares request messages: `name: Type` or `name: Type => [Check, ...]` per field, where
/// `Type` is an `Option` or a `Vec` of text, numbers, booleans, enumerations or other messages.
macro_rules! message {
    ($(
        $(#[$doc:meta])*
        $name:ident { $( $field:ident : $type:ty $(=> [$($check:expr),* $(,)?])? ),* $(,)? }
    )*) => {$(
        $(#[$doc])*
        #[derive(Debug, Default, PartialEq)]
        pub(crate) struct $name {
            $( pub(crate) $field: $type, )*
        }

        impl $crate::message::Message for $name {
            const FIELDS: &'static [$crate::message::Field] = &[
                $( $crate::message::Field {
                    name: stringify!($field),
                    kind: <$type as $crate::message::FieldValue>::KIND,
                    is_repeated: <$type as $crate::message::FieldValue>::IS_REPEATED,
                    checks: &[$($($check),*)?],
                }, )*
            ];

            fn set<'de, A: serde::de::MapAccess<'de>>(
                &mut self,
                index: usize,
                map: &mut A,
            ) -> Result<(), A::Error> {
                let mut indexes = 0_usize..;
                $(
                    if indexes.next() == Some(index) {
                        self.$field = $crate::message::FieldValue::read(map)?;
                        return Ok(());
                    }
                )*
                Ok(())
            }

            fn set_text(&mut self, index: usize, text: &str) -> bool {
                let mut indexes = 0_usize..;
                $(
                    if indexes.next() == Some(index) {
                        return $crate::message::FieldValue::push_text(&mut self.$field, text);
                    }
                )*
                true
            }

            fn fails_checks(&self) -> bool {
                false $( || {
                    let checks: &[$crate::message::Check] = &[$($($check),*)?];
                    $crate::message::FieldValue::fails(&self.$field, checks)
                } )*
            }

            fn lacks(&self, name: &str) -> bool {
                match name {
                    $( stringify!($field) => {
                        $crate::message::FieldValue::is_missing(&self.$field)
                    } )*
                    _ => true,
                }
            }
        }
    )*};
}

pub(crate) use message;

/// How a key of a request was spelled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Spelling {
    /// `run_id`
    Proto,
    /// `runId`
    Json,
}

/// A key of a JSON object, as an index into the fields of `M`; none when it is unknown.
struct Key<M>(Option<(usize, Spelling)>, PhantomData<M>);

impl<'de, M: Message> Deserialize<'de> for Key<M> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct KeyVisitor<M>(PhantomData<M>);

        impl<M: Message> Visitor<'_> for KeyVisitor<M> {
            type Value = Key<M>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a field name")
            }

            fn visit_str<E>(self, key: &str) -> Result<Key<M>, E> {
                Ok(Key(find::<M>(key), PhantomData))
            }
        }

        deserializer.deserialize_identifier(KeyVisitor(PhantomData))
    }
}

fn find<M: Message>(key: &str) -> Option<(usize, Spelling)> {
    if let Some(index) = M::FIELDS.iter().position(|field| field.name == key) {
        return Some((index, Spelling::Proto));
    }
    let index = M::FIELDS
        .iter()
        .position(|field| field.name.contains('_') && spelled_in_json(field.name) == key)?;
    Some((index, Spelling::Json))
}

/// Reads a JSON object into a message: unknown keys are ignored, a repeated key counts once and
/// the last wins, but two spellings of one field are refused.
pub(crate) fn read_message<'de, M: Message, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<M, D::Error> {
    deserializer.deserialize_map(MessageVisitor(PhantomData))
}

struct MessageVisitor<M>(PhantomData<M>);

impl<'de, M: Message> Visitor<'de> for MessageVisitor<M> {
    type Value = M;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<M, A::Error> {
        let mut message = M::default();
        let mut as_proto = 0_u64;
        let mut as_json = 0_u64;
        while let Some(Key(found, _)) = map.next_key::<Key<M>>()? {
            let Some((index, spelling)) = found else {
                map.next_value::<IgnoredAny>()?;
                continue;
            };
            match spelling {
                Spelling::Proto => as_proto |= 1 << index,
                Spelling::Json => as_json |= 1 << index,
            }
            if as_proto & as_json != 0 {
                return Err(A::Error::custom("a field is spelled in two ways"));
            }
            if spelling == Spelling::Json && M::FIELDS[index].is_required() {
                // The reference finds required fields by their first spelling only, and then
                // reports this one as missing.
                map.next_value::<IgnoredAny>()?;
            } else {
                message.set(index, &mut map)?;
            }
        }
        Ok(message)
    }
}

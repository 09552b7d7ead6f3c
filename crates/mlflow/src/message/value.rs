//! Single values, as leniently read as MLflow's protobuf JSON: numbers may come as texts, and
//! texts of a query string may be numbers.

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;

use ferroflow_model::ViewType;
use ferroflow_model::logged_models::LoggedModelStatus;
use ferroflow_model::runs::RunStatus;
use serde::Deserialize;
use serde::de::{Deserializer, Error, Visitor};

use super::{Kind, Message, read_message};

/// A value of a field.
pub(crate) trait Value: Sized {
    /// Its type.
    const KIND: Kind;

    /// Reads it from JSON. None: the value is of the right type, but counts as absent.
    fn read<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Self>, D::Error>;

    /// Reads it from an argument of a query string.
    fn from_text(text: &str) -> Result<Option<Self>, NotOfType>;

    /// Whether it counts as missing where a value is required.
    fn is_blank(&self) -> bool {
        false
    }

    /// Itself, when it is an integer.
    fn as_integer(&self) -> Option<i64> {
        None
    }

    /// Whether it is a message that lacks the field of this name.
    fn lacks(&self, _name: &str) -> bool {
        false
    }
}

/// A text is not of the type wanted.
#[derive(Debug)]
pub(crate) struct NotOfType;

/// Lets serde read a [`Value`].
pub(crate) struct Wire<V>(pub(crate) Option<V>);

impl<'de, V: Value> Deserialize<'de> for Wire<V> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        V::read(deserializer).map(Self)
    }
}

impl<M: Message> Value for M {
    const KIND: Kind = Kind::Message(M::FIELDS);

    fn read<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Self>, D::Error> {
        read_message(deserializer).map(Some)
    }

    fn from_text(_text: &str) -> Result<Option<Self>, NotOfType> {
        Err(NotOfType)
    }

    fn lacks(&self, name: &str) -> bool {
        Message::lacks(self, name)
    }
}

impl Value for String {
    const KIND: Kind = Kind::Text;

    fn read<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Self>, D::Error> {
        Self::deserialize(deserializer).map(Some)
    }

    fn from_text(text: &str) -> Result<Option<Self>, NotOfType> {
        Ok(Some(text.to_owned()))
    }

    fn is_blank(&self) -> bool {
        self.is_empty()
    }
}

impl Value for bool {
    const KIND: Kind = Kind::Boolean;

    fn read<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Self>, D::Error> {
        Self::deserialize(deserializer).map(Some)
    }

    fn from_text(text: &str) -> Result<Option<Self>, NotOfType> {
        if text.eq_ignore_ascii_case("true") {
            Ok(Some(true))
        } else if text.eq_ignore_ascii_case("false") {
            Ok(Some(false))
        } else {
            Err(NotOfType)
        }
    }
}

impl Value for i64 {
    const KIND: Kind = Kind::Integer;

    fn read<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Self>, D::Error> {
        deserializer.deserialize_any(IntegerVisitor).map(Some)
    }

    fn from_text(text: &str) -> Result<Option<Self>, NotOfType> {
        integer_of_text(text).map(Some).ok_or(NotOfType)
    }

    fn as_integer(&self) -> Option<i64> {
        Some(*self)
    }
}

struct IntegerVisitor;

impl Visitor<'_> for IntegerVisitor {
    type Value = i64;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an integer of 64 bits")
    }

    fn visit_i64<E>(self, number: i64) -> Result<i64, E> {
        Ok(number)
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<i64, E> {
        i64::try_from(number).map_err(|_| E::custom("an integer of more than 64 bits"))
    }

    /// A fraction is cut off, as the reference takes 1.5 for a timestamp or step.
    fn visit_f64<E: Error>(self, number: f64) -> Result<i64, E> {
        integer_of_double(number).ok_or_else(|| E::custom("an integer of more than 64 bits"))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<i64, E> {
        integer_of_text(text).ok_or_else(|| E::custom("a text that is not an integer"))
    }
}

/// `5`, `+5` and `5.0`; no spaces inside or around, no fraction.
fn integer_of_text(text: &str) -> Option<i64> {
    let text = &*without_underscores(text);
    if let Ok(number) = text.parse() {
        return Some(number);
    }
    let is_number = text
        .bytes()
        .all(|b| b.is_ascii_digit() || b"+-.eE".contains(&b));
    let number: f64 = text.parse().ok().filter(|_| is_number)?;
    integer_of_double(number).filter(|_| number.fract() == 0.0)
}

fn integer_of_double(number: f64) -> Option<i64> {
    // 2^63 is exact as a double, and the first value above the range.
    const BOUND: f64 = 9_223_372_036_854_775_808.0;
    #[expect(clippy::cast_possible_truncation, reason = "the range is checked")]
    (-BOUND..BOUND).contains(&number).then_some(number as i64)
}

impl Value for f64 {
    const KIND: Kind = Kind::Double;

    fn read<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Self>, D::Error> {
        deserializer.deserialize_any(DoubleVisitor).map(Some)
    }

    fn from_text(text: &str) -> Result<Option<Self>, NotOfType> {
        double_of_text(text).map(Some).ok_or(NotOfType)
    }
}

struct DoubleVisitor;

impl Visitor<'_> for DoubleVisitor {
    type Value = f64;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a number")
    }

    fn visit_f64<E>(self, number: f64) -> Result<f64, E> {
        Ok(number)
    }

    #[expect(clippy::cast_precision_loss, reason = "as JSON numbers are doubles")]
    fn visit_i64<E>(self, number: i64) -> Result<f64, E> {
        Ok(number as f64)
    }

    #[expect(clippy::cast_precision_loss, reason = "as JSON numbers are doubles")]
    fn visit_u64<E>(self, number: u64) -> Result<f64, E> {
        Ok(number as f64)
    }

    fn visit_bool<E>(self, truth: bool) -> Result<f64, E> {
        Ok(f64::from(u8::from(truth)))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<f64, E> {
        double_of_text(text).ok_or_else(|| E::custom("a text that is not a number"))
    }
}

/// What Python's `float` takes, but not the spelling `nan`, which protobuf refuses.
fn double_of_text(text: &str) -> Option<f64> {
    if text == "nan" {
        return None;
    }
    without_underscores(text.trim()).parse().ok()
}

/// Python allows single underscores between the digits of a number.
pub(crate) fn without_underscores(text: &str) -> Cow<'_, str> {
    let is_digit = |byte: &u8| byte.is_ascii_digit();
    let is_between = |window: &[u8]| is_digit(&window[0]) && is_digit(&window[2]);
    let separators = text
        .as_bytes()
        .windows(3)
        .filter(|w| w[1] == b'_' && is_between(w));
    let underscores = text.bytes().filter(|byte| *byte == b'_').count();
    if underscores > 0 && separators.count() == underscores {
        Cow::Owned(text.replace('_', ""))
    } else {
        Cow::Borrowed(text)
    }
}

/// An enumeration, which comes by name or number. An unknown name counts as absent, an unknown
/// number is an error.
trait Enumeration: Copy + 'static {
    fn of_name(name: &str) -> Option<Self>;
    fn of_number(number: i64) -> Option<Self>;
}

impl<E: Enumeration> EnumerationVisitor<E> {
    fn number(number: i64) -> Result<Option<E>, NotOfType> {
        E::of_number(number).map(Some).ok_or(NotOfType)
    }

    fn text(text: &str) -> Result<Option<E>, NotOfType> {
        match (E::of_name(text), text.parse()) {
            (None, Ok(number)) => Self::number(number),
            (found, _) => Ok(found),
        }
    }
}

struct EnumerationVisitor<E>(PhantomData<E>);

impl<E: Enumeration> Visitor<'_> for EnumerationVisitor<E> {
    type Value = Option<E>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a name or number of the enumeration")
    }

    fn visit_str<F: Error>(self, text: &str) -> Result<Option<E>, F> {
        Self::text(text).map_err(|_| F::custom("an unknown number"))
    }

    fn visit_i64<F: Error>(self, number: i64) -> Result<Option<E>, F> {
        Self::number(number).map_err(|_| F::custom("an unknown number"))
    }

    fn visit_u64<F: Error>(self, number: u64) -> Result<Option<E>, F> {
        self.visit_i64(i64::try_from(number).unwrap_or(i64::MAX))
    }

    fn visit_f64<F: Error>(self, number: f64) -> Result<Option<E>, F> {
        self.visit_i64(integer_of_double(number).unwrap_or(i64::MAX))
    }
}

macro_rules! enumeration {
    ($($type:ty),*) => {$(
        impl Value for $type {
            const KIND: Kind = Kind::Enumeration;

            fn read<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Self>, D::Error> {
                deserializer.deserialize_any(EnumerationVisitor::<Self>(PhantomData))
            }

            fn from_text(text: &str) -> Result<Option<Self>, NotOfType> {
                EnumerationVisitor::<Self>::text(text)
            }
        }
    )*};
}

enumeration!(RunStatus, ViewType, LoggedModelStatus);

/// The item that `number` counts to, from 1.
fn nth<T: Copy>(items: &[T], number: i64) -> Option<T> {
    let index = usize::try_from(number.checked_sub(1)?).ok()?;
    items.get(index).copied()
}

impl Enumeration for RunStatus {
    fn of_name(name: &str) -> Option<Self> {
        Self::parse(name).ok()
    }

    fn of_number(number: i64) -> Option<Self> {
        nth(&Self::ALL, number)
    }
}

impl Enumeration for ViewType {
    fn of_name(name: &str) -> Option<Self> {
        match name {
            "ACTIVE_ONLY" => Some(Self::ActiveOnly),
            "DELETED_ONLY" => Some(Self::DeletedOnly),
            "ALL" => Some(Self::All),
            _ => None,
        }
    }

    fn of_number(number: i64) -> Option<Self> {
        nth(&[Self::ActiveOnly, Self::DeletedOnly, Self::All], number)
    }
}

impl Enumeration for LoggedModelStatus {
    fn of_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.as_str() == name)
    }

    fn of_number(number: i64) -> Option<Self> {
        nth(&Self::ALL, number)
    }
}

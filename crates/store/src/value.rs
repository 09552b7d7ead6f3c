//! Statement arguments, one type for both engines.

use std::fmt;
use std::rc::Rc;

use crate::conn::BulkColumn;
use rusqlite::types::{ToSqlOutput, Value as SqliteValue, ValueRef};
use tokio_postgres::types::{IsNull, ToSql, Type, private::BytesMut};

/// An argument of a statement, borrowed from the command.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Value<'a> {
    /// SQL NULL.
    Null,
    /// BIGINT.
    Int(i64),
    /// DOUBLE PRECISION; never NaN, which SQLite would store as NULL.
    Real(f64),
    /// TEXT.
    Text(&'a str),
    /// BOOLEAN.
    Bool(bool),
    /// BYTEA.
    Bytes(&'a [u8]),
    /// A list of BIGINT, for `any_of`.
    Ints(&'a [i64]),
    /// A list of TEXT, for `any_of`.
    Texts(&'a [&'a str]),
    /// The same, of owned texts.
    Strings(&'a [String]),
}

/// Builds the argument list of a statement.
#[macro_export]
macro_rules! args {
    ($($value:expr),* $(,)?) => { &[$($crate::Value::from($value)),*] };
}

impl From<i64> for Value<'_> {
    fn from(value: i64) -> Self {
        Self::Int(value)
    }
}

impl From<f64> for Value<'_> {
    fn from(value: f64) -> Self {
        Self::Real(value)
    }
}

impl From<bool> for Value<'_> {
    fn from(value: bool) -> Self {
        Self::Bool(value)
    }
}

impl<'a> From<&'a str> for Value<'a> {
    fn from(value: &'a str) -> Self {
        Self::Text(value)
    }
}

impl<'a> From<&'a String> for Value<'a> {
    fn from(value: &'a String) -> Self {
        Self::Text(value)
    }
}

impl<'a> From<&'a [i64]> for Value<'a> {
    fn from(value: &'a [i64]) -> Self {
        Self::Ints(value)
    }
}

impl<'a> From<&'a [String]> for Value<'a> {
    fn from(value: &'a [String]) -> Self {
        Self::Strings(value)
    }
}

impl<'a> From<&'a [&'a str]> for Value<'a> {
    fn from(value: &'a [&'a str]) -> Self {
        Self::Texts(value)
    }
}

impl<'a, T: Into<Value<'a>>> From<Option<T>> for Value<'a> {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Null, Into::into)
    }
}

/// A text holds the character NUL. PostgreSQL keeps none, so neither does SQLite: what one engine
/// refuses, the other refuses as well.
#[derive(Debug)]
pub(crate) struct NulInText;

impl fmt::Display for NulInText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a text holds the character NUL")
    }
}

impl std::error::Error for NulInText {}

fn without_nul(text: &str) -> Result<&str, NulInText> {
    if text.as_bytes().contains(&0) {
        return Err(NulInText);
    }
    Ok(text)
}

fn all_without_nul<T: AsRef<str>>(texts: &[T]) -> Result<&[T], NulInText> {
    for text in texts {
        without_nul(text.as_ref())?;
    }
    Ok(texts)
}

impl rusqlite::ToSql for Value<'_> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(match *self {
            Self::Null => ToSqlOutput::Borrowed(ValueRef::Null),
            Self::Int(value) => ToSqlOutput::Borrowed(ValueRef::Integer(value)),
            Self::Real(value) => ToSqlOutput::Borrowed(ValueRef::Real(value)),
            Self::Bool(value) => ToSqlOutput::Borrowed(ValueRef::Integer(i64::from(value))),
            Self::Text(value) => text(value)?,
            Self::Bytes(value) => ToSqlOutput::Borrowed(ValueRef::Blob(value)),
            Self::Ints(values) => array(values.iter().copied().map(SqliteValue::from).collect()),
            Self::Texts(values) => texts(values)?,
            Self::Strings(values) => texts(values)?,
        })
    }
}

fn text(value: &str) -> rusqlite::Result<ToSqlOutput<'_>> {
    let text = without_nul(value).map_err(refused)?;
    Ok(ToSqlOutput::Borrowed(ValueRef::Text(text.as_bytes())))
}

fn texts<T: AsRef<str>>(values: &[T]) -> rusqlite::Result<ToSqlOutput<'static>> {
    let values = all_without_nul(values).map_err(refused)?.iter();
    let texts = values.map(|text| SqliteValue::from(text.as_ref().to_owned()));
    Ok(array(texts.collect()))
}

fn refused(nul: NulInText) -> rusqlite::Error {
    rusqlite::Error::ToSqlConversionFailure(Box::new(nul))
}

/// A list as the argument of SQLite's `rarray`.
fn array(values: Vec<SqliteValue>) -> ToSqlOutput<'static> {
    ToSqlOutput::from_rc(Rc::new(values), c"rarray")
}

impl ToSql for Value<'_> {
    fn to_sql(
        &self,
        ty: &Type,
        out: &mut BytesMut,
    ) -> Result<IsNull, Box<dyn std::error::Error + Sync + Send>> {
        match *self {
            Self::Null => Ok(IsNull::Yes),
            // A number given where the statement wants the other kind is converted here, as
            // SQLite does by column affinity.
            #[expect(clippy::cast_precision_loss, reason = "asked for as a float")]
            Self::Int(value) if *ty == Type::FLOAT8 => (value as f64).to_sql(ty, out),
            Self::Int(value) => value.to_sql(ty, out),
            Self::Real(value) => value.to_sql(ty, out),
            Self::Bool(value) => value.to_sql(ty, out),
            Self::Text(value) => without_nul(value)?.to_sql(ty, out),
            Self::Bytes(value) => value.to_sql(ty, out),
            Self::Ints(values) => values.to_sql(ty, out),
            Self::Texts(values) => all_without_nul(values)?.to_sql(ty, out),
            Self::Strings(values) => all_without_nul(values)?.to_sql(ty, out),
        }
    }

    fn accepts(_: &Type) -> bool {
        true
    }

    tokio_postgres::types::to_sql_checked!();
}

impl ToSql for BulkColumn<'_> {
    fn to_sql(
        &self,
        ty: &Type,
        out: &mut BytesMut,
    ) -> Result<IsNull, Box<dyn std::error::Error + Sync + Send>> {
        match *self {
            Self::Constant(value) => value.to_sql(ty, out),
            Self::Ints(values) => values.to_sql(ty, out),
            Self::Reals(values) => values.to_sql(ty, out),
            Self::Bools(values) => values.to_sql(ty, out),
            Self::Texts(values) => all_without_nul(values)?.to_sql(ty, out),
            Self::Bytes(values) => values.to_sql(ty, out),
        }
    }

    fn accepts(_: &Type) -> bool {
        true
    }

    tokio_postgres::types::to_sql_checked!();
}

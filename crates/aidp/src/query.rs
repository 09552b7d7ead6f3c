//! Query strings into wire structs, by the same types as bodies.

use std::borrow::Cow;
use std::fmt;

use ferroflow_model::{Error, Result};
use serde::de::value::MapDeserializer;
use serde::de::{DeserializeOwned, Deserializer, IntoDeserializer, Unexpected, Visitor};
use serde::forward_to_deserialize_any;

/// Reads a wire struct from a query string. Unknown arguments are ignored; one that is given
/// twice is refused.
pub(crate) fn decode<T: DeserializeOwned>(query: &str) -> Result<T> {
    let pairs = form_urlencoded::parse(query.as_bytes()).map(|(key, value)| (key, Value(value)));
    let arguments = MapDeserializer::<_, QueryError>::new(pairs);
    serde_path_to_error::deserialize(arguments).map_err(|error| {
        let (path, cause) = (error.path().to_string(), error.into_inner());
        match path.as_str() {
            "." => Error::invalid(format!("The query string cannot be read: {cause}.")),
            path => Error::invalid(format!("Invalid value for parameter '{path}': {cause}.")),
        }
    })
}

/// The text of an argument, which may stand for a text, a number or a boolean.
struct Value<'a>(Cow<'a, str>);

impl IntoDeserializer<'_, QueryError> for Value<'_> {
    type Deserializer = Self;

    fn into_deserializer(self) -> Self {
        self
    }
}

impl<'de> Deserializer<'de> for Value<'_> {
    type Error = QueryError;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, QueryError> {
        match self.0 {
            Cow::Borrowed(text) => visitor.visit_str(text),
            Cow::Owned(text) => visitor.visit_string(text),
        }
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, QueryError> {
        visitor.visit_some(self)
    }

    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, QueryError> {
        if self.0.eq_ignore_ascii_case("true") {
            visitor.visit_bool(true)
        } else if self.0.eq_ignore_ascii_case("false") {
            visitor.visit_bool(false)
        } else {
            let found = Unexpected::Str(&self.0);
            Err(serde::de::Error::invalid_value(found, &"true or false"))
        }
    }

    forward_to_deserialize_any! {
        i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit
        unit_struct newtype_struct seq tuple tuple_struct map struct enum identifier ignored_any
    }
}

/// What is wrong with an argument.
#[derive(Debug)]
struct QueryError(String);

impl fmt::Display for QueryError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for QueryError {}

impl serde::de::Error for QueryError {
    fn custom<T: fmt::Display>(message: T) -> Self {
        Self(message.to_string())
    }
}

#[cfg(test)]
mod tests {
    use ferroflow_model::ErrorKind;
    use proptest::prelude::*;
    use serde::Deserialize;

    use super::*;
    use crate::fields::Integer;
    use crate::limits;

    #[derive(Debug, Deserialize)]
    struct Arguments {
        name: Option<limits::Lookup>,
        path: Option<limits::ArtifactPath>,
        max_results: Option<Integer>,
        enabled: Option<bool>,
    }

    #[test]
    fn arguments_are_decoded_by_type() {
        let query = "name=a%20b%2Bc+d%26%C3%BC&max_results=12&enabled=True&unknown=1";
        let arguments: Arguments = decode(query).expect("readable");
        assert_eq!(arguments.name.as_deref(), Some("a b+c d&ü"));
        assert_eq!(arguments.max_results, Some(Integer(12)));
        assert_eq!(arguments.enabled, Some(true));
    }

    #[test]
    fn absent_and_empty_arguments_differ() {
        let absent: Arguments = decode("").expect("readable");
        assert!(absent.name.is_none() && absent.max_results.is_none() && absent.enabled.is_none());
        let empty: Arguments = decode("path=&other").expect("readable");
        assert_eq!(empty.path.as_deref(), Some(""));
    }

    #[test]
    fn a_bad_argument_is_named() {
        for (query, name) in [
            ("max_results=x", "max_results"),
            ("max_results=", "max_results"),
            ("max_results=1.5", "max_results"),
            ("enabled=maybe", "enabled"),
            ("name=a%00b", "name"),
            ("name=a&name=b", "name"),
        ] {
            let error = decode::<Arguments>(query).expect_err(query);
            assert_eq!(error.kind(), ErrorKind::InvalidParameter, "{query}");
            assert!(error.message().contains(name), "{query}: {error}");
        }
    }

    proptest! {
        #[test]
        fn any_query_is_read_or_refused(query: String) {
            let _ = decode::<Arguments>(&query);
        }

        #[test]
        fn what_is_encoded_is_decoded(name in "[^\0]{1,100}") {
            let query = form_urlencoded::Serializer::new(String::new()).append_pair("name", &name).finish();
            let arguments: Arguments = decode(&query).expect("readable");
            prop_assert_eq!(arguments.name.as_deref(), Some(name.as_str()));
        }
    }
}

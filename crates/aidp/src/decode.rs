//! JSON bodies into wire structs: fast when all is well, exact when something is wrong.

use std::borrow::Cow;

use ferroflow_model::{Error, ErrorKind, Result};
use serde::de::{DeserializeOwned, IgnoredAny};
use serde_json::error::Category;

use crate::fields::Object;

/// Reads a wire struct from a JSON object. Unknown members are ignored, `null` is as if absent.
pub(crate) fn decode<T: DeserializeOwned>(body: &[u8]) -> Result<T> {
    match serde_json::from_slice::<Object<T>>(body) {
        Ok(Object(input)) => Ok(input),
        Err(_) => decode_slowly(body),
    }
}

/// Reads the body again, to accept the numbers that Python writes and JSON does not know, or to
/// tell what is wrong and where.
fn decode_slowly<T: DeserializeOwned>(body: &[u8]) -> Result<T> {
    let text = std::str::from_utf8(body)
        .map_err(|_| unparsable("The request body is not valid UTF-8."))?;
    if text.trim().is_empty() {
        return Err(unparsable(
            "The request body is empty; a JSON object is expected.",
        ));
    }
    let text = readable(text)?;
    let mut deserializer = serde_json::Deserializer::from_str(&text);
    let input = serde_path_to_error::deserialize(&mut deserializer);
    input
        .map(|Object(input)| input)
        .map_err(|error| explain(&error))
}

/// The body as JSON proper; an error if it cannot be made so.
fn readable(text: &str) -> Result<Cow<'_, str>> {
    let Err(error) = serde_json::from_str::<IgnoredAny>(text) else {
        return Ok(Cow::Borrowed(text));
    };
    match quote_literals(text) {
        Some(quoted) if serde_json::from_str::<IgnoredAny>(&quoted).is_ok() => {
            Ok(Cow::Owned(quoted))
        }
        _ => Err(broken(&error)),
    }
}

/// The NUL character, which [`Double`](crate::fields::Double) passes over.
const LITERAL_ESCAPE: &str = "\\u0000";

/// Oracle's SDK writes metric values with Python's `json`, which knows three numbers that JSON
/// does not. Quotes them where they are the whole of a member `value`, with a mark that no text may
/// hold, so that a tag's value is not meant; `None` if there is none.
fn quote_literals(text: &str) -> Option<String> {
    let mut quoted = String::new();
    let mut copied = 0;
    for (start, literal) in bare_literals(text) {
        quoted.push_str(&text[copied..start]);
        quoted.push('"');
        quoted.push_str(LITERAL_ESCAPE);
        quoted.push_str(literal);
        quoted.push('"');
        copied = start + literal.len();
    }
    if copied == 0 {
        return None;
    }
    quoted.push_str(&text[copied..]);
    Some(quoted)
}

/// The literals that follow `"value":`, with their places. What lies within a string is passed
/// over: there, the quote before `value` is escaped, or no `:` can follow the one after it.
fn bare_literals(text: &str) -> impl Iterator<Item = (usize, &'static str)> {
    const MEMBER: &str = "\"value\"";
    const LITERALS: [&str; 3] = ["NaN", "Infinity", "-Infinity"];
    text.match_indices(MEMBER).filter_map(move |(member, _)| {
        let after_member = &text[member + MEMBER.len()..];
        let after_colon = after_member.trim_ascii_start().strip_prefix(':')?;
        let rest = after_colon.trim_ascii_start();
        let literal = LITERALS
            .into_iter()
            .find(|literal| rest.starts_with(literal))?;
        Some((text.len() - rest.len(), literal))
    })
}

/// What the reader says of a number that no double can hold.
const OUT_OF_RANGE: &str = "number out of range";

/// Names the parameter that has the wrong type. The body is known to be JSON.
fn explain(error: &serde_path_to_error::Error<serde_json::Error>) -> Error {
    let cause = error.inner();
    let message = match without_position(cause) {
        // What the reader says of a choice between texts that is no text.
        message if message == "expected value" => "a string is expected".to_owned(),
        message if cause.classify() == Category::Data || message == OUT_OF_RANGE => message,
        _ => return broken(cause),
    };
    let path = error.path().to_string();
    if path == "." {
        return unparsable(format!("The request body cannot be read: {message}."));
    }
    Error::invalid(format!("Invalid value for parameter '{path}': {message}."))
}

fn broken(error: &serde_json::Error) -> Error {
    unparsable(format!("The request body is not valid JSON: {error}."))
}

fn without_position(error: &serde_json::Error) -> String {
    let message = error.to_string();
    let position = format!(" at line {} column {}", error.line(), error.column());
    message
        .strip_suffix(&position)
        .unwrap_or(&message)
        .to_owned()
}

fn unparsable(message: impl Into<Cow<'static, str>>) -> Error {
    Error::new(ErrorKind::Unparsable, message)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde::{Deserialize, Serialize};

    use super::*;
    use crate::fields::{Double, Integer};
    use crate::limits;

    #[derive(Debug, PartialEq, Deserialize, Serialize)]
    struct Outer {
        name: Option<limits::Description>,
        count: Option<Integer>,
        flag: Option<bool>,
        choice: Option<Choice>,
        points: Option<Vec<Object<Inner>>>,
    }

    #[derive(Debug, PartialEq, Deserialize, Serialize)]
    enum Choice {
        This,
    }

    #[derive(Debug, PartialEq, Deserialize, Serialize)]
    struct Inner {
        key: Option<limits::Lookup>,
        value: Option<Double>,
    }

    #[derive(Debug, Deserialize, Serialize)]
    struct TagOfText {
        value: Option<limits::Description>,
    }

    fn refusal(body: &str) -> (ErrorKind, String) {
        let Err(error) = decode::<Outer>(body.as_bytes()) else {
            panic!("accepted: {body}");
        };
        (error.kind(), error.message().to_owned())
    }

    fn values(body: &str) -> Vec<f64> {
        let outer = decode::<Outer>(body.as_bytes()).expect("readable");
        let points = outer.points.unwrap_or_default();
        points
            .into_iter()
            .filter_map(|Object(point)| point.value)
            .map(|Double(value)| value)
            .collect()
    }

    #[test]
    fn null_is_as_if_absent_and_unknown_members_are_ignored() {
        let body = r#"{"name": null, "count": null, "points": null, "other": [{"a": null}]}"#;
        let empty = decode::<Outer>(b"{}").expect("readable");
        assert_eq!(decode::<Outer>(body.as_bytes()).expect("readable"), empty);
    }

    #[test]
    fn integers_may_be_texts_and_whole_floats() {
        for body in [r#"{"count": 5}"#, r#"{"count": "5"}"#, r#"{"count": 5.0}"#] {
            let outer = decode::<Outer>(body.as_bytes()).expect("readable");
            assert_eq!(outer.count, Some(Integer(5)), "{body}");
        }
        for count in [
            "5.5",
            "\"x\"",
            "\"\"",
            "true",
            "9223372036854775808",
            "1e300",
            "[5]",
        ] {
            let (kind, message) = refusal(&format!(r#"{{"count": {count}}}"#));
            assert_eq!(kind, ErrorKind::InvalidParameter, "{count}");
            assert!(message.contains("'count'"), "{message}");
        }
    }

    #[test]
    fn the_numbers_that_python_writes_are_read() {
        let body = r#"{"name": "\"value\": NaN", "points": [
            {"key": "value", "value": NaN}, {"value":Infinity}, {"value" : -Infinity}, {"value": 1}
        ]}"#;
        let found = values(body);
        assert!(found[0].is_nan());
        assert_eq!(found[1..], [f64::INFINITY, f64::NEG_INFINITY, 1.0]);
        let outer = decode::<Outer>(body.as_bytes()).expect("readable");
        assert_eq!(outer.name.as_deref(), Some("\"value\": NaN"));
    }

    #[test]
    fn the_numbers_that_python_writes_stand_only_for_values() {
        for body in [
            r#"{"name": NaN}"#,
            r#"{"count": Infinity}"#,
            "NaN",
            r#"{"value": NaN"#,
        ] {
            assert_eq!(refusal(body).0, ErrorKind::Unparsable, "{body}");
        }
        let tag = decode::<TagOfText>(br#"{"key": "k", "value": NaN}"#);
        let error = tag.expect_err("a text is no number");
        assert_eq!(error.kind(), ErrorKind::InvalidParameter);
        assert!(error.message().contains("'value'"), "{error}");
    }

    #[test]
    fn texts_stand_for_the_numbers_that_json_has_not() {
        let written = r#"{"points": [{"value": "NaN"}, {"value": "-Infinity"}, {"value": "2.5"}]}"#;
        let found = values(written);
        assert!(found[0].is_nan());
        assert_eq!(found[1..], [f64::NEG_INFINITY, 2.5]);
        let double = |value| serde_json::to_string(&Double(value)).expect("writable");
        assert_eq!(double(f64::NAN), r#""NaN""#);
        assert_eq!(double(f64::INFINITY), r#""Infinity""#);
        assert_eq!(double(f64::NEG_INFINITY), r#""-Infinity""#);
        assert_eq!(double(-0.25), "-0.25");
    }

    #[test]
    fn a_wrong_type_names_its_place() {
        for (body, place) in [
            (r#"{"name": 5}"#, "'name'"),
            (r#"{"flag": "true"}"#, "'flag'"),
            (r#"{"choice": "That"}"#, "'choice'"),
            (r#"{"choice": 1}"#, "'choice'"),
            (r#"{"choice": true}"#, "'choice'"),
            (r#"{"points": [{"value": 1e999}]}"#, "'points[0].value'"),
            (
                r#"{"points": [{"key": "k", "value": true}]}"#,
                "'points[0].value'",
            ),
            (r#"{"points": {}}"#, "'points'"),
            (r#"{"points": [null]}"#, "'points[0]'"),
            (r#"{"points": [{}, {"key": false}]}"#, "'points[1].key'"),
            (r#"{"points": [["k", 1]]}"#, "'points[0]'"),
            (r#"{"name": "a\u0000b"}"#, "'name'"),
            (r#"{"name": "a", "name": "b"}"#, "name"),
        ] {
            let (kind, message) = refusal(body);
            let expected = if place == "name" {
                ErrorKind::Unparsable
            } else {
                ErrorKind::InvalidParameter
            };
            assert_eq!(kind, expected, "{body}: {message}");
            assert!(message.contains(place), "{body}: {message}");
            assert!(!message.contains("column"), "{body}: {message}");
        }
    }

    #[test]
    fn what_is_no_json_object_cannot_be_parsed() {
        for body in [
            "",
            " \n",
            "{",
            "[]",
            "null",
            "5",
            "\"text\"",
            "{} {}",
            "{'a': 1}",
            r#"{"name": "\ud800"}"#,
        ] {
            assert_eq!(refusal(body).0, ErrorKind::Unparsable, "{body}");
        }
        let invalid_utf8 = decode::<Outer>(b"{\"name\": \"\xff\"}").map_err(|error| error.kind());
        assert_eq!(invalid_utf8, Err(ErrorKind::Unparsable));
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_or_refused(body: Vec<u8>) {
            let _ = decode::<Outer>(&body);
        }

        #[test]
        fn anything_like_json_is_read_or_refused(
            body in r#"\{?("(value|points|name|count)" ?: ?(NaN|-?Infinity|null|"\\?u?0{0,4}"|-?[0-9e.]{1,9}|\[|\{|\}|\]),? ?){0,6}[\]\}]{0,3}"#
        ) {
            let _ = decode::<Outer>(body.as_bytes());
        }

        #[test]
        fn what_is_written_is_read_again(name: String, count: i64, value: f64) {
            let written = serde_json::json!({"name": name, "count": count, "points": [{"value": Double(value)}]});
            let read = decode::<Outer>(written.to_string().as_bytes());
            if name.contains('\0') {
                prop_assert!(read.is_err());
            } else {
                let read = read.expect("readable");
                prop_assert_eq!(read.name.as_deref(), Some(name.as_str()));
                prop_assert_eq!(read.count, Some(Integer(count)));
                let found = read.points.and_then(|points| points[0].0.value).map(|double| double.0);
                prop_assert_eq!(found.map(f64::to_bits), Some(value.to_bits()));
            }
        }
    }
}

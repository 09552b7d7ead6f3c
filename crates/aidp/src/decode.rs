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

/// Oracle's SDK writes metric values with Python's `json`, which knows three numbers that JSON
/// does not. Quotes them where they are the whole of a member `value`; `None` if there is none.
fn quote_literals(text: &str) -> Option<String> {
    let mut quoted = String::new();
    let mut copied = 0;
    for (start, literal) in bare_literals(text) {
        quoted.push_str(&text[copied..start]);
        quoted.push('"');
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

/// Names the parameter that has the wrong type.
fn explain(error: &serde_path_to_error::Error<serde_json::Error>) -> Error {
    let cause = error.inner();
    if cause.classify() != Category::Data {
        return broken(cause);
    }
    let message = without_position(cause);
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

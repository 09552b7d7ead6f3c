//! The second look at a request that could not be decoded in one pass, or that fails a check: it
//! finds the words that the reference answers with, or that the request is fine after all.

use std::ops::RangeInclusive;

use ferroflow_model::{Error, Result, ascii_json};
use serde_json::{Map, Value as Json};

use crate::message::{Check, Field, Kind, Message, Wire, spelled_in_json, without_underscores};

/// What every complaint about a parameter ends with.
const SEE_DOCS: &str = " See the API docs for more information about request parameters.";

/// Decodes a body whose first reading failed. Broken JSON, null and nothing at all count as an
/// empty object, a mark of the byte order as nothing, and a text that holds JSON counts as that, for old clients.
pub(crate) fn from_body<M: Message>(body: &[u8]) -> Result<M> {
    let body = body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(body);
    let parsed = serde_json::from_slice(body)
        .or_else(|_| serde_json::from_slice(&quote_python_constants(body)));
    let object = match parsed.unwrap_or(Json::Null) {
        Json::String(text) => serde_json::from_str(&text).map_err(|_| {
            Error::invalid("The request body is a JSON string that does not hold JSON.")
        })?,
        other => other,
    };
    match object {
        Json::Object(object) => from_object(object),
        Json::Null => from_object(Map::new()),
        _ => Err(Error::invalid("The request body must be a JSON object.")),
    }
}

/// Quotes the numbers that Python writes into JSON although JSON does not have them. The
/// reference takes them without a word, and stores 0 in their place.
fn quote_python_constants(body: &[u8]) -> Vec<u8> {
    const CONSTANTS: [&[u8]; 3] = [b"NaN", b"-Infinity", b"Infinity"];
    let mut quoted = Vec::with_capacity(body.len() + 64);
    let mut is_in_text = false;
    let mut rest = body;
    while let Some((&byte, after)) = rest.split_first() {
        let is_constant = |constant: &&&[u8]| !is_in_text && rest.starts_with(constant);
        if let Some(constant) = CONSTANTS.iter().find(is_constant) {
            quoted.extend([b"\"", *constant, b"\""].concat());
            rest = &rest[constant.len()..];
            continue;
        }
        quoted.push(byte);
        rest = after;
        match (byte, after.split_first()) {
            (b'"', _) => is_in_text = !is_in_text,
            (b'\\', Some((&escaped, after))) => {
                quoted.push(escaped);
                rest = after;
            }
            _ => {}
        }
    }
    quoted
}

/// Decodes a query string whose first reading failed.
pub(crate) fn from_query<M: Message>(query: &str) -> Result<M> {
    let mut object = Map::new();
    for (name, text) in form_urlencoded::parse(query.as_bytes()) {
        if let Some(field) = M::FIELDS.iter().find(|field| field.name == name) {
            insert_argument(&mut object, field, &text)?;
        }
    }
    from_object(object)
}

fn insert_argument(object: &mut Map<String, Json>, field: &Field, text: &str) -> Result<()> {
    let name = field.name.to_owned();
    if field.is_repeated {
        let list = object
            .entry(name)
            .or_insert_with(|| Json::Array(Vec::new()));
        if let Json::Array(items) = list {
            items.push(Json::from(text));
        }
    } else if !object.contains_key(field.name) {
        let value = match field.kind {
            Kind::Boolean => Json::Bool(boolean_argument(text)?),
            _ => Json::from(text),
        };
        object.insert(name, value);
    }
    Ok(())
}

fn boolean_argument(text: &str) -> Result<bool> {
    if text.eq_ignore_ascii_case("true") {
        Ok(true)
    } else if text.eq_ignore_ascii_case("false") {
        Ok(false)
    } else {
        Err(Error::invalid(format!(
            "Invalid boolean value: {text}, must be 'true' or 'false'."
        )))
    }
}

fn from_object<M: Message>(object: Map<String, Json>) -> Result<M> {
    refuse_two_spellings(&object, M::FIELDS)?;
    let object = Json::Object(object);
    let decoded = serde_path_to_error::deserialize::<_, Wire<M>>(&object);
    for field in M::FIELDS {
        check_field(field, &object, decoded.is_ok())?;
    }
    match decoded {
        Ok(Wire(message)) => Ok(message.unwrap_or_default()),
        Err(error) => Err(unreadable(&object, &error)),
    }
}

/// An ambiguous request is refused: what checks one spelling could act on the other.
fn refuse_two_spellings(object: &Map<String, Json>, fields: &[Field]) -> Result<()> {
    for field in fields {
        let in_json = spelled_in_json(field.name);
        let value = object.get(field.name);
        let other = object.get(&in_json).filter(|_| in_json != field.name);
        if value.is_some() && other.is_some() {
            return Err(Error::invalid(format!(
                "Request specifies both '{}' and '{in_json}'; provide only one of them.",
                field.name
            )));
        }
        if let Kind::Message(inner) = field.kind {
            refuse_two_spellings_within(value.or(other), inner)?;
        }
    }
    Ok(())
}

fn refuse_two_spellings_within(value: Option<&Json>, fields: &[Field]) -> Result<()> {
    match value {
        Some(Json::Object(object)) => refuse_two_spellings(object, fields),
        Some(Json::Array(items)) => items
            .iter()
            .filter_map(Json::as_object)
            .try_for_each(|object| refuse_two_spellings(object, fields)),
        _ => Ok(()),
    }
}

fn check_field(field: &Field, object: &Json, is_decoded: bool) -> Result<()> {
    let mut value = object.get(field.name);
    if !field.is_required() && value.is_none() {
        return Ok(());
    }
    if field.checks.contains(&Check::RunId) && value.is_none_or(Json::is_null) {
        value = object.get("run_uuid");
    }
    let value = value.unwrap_or(&Json::Null);
    for check in field.checks {
        check_value(*check, field.name, value, is_decoded)?;
    }
    Ok(())
}

/// Types are only looked at when decoding failed, as decoding is the more lenient of the two.
fn check_value(check: Check, name: &str, value: &Json, is_decoded: bool) -> Result<()> {
    let is_fine = match check {
        Check::Required | Check::RunId => {
            if value.is_null() || value == "" {
                return Err(missing(name));
            }
            true
        }
        Check::ItemsHave(names) => return check_items(name, names, value),
        Check::Within(first, last) => return check_range(name, first..=last, value),
        Check::AtMostItems(limit, request) => return check_count(name, limit, request, value),
        Check::AtMost(limit) => python_int(value).is_none_or(|number| number <= limit),
        _ if is_decoded => true,
        Check::Text => value.is_string(),
        Check::Integer => python_int(value).is_some(),
        Check::Double => python_float(value),
        Check::Boolean => value.is_boolean(),
        Check::List => value.is_array(),
        Check::Object => value.is_object(),
        Check::ListOfTexts => value
            .as_array()
            .is_none_or(|items| items.iter().all(Json::is_string)),
    };
    if is_fine {
        return Ok(());
    }
    let hint = format!(" Hint: Value was of type '{}'.", python_type(value));
    Err(Error::invalid(format!(
        "Invalid value {} for parameter '{name}' supplied: {hint}{SEE_DOCS}",
        python_json(value)
    )))
}

fn check_items(name: &str, fields: &[&str], value: &Json) -> Result<()> {
    let items = value.as_array().map(Vec::as_slice).unwrap_or_default();
    for (index, item) in items.iter().enumerate() {
        for field in fields {
            let value = item.get(field).unwrap_or(&Json::Null);
            if value.is_null() || value == "" {
                return Err(missing(&format!("{name}[{index}].{field}")));
            }
        }
    }
    Ok(())
}

fn check_range(name: &str, range: RangeInclusive<i64>, value: &Json) -> Result<()> {
    if python_int(value).is_none_or(|number| range.contains(&number)) {
        return Ok(());
    }
    let (first, last) = (range.start(), range.end());
    Err(Error::invalid(format!(
        "{name} must be between {first} and {last}.{SEE_DOCS}"
    )))
}

fn check_count(name: &str, limit: usize, request: &str, value: &Json) -> Result<()> {
    let count = value.as_array().map_or(0, Vec::len);
    if count <= limit {
        return Ok(());
    }
    Err(Error::invalid(format!(
        "{request} request must specify at most {limit} {name}. Received {count} {name}.{SEE_DOCS}"
    )))
}

fn missing(path: &str) -> Error {
    let message = format!("Missing value for required parameter '{path}'.{SEE_DOCS}");
    Error::new(ferroflow_model::ErrorKind::MissingParameter, message)
}

/// A value somewhere inside is of a wrong type. The reference drops such a value and all that
/// comes after it, and answers that all is well; losing data silently helps nobody, so here the
/// request is refused.
fn unreadable(object: &Json, error: &serde_path_to_error::Error<serde_json::Error>) -> Error {
    let path = error.path().to_string();
    let pointer = path.replace(['.', '['], "/").replace(']', "");
    let value = object
        .pointer(&format!("/{pointer}"))
        .unwrap_or(&Json::Null);
    Error::invalid(format!(
        "Invalid value {} for parameter '{path}' supplied:  Hint: {}.{SEE_DOCS}",
        python_json(value),
        error.inner()
    ))
}

/// What Python's `int` makes of a value.
fn python_int(value: &Json) -> Option<i64> {
    match value {
        Json::Bool(truth) => Some(i64::from(*truth)),
        Json::Number(number) => number.as_i64().or_else(|| {
            let number = number.as_f64()?;
            #[expect(clippy::cast_possible_truncation, reason = "only compared with limits")]
            Some(number as i64)
        }),
        Json::String(text) => python_int_of_text(text),
        _ => None,
    }
}

/// What Python's `int` makes of a text, bounded by what has 64 bits.
pub(crate) fn python_int_of_text(text: &str) -> Option<i64> {
    let text = text.trim();
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    let mut groups = digits.split('_');
    let is_number = |group: &str| !group.is_empty() && group.bytes().all(|b| b.is_ascii_digit());
    if !groups.all(is_number) {
        return None;
    }
    let bound = if text.starts_with('-') {
        i64::MIN
    } else {
        i64::MAX
    };
    Some(text.replace('_', "").parse().unwrap_or(bound))
}

/// Whether Python's `float` takes a value.
fn python_float(value: &Json) -> bool {
    match value {
        Json::Bool(_) | Json::Number(_) => true,
        Json::String(text) => without_underscores(text.trim()).parse::<f64>().is_ok(),
        _ => false,
    }
}

fn python_type(value: &Json) -> &'static str {
    match value {
        Json::Null => "NoneType",
        Json::Bool(_) => "bool",
        Json::Number(number) if number.is_f64() => "float",
        Json::Number(_) => "int",
        Json::String(_) => "str",
        Json::Array(_) => "list",
        Json::Object(_) => "dict",
    }
}

/// JSON as Python writes it: sorted, compact, in ASCII.
fn python_json(value: &Json) -> String {
    ascii_json(&value.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn constants_of_python_are_quoted_outside_of_texts() {
        for (body, expected) in [
            (
                r#"{"a":NaN,"b":[-Infinity,Infinity]}"#,
                r#"{"a":"NaN","b":["-Infinity","Infinity"]}"#,
            ),
            (r#"{"a":"NaN \" Infinity"}"#, r#"{"a":"NaN \" Infinity"}"#),
            (r#"{"a\\":NaN"#, r#"{"a\\":"NaN""#),
            (r"\", r"\"),
        ] {
            let quoted = quote_python_constants(body.as_bytes());
            assert_eq!(String::from_utf8_lossy(&quoted), expected);
        }
    }
}

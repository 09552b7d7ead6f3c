//! Values in error messages, spelled as MLflow spells them: as Python would write them in code.

use std::fmt::Write as _;

use serde_json::Value as Json;

/// A text between quotes, with what cannot be printed escaped.
pub(crate) fn text(text: &str) -> String {
    let quote = quote_for(text.contains('\''), text.contains('"'));
    let mut written = String::with_capacity(text.len() + 2);
    written.push(quote);
    for c in text.chars() {
        match c {
            '\\' => written.push_str("\\\\"),
            '\n' => written.push_str("\\n"),
            '\r' => written.push_str("\\r"),
            '\t' => written.push_str("\\t"),
            c if c == quote => written.extend(['\\', c]),
            c if c.is_control() => write_escaped(&mut written, u32::from(c)),
            c => written.push(c),
        }
    }
    written.push(quote);
    written
}

/// Bytes, of which those that are no printable ASCII are escaped.
pub(crate) fn bytes(bytes: &[u8]) -> String {
    let quote = quote_for(bytes.contains(&b'\''), bytes.contains(&b'"'));
    let mut written = format!("b{quote}");
    for &byte in bytes {
        match char::from(byte) {
            '\\' => written.push_str("\\\\"),
            '\n' => written.push_str("\\n"),
            '\r' => written.push_str("\\r"),
            '\t' => written.push_str("\\t"),
            c if c == quote => written.extend(['\\', c]),
            c if c == ' ' || c.is_ascii_graphic() => written.push(c),
            _ => write_escaped(&mut written, u32::from(byte)),
        }
    }
    written.push(quote);
    written
}

/// A JSON value as the value that Python reads from it.
pub(crate) fn json(value: &Json) -> String {
    let list = |items: Vec<String>| items.join(", ");
    match value {
        Json::Null => "None".to_owned(),
        Json::Bool(true) => "True".to_owned(),
        Json::Bool(false) => "False".to_owned(),
        Json::Number(number) => number.to_string(),
        Json::String(value) => text(value),
        Json::Array(items) => format!("[{}]", list(items.iter().map(json).collect())),
        Json::Object(object) => {
            let entry = |(key, value): (&String, &Json)| format!("{}: {}", text(key), json(value));
            format!("{{{}}}", list(object.iter().map(entry).collect()))
        }
    }
}

fn quote_for(has_single: bool, has_double: bool) -> char {
    if has_single && !has_double { '"' } else { '\'' }
}

fn write_escaped(written: &mut String, code: u32) {
    // Writing to a string cannot fail.
    let _ = write!(written, "\\x{code:02x}");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_quoted_as_in_python() {
        for (value, expected) in [
            ("a", "'a'"),
            ("it's", r#""it's""#),
            (r#"a "b""#, r#"'a "b"'"#),
            (r#"it's "b""#, r#"'it\'s "b"'"#),
            ("é\n\\\u{7}", r"'é\n\\\x07'"),
        ] {
            assert_eq!(text(value), expected);
        }
    }

    #[test]
    fn bytes_are_escaped() {
        assert_eq!(bytes(b"a 'b'\xff\n"), r#"b"a 'b'\xff\n""#);
        assert_eq!(bytes(b""), "b''");
    }

    #[test]
    fn json_is_a_python_value() {
        let value = serde_json::json!({"a": [null, true, 1.5], "b": {"c": "it's"}});
        assert_eq!(
            json(&value),
            r#"{'a': [None, True, 1.5], 'b': {'c': "it's"}}"#
        );
    }
}

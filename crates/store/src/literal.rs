//! Values in error messages, spelled as MLflow spells them: as Python would write them in code.

use std::fmt::Write as _;

use ferroflow_model::python_text;
use serde_json::Value as Json;

/// Bytes, of which those that are no printable ASCII are escaped.
pub(crate) fn bytes(bytes: &[u8]) -> String {
    let is_double = bytes.contains(&b'\'') && !bytes.contains(&b'"');
    let quote = if is_double { '"' } else { '\'' };
    let mut written = format!("b{quote}");
    for &byte in bytes {
        match char::from(byte) {
            '\\' => written.push_str("\\\\"),
            '\n' => written.push_str("\\n"),
            '\r' => written.push_str("\\r"),
            '\t' => written.push_str("\\t"),
            c if c == quote => written.extend(['\\', c]),
            c if c == ' ' || c.is_ascii_graphic() => written.push(c),
            // Writing to a string cannot fail.
            _ => drop(write!(written, "\\x{byte:02x}")),
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
        Json::String(value) => python_text(value),
        Json::Array(items) => format!("[{}]", list(items.iter().map(json).collect())),
        Json::Object(object) => {
            let entry =
                |(key, value): (&String, &Json)| format!("{}: {}", python_text(key), json(value));
            format!("{{{}}}", list(object.iter().map(entry).collect()))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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

//! JSON and texts as Python writes them, which is how MLflow repeats what it refuses and keeps what
//! it notes.

use std::fmt::Write as _;

/// A text as a JSON string.
#[must_use]
pub fn json_text(text: &str) -> String {
    let mut quoted = String::with_capacity(text.len() + 2);
    quoted.push('"');
    for c in text.chars() {
        match c {
            '"' => quoted.push_str("\\\""),
            '\\' => quoted.push_str("\\\\"),
            '\n' => quoted.push_str("\\n"),
            '\r' => quoted.push_str("\\r"),
            '\t' => quoted.push_str("\\t"),
            c if c.is_ascii_control() => write_units(&mut quoted, c),
            c => quoted.push(c),
        }
    }
    quoted.push('"');
    ascii_json(&quoted)
}

/// JSON with everything beyond ASCII escaped.
#[must_use]
pub fn ascii_json(json: &str) -> String {
    let mut written = String::with_capacity(json.len());
    for c in json.chars() {
        if c.is_ascii() {
            written.push(c);
        } else {
            write_units(&mut written, c);
        }
    }
    written
}

/// Compact JSON with a space after each comma and colon, as Python writes it.
#[must_use]
pub fn spaced_json(json: &str) -> String {
    let mut written = String::with_capacity(json.len() + json.len() / 8);
    let mut is_in_text = false;
    let mut is_escaped = false;
    for c in json.chars() {
        written.push(c);
        match c {
            '"' if !is_escaped => is_in_text = !is_in_text,
            ',' | ':' if !is_in_text => written.push(' '),
            _ => {}
        }
        is_escaped = c == '\\' && !is_escaped;
    }
    written
}

/// A text between quotes, with what cannot be printed escaped.
#[must_use]
pub fn python_text(text: &str) -> String {
    let is_double = text.contains('\'') && !text.contains('"');
    let quote = if is_double { '"' } else { '\'' };
    let mut written = String::with_capacity(text.len() + 2);
    written.push(quote);
    for c in text.chars() {
        match c {
            '\\' => written.push_str("\\\\"),
            '\n' => written.push_str("\\n"),
            '\r' => written.push_str("\\r"),
            '\t' => written.push_str("\\t"),
            c if c == quote => written.extend(['\\', c]),
            c if c.is_control() => drop(write!(written, "\\x{:02x}", u32::from(c))),
            c => written.push(c),
        }
    }
    written.push(quote);
    written
}

/// JSON escapes characters as the one or two units that UTF-16 has for them.
fn write_units(written: &mut String, c: char) {
    for unit in c.encode_utf16(&mut [0; 2]) {
        // Writing to a string cannot fail.
        let _ = write!(written, "\\u{unit:04x}");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_is_spaced_outside_of_texts() {
        let json = r#"{"a,b":[1,2],"c\":":{"d":"\\","e":5}}"#;
        let spaced = r#"{"a,b": [1, 2], "c\":": {"d": "\\", "e": 5}}"#;
        assert_eq!(spaced_json(json), spaced);
    }

    #[test]
    fn texts_are_quoted_as_in_python() {
        for (value, expected) in [
            ("a", "'a'"),
            ("it's", r#""it's""#),
            (r#"a "b""#, r#"'a "b"'"#),
            (r#"it's "b""#, r#"'it\'s "b"'"#),
            ("é\n\\\u{7}", r"'é\n\\\x07'"),
        ] {
            assert_eq!(python_text(value), expected);
        }
    }

    #[test]
    fn texts_become_json_in_ascii() {
        for (text, json) in [
            ("a'b", r#""a'b""#),
            ("a\"\\\n\u{1}", r#""a\"\\\n\u0001""#),
            ("é☃🦀", r#""\u00e9\u2603\ud83e\udd80""#),
        ] {
            assert_eq!(json_text(text), json);
        }
    }
}

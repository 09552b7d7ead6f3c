//! The rule for the keys of metrics, params and tags.

use std::fmt;

use crate::json_text::{json_text, python_text};
use crate::limits::ENTITY_KEY_CHARACTERS;
use crate::{Error, Result};

/// Checks the key of a metric, param or tag of a run or logged model by MLflow's rule: at most
/// 250 characters; letters, digits, `_`, `/`, `-`, `.`, `:` and spaces; and, read as a path, its
/// own normal form, because stores once used keys as file names.
///
/// `parameter` names the place in the request, for example `metrics[3].name`.
pub fn check_entity_key(parameter: impl fmt::Display, key: &str) -> Result<()> {
    if key.chars().any(|c| !is_allowed(c)) {
        return Err(Error::invalid(format!(
            "Invalid value {} for parameter '{parameter}' supplied: Names may only contain alphanumerics, underscores (_), dashes (-), periods (.), spaces ( ), colon(:) and slashes (/).",
            json_text(key)
        )));
    }
    if !is_normal_path(key) {
        return Err(Error::invalid(format!(
            "Invalid value {} for parameter '{parameter}' supplied: Names may be treated as files in certain cases, and must not resolve to other names when treated as such. This name would resolve to {}",
            json_text(key),
            python_text(&normal_path(key))
        )));
    }
    let length = key.chars().count();
    if length > ENTITY_KEY_CHARACTERS {
        return Err(Error::invalid(format!(
            "'{parameter}' exceeds the maximum length of {ENTITY_KEY_CHARACTERS} characters, got {length}."
        )));
    }
    Ok(())
}

fn is_allowed(c: char) -> bool {
    c.is_alphanumeric() || matches!(c, '_' | '/' | '-' | '.' | ' ' | ':')
}

fn is_normal_path(key: &str) -> bool {
    !key.starts_with('/')
        && key != "."
        && key.split('/').all(|part| !matches!(part, "" | "." | ".."))
}

/// What POSIX path normalisation makes of the key, for the error message.
fn normal_path(key: &str) -> String {
    let mut parts: Vec<&str> = Vec::new();
    for part in key.split('/') {
        match part {
            "" | "." => {}
            ".." if parts.last().is_some_and(|last| *last != "..") => {
                parts.pop();
            }
            part => parts.push(part),
        }
    }
    let joined = parts.join("/");
    match (key.starts_with('/'), joined.is_empty()) {
        (true, _) => format!("/{joined}"),
        (false, true) => ".".to_owned(),
        (false, false) => joined,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_normal_paths_of_allowed_characters() {
        for key in ["loss", "val/loss", "a b.c:d-e_f", "größe", "0"] {
            assert!(check_entity_key("key", key).is_ok(), "{key}");
        }
        for key in [
            "", ".", "..", "a//b", "/a", "a/", "a/../b", "./a", "a?b", "a\\b", "a\u{0}",
        ] {
            assert!(check_entity_key("key", key).is_err(), "{key}");
        }
        assert!(check_entity_key("key", &"k".repeat(250)).is_ok());
        assert!(check_entity_key("key", &"k".repeat(251)).is_err());
    }
}

//! MLflow's checks of keys, values and sizes, in its order and with its words.

use std::fmt;

use ferroflow_model::limits::{
    ENTITY_KEY_CHARACTERS, EXPERIMENT_TAG_VALUE_CHARACTERS, PARAM_VALUE_CHARACTERS,
    REGISTRY_TAG_VALUE_CHARACTERS, RUN_TAG_VALUE_CHARACTERS,
};
use ferroflow_model::{Error, Param, Result, RunId, Tag, check_entity_key, json_text};

/// The tag that holds a prompt's template.
const PROMPT_TEXT_TAG: &str = "mlflow.prompt.text";

/// Where in a request an item stands.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Place {
    /// At the top.
    Top,
    /// In a list, at this index.
    In(&'static str, usize),
}

impl Place {
    /// The path of a field of the item, such as `metrics[3].name`.
    pub(crate) fn field(self, name: &'static str) -> Path {
        Path(self, name)
    }
}

/// The path of a field, which is only written out for an error.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Path(Place, &'static str);

impl fmt::Display for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self(Place::Top, name) => f.write_str(name),
            Self(Place::In(list, index), name) => write!(f, "{list}[{index}].{name}"),
        }
    }
}

/// The error for a value that is not allowed.
pub(crate) fn invalid_value(path: Path, value: impl fmt::Display, reason: &str) -> Error {
    Error::invalid(format!(
        "Invalid value {value} for parameter '{path}' supplied: {reason}"
    ))
}

/// Checks that a text has at most so many characters.
pub(crate) fn check_length(what: impl fmt::Display, limit: usize, text: &str) -> Result<()> {
    if is_longer(text, limit) {
        return Err(Error::invalid(format!(
            "'{what}' exceeds the maximum length of {limit} characters"
        )));
    }
    Ok(())
}

fn is_longer(text: &str, limit: usize) -> bool {
    // A character has at least one byte, so short texts need no counting.
    text.len() > limit && text.chars().count() > limit
}

/// Cuts a text after so many characters, or refuses it where cutting is switched off.
fn fit(what: impl fmt::Display, limit: usize, mut text: String, may_cut: bool) -> Result<String> {
    if !may_cut {
        check_length(what, limit, &text)?;
    } else if text.len() > limit
        && let Some((end, _)) = text.char_indices().nth(limit)
    {
        text.truncate(end);
    }
    Ok(text)
}

/// Checks the key of a metric, param or tag: its length, which errors call that of `what`, its
/// characters, and that it is its own normal path.
pub(crate) fn check_key(path: Path, what: impl fmt::Display, key: &str) -> Result<()> {
    check_length(what, ENTITY_KEY_CHARACTERS, key)?;
    check_entity_key(path, key)
}

/// Checks the key of a tag on anything.
pub(crate) fn check_tag_key(place: Place, key: &str) -> Result<()> {
    let path = place.field("key");
    check_key(path, path, key)
}

/// Checks a param, and cuts its value.
pub(crate) fn param(place: Place, param: Param, may_cut: bool) -> Result<Param> {
    check_key(place.field("key"), "Param key", &param.key)?;
    let value = fit("Param value", PARAM_VALUE_CHARACTERS, param.value, may_cut)?;
    Ok(Param { value, ..param })
}

/// Checks a tag of a run, and cuts its value.
pub(crate) fn run_tag(place: Place, tag: Tag, may_cut: bool) -> Result<Tag> {
    check_tag_key(place, &tag.key)?;
    let what = place.field("value");
    let value = fit(what, RUN_TAG_VALUE_CHARACTERS, tag.value, may_cut)?;
    Ok(Tag { value, ..tag })
}

/// Checks a tag of an experiment.
pub(crate) fn experiment_tag(tag: Tag) -> Result<Tag> {
    check_tag_key(Place::Top, &tag.key)?;
    check_length("value", EXPERIMENT_TAG_VALUE_CHARACTERS, &tag.value)?;
    Ok(tag)
}

/// Checks a tag of a registered model.
pub(crate) fn registered_model_tag(tag: Tag) -> Result<Tag> {
    check_tag_key(Place::Top, &tag.key)?;
    check_length("value", REGISTRY_TAG_VALUE_CHARACTERS, &tag.value)?;
    Ok(tag)
}

/// Checks a tag of a version.
pub(crate) fn version_tag(tag: Tag) -> Result<Tag> {
    check_tag_key(Place::Top, &tag.key)?;
    let limit = REGISTRY_TAG_VALUE_CHARACTERS;
    if tag.key == PROMPT_TEXT_TAG && is_longer(&tag.value, limit) {
        return Err(Error::invalid(format!(
            "Prompt text exceeds max length of {limit} characters."
        )));
    }
    check_length("value", limit, &tag.value)?;
    Ok(tag)
}

/// Checks a run id where the reference looks at its form: a letter or digit, then up to 255
/// letters, digits, underscores and dashes.
pub(crate) fn run_id_of_form(text: String) -> Result<RunId> {
    let mut chars = text.chars();
    let is_first_fine = chars.next().is_some_and(|c| c.is_ascii_alphanumeric());
    let is_word = |c: char| c.is_alphanumeric() || c == '_' || c == '-';
    if is_first_fine && chars.clone().all(is_word) && chars.count() <= 255 {
        return Ok(RunId::new(text));
    }
    Err(Error::invalid(format!(
        "Invalid value {} for parameter 'run_id' supplied.",
        json_text(&text)
    )))
}

/// Checks how many results a client asks for at a time.
pub(crate) fn max_results(count: i64, limit: usize) -> Result<usize> {
    match usize::try_from(count) {
        Ok(count) if (1..=limit).contains(&count) => Ok(count),
        Ok(count) if count > limit => Err(Error::invalid(format!(
            "Invalid value {count} for parameter 'max_results' supplied. It must be at most {limit}"
        ))),
        _ => Err(Error::invalid(format!(
            "Invalid value {count} for parameter 'max_results' supplied. It must be a positive integer"
        ))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message<T: fmt::Debug>(result: Result<T>) -> String {
        result.map_err(|error| error.to_string()).unwrap_err()
    }

    #[test]
    fn long_values_are_cut_at_a_character() {
        let long = Param {
            key: "k".to_owned(),
            value: "ü".repeat(6001),
        };
        let cut = param(Place::Top, long.clone(), true).unwrap();
        assert_eq!(cut.value, "ü".repeat(6000));
        assert_eq!(
            message(param(Place::Top, long, false)),
            "'Param value' exceeds the maximum length of 6000 characters"
        );
    }

    #[test]
    fn paths_name_the_item() {
        let tag = Tag {
            key: "a?".to_owned(),
            value: String::new(),
        };
        let text = message(run_tag(Place::In("tags", 3), tag, true));
        assert!(text.contains("'tags[3].key'"), "{text}");
        let long = Tag {
            key: "k".repeat(251),
            value: String::new(),
        };
        assert_eq!(
            message(run_tag(Place::In("tags", 3), long, true)),
            "'tags[3].key' exceeds the maximum length of 250 characters"
        );
    }

    #[test]
    fn values_at_the_limit_stay() {
        for (limit, check) in [
            (
                EXPERIMENT_TAG_VALUE_CHARACTERS,
                experiment_tag as fn(Tag) -> Result<Tag>,
            ),
            (REGISTRY_TAG_VALUE_CHARACTERS, registered_model_tag),
            (REGISTRY_TAG_VALUE_CHARACTERS, version_tag),
        ] {
            let tag = |count| Tag {
                key: "k".to_owned(),
                value: "ü".repeat(count),
            };
            assert!(check(tag(limit)).is_ok());
            assert!(check(tag(limit + 1)).is_err());
        }
    }

    #[test]
    fn run_ids_have_a_form() {
        for id in ["a", "0123456789abcdef", "a-b_c", &"a".repeat(256)] {
            assert!(run_id_of_form(id.to_owned()).is_ok(), "{id}");
        }
        for id in ["", "-a", "a b", "a/b", &"a".repeat(257)] {
            assert!(run_id_of_form(id.to_owned()).is_err(), "{id}");
        }
    }

    #[test]
    fn results_are_counted_from_one() {
        assert_eq!(max_results(1, 10).ok(), Some(1));
        assert_eq!(max_results(10, 10).ok(), Some(10));
        assert!(message(max_results(0, 10)).ends_with("It must be a positive integer"));
        assert!(message(max_results(-1, 10)).contains("Invalid value -1"));
        assert!(message(max_results(11, 10)).ends_with("It must be at most 10"));
    }
}

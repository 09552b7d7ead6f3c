//! What a `models:` URI names.

use ferroflow_model::registered_models::{Alias, ModelName};
use ferroflow_model::{Result, VersionNumber};

use super::places::not_contained;
use crate::registered_models::model_name;
use crate::uri::Uri;

/// What a `models:` URI names.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Reference {
    /// A logged model.
    LoggedModel(String),
    /// A version of a registered model.
    Version(ModelName, Which),
}

/// Which version of a registered model.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Which {
    Number(VersionNumber),
    Alias(String),
    /// The newest one, of a stage or of all.
    Latest(Option<String>),
}

impl Reference {
    /// Reads `models:/m-id`, `models:/name/3`, `models:/name/stage`, `models:/name/latest` and
    /// `models:/name@alias`.
    pub(super) fn parse(text: &str) -> Result<Self> {
        let uri = Uri::parse(text);
        let path = uri.path.strip_prefix('/').unwrap_or_default();
        let parts: Vec<&str> = path.trim_start_matches('/').split('/').collect();
        match parts[..] {
            [""] => Err(not_contained(text, "model_id")),
            [name, suffix] if !name.trim().is_empty() && !suffix.trim().is_empty() => {
                Ok(Self::Version(lookup_name(name)?, Which::of_suffix(suffix)?))
            }
            [part] => match part.rsplit_once('@') {
                Some((name, alias)) if !alias.trim().is_empty() => Ok(Self::Version(
                    lookup_name(name)?,
                    Which::Alias(alias.to_owned()),
                )),
                Some(_) => Err(not_contained(text, "model_id")),
                None => Ok(Self::LoggedModel(part.to_owned())),
            },
            _ => Err(not_contained(text, "model_id")),
        }
    }
}

impl Which {
    fn of_suffix(suffix: &str) -> Result<Self> {
        if suffix.bytes().all(|b| b.is_ascii_digit()) {
            VersionNumber::parse(suffix).map(Self::Number)
        } else if suffix.eq_ignore_ascii_case(Alias::LATEST) {
            Ok(Self::Latest(None))
        } else {
            Ok(Self::Latest(Some(suffix.to_owned())))
        }
    }
}

pub(super) fn lookup_name(name: &str) -> Result<ModelName> {
    model_name(Some(name.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_name_models_and_versions() {
        let name = |text: &str| ModelName::new(text);
        for (text, expected) in [
            ("models:/m-1", Reference::LoggedModel("m-1".to_owned())),
            (
                "models:/iris/3",
                Reference::Version(name("iris"), Which::Number(VersionNumber::new(3))),
            ),
            (
                "models:/iris/LATEST",
                Reference::Version(name("iris"), Which::Latest(None)),
            ),
            (
                "models:/iris/Staging",
                Reference::Version(name("iris"), Which::Latest(Some("Staging".to_owned()))),
            ),
            (
                "models:/a@b@champion",
                Reference::Version(name("a@b"), Which::Alias("champion".to_owned())),
            ),
        ] {
            assert_eq!(Reference::parse(text).ok(), Some(expected), "{text}");
        }
        for text in [
            "models:",
            "models:/",
            "models:/a/",
            "models:/a/b/c",
            "models:/a@",
        ] {
            assert!(Reference::parse(text).is_err(), "{text}");
        }
    }
}

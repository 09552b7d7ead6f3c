//! Messages about model versions.

use ferroflow_model::model_versions::ModelVersion;
use serde::Serialize;

use super::tags::{KeyValue, KeyValueView, views};
use crate::json::unless_empty;
use crate::message::Check::{AtMost, Boolean, Integer, List, ListOfTexts, Required, Text};
use crate::message::message;

message! {
    /// `model-versions/create`
    CreateModelVersion {
        name: Option<String> => [Text, Required],
        source: Option<String> => [Text, Required],
        run_id: Option<String> => [Text],
        tags: Vec<KeyValue> => [List],
        run_link: Option<String> => [Text],
        description: Option<String> => [Text],
        model_id: Option<String> => [Text],
    }

    /// `model-versions/get` and `model-versions/delete`
    ModelVersionById {
        name: Option<String> => [Text, Required],
        version: Option<String> => [Text, Required],
    }

    /// `model-versions/get-download-uri`
    GetDownloadUri {
        name: Option<String>,
        version: Option<String>,
    }

    /// `model-versions/update`
    UpdateModelVersion {
        name: Option<String> => [Text, Required],
        version: Option<String> => [Text, Required],
        description: Option<String> => [Text],
    }

    /// `model-versions/transition-stage`
    TransitionModelVersionStage {
        name: Option<String> => [Text, Required],
        version: Option<String> => [Text, Required],
        stage: Option<String> => [Text, Required],
        archive_existing_versions: Option<bool> => [Boolean],
    }

    /// `model-versions/search`
    SearchModelVersions {
        filter: Option<String> => [Text],
        max_results: Option<i64> => [Integer, AtMost(200_000)],
        order_by: Vec<String> => [List, ListOfTexts],
        page_token: Option<String> => [Text],
    }

    /// `model-versions/set-tag`
    SetModelVersionTag {
        name: Option<String> => [Text, Required],
        version: Option<String> => [Text, Required],
        key: Option<String> => [Text, Required],
        value: Option<String> => [Text],
    }

    /// `model-versions/delete-tag`
    DeleteModelVersionTag {
        name: Option<String> => [Text, Required],
        version: Option<String> => [Text, Required],
        key: Option<String> => [Text, Required],
    }
}

/// A version, as clients are answered. The logged model that it was made from is left out, as
/// the reference does.
#[derive(Debug, Serialize)]
pub(crate) struct ModelVersionView<'a> {
    name: &'a str,
    version: String,
    creation_timestamp: i64,
    last_updated_timestamp: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    user_id: Option<&'a str>,
    current_stage: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<&'a str>,
    source: &'a str,
    run_id: &'a str,
    status: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    status_message: Option<&'a str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    tags: Vec<KeyValueView<'a>>,
    run_link: &'a str,
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    aliases: &'a [String],
}

impl<'a> From<&'a ModelVersion> for ModelVersionView<'a> {
    fn from(version: &'a ModelVersion) -> Self {
        Self {
            name: version.name.as_str(),
            version: version.version.to_string(),
            creation_timestamp: version.created_ms,
            last_updated_timestamp: version.updated_ms,
            user_id: unless_empty(&version.user_id),
            current_stage: version.stage.as_str(),
            description: version.description.as_deref(),
            source: &version.source,
            run_id: version.run_id.as_ref().map_or("", |id| id.as_str()),
            status: version.status.as_str(),
            status_message: unless_empty(&version.status_message),
            tags: views(&version.tags),
            run_link: &version.run_link,
            aliases: &version.aliases,
        }
    }
}

impl ModelVersionView<'_> {
    /// Lists of a model's newest versions leave the aliases out.
    #[must_use]
    pub(crate) fn without_aliases(self) -> Self {
        Self {
            aliases: &[],
            ..self
        }
    }
}

/// Answers operations on one version.
#[derive(Debug, Serialize)]
pub(crate) struct OneModelVersion<'a> {
    pub(crate) model_version: ModelVersionView<'a>,
}

/// Answers operations on several versions.
#[derive(Debug, Serialize)]
pub(crate) struct ModelVersionPage<'a> {
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) model_versions: Vec<ModelVersionView<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) next_page_token: Option<&'a str>,
}

/// Answers `model-versions/get-download-uri`.
#[derive(Debug, Serialize)]
pub(crate) struct DownloadUri<'a> {
    pub(crate) artifact_uri: &'a str,
}

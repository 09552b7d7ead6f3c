//! Messages about registered models and their aliases.

use ferroflow_model::registered_models::{AliasTarget, RegisteredModel};
use serde::Serialize;

use super::model_versions::ModelVersionView;
use super::tags::{KeyValue, KeyValueView, views};
use crate::json::unless_empty;
use crate::message::Check::{AtMost, Integer, List, ListOfTexts, Required, Text};
use crate::message::message;

message! {
    /// `registered-models/create`
    CreateRegisteredModel {
        name: Option<String> => [Text, Required],
        tags: Vec<KeyValue> => [List],
        description: Option<String> => [Text],
        deployment_job_id: Option<String>,
    }

    /// `registered-models/get` and `registered-models/delete`
    RegisteredModelByName {
        name: Option<String> => [Text, Required],
    }

    /// `registered-models/update`
    UpdateRegisteredModel {
        name: Option<String> => [Text, Required],
        description: Option<String> => [Text],
        deployment_job_id: Option<String>,
    }

    /// `registered-models/rename`
    RenameRegisteredModel {
        name: Option<String> => [Text, Required],
        new_name: Option<String> => [Text, Required],
    }

    /// `registered-models/search`
    SearchRegisteredModels {
        filter: Option<String> => [Text],
        max_results: Option<i64> => [Integer, AtMost(1000)],
        order_by: Vec<String> => [List, ListOfTexts],
        page_token: Option<String> => [Text],
    }

    /// `registered-models/get-latest-versions`
    GetLatestVersions {
        name: Option<String> => [Text, Required],
        stages: Vec<String> => [List, ListOfTexts],
    }

    /// `registered-models/set-tag`
    SetRegisteredModelTag {
        name: Option<String> => [Text, Required],
        key: Option<String> => [Text, Required],
        value: Option<String> => [Text],
    }

    /// `registered-models/delete-tag`
    DeleteRegisteredModelTag {
        name: Option<String> => [Text, Required],
        key: Option<String> => [Text, Required],
    }

    /// `POST registered-models/alias`
    SetAlias {
        name: Option<String> => [Text, Required],
        alias: Option<String> => [Text, Required],
        version: Option<String> => [Text, Required],
    }

    /// `GET` and `DELETE registered-models/alias`
    AliasByName {
        name: Option<String> => [Text, Required],
        alias: Option<String> => [Text, Required],
    }
}

#[derive(Debug, Serialize)]
struct AliasView<'a> {
    alias: &'a str,
    version: String,
}

impl<'a> From<&'a AliasTarget> for AliasView<'a> {
    fn from(target: &'a AliasTarget) -> Self {
        Self {
            alias: &target.alias,
            version: target.version.to_string(),
        }
    }
}

/// A registered model, as clients are answered.
#[derive(Debug, Serialize)]
pub(crate) struct RegisteredModelView<'a> {
    name: &'a str,
    creation_timestamp: i64,
    last_updated_timestamp: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<&'a str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    latest_versions: Vec<ModelVersionView<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    tags: Vec<KeyValueView<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    aliases: Vec<AliasView<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    deployment_job_id: Option<&'a str>,
}

impl<'a> From<&'a RegisteredModel> for RegisteredModelView<'a> {
    fn from(model: &'a RegisteredModel) -> Self {
        let latest = model.latest_versions.iter();
        Self {
            name: model.name.as_str(),
            creation_timestamp: model.created_ms,
            last_updated_timestamp: model.updated_ms,
            description: unless_empty(&model.description),
            latest_versions: latest
                .map(|version| ModelVersionView::from(version).without_aliases())
                .collect(),
            tags: views(&model.tags),
            aliases: views(&model.aliases),
            deployment_job_id: model.deployment_job_id.as_deref(),
        }
    }
}

/// Answers operations on one registered model.
#[derive(Debug, Serialize)]
pub(crate) struct OneRegisteredModel<'a> {
    pub(crate) registered_model: RegisteredModelView<'a>,
}

/// Answers `registered-models/search`.
#[derive(Debug, Serialize)]
pub(crate) struct RegisteredModelPage<'a> {
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) registered_models: Vec<RegisteredModelView<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) next_page_token: Option<&'a str>,
}

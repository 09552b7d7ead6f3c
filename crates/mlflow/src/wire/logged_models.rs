//! Messages about logged models.

use ferroflow_model::logged_models::{LoggedModel, LoggedModelStatus};
use serde::Serialize;

use super::metrics::MetricView;
use super::tags::{KeyValue, KeyValueView, views};
use crate::message::Check::{Integer, List, ListOfTexts, Required, Text};
use crate::message::message;

message! {
    /// `POST logged-models`
    CreateLoggedModel {
        experiment_id: Option<String> => [Text, Required],
        name: Option<String> => [Text],
        model_type: Option<String> => [Text],
        source_run_id: Option<String> => [Text],
        params: Vec<KeyValue> => [List],
        tags: Vec<KeyValue> => [List],
    }

    /// `POST logged-models/{model_id}/params`
    LogLoggedModelParams {
        model_id: Option<String> => [Text, Required],
        params: Vec<KeyValue> => [List],
    }

    /// `GET logged-models/{model_id}`
    GetLoggedModel {
        allow_deleted: Option<String>,
    }

    /// `PATCH logged-models/{model_id}`
    FinalizeLoggedModel {
        model_id: Option<String> => [Text, Required],
        status: Option<LoggedModelStatus> => [Integer, Required],
    }

    /// `PATCH logged-models/{model_id}/tags`
    SetLoggedModelTags {
        tags: Vec<KeyValue> => [List],
        model_id: Option<String>,
    }

    /// A dataset that metrics were computed on.
    DatasetFilter {
        dataset_name: Option<String>,
        dataset_digest: Option<String>,
    }

    /// A key to sort by.
    OrderBy {
        field_name: Option<String>,
        ascending: Option<bool>,
        dataset_name: Option<String>,
        dataset_digest: Option<String>,
    }

    /// `POST logged-models/search`
    SearchLoggedModels {
        experiment_ids: Option<Vec<String>> => [List, ListOfTexts, Required],
        filter: Option<String> => [Text],
        datasets: Vec<DatasetFilter> => [List],
        max_results: Option<i64> => [Integer],
        order_by: Vec<OrderBy> => [List],
        page_token: Option<String> => [Text],
    }
}

#[derive(Debug, Serialize)]
struct LoggedModelInfoView<'a> {
    model_id: &'a str,
    experiment_id: String,
    name: &'a str,
    creation_timestamp_ms: i64,
    last_updated_timestamp_ms: i64,
    artifact_uri: &'a str,
    status: &'static str,
    model_type: &'a str,
    source_run_id: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    status_message: Option<&'a str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    tags: Vec<KeyValueView<'a>>,
}

#[derive(Debug, Serialize)]
struct LoggedModelDataView<'a> {
    #[serde(skip_serializing_if = "Vec::is_empty")]
    params: Vec<KeyValueView<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    metrics: Vec<MetricView<'a>>,
}

/// A logged model, as clients are answered.
#[derive(Debug, Serialize)]
pub(crate) struct LoggedModelView<'a> {
    info: LoggedModelInfoView<'a>,
    data: LoggedModelDataView<'a>,
}

impl<'a> From<&'a LoggedModel> for LoggedModelView<'a> {
    fn from(model: &'a LoggedModel) -> Self {
        let metrics = model.metrics.iter();
        Self {
            info: LoggedModelInfoView {
                model_id: model.model_id.as_str(),
                experiment_id: model.experiment_id.to_string(),
                name: &model.name,
                creation_timestamp_ms: model.created_ms,
                last_updated_timestamp_ms: model.updated_ms,
                artifact_uri: &model.artifact_uri,
                status: model.status.as_str(),
                model_type: model.model_type.as_deref().unwrap_or_default(),
                source_run_id: model.source_run_id.as_ref().map_or("", |id| id.as_str()),
                status_message: model.status_message.as_deref(),
                tags: views(&model.tags),
            },
            data: LoggedModelDataView {
                params: views(&model.params),
                metrics: metrics
                    .map(|point| MetricView::of_model(model, point))
                    .collect(),
            },
        }
    }
}

/// Answers operations on one logged model.
#[derive(Debug, Serialize)]
pub(crate) struct OneLoggedModel<'a> {
    pub(crate) model: LoggedModelView<'a>,
}

/// Answers `POST logged-models/search`.
#[derive(Debug, Serialize)]
pub(crate) struct LoggedModelPage<'a> {
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) models: Vec<LoggedModelView<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) next_page_token: Option<&'a str>,
}

//! Messages about metrics.

use ferroflow_model::logged_models::LoggedModel;
use ferroflow_model::metrics::{self, ModelMetric};
use serde::Serialize;

use crate::json::double;
use crate::message::Check::{
    AtMostItems, Double, Integer, List, ListOfTexts, Required, RunId, Text, Within,
};
use crate::message::message;

message! {
    /// A point, as clients send it within a batch.
    Metric {
        key: Option<String>,
        value: Option<f64>,
        timestamp: Option<i64>,
        step: Option<i64>,
        model_id: Option<String>,
        dataset_name: Option<String>,
        dataset_digest: Option<String>,
        run_id: Option<String>,
    }

    /// `runs/log-metric`
    LogMetric {
        run_id: Option<String> => [RunId, Text],
        key: Option<String> => [Required, Text],
        value: Option<f64> => [Required, Double],
        timestamp: Option<i64> => [Integer, Required],
        step: Option<i64> => [Integer],
        model_id: Option<String> => [Text],
        dataset_name: Option<String> => [Text],
        dataset_digest: Option<String> => [Text],
        run_uuid: Option<String>,
    }

    /// `metrics/get-history`
    GetMetricHistory {
        run_id: Option<String> => [Text, RunId],
        metric_key: Option<String> => [Text, Required],
        page_token: Option<String> => [Text],
        max_results: Option<i64>,
        run_uuid: Option<String>,
    }

    /// `metrics/get-history-bulk`, which is no message in MLflow, and has words of its own.
    GetMetricHistoryBulk {
        run_id: Vec<String>,
        metric_key: Option<String>,
        max_results: Option<String>,
    }

    /// `metrics/get-history-bulk-interval`
    GetMetricHistoryBulkInterval {
        run_ids: Option<Vec<String>> => [
            Required,
            List,
            ListOfTexts,
            AtMostItems(100, "GetMetricHistoryBulkInterval"),
        ],
        metric_key: Option<String> => [Required, Text],
        start_step: Option<i64> => [Integer],
        end_step: Option<i64> => [Integer],
        max_results: Option<i64> => [Integer, Within(1, LARGEST_SAMPLE)],
    }
}

/// How many points of one run a sample has at most.
pub(crate) const LARGEST_SAMPLE: i64 = 2500;

/// A point, as clients are answered.
#[derive(Debug, Serialize)]
pub(crate) struct MetricView<'a> {
    key: &'a str,
    #[serde(serialize_with = "double")]
    value: f64,
    timestamp: i64,
    step: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    dataset_name: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    dataset_digest: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    model_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    run_id: Option<&'a str>,
}

impl<'a> From<&'a metrics::Metric> for MetricView<'a> {
    fn from(metric: &'a metrics::Metric) -> Self {
        Self {
            key: &metric.key,
            value: metric.value,
            timestamp: metric.timestamp_ms,
            step: metric.step,
            dataset_name: None,
            dataset_digest: None,
            model_id: None,
            run_id: None,
        }
    }
}

impl<'a> MetricView<'a> {
    /// A point of a logged model.
    pub(crate) fn of_model(model: &'a LoggedModel, point: &'a ModelMetric) -> Self {
        let dataset = point.dataset.as_ref();
        Self {
            dataset_name: dataset.map(|dataset| dataset.name.as_str()),
            dataset_digest: dataset.map(|dataset| dataset.digest.as_str()),
            model_id: Some(model.model_id.as_str()),
            run_id: Some(point.run_id.as_str()),
            ..Self::from(&point.metric)
        }
    }
}

//! Operations on metrics.

use ferroflow_model::metrics::{self, MetricDataset, MetricHistory, NewMetric};
use ferroflow_model::runs::LogBatch;
use ferroflow_model::{Error, ModelId, Page, PageRequest, Resource, Result};

use crate::call::{Answer, Call};
use crate::json::Json;
use crate::routes::{GET, POST, Routes};
use crate::runs::run_id;
use crate::validate::{Place, check_key, invalid_value};
use crate::wire::metrics::{GetMetricHistory, LogMetric, Metric, MetricPage};
use crate::wire::tags::views;

/// The routes of metrics.
pub(crate) fn declare(routes: &mut Routes) {
    let mut group = routes.group(Resource::Runs);
    group.write(POST, "runs/log-metric", "logMetric", log);
    group.read(GET, "metrics/get-history", "getMetricHistory", history);
}

/// Parses one point.
pub(crate) fn new_metric(place: Place, wire: Metric) -> Result<NewMetric> {
    let key = wire.key.unwrap_or_default();
    check_key(place.field("name"), "Metric name", &key)?;
    let value = wire.value.unwrap_or_default();
    let timestamp_ms = wire.timestamp.unwrap_or_default();
    if timestamp_ms < 0 {
        return Err(invalid_value(
            place.field("timestamp"),
            timestamp_ms,
            &format!(
                "metric '{key}' (value={value:?}). Timestamp must be a nonnegative long (64-bit integer) "
            ),
        ));
    }
    Ok(NewMetric {
        metric: metrics::Metric {
            key,
            value,
            timestamp_ms,
            step: wire.step.unwrap_or_default(),
        },
        model_id: non_empty(wire.model_id).map(ModelId::new),
        dataset: dataset(wire.dataset_name, wire.dataset_digest),
    })
}

fn non_empty(text: Option<String>) -> Option<String> {
    text.filter(|text| !text.is_empty())
}

fn dataset(name: Option<String>, digest: Option<String>) -> Option<MetricDataset> {
    non_empty(name).map(|name| MetricDataset {
        name,
        digest: digest.unwrap_or_default(),
    })
}

/// `POST runs/log-metric`
pub(crate) async fn log(call: Call<LogMetric>) -> Answer {
    let wire = call.message;
    let run_id = run_id(wire.run_id, wire.run_uuid);
    let metric = Metric {
        key: wire.key,
        value: wire.value,
        timestamp: wire.timestamp,
        step: wire.step,
        model_id: wire.model_id,
        dataset_name: wire.dataset_name,
        dataset_digest: wire.dataset_digest,
        run_id: None,
    };
    let batch = LogBatch {
        run_id,
        metrics: vec![new_metric(Place::Top, metric)?],
        params: Vec::new(),
        tags: Vec::new(),
    };
    call.service.log_batch(&call.context, batch).await?;
    Ok(Json::empty())
}

/// `GET metrics/get-history`
pub(crate) async fn history(call: Call<GetMetricHistory>) -> Answer {
    let history = metric_history(call.message)?;
    let page = call.service.metric_history(&call.context, history).await?;
    let Page {
        items,
        next_page_token,
    } = page;
    Ok(Json::of(&MetricPage {
        metrics: views(&items),
        next_page_token: next_page_token.as_deref(),
    })?)
}

fn metric_history(wire: GetMetricHistory) -> Result<MetricHistory> {
    let page_token = non_empty(wire.page_token);
    let page = match wire.max_results {
        Some(count) => {
            let max_results = usize::try_from(count).ok().filter(|count| *count > 0);
            Some(PageRequest {
                max_results: max_results.ok_or_else(|| not_positive(count))?,
                page_token,
            })
        }
        None => page_token.map(|token| PageRequest {
            max_results: usize::MAX,
            page_token: Some(token),
        }),
    };
    Ok(MetricHistory {
        run_id: run_id(wire.run_id, wire.run_uuid),
        key: wire.metric_key.unwrap_or_default(),
        page,
    })
}

fn not_positive(count: i64) -> Error {
    Error::invalid(format!(
        "Invalid value {count} for parameter 'max_results' supplied. It must be a positive integer."
    ))
}

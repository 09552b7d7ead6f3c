//! Operations on metrics.

use std::ops::RangeInclusive;

use ferroflow_model::metrics::{
    self, BulkHistory, MetricDataset, MetricHistory, NewMetric, RunPoints, SampledHistory,
};
use ferroflow_model::runs::LogBatch;
use ferroflow_model::{Error, ModelId, Page, PageRequest, Permission, Resource, Result, RunId};

use crate::call::{Answer, Call};
use crate::explain::python_int_of_text;
use crate::json::Json;
use crate::routes::{GET, POST, Roots, Routes};
use crate::runs::run_id;
use crate::validate::{Place, check_key, invalid_value};
use crate::wire::metrics::{
    GetMetricHistory, GetMetricHistoryBulk, GetMetricHistoryBulkInterval, LARGEST_SAMPLE,
    LogMetric, Metric, MetricPage,
};
use crate::wire::points::{NotANumber, PointList};
use crate::wire::tags::views;

/// How many runs a request for histories in bulk may name.
const RUNS_OF_BULK: usize = 100;
/// How many points an answer to it has at most, all runs together.
const POINTS_OF_BULK: usize = 25_000;

/// The routes of metrics.
pub(crate) fn declare(routes: &mut Routes) {
    let mut group = routes.group(Resource::Runs);
    group.write(POST, "runs/log-metric", "logMetric", log);
    group.read(GET, "metrics/get-history", "getMetricHistory", history);
    let sampled = "metrics/get-history-bulk-interval";
    group.read(
        GET,
        sampled,
        "getMetricHistoryBulkInterval",
        sampled_history,
    );
    // Only pages have it.
    let at = (GET, Roots::Ajax, "/2.0/mlflow/metrics/get-history-bulk");
    let permission = Permission::read(Resource::Runs);
    routes.add(at, "getMetricHistoryBulk", permission, bulk_history);
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
        dataset: dataset(wire.dataset_name, wire.dataset_digest)?,
    })
}

fn non_empty(text: Option<String>) -> Option<String> {
    text.filter(|text| !text.is_empty())
}

fn dataset(name: Option<String>, digest: Option<String>) -> Result<Option<MetricDataset>> {
    match (non_empty(name), non_empty(digest)) {
        (Some(name), Some(digest)) => Ok(Some(MetricDataset { name, digest })),
        (None, None) => Ok(None),
        _ => Err(Error::invalid(
            "Both dataset_name and dataset_digest must be provided if one is provided",
        )),
    }
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

/// `GET metrics/get-history-bulk`
pub(crate) async fn bulk_history(call: Call<GetMetricHistoryBulk>) -> Answer {
    let asked = asked_in_bulk(call.message)?;
    let mut list = PointList::new(&asked.key, NotANumber::Literal)?;
    let found = call.service.bulk_history(&call.context, asked).await?;
    write_runs(&mut list, &found)?;
    Ok(Json::encoded(list.finish()))
}

fn asked_in_bulk(wire: GetMetricHistoryBulk) -> Result<BulkHistory> {
    let count = wire.run_id.len();
    if count == 0 {
        return Err(Error::invalid(
            "GetMetricHistoryBulk request must specify at least one run_id.",
        ));
    }
    if count > RUNS_OF_BULK {
        return Err(Error::invalid(format!(
            "GetMetricHistoryBulk request cannot specify more than {RUNS_OF_BULK} run_ids. Received {count} run_ids."
        )));
    }
    let key = wire
        .metric_key
        .ok_or_else(|| Error::invalid("GetMetricHistoryBulk request must specify a metric_key."))?;
    let wanted = wire.max_results.as_deref().map(bulk_size).transpose()?;
    Ok(BulkHistory {
        run_ids: wire.run_id.into_iter().map(RunId::new).collect(),
        key,
        max_results: wanted.map_or(POINTS_OF_BULK, |wanted| wanted.min(POINTS_OF_BULK)),
    })
}

fn bulk_size(text: &str) -> Result<usize> {
    let number = python_int_of_text(text).and_then(|number| usize::try_from(number).ok());
    number.ok_or_else(|| {
        Error::invalid(format!(
            "Invalid value '{text}' for parameter 'max_results' supplied. It must be an integer that is not negative."
        ))
    })
}

/// `GET metrics/get-history-bulk-interval`
pub(crate) async fn sampled_history(call: Call<GetMetricHistoryBulkInterval>) -> Answer {
    let asked = asked_sample(call.message)?;
    let mut list = PointList::new(&asked.key, NotANumber::Text)?;
    let found = call.service.sampled_history(&call.context, asked).await?;
    write_runs(&mut list, &found)?;
    if list.is_empty() {
        return Ok(Json::empty());
    }
    Ok(Json::encoded(list.finish()))
}

fn asked_sample(wire: GetMetricHistoryBulkInterval) -> Result<SampledHistory> {
    let run_ids = wire.run_ids.unwrap_or_default();
    let wanted = wire.max_results.unwrap_or(LARGEST_SAMPLE);
    Ok(SampledHistory {
        steps: steps(wire.start_step, wire.end_step)?,
        run_ids: run_ids.into_iter().map(RunId::new).collect(),
        key: wire.metric_key.unwrap_or_default(),
        max_results: usize::try_from(wanted).map_err(Error::internal)?,
    })
}

fn steps(start: Option<i64>, end: Option<i64>) -> Result<RangeInclusive<i64>> {
    match (start, end) {
        (None, None) => Ok(i64::MIN..=i64::MAX),
        (Some(start), Some(end)) if start <= end => Ok(start..=end),
        (Some(start), Some(end)) => Err(Error::invalid(format!(
            "end_step must be greater than start_step. Found start_step={start} and end_step={end}."
        ))),
        _ => Err(Error::invalid(
            "If either start step or end step are specified, both must be specified.",
        )),
    }
}

fn write_runs(list: &mut PointList, runs: &[RunPoints]) -> Result<()> {
    runs.iter()
        .try_for_each(|run| list.extend(&run.points, Some(&run.run_id)))
}

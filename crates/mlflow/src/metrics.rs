//! Operations on metrics.

use std::ops::RangeInclusive;
use std::sync::Arc;

use ferroflow_model::metrics::{
    self, BulkHistory, MetricDataset, MetricHistory, NewMetric, RunPoints, SampledHistory,
};
use ferroflow_model::runs::LogBatch;
use ferroflow_model::{Context, Error, ModelId, PageRequest, Permission, Resource, Result, RunId};
use ferroflow_service::Service;
use futures_util::stream;

use crate::call::{Answer, Call};
use crate::explain::python_int_of_text;
use crate::json::Json;
use crate::routes::{GET, POST, Roots, Routes};
use crate::runs::run_id;
use crate::validate::{Place, check_key, invalid_value};
use crate::wire::metrics::{
    GetMetricHistory, GetMetricHistoryBulk, GetMetricHistoryBulkInterval, LARGEST_SAMPLE,
    LogMetric, Metric,
};
use crate::wire::points::{NotANumber, PointList};

/// How many runs a request for histories in bulk may name.
const RUNS_OF_BULK: usize = 100;
/// How many points an answer to it has at most, all runs together.
const POINTS_OF_BULK: usize = 25_000;

/// A history that is sent as a whole is read so many points at once: what is in memory of it.
const POINTS_AT_ONCE: usize = 25_000;

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
    let mut reader = HistoryReader::new(call)?;
    reader.read().await?;
    if reader.list.is_empty() {
        return Ok(Json::empty());
    }
    if reader.is_at_the_end() {
        return Ok(Json::encoded(reader.finish()?));
    }
    let parts = stream::try_unfold(Some(reader), HistoryReader::next_part);
    Ok(Json::streamed(parts))
}

/// Reads a history piece by piece, so that no more than one piece is in memory.
struct HistoryReader {
    service: Arc<Service>,
    context: Context,
    run_id: RunId,
    key: String,
    /// How many points may still come.
    wanted: usize,
    /// Where the next piece begins; none at the beginning and at the end.
    page_token: Option<String>,
    list: PointList,
}

impl HistoryReader {
    fn new(call: Call<GetMetricHistory>) -> Result<Self> {
        let wire = call.message;
        let key = wire.metric_key.unwrap_or_default();
        Ok(Self {
            service: call.service,
            context: call.context,
            run_id: run_id(wire.run_id, wire.run_uuid),
            wanted: wire.max_results.map_or(Ok(usize::MAX), page_size)?,
            page_token: non_empty(wire.page_token),
            list: PointList::new(&key, NotANumber::Text)?,
            key,
        })
    }

    async fn read(&mut self) -> Result<()> {
        let asked = MetricHistory {
            run_id: self.run_id.clone(),
            key: self.key.clone(),
            page: Some(PageRequest {
                max_results: self.wanted.min(POINTS_AT_ONCE),
                page_token: self.page_token.take(),
            }),
        };
        let page = self.service.metric_history(&self.context, asked).await?;
        self.wanted = self.wanted.saturating_sub(page.items.len());
        self.page_token = page.next_page_token;
        self.list.extend(&page.items, None)
    }

    /// Whether all points that were asked for have been read.
    fn is_at_the_end(&self) -> bool {
        self.wanted == 0 || self.page_token.is_none()
    }

    fn finish(self) -> Result<Vec<u8>> {
        self.list.finish(self.page_token.as_deref())
    }

    /// The next part of the answer, and who reads on.
    async fn next_part(reader: Option<Self>) -> Result<Option<(Vec<u8>, Option<Self>)>> {
        let Some(mut reader) = reader else {
            return Ok(None);
        };
        if reader.is_at_the_end() {
            return Ok(Some((reader.finish()?, None)));
        }
        let part = reader.list.take();
        reader.read().await.inspect_err(|error| {
            tracing::error!(cause = ?error, "an answer was cut off");
        })?;
        Ok(Some((part, Some(reader))))
    }
}

fn page_size(count: i64) -> Result<usize> {
    let size = usize::try_from(count).ok().filter(|size| *size > 0);
    size.ok_or_else(|| not_positive(count))
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
    Ok(Json::encoded(list.finish(None)?))
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
    Ok(Json::encoded(list.finish(None)?))
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

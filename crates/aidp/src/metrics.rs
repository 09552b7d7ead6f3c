//! The history of metrics, and metrics on the wire.

use std::sync::Arc;

use ferroflow_model::metrics::{Metric, MetricHistory, Point};
use ferroflow_model::{Context, Error, PageRequest, Permission, Resource, Result};
use ferroflow_service::Service;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::answer::Listed;
use crate::fields::{Double, Integer, Required};
use crate::limits;
use crate::operation::{Operations, workspace};
use crate::page::page_token;
use crate::runs::run_id;

const LARGEST_PAGE: usize = 25_000;

/// Declares the operation on the history of metrics.
pub(crate) fn declare(operations: &mut Operations) {
    operations.get(
        workspace("mlflow/metrics/get-history"),
        "getExperimentRunMetricHistory",
        Permission::read(Resource::Runs),
        history,
    );
}

#[derive(Deserialize, Serialize, JsonSchema)]
struct History {
    run_id: Required<limits::Lookup>,
    metric_key: Required<limits::Lookup>,
    page_token: Option<limits::PageToken>,
    max_results: Option<Integer<1>>,
}

#[derive(Serialize, JsonSchema)]
struct Collection {
    metrics: Vec<MetricBody>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_page_token: Option<String>,
}

/// A point in an answer.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Metric")]
pub(crate) struct MetricBody {
    key: String,
    value: Double,
    timestamp: i64,
    step: i64,
}

impl From<Metric> for MetricBody {
    fn from(metric: Metric) -> Self {
        Self {
            key: metric.key,
            value: Double(metric.value),
            timestamp: metric.timestamp_ms,
            step: metric.step,
        }
    }
}

impl MetricBody {
    fn of_series(key: &str, point: Point) -> Self {
        Self {
            key: key.to_owned(),
            value: Double(point.value),
            timestamp: point.timestamp_ms,
            step: point.step,
        }
    }
}

/// Points as answers show them.
pub(crate) fn metric_bodies(metrics: Vec<Metric>) -> Vec<MetricBody> {
    metrics.into_iter().map(Into::into).collect()
}

impl TryFrom<History> for MetricHistory {
    type Error = Error;

    fn try_from(input: History) -> Result<Self> {
        Ok(Self {
            run_id: run_id(input.run_id)?,
            key: input.metric_key.text("metric_key")?,
            page: page(input.max_results, input.page_token),
        })
    }
}

/// Without a size, all points come in one answer. A larger page than the largest is cut to it,
/// because Oracle lets servers restrict this size.
fn page(size: Option<Integer<1>>, token: Option<limits::PageToken>) -> Option<PageRequest> {
    let page_token = page_token(token);
    if size.is_none() && page_token.is_none() {
        return None;
    }
    let wanted = size.and_then(|Integer(number)| usize::try_from(number).ok());
    Some(PageRequest {
        max_results: wanted.map_or(LARGEST_PAGE, |wanted| wanted.min(LARGEST_PAGE)),
        page_token,
    })
}

async fn history(
    service: Arc<Service>,
    context: Context,
    input: History,
) -> Result<Listed<Collection>> {
    let series = MetricHistory::try_from(input)?;
    let key = series.key.clone();
    let page = service.metric_history(&context, series).await?;
    let point = |point| MetricBody::of_series(&key, point);
    let body = |metrics, next_page_token| Collection {
        metrics,
        next_page_token,
    };
    Ok(Listed::new(page, point, body))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::query;

    fn page_of(query: &str) -> Result<Option<PageRequest>> {
        let history = query::decode::<History>(&format!("run_id=r&metric_key=k&{query}"))?;
        MetricHistory::try_from(history).map(|history| history.page)
    }

    #[test]
    fn without_a_size_everything_comes_at_once() {
        assert_eq!(page_of("").unwrap(), None);
        assert_eq!(page_of("page_token=").unwrap(), None);
    }

    #[test]
    fn a_page_has_a_largest_size() {
        let size = |query: &str| page_of(query).unwrap().map(|page| page.max_results);
        assert_eq!(size("max_results=1"), Some(1));
        assert_eq!(size("max_results=25000"), Some(25_000));
        assert_eq!(size("max_results=2000000"), Some(25_000));
        assert_eq!(size("page_token=t"), Some(25_000));
        assert!(page_of("max_results=0").is_err());
        assert!(page_of("max_results=-1").is_err());
    }
}

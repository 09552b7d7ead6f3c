//! The history of metrics, and metrics on the wire.

use std::sync::Arc;

use ferroflow_model::metrics::{Metric, MetricHistory};
use ferroflow_model::{Context, Error, PageRequest, Permission, Resource, Result};
use ferroflow_service::Service;
use serde::{Deserialize, Serialize};

use crate::answer::Answer;
use crate::fields::{Double, Integer, Text, required_text};
use crate::limits;
use crate::operation::{Operations, workspace};
use crate::page::PageSize;
use crate::runs::run_id;

const PAGE_SIZE: PageSize = PageSize {
    default: 25_000,
    maximum: 25_000,
};

/// Declares the operation on the history of metrics.
pub(crate) fn declare(operations: &mut Operations) {
    operations.get(
        workspace("mlflow/metrics/get-history"),
        "getExperimentRunMetricHistory",
        Permission::read(Resource::Runs),
        history,
    );
}

#[derive(Deserialize, Serialize)]
struct History {
    run_id: Option<Text>,
    metric_key: Option<Text>,
    page_token: Option<Text>,
    max_results: Option<Integer>,
}

#[derive(Serialize)]
struct Collection {
    metrics: Vec<MetricBody>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_page_token: Option<String>,
}

/// A point in an answer.
#[derive(Serialize)]
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

/// Points as answers show them.
pub(crate) fn metric_bodies(metrics: Vec<Metric>) -> Vec<MetricBody> {
    metrics.into_iter().map(Into::into).collect()
}

impl TryFrom<History> for MetricHistory {
    type Error = Error;

    fn try_from(input: History) -> Result<Self> {
        Ok(Self {
            run_id: run_id(input.run_id)?,
            key: required_text("metric_key", input.metric_key, limits::LOOKUP)?,
            page: page(input.max_results, input.page_token)?,
        })
    }
}

/// Without a size, all points come in one answer. A larger page than the largest is cut to it,
/// because Oracle lets servers restrict this size.
fn page(max_results: Option<Integer>, page_token: Option<Text>) -> Result<Option<PageRequest>> {
    if max_results.is_none() && page_token.as_deref().is_none_or(str::is_empty) {
        return Ok(None);
    }
    let largest = i64::try_from(PAGE_SIZE.maximum).unwrap_or(i64::MAX);
    let wanted = max_results.map(|Integer(number)| Integer(number.min(largest)));
    PAGE_SIZE.parse(wanted, page_token).map(Some)
}

async fn history(
    service: Arc<Service>,
    context: Context,
    input: History,
) -> Result<Answer<Collection>> {
    let page = service.metric_history(&context, input.try_into()?).await?;
    let body = |metrics, next_page_token| Collection {
        metrics,
        next_page_token,
    };
    Ok(Answer::page(page, MetricBody::from, body))
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

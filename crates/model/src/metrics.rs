//! Metrics: numbers observed over steps and time.

use crate::{ModelId, PageRequest, RunId};

/// One observed point. NaN is allowed; infinities are stored as the largest finite numbers.
#[derive(Debug, Clone, PartialEq)]
pub struct Metric {
    /// Names the series.
    pub key: String,
    /// The value.
    pub value: f64,
    /// Milliseconds since the Unix epoch.
    pub timestamp_ms: i64,
    /// May be negative.
    pub step: i64,
}

/// The dataset that a metric was computed on.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct MetricDataset {
    /// The dataset's name.
    pub name: String,
    /// The dataset's digest.
    pub digest: String,
}

/// A point to log to a run, and, when it names one, to a logged model as well.
#[derive(Debug, Clone, PartialEq)]
pub struct NewMetric {
    /// The point.
    pub metric: Metric,
    /// The logged model that it evaluates.
    pub model_id: Option<ModelId>,
    /// The dataset that it was computed on.
    pub dataset: Option<MetricDataset>,
}

impl From<Metric> for NewMetric {
    fn from(metric: Metric) -> Self {
        Self {
            metric,
            model_id: None,
            dataset: None,
        }
    }
}

/// A point of a logged model, with the run that observed it.
#[derive(Debug, Clone, PartialEq)]
pub struct ModelMetric {
    /// The point.
    pub metric: Metric,
    /// The run that logged it.
    pub run_id: RunId,
    /// The dataset that it was computed on.
    pub dataset: Option<MetricDataset>,
}

/// Asks for the points of one series of one run, ordered by timestamp, step and value.
#[derive(Debug, Clone, PartialEq)]
pub struct MetricHistory {
    /// The run.
    pub run_id: RunId,
    /// The series.
    pub key: String,
    /// Absent: everything in one answer.
    pub page: Option<PageRequest>,
}

/// Replaces the infinities, which no store keeps, by the largest finite numbers, as MLflow does.
pub fn finite(value: f64) -> f64 {
    if value.is_infinite() {
        f64::MAX.copysign(value)
    } else {
        value
    }
}

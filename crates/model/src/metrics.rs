//! Metrics: numbers observed over steps and time.

use std::ops::RangeInclusive;

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

/// One observed point of a series that is known.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Point {
    /// The value; NaN is allowed.
    pub value: f64,
    /// Milliseconds since the Unix epoch.
    pub timestamp_ms: i64,
    /// May be negative.
    pub step: i64,
}

impl From<&Metric> for Point {
    fn from(metric: &Metric) -> Self {
        Self {
            value: metric.value,
            timestamp_ms: metric.timestamp_ms,
            step: metric.step,
        }
    }
}

/// Points of one run's series.
#[derive(Debug, Clone, PartialEq)]
pub struct RunPoints {
    /// The run.
    pub run_id: RunId,
    /// The points.
    pub points: Vec<Point>,
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

/// Asks for the points of the series of one key in several runs: run by run in the order of their
/// ids, each ordered by timestamp, step and value.
#[derive(Debug, Clone, PartialEq)]
pub struct BulkHistory {
    /// The runs; unknown ones have no points.
    pub run_ids: Vec<RunId>,
    /// Names the series in each run.
    pub key: String,
    /// How many points there are at most, of all runs together.
    pub max_results: usize,
}

/// Asks for a sample of the series of one key in each of several runs, in the order in which the
/// runs are named, each ordered by step, timestamp and value.
#[derive(Debug, Clone, PartialEq)]
pub struct SampledHistory {
    /// The runs; unknown ones have no points.
    pub run_ids: Vec<RunId>,
    /// Names the series in each run.
    pub key: String,
    /// How many points of a run there are at most; at least 1.
    pub max_results: usize,
    /// Samples only points of these steps.
    pub steps: RangeInclusive<i64>,
}

/// Which of `count` points stand for all of them when at most `max_results` are wanted, as MLflow
/// chooses them: the points are dealt into that many buckets, of which the first ones are longer
/// by one when they do not come out even; each bucket is represented by its first point, and the
/// last by the last of all.
pub fn sample(count: u64, max_results: u64) -> impl Iterator<Item = u64> {
    let buckets = max_results.min(count);
    let size = count.checked_div(buckets).unwrap_or_default();
    let longer = count.checked_rem(buckets).unwrap_or_default();
    (0..buckets).map(move |bucket| {
        if bucket + 1 == buckets {
            count - 1
        } else {
            bucket * size + bucket.min(longer)
        }
    })
}

/// Replaces the infinities, which no store keeps, by the largest finite numbers, as MLflow does.
pub fn finite(value: f64) -> f64 {
    if value.is_infinite() {
        f64::MAX.copysign(value)
    } else {
        value
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sample_begins_each_bucket_and_ends_with_the_last_point() {
        let sampled = |count, wanted| sample(count, wanted).collect::<Vec<u64>>();
        assert_eq!(sampled(0, 3), []);
        assert_eq!(sampled(3, 3), [0, 1, 2]);
        assert_eq!(sampled(3, 100), [0, 1, 2]);
        assert_eq!(sampled(4, 3), [0, 2, 3]);
        assert_eq!(sampled(5, 3), [0, 2, 4]);
        assert_eq!(sampled(10, 3), [0, 4, 9]);
        assert_eq!(sampled(10, 2), [0, 9]);
        assert_eq!(sampled(10, 1), [9]);
        assert_eq!(sampled(1, 1), [0]);
    }
}

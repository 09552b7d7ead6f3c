//! Writing the points of runs.

use std::cmp::Ordering;

use ferroflow_model::Result;
use ferroflow_model::metrics::{Metric, finite};

use crate::conn::{BulkColumn, BulkInsert, Conn};

/// A point as it is stored: NaN is a zero with a mark, infinities are the largest numbers.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Point {
    pub(crate) key_id: i64,
    pub(crate) timestamp_ms: i64,
    pub(crate) step: i64,
    pub(crate) value: f64,
    pub(crate) is_nan: bool,
}

impl Point {
    pub(crate) fn new(key_id: i64, metric: &Metric) -> Self {
        let is_nan = metric.value.is_nan();
        Self {
            key_id,
            timestamp_ms: metric.timestamp_ms,
            step: metric.step,
            value: if is_nan { 0.0 } else { finite(metric.value) },
            is_nan,
        }
    }

    /// The order in which the points of a run are stored.
    fn in_storage(&self, other: &Self) -> Ordering {
        let place = |point: &Self| (point.key_id, point.timestamp_ms, point.step);
        let value = |point: &Self| (point.value, point.is_nan);
        let ((a, a_is_nan), (b, b_is_nan)) = (value(self), value(other));
        place(self)
            .cmp(&place(other))
            .then_with(|| a.total_cmp(&b))
            .then_with(|| a_is_nan.cmp(&b_is_nan))
    }

    /// Whether this point takes the place of `other` as the latest of their series.
    fn is_later_than(&self, other: &Self) -> bool {
        (self.step, self.timestamp_ms, self.value) > (other.step, other.timestamp_ms, other.value)
    }
}

/// Inserts points of one run, except those that are already there, and brings the latest point of
/// each series up to date. The caller has locked the run.
pub(crate) async fn insert_points<C: Conn>(
    conn: &mut C,
    experiment_pk: i64,
    run_pk: i64,
    mut points: Vec<Point>,
) -> Result<()> {
    if points.is_empty() {
        return Ok(());
    }
    // In the order of storage neighbours go to the same page.
    points.sort_unstable_by(Point::in_storage);
    points.dedup();
    insert(conn, METRIC_POINTS, experiment_pk, run_pk, &points).await?;
    insert(conn, RUN_METRICS, experiment_pk, run_pk, &latest(&points)).await
}

/// The latest of each series; `points` are in the order of storage.
fn latest(points: &[Point]) -> Vec<Point> {
    let later = |kept: Point, next: Point| {
        if next.is_later_than(&kept) {
            next
        } else {
            kept
        }
    };
    let series = points.chunk_by(|a, b| a.key_id == b.key_id);
    series
        .filter_map(|points| points.iter().copied().reduce(later))
        .collect()
}

/// A table of points, and what to do with those that are there.
struct PointTable {
    name: &'static str,
    conflict: &'static str,
}

/// All points.
const METRIC_POINTS: PointTable = PointTable {
    name: "metric_points",
    conflict: "ON CONFLICT DO NOTHING",
};

/// The latest point of each series.
const RUN_METRICS: PointTable = PointTable {
    name: "run_metrics",
    conflict: "ON CONFLICT (run_pk, key_id) DO UPDATE SET step = excluded.step, \
        timestamp_ms = excluded.timestamp_ms, value = excluded.value, is_nan = excluded.is_nan \
        WHERE (excluded.step, excluded.timestamp_ms, excluded.value) \
        > (run_metrics.step, run_metrics.timestamp_ms, run_metrics.value)",
};

async fn insert<C: Conn>(
    conn: &mut C,
    table: PointTable,
    experiment_pk: i64,
    run_pk: i64,
    points: &[Point],
) -> Result<()> {
    let key_ids: Vec<i64> = points.iter().map(|point| point.key_id).collect();
    let timestamps: Vec<i64> = points.iter().map(|point| point.timestamp_ms).collect();
    let steps: Vec<i64> = points.iter().map(|point| point.step).collect();
    let values: Vec<f64> = points.iter().map(|point| point.value).collect();
    let are_nan: Vec<bool> = points.iter().map(|point| point.is_nan).collect();
    let bulk = BulkInsert {
        table: table.name,
        columns: &[
            "experiment_pk",
            "run_pk",
            "key_id",
            "timestamp_ms",
            "step",
            "value",
            "is_nan",
        ],
        conflict: table.conflict,
        values: &[
            BulkColumn::Constant(experiment_pk),
            BulkColumn::Constant(run_pk),
            BulkColumn::Ints(&key_ids),
            BulkColumn::Ints(&timestamps),
            BulkColumn::Ints(&steps),
            BulkColumn::Reals(&values),
            BulkColumn::Bools(&are_nan),
        ],
    };
    conn.insert(&bulk).await.map(drop)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn point(key_id: i64, timestamp_ms: i64, step: i64, value: f64) -> Point {
        let metric = Metric {
            key: String::new(),
            value,
            timestamp_ms,
            step,
        };
        Point::new(key_id, &metric)
    }

    #[test]
    fn special_values_are_stored_as_numbers() {
        let nan = point(1, 2, 3, f64::NAN);
        assert_eq!((nan.value, nan.is_nan), (0.0, true));
        let infinite = point(1, 2, 3, f64::NEG_INFINITY);
        assert_eq!((infinite.value, infinite.is_nan), (f64::MIN, false));
    }

    #[test]
    fn the_latest_has_the_highest_step_then_time_then_value() {
        let mut points = vec![
            point(1, 9, 1, 5.0),
            point(1, 1, 2, 1.0),
            point(1, 2, 2, 0.5),
            point(1, 2, 2, -1.0),
            point(1, 2, 2, f64::NAN),
            point(2, 0, -1, f64::NAN),
            point(2, 0, -1, -1.0),
        ];
        points.sort_unstable_by(Point::in_storage);
        assert_eq!(
            latest(&points),
            [point(1, 2, 2, 0.5), point(2, 0, -1, f64::NAN)]
        );
    }
}

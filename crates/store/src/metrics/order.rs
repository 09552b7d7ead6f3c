//! The two orders of points.

use std::cmp::Ordering;

use ferroflow_model::metrics::Point;

/// The order in which a series is stored and sampled: by step, time and value.
pub(super) fn by_step(a: &Point, b: &Point) -> Ordering {
    (a.step, a.timestamp_ms)
        .cmp(&(b.step, b.timestamp_ms))
        .then_with(|| by_value(a, b))
}

/// The order in which a history is read: by time, step and value.
pub(super) fn by_time(a: &Point, b: &Point) -> Ordering {
    (a.timestamp_ms, a.step)
        .cmp(&(b.timestamp_ms, b.step))
        .then_with(|| by_value(a, b))
}

/// NaN stands behind zero.
fn by_value(a: &Point, b: &Point) -> Ordering {
    let ((a, a_is_nan), (b, b_is_nan)) = (number(a.value), number(b.value));
    a.total_cmp(&b).then_with(|| a_is_nan.cmp(&b_is_nan))
}

/// A value as columns hold it: a number, and whether it stands for NaN.
pub(crate) fn number(value: f64) -> (f64, bool) {
    if value.is_nan() {
        (0.0, true)
    } else {
        (value, false)
    }
}

/// Whether `point` takes the place of `other` as the latest of their series.
pub(super) fn is_later(point: &Point, other: &Point) -> bool {
    let place = |point: &Point| (point.step, point.timestamp_ms, number(point.value).0);
    place(point) > place(other)
}

/// Whether time never goes back in points that are in the order of steps. Then they are in the
/// order of time as well.
pub(super) fn is_in_time(points: impl IntoIterator<Item = Point>) -> bool {
    points
        .into_iter()
        .is_sorted_by_key(|point| point.timestamp_ms)
}

/// Sorts by step, and leaves out exact duplicates.
pub(super) fn sort(points: &mut Vec<Point>) {
    points.sort_unstable_by(by_step);
    points.dedup_by(|a, b| by_step(a, b).is_eq());
}

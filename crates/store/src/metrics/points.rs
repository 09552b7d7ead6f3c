//! Writing the points of runs.

use std::collections::HashMap;

use ferroflow_model::Result;
use ferroflow_model::metrics::{Metric, Point, finite};

use super::block::Block;
use super::changes::Changes;
use super::late::merge_late;
use super::order::{by_step, is_in_time, is_later};
use super::{RunKey, metric_value};
use crate::args;
use crate::conn::Conn;

/// A point with the id of its key.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct KeyedPoint {
    pub(crate) key_id: i64,
    pub(crate) point: Point,
}

impl KeyedPoint {
    /// A point as it is stored: infinities are the largest numbers, and there is one zero.
    pub(crate) fn new(key_id: i64, metric: &Metric) -> Self {
        let value = finite(metric.value);
        Self {
            key_id,
            point: Point {
                value: if value == 0.0 { 0.0 } else { value },
                ..Point::from(metric)
            },
        }
    }
}

/// Where a series ends.
pub(super) struct End {
    /// The latest point.
    pub(super) latest: Point,
    /// Whether the order of its points by step is their order by time too.
    pub(super) is_in_time: bool,
    /// The block that goes on; a series of one point has none.
    tail: Option<(i64, Vec<u8>)>,
}

impl End {
    /// The block that goes on.
    pub(super) fn into_tail(self) -> Block {
        match self.tail {
            Some((count, data)) => Block::resume(data, count, self.latest),
            None => Block::of(self.latest),
        }
    }
}

/// Inserts points of one run, except those that are already there, and brings the latest point of
/// each series up to date. The caller has locked the run.
pub(crate) async fn insert_points<C: Conn>(
    conn: &mut C,
    run: RunKey,
    mut points: Vec<KeyedPoint>,
) -> Result<()> {
    if points.is_empty() {
        return Ok(());
    }
    points.sort_unstable_by(|a, b| {
        a.key_id
            .cmp(&b.key_id)
            .then_with(|| by_step(&a.point, &b.point))
    });
    points.dedup_by(|a, b| a.key_id == b.key_id && by_step(&a.point, &b.point).is_eq());
    let mut ends = load_ends(conn, run, &points).await?;
    let mut changes = Changes::default();
    for series in points.chunk_by(|a, b| a.key_id == b.key_id) {
        let key_id = series[0].key_id;
        let points = series.iter().map(|keyed| keyed.point);
        match ends.remove(&key_id) {
            None => begin(&mut changes, key_id, points)?,
            Some(end) if is_later(&series[0].point, &end.latest) => {
                append(&mut changes, key_id, end, points)?;
            }
            Some(end) => merge_late(conn, run, &mut changes, key_id, end, points.collect()).await?,
        }
    }
    changes.write(conn, run).await
}

/// A new series. Its latest point is enough while there is no other.
fn begin(
    changes: &mut Changes,
    key_id: i64,
    points: impl Iterator<Item = Point> + Clone,
) -> Result<()> {
    let mut rest = points.clone();
    let Some(first) = rest.next() else {
        return Ok(());
    };
    let mut tail = Block::of(first);
    let full = tail.fill(rest);
    let latest = points.clone().reduce(later).unwrap_or(first);
    changes.set_latest(key_id, latest, is_in_time(points));
    if tail.count() > 1 || !full.is_empty() {
        changes.set_tail(key_id, tail);
    }
    changes.add_blocks(key_id, full)
}

/// Points behind all others of their series.
fn append(
    changes: &mut Changes,
    key_id: i64,
    end: End,
    points: impl Iterator<Item = Point> + Clone,
) -> Result<()> {
    let latest = points.clone().fold(end.latest, later);
    let in_time = is_in_time(std::iter::once(end.latest).chain(points.clone()));
    changes.set_latest(key_id, latest, end.is_in_time && in_time);
    let mut tail = end.into_tail();
    let full = tail.fill(points);
    changes.set_tail(key_id, tail);
    changes.add_blocks(key_id, full)
}

/// Of points that are as late the first one stays.
pub(super) fn later(kept: Point, next: Point) -> Point {
    if is_later(&next, &kept) { next } else { kept }
}

async fn load_ends<C: Conn>(
    conn: &mut C,
    run: RunKey,
    points: &[KeyedPoint],
) -> Result<HashMap<i64, End>> {
    let mut key_ids: Vec<i64> = points.iter().map(|keyed| keyed.key_id).collect();
    key_ids.dedup();
    let sql = format!(
        "SELECT m.key_id, m.step, m.timestamp_ms, m.value, m.is_nan, m.is_in_time, \
         t.point_count, t.data FROM run_metrics m \
         LEFT JOIN metric_tails t ON t.run_pk = m.run_pk AND t.key_id = m.key_id \
         WHERE m.run_pk = $1 AND {}",
        conn.engine().any_of("m.key_id", 2)
    );
    let ends = conn
        .query(&sql, args![run.run_pk, key_ids.as_slice()], |row| {
            let latest = Point {
                step: row.get(1)?,
                timestamp_ms: row.get(2)?,
                value: metric_value(row, 3)?,
            };
            let tail = match row.bytes(7)? {
                Some(data) => Some((row.get(6)?, data.to_vec())),
                None => None,
            };
            let is_in_time = row.get(5)?;
            Ok((
                row.get(0)?,
                End {
                    latest,
                    is_in_time,
                    tail,
                },
            ))
        })
        .await?;
    Ok(ends.into_iter().collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn point(step: i64, timestamp_ms: i64, value: f64) -> Point {
        let metric = Metric {
            key: String::new(),
            value,
            timestamp_ms,
            step,
        };
        KeyedPoint::new(1, &metric).point
    }

    #[test]
    fn infinities_are_the_largest_numbers_and_zero_has_no_sign() {
        assert!(point(1, 2, f64::NAN).value.is_nan());
        assert_eq!(
            point(1, 2, f64::NEG_INFINITY).value.to_bits(),
            f64::MIN.to_bits()
        );
        assert_eq!(point(1, 2, -0.0).value.to_bits(), 0.0_f64.to_bits());
    }

    #[test]
    fn the_latest_has_the_highest_step_then_time_then_value() {
        let points = [
            point(1, 9, 5.0),
            point(2, 1, 1.0),
            point(2, 2, -1.0),
            point(2, 2, 0.5),
            point(2, 2, f64::NAN),
        ];
        assert_eq!(points.into_iter().reduce(later), Some(point(2, 2, 0.5)));
        let points = [point(-1, 0, f64::NAN), point(-1, 0, -1.0)];
        assert!(points.into_iter().reduce(later).unwrap().value.is_nan());
    }
}

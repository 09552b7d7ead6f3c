//! Reading a series: its full blocks, in the order of steps, and then its tail.

use std::collections::HashMap;

use ferroflow_model::metrics::Point;
use ferroflow_model::{Result, RunId};

use super::block::unpack;
use super::order::{by_step, by_time, number};
use super::{RunKey, metric_value};
use crate::command::Tenant;
use crate::conn::Conn;
use crate::{Row, Value, args};

/// How many blocks are read at once.
const BLOCKS: i64 = 256;

/// Selects blocks of a series by their last points; a condition on those follows.
pub(super) const BLOCKS_BEHIND: &str = "SELECT data FROM metric_blocks \
    WHERE experiment_pk = $1 AND run_pk = $2 AND key_id = $3 \
    AND (last_step, last_timestamp_ms, last_value, last_is_nan)";

/// The order of blocks within their series.
pub(super) const IN_ORDER: &str = "ORDER BY last_step, last_timestamp_ms, last_value, last_is_nan";

/// Reads the points of the block that a statement selects, if there is one.
pub(super) async fn read_block<C: Conn>(
    conn: &mut C,
    sql: &str,
    args: &[Value<'_>],
) -> Result<Option<Vec<Point>>> {
    conn.query_optional(sql, args, |row| {
        let mut points = Vec::new();
        unpack(row.bytes(0)?.unwrap_or_default(), &mut points)?;
        Ok(points)
    })
    .await
}

/// A point that is before all others in both orders.
const BEGINNING: Point = Point {
    value: f64::MIN,
    timestamp_ms: i64::MIN,
    step: i64::MIN,
};

/// A series that has points.
pub(super) struct Series {
    pub(super) run: RunKey,
    pub(super) key_id: i64,
    /// Whether the order of its points by step is their order by time too.
    is_in_time: bool,
    /// The points behind all full blocks.
    pub(super) tail: Vec<Point>,
}

/// A point as arguments that compare with the columns of a place.
pub(super) fn place_args(point: &Point) -> [Value<'static>; 4] {
    let (value, is_nan) = number(point.value);
    [
        Value::Int(point.step),
        Value::Int(point.timestamp_ms),
        Value::Real(value),
        Value::Bool(is_nan),
    ]
}

/// Finds the series of one key in several runs of a tenant.
pub(super) async fn find_series<C: Conn>(
    conn: &mut C,
    tenant: Tenant,
    run_ids: &[RunId],
    key_id: i64,
) -> Result<HashMap<RunId, Series>> {
    let sql = format!(
        "SELECT r.run_id, r.experiment_pk, r.run_pk, m.step, m.timestamp_ms, m.value, m.is_nan, \
         m.is_in_time, t.data FROM runs r \
         JOIN run_metrics m ON m.run_pk = r.run_pk AND m.key_id = $3 \
         LEFT JOIN metric_tails t ON t.run_pk = m.run_pk AND t.key_id = m.key_id \
         WHERE r.platform_pk = $1 AND r.workspace_pk = $2 AND {}",
        conn.engine().any_text_of("r.run_id", 4)
    );
    let run_ids: Vec<&str> = run_ids.iter().map(RunId::as_str).collect();
    let args = args![
        tenant.platform,
        tenant.workspace,
        key_id,
        Value::Texts(&run_ids)
    ];
    let found = conn
        .query(&sql, args, |row| {
            Ok((RunId::new(row.get::<String>(0)?), series(row, key_id)?))
        })
        .await?;
    Ok(found.into_iter().collect())
}

fn series(row: &Row<'_>, key_id: i64) -> Result<Series> {
    let mut tail = Vec::new();
    match row.bytes(8)? {
        Some(data) => unpack(data, &mut tail)?,
        None => tail.push(Point {
            step: row.get(3)?,
            timestamp_ms: row.get(4)?,
            value: metric_value(row, 5)?,
        }),
    }
    Ok(Series {
        run: RunKey {
            experiment_pk: row.get(1)?,
            run_pk: row.get(2)?,
        },
        key_id,
        is_in_time: row.get(7)?,
        tail,
    })
}

impl Series {
    /// The arguments that name the series.
    pub(super) fn args(&self) -> [Value<'static>; 3] {
        [
            Value::Int(self.run.experiment_pk),
            Value::Int(self.run.run_pk),
            Value::Int(self.key_id),
        ]
    }

    /// Reads up to `wanted` points behind `after`, in the order of time.
    pub(super) async fn read<C: Conn>(
        &self,
        conn: &mut C,
        after: Option<Point>,
        wanted: usize,
    ) -> Result<Vec<Point>> {
        let after = after.unwrap_or(BEGINNING);
        if self.is_in_time {
            self.read_in_time(conn, after, wanted).await
        } else {
            self.read_and_sort(conn, after, wanted).await
        }
    }

    /// Both orders are the same, so the page begins at the place of `after` by step.
    async fn read_in_time<C: Conn>(
        &self,
        conn: &mut C,
        after: Point,
        wanted: usize,
    ) -> Result<Vec<Point>> {
        let mut points = Vec::new();
        let mut behind = Some(after);
        while let Some(place) = behind.filter(|_| points.len() < wanted) {
            behind = self.read_blocks(conn, &place, &mut points).await?;
            // Only the first block has points before the place.
            points.drain(..points.partition_point(|point| by_step(point, &after).is_le()));
        }
        if points.len() < wanted {
            let is_behind = |point: &&Point| by_step(point, &after).is_gt();
            points.extend(self.tail.iter().filter(is_behind));
        }
        points.truncate(wanted);
        Ok(points)
    }

    /// Looks at all points, and keeps no more than twice as many as are wanted.
    async fn read_and_sort<C: Conn>(
        &self,
        conn: &mut C,
        after: Point,
        wanted: usize,
    ) -> Result<Vec<Point>> {
        let mut kept = Vec::new();
        let mut points = Vec::new();
        let mut behind = Some(BEGINNING);
        while let Some(place) = behind {
            behind = self.read_blocks(conn, &place, &mut points).await?;
            keep(&mut kept, points.drain(..), &after, wanted);
        }
        keep(&mut kept, self.tail.iter().copied(), &after, wanted);
        kept.sort_unstable_by(by_time);
        kept.truncate(wanted);
        Ok(kept)
    }

    /// Adds the points of some blocks that end behind `place`; answers the place where they end,
    /// unless there are no more blocks.
    async fn read_blocks<C: Conn>(
        &self,
        conn: &mut C,
        place: &Point,
        points: &mut Vec<Point>,
    ) -> Result<Option<Point>> {
        let sql = format!("{BLOCKS_BEHIND} > ($4, $5, $6, $7) {IN_ORDER} LIMIT $8");
        let mut args = self.args().to_vec();
        args.extend(place_args(place));
        args.push(Value::Int(BLOCKS));
        let blocks = conn
            .query(&sql, &args, |row| {
                unpack(row.bytes(0)?.unwrap_or_default(), points)
            })
            .await?
            .len();
        let is_full = i64::try_from(blocks).is_ok_and(|blocks| blocks == BLOCKS);
        Ok(points.last().copied().filter(|_| is_full))
    }
}

/// Keeps the first `wanted` points behind `after` in the order of time, and maybe others.
fn keep(kept: &mut Vec<Point>, points: impl Iterator<Item = Point>, after: &Point, wanted: usize) {
    kept.extend(points.filter(|point| by_time(point, after).is_gt()));
    if kept.len() / 2 > wanted {
        kept.select_nth_unstable_by(wanted, by_time);
        kept.truncate(wanted);
    }
}

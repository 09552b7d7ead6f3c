//! Sampling a series without reading all of its points: blocks say how many they have.

use ferroflow_model::Result;
use ferroflow_model::metrics::{Point, RunPoints, SampledHistory as Sampled, sample};

use super::block::unpack;
use super::series::{IN_ORDER, Series, find_series, read_block};
use crate::Value;
use crate::command::{Query, Tenant};
use crate::conn::Conn;

/// Reads a sample of the points of one key in each of several runs.
pub struct SampledHistory {
    /// The tenant.
    pub tenant: Tenant,
    /// The series, and how to sample.
    pub series: Sampled,
    /// The interned key of the series.
    pub key_id: i64,
}

impl Query for SampledHistory {
    type Out = Vec<RunPoints>;
    const NAME: &'static str = "metrics.sampled_history";
    const IS_LONG: bool = true;
    // Points move from the tail into blocks.
    const IS_SNAPSHOT: bool = true;

    async fn run<C: Conn>(&self, conn: &mut C) -> Result<Vec<RunPoints>> {
        let run_ids = &self.series.run_ids;
        let series = find_series(conn, self.tenant, run_ids, self.key_id).await?;
        let mut found = Vec::new();
        for run_id in run_ids {
            if let Some(series) = series.get(run_id) {
                found.push(RunPoints {
                    run_id: run_id.clone(),
                    points: self.sample(conn, series).await?,
                });
            }
        }
        Ok(found)
    }
}

/// Blocks that end within the steps. Only the first of them can begin before.
const WITHIN: &str = "FROM metric_blocks WHERE experiment_pk = $1 AND run_pk = $2 AND key_id = $3 \
    AND last_step >= $4 AND last_step <= $5";

/// The points among which a sample is chosen, in the order of steps: those of the blocks that end
/// within the steps, without the first few of them, and then some more.
struct Range {
    args: [Value<'static>; 5],
    count: u64,
    skipped: u64,
    rest: Vec<Point>,
}

impl SampledHistory {
    async fn sample<C: Conn>(&self, conn: &mut C, series: &Series) -> Result<Vec<Point>> {
        let range = self.range(conn, series).await?;
        let in_blocks = range.count - range.skipped;
        let count = in_blocks + range.rest.len() as u64;
        let places: Vec<u64> = sample(count, self.series.max_results as u64).collect();
        let (within, behind) = places.split_at(places.partition_point(|place| *place < in_blocks));
        let mut points = pick(conn, &range, within).await?;
        let rest = behind.iter().filter_map(|place| {
            let index = usize::try_from(place - in_blocks).ok()?;
            range.rest.get(index).copied()
        });
        points.extend(rest);
        Ok(points)
    }

    async fn range<C: Conn>(&self, conn: &mut C, series: &Series) -> Result<Range> {
        let (start, end) = (*self.series.steps.start(), *self.series.steps.end());
        let [experiment, run, key] = series.args();
        let args = [experiment, run, key, Value::Int(start), Value::Int(end)];
        let counting = format!("SELECT CAST(COALESCE(SUM(point_count), 0) AS BIGINT) {WITHIN}");
        let count: i64 = conn.query_one(&counting, &args, |row| row.get(0)).await?;
        let first = format!("SELECT data {WITHIN} {IN_ORDER} LIMIT 1");
        let first = read_block(conn, &first, &args).await?.unwrap_or_default();
        let skipped = first.partition_point(|point| point.step < start);
        Ok(Range {
            args,
            count: count.cast_unsigned(),
            skipped: skipped as u64,
            rest: self.rest(conn, series).await?,
        })
    }

    /// The points within the steps of the block that ends behind them, and of the tail.
    async fn rest<C: Conn>(&self, conn: &mut C, series: &Series) -> Result<Vec<Point>> {
        let [experiment, run, key] = series.args();
        let args = [experiment, run, key, Value::Int(*self.series.steps.end())];
        let sql = format!(
            "SELECT data FROM metric_blocks WHERE experiment_pk = $1 AND run_pk = $2 \
             AND key_id = $3 AND last_step > $4 {IN_ORDER} LIMIT 1"
        );
        let mut points = read_block(conn, &sql, &args).await?.unwrap_or_default();
        points.extend(&series.tail);
        points.retain(|point| self.series.steps.contains(&point.step));
        Ok(points)
    }
}

/// The points of the blocks at these places, of which the first is behind the skipped points. Blocks
/// without such a place are passed over.
async fn pick<C: Conn>(conn: &mut C, range: &Range, places: &[u64]) -> Result<Vec<Point>> {
    let mut picked = Vec::with_capacity(places.len());
    if places.is_empty() {
        return Ok(picked);
    }
    let sql = format!("SELECT point_count, data {WITHIN} {IN_ORDER}");
    let wanted: Vec<i64> = places.iter().map(|place| place.cast_signed()).collect();
    let mut wanted = wanted.into_iter().peekable();
    let mut passed = -range.skipped.cast_signed();
    let mut block = Vec::new();
    conn.query(&sql, &range.args, |row| {
        let begin = passed;
        passed += row.get::<i64>(0)?;
        if wanted.peek().is_none_or(|place| *place >= passed) {
            return Ok(());
        }
        block.clear();
        unpack(row.bytes(1)?.unwrap_or_default(), &mut block)?;
        while let Some(place) = wanted.next_if(|place| *place < passed) {
            let index = usize::try_from(place - begin).ok();
            picked.extend(index.and_then(|index| block.get(index)).copied());
        }
        Ok(())
    })
    .await?;
    Ok(picked)
}

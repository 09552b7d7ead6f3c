//! What a batch of points changes, written table by table.

use ferroflow_model::Result;
use ferroflow_model::metrics::Point;

use super::RunKey;
use super::block::Block;
use super::order::number;
use crate::conn::{BulkColumn, BulkInsert, Conn};

/// Rows to insert or replace.
#[derive(Default)]
pub(super) struct Changes {
    latest: Vec<Latest>,
    tails: Vec<(i64, Block)>,
    blocks: Vec<FullBlock>,
}

struct Latest {
    key_id: i64,
    point: Point,
    is_in_time: bool,
}

struct FullBlock {
    key_id: i64,
    block: Block,
    first: Point,
    last: Point,
}

impl Changes {
    /// Sets the latest point of a series, and whether the series is in the order of time.
    pub(super) fn set_latest(&mut self, key_id: i64, point: Point, is_in_time: bool) {
        self.latest.push(Latest {
            key_id,
            point,
            is_in_time,
        });
    }

    /// Sets the block that goes on.
    pub(super) fn set_tail(&mut self, key_id: i64, tail: Block) {
        self.tails.push((key_id, tail));
    }

    /// Adds blocks that do not go on, or replaces those that end with the same points.
    pub(super) fn add_blocks(&mut self, key_id: i64, blocks: Vec<Block>) -> Result<()> {
        for block in blocks {
            let points = block.points()?;
            if let (Some(first), Some(last)) = (points.first(), points.last()) {
                self.blocks.push(FullBlock {
                    key_id,
                    block,
                    first: *first,
                    last: *last,
                });
            }
        }
        Ok(())
    }

    /// Writes the rows.
    pub(super) async fn write<C: Conn>(&self, conn: &mut C, run: RunKey) -> Result<()> {
        self.write_latest(conn, run).await?;
        self.write_tails(conn, run).await?;
        self.write_blocks(conn, run).await
    }

    async fn write_latest<C: Conn>(&self, conn: &mut C, run: RunKey) -> Result<()> {
        let rows = &self.latest;
        let key_ids: Vec<i64> = rows.iter().map(|row| row.key_id).collect();
        let steps: Vec<i64> = rows.iter().map(|row| row.point.step).collect();
        let timestamps: Vec<i64> = rows.iter().map(|row| row.point.timestamp_ms).collect();
        let (values, are_nan) = numbers(rows.iter().map(|row| row.point));
        let are_in_time: Vec<bool> = rows.iter().map(|row| row.is_in_time).collect();
        let bulk = BulkInsert {
            table: "run_metrics",
            columns: &[
                "experiment_pk",
                "run_pk",
                "key_id",
                "step",
                "timestamp_ms",
                "value",
                "is_nan",
                "is_in_time",
            ],
            conflict: "ON CONFLICT (run_pk, key_id) DO UPDATE SET step = excluded.step, \
                timestamp_ms = excluded.timestamp_ms, value = excluded.value, \
                is_nan = excluded.is_nan, is_in_time = excluded.is_in_time",
            values: &[
                BulkColumn::Constant(run.experiment_pk),
                BulkColumn::Constant(run.run_pk),
                BulkColumn::Ints(&key_ids),
                BulkColumn::Ints(&steps),
                BulkColumn::Ints(&timestamps),
                BulkColumn::Reals(&values),
                BulkColumn::Bools(&are_nan),
                BulkColumn::Bools(&are_in_time),
            ],
        };
        conn.insert(&bulk).await.map(drop)
    }

    async fn write_tails<C: Conn>(&self, conn: &mut C, run: RunKey) -> Result<()> {
        let key_ids: Vec<i64> = self.tails.iter().map(|(key_id, _)| *key_id).collect();
        let counts: Vec<i64> = self.tails.iter().map(|(_, tail)| tail.count()).collect();
        let data: Vec<&[u8]> = self.tails.iter().map(|(_, tail)| tail.data()).collect();
        let bulk = BulkInsert {
            table: "metric_tails",
            columns: &["experiment_pk", "run_pk", "key_id", "point_count", "data"],
            conflict: "ON CONFLICT (run_pk, key_id) DO UPDATE SET \
                point_count = excluded.point_count, data = excluded.data",
            values: &[
                BulkColumn::Constant(run.experiment_pk),
                BulkColumn::Constant(run.run_pk),
                BulkColumn::Ints(&key_ids),
                BulkColumn::Ints(&counts),
                BulkColumn::Bytes(&data),
            ],
        };
        conn.insert(&bulk).await.map(drop)
    }

    async fn write_blocks<C: Conn>(&self, conn: &mut C, run: RunKey) -> Result<()> {
        let rows = &self.blocks;
        let key_ids: Vec<i64> = rows.iter().map(|row| row.key_id).collect();
        let steps: Vec<i64> = rows.iter().map(|row| row.last.step).collect();
        let timestamps: Vec<i64> = rows.iter().map(|row| row.last.timestamp_ms).collect();
        let (values, are_nan) = numbers(rows.iter().map(|row| row.last));
        let first_steps: Vec<i64> = rows.iter().map(|row| row.first.step).collect();
        let counts: Vec<i64> = rows.iter().map(|row| row.block.count()).collect();
        let data: Vec<&[u8]> = rows.iter().map(|row| row.block.data()).collect();
        let bulk = BulkInsert {
            table: "metric_blocks",
            columns: &[
                "experiment_pk",
                "run_pk",
                "key_id",
                "last_step",
                "last_timestamp_ms",
                "last_value",
                "last_is_nan",
                "first_step",
                "point_count",
                "data",
            ],
            conflict: "ON CONFLICT (experiment_pk, run_pk, key_id, last_step, \
                last_timestamp_ms, last_value, last_is_nan) DO UPDATE SET \
                first_step = excluded.first_step, point_count = excluded.point_count, \
                data = excluded.data",
            values: &[
                BulkColumn::Constant(run.experiment_pk),
                BulkColumn::Constant(run.run_pk),
                BulkColumn::Ints(&key_ids),
                BulkColumn::Ints(&steps),
                BulkColumn::Ints(&timestamps),
                BulkColumn::Reals(&values),
                BulkColumn::Bools(&are_nan),
                BulkColumn::Ints(&first_steps),
                BulkColumn::Ints(&counts),
                BulkColumn::Bytes(&data),
            ],
        };
        conn.insert(&bulk).await.map(drop)
    }
}

fn numbers(points: impl Iterator<Item = Point>) -> (Vec<f64>, Vec<bool>) {
    points.map(|point| number(point.value)).unzip()
}

//! Points that do not come behind all others of their series: repeated ones, and late ones.

use ferroflow_model::metrics::Point;
use ferroflow_model::{Error, Result};

use super::RunKey;
use super::block::Block;
use super::changes::Changes;
use super::order::{by_step, is_in_time, sort};
use super::points::{End, later};
use super::series::{BLOCKS_BEHIND, IN_ORDER, place_args, read_block};
use crate::Value;
use crate::conn::Conn;

/// Merges points, sorted by step, into the blocks in which they belong. A point that is there
/// already changes nothing.
pub(super) async fn merge_late<C: Conn>(
    conn: &mut C,
    run: RunKey,
    changes: &mut Changes,
    key_id: i64,
    end: End,
    points: Vec<Point>,
) -> Result<()> {
    let latest = points.iter().copied().fold(end.latest, later);
    let mut in_time = end.is_in_time;
    let tail = end.into_tail().points()?;
    let mut rest = points.as_slice();
    let mut is_changed = false;
    while let Some(block) = block_of(conn, run, key_id, rest, &tail).await? {
        let (into, others) = up_to_the_last(rest, &block)?;
        rest = others;
        if let Some(merged) = merge(&block, into) {
            changes.add_blocks(key_id, Block::pack(&merged))?;
            (is_changed, in_time) = (true, false);
        }
    }
    if let Some(merged) = merge(&tail, rest) {
        // Behind an unchanged beginning the points before are in time as they were.
        let begins_as_before = merged.first() == tail.first();
        in_time &= begins_as_before && is_in_time(merged.iter().copied());
        set_tail(changes, key_id, &merged)?;
        is_changed = true;
    }
    if is_changed {
        changes.set_latest(key_id, latest, in_time);
    }
    Ok(())
}

/// The points of the full block in which the first of `points` belongs; none when that is the tail,
/// which takes all that is behind the full blocks.
async fn block_of<C: Conn>(
    conn: &mut C,
    run: RunKey,
    key_id: i64,
    points: &[Point],
    tail: &[Point],
) -> Result<Option<Vec<Point>>> {
    let Some(first) = points.first() else {
        return Ok(None);
    };
    if tail.first().is_none_or(|tail| by_step(first, tail).is_ge()) {
        return Ok(None);
    }
    let sql = format!("{BLOCKS_BEHIND} >= ($4, $5, $6, $7) {IN_ORDER} LIMIT 1");
    let mut args = vec![
        Value::Int(run.experiment_pk),
        Value::Int(run.run_pk),
        Value::Int(key_id),
    ];
    args.extend(place_args(first));
    read_block(conn, &sql, &args).await
}

/// The points that belong into a block, and the others.
fn up_to_the_last<'a>(points: &'a [Point], block: &[Point]) -> Result<(&'a [Point], &'a [Point])> {
    let last = block
        .last()
        .ok_or_else(|| Error::internal("a block has no points"))?;
    Ok(points.split_at(points.partition_point(|point| by_step(point, last).is_le())))
}

/// The points of both, unless all the new ones are among the old ones.
fn merge(old: &[Point], new: &[Point]) -> Option<Vec<Point>> {
    let mut merged = [old, new].concat();
    sort(&mut merged);
    (merged.len() > old.len()).then_some(merged)
}

fn set_tail(changes: &mut Changes, key_id: i64, points: &[Point]) -> Result<()> {
    let Some((first, rest)) = points.split_first() else {
        return Ok(());
    };
    let mut tail = Block::of(*first);
    let full = tail.fill(rest.iter().copied());
    changes.set_tail(key_id, tail);
    changes.add_blocks(key_id, full)
}

//! Metrics: the points of runs.
//!
//! The points of a series are in blocks, in the order of their steps: full ones in `metric_blocks`,
//! found by their last points, and behind these one that goes on, in `metric_tails`. The latest point
//! stands in `run_metrics`; a series that has no other is there alone.

mod block;
mod bulk;
mod changes;
mod history;
mod late;
mod latest;
mod order;
mod points;
mod sample;
mod series;

pub use bulk::BulkHistory;
pub use history::MetricHistory;
pub use sample::SampledHistory;

pub(crate) use latest::load_latest_points;
pub(crate) use order::number;
pub(crate) use points::{KeyedPoint, insert_points};

use ferroflow_model::Result;

use crate::Row;

/// The row keys of a run and of its experiment.
#[derive(Debug, Clone, Copy)]
pub(crate) struct RunKey {
    pub(crate) experiment_pk: i64,
    pub(crate) run_pk: i64,
}

/// Reads the value in `column`; the column after it says whether it stands for NaN.
pub(crate) fn metric_value(row: &Row<'_>, column: usize) -> Result<f64> {
    if row.get(column + 1)? {
        Ok(f64::NAN)
    } else {
        row.get(column)
    }
}

//! Metrics: the points of runs and of logged models.

mod bulk;
mod history;
mod latest;
mod points;

pub use bulk::{BulkHistory, SampledHistory};
pub use history::MetricHistory;

pub(crate) use latest::load_latest_points;
pub(crate) use points::{Point, insert_points};

use ferroflow_model::Result;

use crate::Row;

/// Reads the value in `column`; the column after it says whether it stands for NaN.
pub(crate) fn metric_value(row: &Row<'_>, column: usize) -> Result<f64> {
    if row.get(column + 1)? {
        Ok(f64::NAN)
    } else {
        row.get(column)
    }
}

//! The points of one key's series in several runs.

use ferroflow_model::Result;
use ferroflow_model::metrics::{BulkHistory as Bulk, RunPoints};

use super::series::find_series;
use crate::command::{Query, Tenant};
use crate::conn::Conn;

/// Reads the points of one key in several runs, up to a total.
pub struct BulkHistory {
    /// The tenant.
    pub tenant: Tenant,
    /// The series.
    pub series: Bulk,
    /// The interned key of the series.
    pub key_id: i64,
}

impl Query for BulkHistory {
    type Out = Vec<RunPoints>;
    const NAME: &'static str = "metrics.bulk_history";
    const IS_LONG: bool = true;
    // Points move from the tail into blocks.
    const IS_SNAPSHOT: bool = true;

    async fn run<C: Conn>(&self, conn: &mut C) -> Result<Vec<RunPoints>> {
        let run_ids = &self.series.run_ids;
        let series = find_series(conn, self.tenant, run_ids, self.key_id).await?;
        let mut series: Vec<_> = series.into_iter().collect();
        series.sort_unstable_by(|(a, _), (b, _)| a.cmp(b));
        let mut wanted = self.series.max_results;
        let mut found = Vec::new();
        for (run_id, series) in series {
            let points = series.read(conn, None, wanted).await?;
            wanted -= points.len();
            found.push(RunPoints { run_id, points });
        }
        Ok(found)
    }
}

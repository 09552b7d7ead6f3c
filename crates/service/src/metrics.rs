//! Operations on metrics.

use ferroflow_model::metrics::{Metric, MetricHistory};
use ferroflow_model::{Context, Page, Result};
use ferroflow_store::metrics as store;

use crate::Service;

/// A key that no series has: key ids begin with 1.
const UNKNOWN_KEY: i64 = 0;

impl Service {
    /// Reads the points of one series; an unknown run or key has none.
    pub async fn metric_history(
        &self,
        context: &Context,
        series: MetricHistory,
    ) -> Result<Page<Metric>> {
        let key_ids = self.db.find_keys(&[&series.key]).await?;
        let key_id = key_ids.first().copied().flatten().unwrap_or(UNKNOWN_KEY);
        self.read(context, |tenant| store::MetricHistory {
            tenant,
            series,
            key_id,
        })
        .await
    }
}

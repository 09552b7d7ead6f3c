//! Operations on metrics.

use ferroflow_model::metrics::{BulkHistory, MetricHistory, Point, RunPoints, SampledHistory};
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
    ) -> Result<Page<Point>> {
        let key_id = self.find_series(&series.key).await?;
        self.read(context, |tenant| store::MetricHistory {
            tenant,
            series,
            key_id,
        })
        .await
    }

    /// Reads the series of one key in several runs.
    pub async fn bulk_history(
        &self,
        context: &Context,
        series: BulkHistory,
    ) -> Result<Vec<RunPoints>> {
        let key_id = self.find_series(&series.key).await?;
        self.read(context, |tenant| store::BulkHistory {
            tenant,
            series,
            key_id,
        })
        .await
    }

    /// Reads a sample of the series of one key in each of several runs.
    pub async fn sampled_history(
        &self,
        context: &Context,
        series: SampledHistory,
    ) -> Result<Vec<RunPoints>> {
        let key_id = self.find_series(&series.key).await?;
        self.read(context, |tenant| store::SampledHistory {
            tenant,
            series,
            key_id,
        })
        .await
    }

    async fn find_series(&self, key: &str) -> Result<i64> {
        let key_ids = self.db.find_keys(&[key]).await?;
        Ok(key_ids.first().copied().flatten().unwrap_or(UNKNOWN_KEY))
    }
}

//! Operations on metrics.

use ferroflow_model::metrics::{Metric, MetricHistory};
use ferroflow_model::{Context, Page, Result};

use crate::Service;

impl Service {
    /// Reads the points of one series; an unknown run or key has none.
    pub async fn metric_history(
        &self,
        context: &Context,
        history: MetricHistory,
    ) -> Result<Page<Metric>> {
        unimplemented!()
    }
}

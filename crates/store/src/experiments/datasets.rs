//! The datasets that the runs of experiments read.

use ferroflow_model::datasets::DatasetSummary;
use ferroflow_model::{ExperimentId, Result};

use crate::args;
use crate::command::{Query, Tenant};
use crate::conn::Conn;

/// An answer holds at most this many, as in MLflow.
const LIMIT: i64 = 1000;

/// Lists the distinct datasets of some experiments, with the contexts that they are used in.
pub struct DatasetSearch {
    /// The tenant.
    pub tenant: Tenant,
    /// Unknown ones are as if empty.
    pub experiment_ids: Vec<ExperimentId>,
}

impl Query for DatasetSearch {
    type Out = Vec<DatasetSummary>;
    const NAME: &'static str = "experiments.search_datasets";
    const IS_LONG: bool = true;

    async fn run<C: Conn>(&self, conn: &mut C) -> Result<Vec<DatasetSummary>> {
        // A dataset that no run reads any more is not shown.
        let sql = format!(
            "SELECT DISTINCT e.number, d.name, d.digest, i.context FROM experiments e \
             JOIN datasets d ON d.experiment_pk = e.experiment_pk \
             JOIN run_dataset_inputs i ON i.dataset_pk = d.dataset_pk \
             WHERE e.workspace_pk = $1 AND {} \
             ORDER BY e.number, d.name, d.digest, i.context LIMIT $3",
            conn.engine().any_of("e.number", 2)
        );
        let numbers: Vec<i64> = self.experiment_ids.iter().map(|id| id.number()).collect();
        let args = args![self.tenant.workspace, numbers.as_slice(), LIMIT];
        conn.query(&sql, args, |row| {
            Ok(DatasetSummary {
                experiment_id: ExperimentId::new(row.get(0)?),
                name: row.get(1)?,
                digest: row.get(2)?,
                context: row.get(3)?,
            })
        })
        .await
    }
}

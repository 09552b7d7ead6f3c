//! Reading runs.

use std::sync::Arc;

use ferroflow_model::runs::{Run, RunInfo, RunStatus};
use ferroflow_model::{Etag, ExperimentId, LifecycleStage, Result, RunId};

use super::inputs::{load_dataset_inputs, load_models};
use super::no_such_run;
use crate::command::{Query, Tenant};
use crate::conn::Conn;
use crate::metrics::load_latest_points;
use crate::tags::{RUN_PARAMS, RUN_TAGS};
use crate::{KeyCache, Row, args};

/// The columns that [`run_row`] reads, from [`RUN_TABLES`].
pub(crate) const RUN_COLUMNS: &str = "r.run_pk, r.run_id, r.name, e.number, r.user_id, r.status, \
    r.start_ms, r.end_ms, r.artifact_uri, r.lifecycle, r.revision";

/// Runs with the experiments that they belong to.
pub(crate) const RUN_TABLES: &str =
    "runs r JOIN experiments e ON e.experiment_pk = r.experiment_pk";

/// Reads a row of [`RUN_COLUMNS`]. The row key is `etag.row`.
pub(crate) fn run_row(row: &Row<'_>) -> Result<RunInfo> {
    Ok(RunInfo {
        run_id: RunId::new(row.get::<String>(1)?),
        name: row.get(2)?,
        experiment_id: ExperimentId::new(row.get(3)?),
        user_id: row.get(4)?,
        status: RunStatus::parse(row.text(5)?)?,
        start_ms: row.get(6)?,
        end_ms: row.get(7)?,
        artifact_uri: row.get(8)?,
        lifecycle: LifecycleStage::parse(row.text(9)?)?,
        etag: Etag {
            row: row.get(0)?,
            revision: row.get(10)?,
        },
    })
}

/// Reads one run, deleted ones too, with the latest point of each of its series.
pub struct GetRun {
    /// The tenant.
    pub tenant: Tenant,
    /// The run.
    pub run_id: RunId,
    /// Names of interned keys.
    pub keys: Arc<KeyCache>,
}

impl Query for GetRun {
    type Out = Run;
    const NAME: &'static str = "runs.get";

    async fn run<C: Conn>(&self, conn: &mut C) -> Result<Run> {
        let info = find_run(conn, self.tenant, &self.run_id).await?;
        let mut runs = complete_runs(conn, &self.keys, vec![info]).await?;
        runs.pop().ok_or_else(|| no_such_run(&self.run_id))
    }
}

/// Finds a run by its public id, deleted ones too. A workspace looks at its own, a platform at all
/// of its workspaces.
pub(crate) async fn find_run<C: Conn>(
    conn: &mut C,
    tenant: Tenant,
    run_id: &RunId,
) -> Result<RunInfo> {
    let sql = format!(
        "SELECT {RUN_COLUMNS} FROM {RUN_TABLES} \
         WHERE r.platform_pk = $1 AND r.run_id = $2 AND (r.workspace_pk = $3 OR $3 = 0)"
    );
    let args = args![tenant.platform, run_id.as_str(), tenant.workspace];
    let found = conn.query_optional(&sql, args, run_row).await?;
    found.ok_or_else(|| no_such_run(run_id))
}

/// Reads a run by row key, without what it logged; nothing when it has been deleted for good.
pub(super) async fn recall_info<C: Conn>(
    conn: &mut C,
    tenant: Tenant,
    run_pk: i64,
) -> Result<Option<RunInfo>> {
    let sql = format!(
        "SELECT {RUN_COLUMNS} FROM {RUN_TABLES} WHERE r.run_pk = $1 AND r.workspace_pk = $2"
    );
    conn.query_optional(&sql, args![run_pk, tenant.workspace], run_row)
        .await
}

/// Adds what the runs logged: one statement per kind, however many runs there are.
pub(crate) async fn complete_runs<C: Conn>(
    conn: &mut C,
    keys: &KeyCache,
    infos: Vec<RunInfo>,
) -> Result<Vec<Run>> {
    if infos.is_empty() {
        return Ok(Vec::new());
    }
    let run_pks: Vec<i64> = infos.iter().map(|info| info.etag.row).collect();
    let mut metrics = load_latest_points(conn, keys, &run_pks).await?;
    let params = RUN_PARAMS.load(conn, keys, &run_pks).await?;
    let tags = RUN_TAGS.load(conn, keys, &run_pks).await?;
    let mut dataset_inputs = load_dataset_inputs(conn, &run_pks).await?;
    let mut models = load_models(conn, &run_pks).await?;
    let complete = |info: RunInfo| {
        let run_pk = info.etag.row;
        Run {
            metrics: metrics.remove(&run_pk).unwrap_or_default(),
            params: params.params(run_pk),
            tags: tags.tags(run_pk),
            dataset_inputs: dataset_inputs.remove(&run_pk).unwrap_or_default(),
            model_inputs: models.inputs.remove(&run_pk).unwrap_or_default(),
            model_outputs: models.outputs.remove(&run_pk).unwrap_or_default(),
            info,
        }
    };
    Ok(infos.into_iter().map(complete).collect())
}

//! Reading experiments.

use std::sync::Arc;

use ferroflow_model::experiments::Experiment;
use ferroflow_model::{Error, Etag, ExperimentId, LifecycleStage, Result};

use super::no_such_experiment;
use crate::command::{Query, Tenant};
use crate::conn::Conn;
use crate::tags::EXPERIMENT_TAGS;
use crate::{KeyCache, Row, Value, args};

/// The columns that [`experiment_row`] reads.
const COLUMNS: &str = "experiment_pk, number, name, artifact_location, lifecycle, created_ms, \
    updated_ms, revision";

/// Reads a row of [`COLUMNS`], still without tags. The row key is `etag.row`.
fn experiment_row(row: &Row<'_>) -> Result<Experiment> {
    Ok(Experiment {
        id: ExperimentId::new(row.get(1)?),
        name: row.get(2)?,
        artifact_location: row.get(3)?,
        lifecycle: LifecycleStage::parse(row.text(4)?)?,
        created_ms: row.get(5)?,
        updated_ms: row.get(6)?,
        tags: Vec::new(),
        etag: Etag {
            row: row.get(0)?,
            revision: row.get(7)?,
        },
    })
}

/// Adds tags: one statement, however many experiments there are.
async fn complete<C: Conn>(
    conn: &mut C,
    keys: &KeyCache,
    mut experiments: Vec<Experiment>,
) -> Result<Vec<Experiment>> {
    let owners: Vec<i64> = experiments.iter().map(|found| found.etag.row).collect();
    let tags = EXPERIMENT_TAGS.load(conn, keys, &owners).await?;
    for experiment in &mut experiments {
        experiment.tags = tags.tags(experiment.etag.row);
    }
    Ok(experiments)
}

/// Reads experiments by row key, in any order; those that are gone are left out.
pub(crate) async fn load_experiments<C: Conn>(
    conn: &mut C,
    keys: &KeyCache,
    row_keys: &[i64],
) -> Result<Vec<Experiment>> {
    if row_keys.is_empty() {
        return Ok(Vec::new());
    }
    let sql = format!(
        "SELECT {COLUMNS} FROM experiments WHERE {}",
        conn.engine().any_of("experiment_pk", 1)
    );
    let found = conn
        .query(&sql, &[Value::Ints(row_keys)], experiment_row)
        .await?;
    complete(conn, keys, found).await
}

/// Reads one experiment by row key; nothing when it is gone.
pub(super) async fn recall_experiment<C: Conn>(
    conn: &mut C,
    keys: &KeyCache,
    row_key: i64,
) -> Result<Option<Experiment>> {
    Ok(load_experiments(conn, keys, &[row_key]).await?.pop())
}

/// Finds an experiment for a change: its row is locked until the transaction ends, so that its
/// lifecycle stage stands. Tags are left out.
pub(super) async fn find_for_change<C: Conn>(
    conn: &mut C,
    tenant: Tenant,
    id: ExperimentId,
) -> Result<Experiment> {
    let sql = format!(
        "SELECT {COLUMNS} FROM experiments WHERE workspace_pk = $1 AND number = $2{}",
        conn.engine().for_update()
    );
    let args = args![tenant.workspace, id.number()];
    let found = conn.query_optional(&sql, args, experiment_row).await?;
    found.ok_or_else(|| no_such_experiment(id))
}

/// Reads one experiment, deleted ones too.
pub struct GetExperiment {
    /// The tenant.
    pub tenant: Tenant,
    /// The experiment.
    pub id: ExperimentId,
    /// Names of interned keys.
    pub keys: Arc<KeyCache>,
}

impl Query for GetExperiment {
    type Out = Experiment;
    const NAME: &'static str = "experiments.get";

    async fn run<C: Conn>(&self, conn: &mut C) -> Result<Experiment> {
        let sql =
            format!("SELECT {COLUMNS} FROM experiments WHERE workspace_pk = $1 AND number = $2");
        let args = args![self.tenant.workspace, self.id.number()];
        let found = conn.query(&sql, args, experiment_row).await?;
        let found = complete(conn, &self.keys, found).await?.pop();
        found.ok_or_else(|| no_such_experiment(self.id))
    }
}

/// Reads one experiment by name, deleted ones too.
pub struct GetExperimentByName {
    /// The tenant.
    pub tenant: Tenant,
    /// The name.
    pub name: String,
    /// Names of interned keys.
    pub keys: Arc<KeyCache>,
}

impl Query for GetExperimentByName {
    type Out = Experiment;
    const NAME: &'static str = "experiments.get_by_name";

    async fn run<C: Conn>(&self, conn: &mut C) -> Result<Experiment> {
        let sql =
            format!("SELECT {COLUMNS} FROM experiments WHERE workspace_pk = $1 AND name = $2");
        let args = args![self.tenant.workspace, &self.name];
        let found = conn.query(&sql, args, experiment_row).await?;
        let found = complete(conn, &self.keys, found).await?.pop();
        found.ok_or_else(|| {
            Error::not_found(format!(
                "Could not find experiment with name '{}'",
                self.name
            ))
        })
    }
}

//! Reading logged models.

use std::collections::HashMap;
use std::sync::Arc;

use ferroflow_model::logged_models::{LoggedModel, LoggedModelStatus};
use ferroflow_model::metrics::{Metric, MetricDataset, ModelMetric};
use ferroflow_model::{Error, Etag, ExperimentId, ModelId, Result, RunId};

use super::no_such_logged_model;
use crate::command::{Query, Tenant};
use crate::conn::Conn;
use crate::tags::{LOGGED_MODEL_PARAMS, LOGGED_MODEL_TAGS};
use crate::{KeyCache, Row, Value, args};

/// An answer shows at most this many points, in equal shares of its models, the newest of each.
const POINTS: usize = 10_000;

/// However many models there are, each may show this many points.
const SHARE: usize = 100;

/// The columns that [`model_row`] reads, from [`LOGGED_MODEL_TABLES`].
pub(crate) const LOGGED_MODEL_COLUMNS: &str = "l.logged_model_pk, l.model_id, e.number, l.name, \
    l.artifact_uri, l.status, l.status_message, l.model_type, l.source_run_id, l.created_ms, \
    l.updated_ms, l.lifecycle, l.revision";

/// Logged models with the experiments that they belong to.
pub(crate) const LOGGED_MODEL_TABLES: &str =
    "logged_models l JOIN experiments e ON e.experiment_pk = l.experiment_pk";

/// A logged model with its row key, still without tags, params and metrics.
pub(crate) struct LoggedModelRow {
    pub(crate) logged_model_pk: i64,
    pub(crate) model: LoggedModel,
}

/// Reads a row of [`LOGGED_MODEL_COLUMNS`].
pub(crate) fn model_row(row: &Row<'_>) -> Result<LoggedModelRow> {
    let logged_model_pk = row.get(0)?;
    let model = LoggedModel {
        model_id: ModelId::new(row.get::<String>(1)?),
        experiment_id: ExperimentId::new(row.get(2)?),
        name: row.get(3)?,
        artifact_uri: row.get(4)?,
        status: LoggedModelStatus::from_number(row.get(5)?)?,
        status_message: row.get(6)?,
        model_type: row.get(7)?,
        source_run_id: row.get::<Option<String>>(8)?.map(RunId::new),
        created_ms: row.get(9)?,
        updated_ms: row.get(10)?,
        is_deleted: row.text(11)? != "active",
        tags: Vec::new(),
        params: Vec::new(),
        metrics: Vec::new(),
        etag: Etag {
            row: logged_model_pk,
            revision: row.get(12)?,
        },
    };
    Ok(LoggedModelRow {
        logged_model_pk,
        model,
    })
}

/// Adds tags, params and metrics: one statement per kind, however many models there are.
pub(crate) async fn complete_models<C: Conn>(
    conn: &mut C,
    keys: &KeyCache,
    rows: Vec<LoggedModelRow>,
) -> Result<Vec<LoggedModel>> {
    if rows.is_empty() {
        return Ok(Vec::new());
    }
    let row_keys: Vec<i64> = rows.iter().map(|row| row.logged_model_pk).collect();
    let tags = LOGGED_MODEL_TAGS.load(conn, keys, &row_keys).await?;
    let params = LOGGED_MODEL_PARAMS.load(conn, keys, &row_keys).await?;
    let mut metrics = load_points(conn, keys, &row_keys).await?;
    let complete = |row: LoggedModelRow| LoggedModel {
        tags: tags.tags(row.logged_model_pk),
        params: params.params(row.logged_model_pk),
        metrics: metrics.remove(&row.logged_model_pk).unwrap_or_default(),
        ..row.model
    };
    Ok(rows.into_iter().map(complete).collect())
}

async fn load_points<C: Conn>(
    conn: &mut C,
    keys: &KeyCache,
    row_keys: &[i64],
) -> Result<HashMap<i64, Vec<ModelMetric>>> {
    let sql = format!(
        "SELECT logged_model_pk, key_id, value, is_nan, timestamp_ms, step, run_id, dataset_name, \
         dataset_digest FROM (SELECT *, ROW_NUMBER() OVER (PARTITION BY logged_model_pk \
         ORDER BY timestamp_ms DESC, step DESC, key_id, run_id) AS place \
         FROM logged_model_metrics WHERE {}) AS points WHERE place <= $2 \
         ORDER BY timestamp_ms, step, run_id, dataset_name, dataset_digest",
        conn.engine().any_of("logged_model_pk", 1)
    );
    let share = i64::try_from(SHARE.max(POINTS / row_keys.len())).map_err(Error::internal)?;
    let points = conn
        .query(&sql, &[Value::Ints(row_keys), Value::Int(share)], |row| {
            Ok((row.get::<i64>(0)?, row.get::<i64>(1)?, point(row)?))
        })
        .await?;
    let names = keys
        .names(conn, points.iter().map(|(_, key_id, _)| *key_id))
        .await?;
    let mut by_model: HashMap<i64, Vec<ModelMetric>> = HashMap::new();
    for (row_key, key_id, mut point) in points {
        point.metric.key = names.get(key_id)?;
        by_model.entry(row_key).or_default().push(point);
    }
    for points in by_model.values_mut() {
        points.sort_by(|a, b| a.metric.key.cmp(&b.metric.key));
    }
    Ok(by_model)
}

fn point(row: &Row<'_>) -> Result<ModelMetric> {
    let value = if row.get(3)? { f64::NAN } else { row.get(2)? };
    let (timestamp_ms, step) = (row.get(4)?, row.get(5)?);
    let (name, digest): (String, String) = (row.get(7)?, row.get(8)?);
    let is_without_dataset = name.is_empty() && digest.is_empty();
    Ok(ModelMetric {
        metric: Metric {
            key: String::new(),
            value,
            timestamp_ms,
            step,
        },
        run_id: RunId::new(row.get::<String>(6)?),
        dataset: (!is_without_dataset).then_some(MetricDataset { name, digest }),
    })
}

/// Reads one logged model.
pub struct GetLoggedModel {
    /// The tenant.
    pub tenant: Tenant,
    /// The model.
    pub model_id: ModelId,
    /// Whether a deleted one is shown.
    pub allow_deleted: bool,
    /// Names of interned keys.
    pub keys: Arc<KeyCache>,
}

impl Query for GetLoggedModel {
    type Out = LoggedModel;
    const NAME: &'static str = "logged_models.get";

    async fn run<C: Conn>(&self, conn: &mut C) -> Result<LoggedModel> {
        let sql = format!(
            "SELECT {LOGGED_MODEL_COLUMNS} FROM {LOGGED_MODEL_TABLES} WHERE l.platform_pk = $1 \
             AND l.model_id = $2 AND (l.workspace_pk = $3 OR $3 = 0)"
        );
        let args = args![
            self.tenant.platform,
            self.model_id.as_str(),
            self.tenant.workspace
        ];
        let mut rows = conn.query(&sql, args, model_row).await?;
        rows.retain(|row| self.allow_deleted || !row.model.is_deleted);
        let model = complete_models(conn, &self.keys, rows).await?.pop();
        model.ok_or_else(|| no_such_logged_model(&self.model_id))
    }
}

/// Reads a logged model by row key, complete.
pub(super) async fn load_model<C: Conn>(
    conn: &mut C,
    keys: &KeyCache,
    logged_model_pk: i64,
) -> Result<Option<LoggedModel>> {
    let sql = format!(
        "SELECT {LOGGED_MODEL_COLUMNS} FROM {LOGGED_MODEL_TABLES} WHERE l.logged_model_pk = $1"
    );
    let rows = conn.query(&sql, args![logged_model_pk], model_row).await?;
    Ok(complete_models(conn, keys, rows).await?.pop())
}

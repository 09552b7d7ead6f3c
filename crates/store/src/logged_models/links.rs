//! What versions take from the logged models that they are made from.

use std::collections::HashMap;

use ferroflow_model::metrics::Metric;
use ferroflow_model::model_versions::ModelVersion;
use ferroflow_model::{Error, ModelId, Param, Result, RunId};
use serde::{Deserialize, Serialize};

use crate::command::{Tenant, WriteContext};
use crate::conn::Conn;
use crate::tags::{KeyedValue, LOGGED_MODEL_PARAMS, LOGGED_MODEL_TAGS, Values};
use crate::{KeyCache, Value, args};

/// A logged model lists at most this many of the versions made from it, the newest.
const LINKS: usize = 100;

/// A logged model that a version is made from.
pub(crate) struct LinkedModel {
    pub(crate) model_id: ModelId,
    pub(crate) source_run_id: Option<RunId>,
    logged_model_pk: i64,
    experiment_pk: i64,
}

impl LinkedModel {
    /// Its params and metrics.
    pub(crate) async fn facts<C: Conn>(
        &self,
        conn: &mut C,
        keys: &KeyCache,
        tenant: Tenant,
    ) -> Result<ModelFacts> {
        load_model_facts(conn, keys, tenant, &[self.model_id.as_str()]).await
    }
}

/// Finds the logged model that a version is to be made from. A workspace looks at its own, a
/// platform at all of its workspaces. The row is locked, because the version is noted in it.
pub(crate) async fn find_origin<C: Conn>(
    conn: &mut C,
    tenant: Tenant,
    model_id: &ModelId,
) -> Result<Option<LinkedModel>> {
    let sql = format!(
        "SELECT logged_model_pk, experiment_pk, source_run_id FROM logged_models \
         WHERE platform_pk = $1 AND model_id = $2 AND lifecycle = 'active' \
         AND ($3 = 0 OR workspace_pk = $3){}",
        conn.engine().for_update()
    );
    conn.query_optional(
        &sql,
        args![tenant.platform, model_id.as_str(), tenant.workspace],
        |row| {
            Ok(LinkedModel {
                model_id: model_id.clone(),
                source_run_id: row.get::<Option<String>>(2)?.map(RunId::new),
                logged_model_pk: row.get(0)?,
                experiment_pk: row.get(1)?,
            })
        },
    )
    .await
}

/// One entry of the tag `mlflow.modelVersions`.
#[derive(Serialize, Deserialize)]
struct Link {
    name: String,
    version: serde_json::Value,
}

/// Notes a version in the logged model's tag `mlflow.modelVersions`, as MLflow does.
pub(crate) async fn link_version<C: Conn>(
    conn: &mut C,
    write: &WriteContext,
    model: &LinkedModel,
    link_key: i64,
    version: &ModelVersion,
) -> Result<()> {
    const FIND: &str =
        "SELECT value FROM logged_model_tags WHERE logged_model_pk = $1 AND key_id = $2";
    const TOUCH: &str = "UPDATE logged_models SET updated_ms = $2, revision = revision + 1 \
        WHERE logged_model_pk = $1";
    let args = args![model.logged_model_pk, link_key];
    let noted: Option<String> = conn.query_optional(FIND, args, |row| row.get(0)).await?;
    // A tag that a client has overwritten with something else is begun anew.
    let mut links: Vec<Link> = noted
        .and_then(|text| serde_json::from_str(&text).ok())
        .unwrap_or_default();
    links.push(Link {
        name: version.name.as_str().to_owned(),
        version: version.version.number().into(),
    });
    let oldest = links.len().saturating_sub(LINKS);
    let value = serde_json::to_string(&links[oldest..]).map_err(Error::internal)?;
    let values = [KeyedValue {
        key_id: link_key,
        value,
    }];
    let (owner, experiment) = (model.logged_model_pk, Some(model.experiment_pk));
    LOGGED_MODEL_TAGS
        .upsert(conn, owner, experiment, &values)
        .await?;
    conn.execute_one(TOUCH, args![model.logged_model_pk, write.now_ms])
        .await
}

/// The params and latest metrics of several logged models.
#[derive(Default)]
pub(crate) struct ModelFacts {
    row_keys: HashMap<String, i64>,
    params: Values,
    metrics: HashMap<i64, Vec<Metric>>,
}

impl ModelFacts {
    /// The params of one model, in the order of their keys.
    pub(crate) fn params(&self, model_id: &ModelId) -> Vec<Param> {
        self.row_keys
            .get(model_id.as_str())
            .map(|row_key| self.params.params(*row_key))
            .unwrap_or_default()
    }

    /// The latest point of each series of one model, in the order of their keys.
    pub(crate) fn latest_metrics(&self, model_id: &ModelId) -> Vec<Metric> {
        let row_key = self.row_keys.get(model_id.as_str());
        row_key
            .and_then(|row_key| self.metrics.get(row_key))
            .cloned()
            .unwrap_or_default()
    }
}

/// Loads params and latest metrics, one statement per kind.
pub(crate) async fn load_model_facts<C: Conn>(
    conn: &mut C,
    keys: &KeyCache,
    tenant: Tenant,
    model_ids: &[&str],
) -> Result<ModelFacts> {
    if model_ids.is_empty() {
        return Ok(ModelFacts::default());
    }
    let sql = format!(
        "SELECT model_id, logged_model_pk FROM logged_models WHERE platform_pk = $1 AND {}",
        conn.engine().any_of("model_id", 2)
    );
    let args = [Value::Int(tenant.platform), Value::Texts(model_ids)];
    let rows: Vec<(String, i64)> = conn
        .query(&sql, &args, |row| Ok((row.get(0)?, row.get(1)?)))
        .await?;
    let row_keys: Vec<i64> = rows.iter().map(|(_, row_key)| *row_key).collect();
    Ok(ModelFacts {
        params: LOGGED_MODEL_PARAMS.load(conn, keys, &row_keys).await?,
        metrics: load_latest_metrics(conn, keys, &row_keys).await?,
        row_keys: rows.into_iter().collect(),
    })
}

async fn load_latest_metrics<C: Conn>(
    conn: &mut C,
    keys: &KeyCache,
    row_keys: &[i64],
) -> Result<HashMap<i64, Vec<Metric>>> {
    let sql = format!(
        "SELECT logged_model_pk, key_id, value, is_nan, timestamp_ms, step FROM ( \
         SELECT logged_model_pk, key_id, value, is_nan, timestamp_ms, step, ROW_NUMBER() OVER ( \
         PARTITION BY logged_model_pk, key_id ORDER BY step DESC, timestamp_ms DESC, value DESC) \
         AS place FROM logged_model_metrics WHERE {}) AS points WHERE place = 1",
        conn.engine().any_of("logged_model_pk", 1)
    );
    let points: Vec<(i64, i64, Metric)> = conn
        .query(&sql, &[Value::Ints(row_keys)], |row| {
            let value = if row.get(3)? { f64::NAN } else { row.get(2)? };
            let (timestamp_ms, step) = (row.get(4)?, row.get(5)?);
            let metric = Metric {
                key: String::new(),
                value,
                timestamp_ms,
                step,
            };
            Ok((row.get(0)?, row.get(1)?, metric))
        })
        .await?;
    let names = keys
        .names(conn, points.iter().map(|(_, key_id, _)| *key_id))
        .await?;
    let mut metrics: HashMap<i64, Vec<Metric>> = HashMap::new();
    for (row_key, key_id, mut metric) in points {
        metric.key = names.get(key_id)?;
        metrics.entry(row_key).or_default().push(metric);
    }
    for series in metrics.values_mut() {
        series.sort_unstable_by(|a, b| a.key.cmp(&b.key));
    }
    Ok(metrics)
}

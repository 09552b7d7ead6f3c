//! What versions take from the logged models that they are made from.

use std::collections::HashMap;

use ferroflow_model::metrics::Metric;
use ferroflow_model::model_versions::ModelVersion;
use ferroflow_model::{Error, ModelId, Param, Result, RunId, ascii_json, spaced_json};
use serde::{Deserialize, Serialize};

use super::BUMP_LOGGED_MODEL;
use crate::command::Tenant;
use crate::conn::Conn;
use crate::tags::{KeyedValue, LOGGED_MODEL_PARAMS, LOGGED_MODEL_TAGS, Values};
use crate::{KeyCache, Value, args};

/// A logged model lists at most this many of the versions made from it, the newest.
const LINKS: usize = 100;

/// A logged model that a version is made from.
pub(crate) struct LinkedModel {
    pub(crate) logged_model_pk: i64,
    pub(crate) source_run_id: Option<RunId>,
    experiment_pk: i64,
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
         AND (workspace_pk = $3 OR $3 = 0){}",
        conn.engine().for_update()
    );
    conn.query_optional(
        &sql,
        args![tenant.platform, model_id.as_str(), tenant.workspace],
        |row| {
            Ok(LinkedModel {
                logged_model_pk: row.get(0)?,
                source_run_id: row.get::<Option<String>>(2)?.map(RunId::new),
                experiment_pk: row.get(1)?,
            })
        },
    )
    .await
}

/// One entry of the tag `mlflow.modelVersions`.
#[derive(Serialize, Deserialize, PartialEq)]
struct Link {
    name: String,
    version: serde_json::Value,
}

/// Notes a version in the logged model's tag `mlflow.modelVersions`, as MLflow does. A change of
/// tags leaves the model's time of update.
pub(crate) async fn link_version<C: Conn>(
    conn: &mut C,
    model: &LinkedModel,
    link_key: i64,
    version: &ModelVersion,
) -> Result<()> {
    const FIND: &str =
        "SELECT value FROM logged_model_tags WHERE logged_model_pk = $1 AND key_id = $2";
    let args = args![model.logged_model_pk, link_key];
    let noted: Option<String> = conn.query_optional(FIND, args, |row| row.get(0)).await?;
    let values = [KeyedValue {
        key_id: link_key,
        value: with_link(noted.as_deref(), version)?,
    }];
    let (owner, experiment) = (model.logged_model_pk, Some(model.experiment_pk));
    LOGGED_MODEL_TAGS
        .upsert(conn, owner, experiment, &values)
        .await?;
    conn.execute_one(BUMP_LOGGED_MODEL, args![owner]).await
}

/// The tag's value with one more version, the newest last. A value that a client has overwritten
/// with something else is begun anew.
fn with_link(noted: Option<&str>, version: &ModelVersion) -> Result<String> {
    let mut links: Vec<Link> = noted
        .and_then(|text| serde_json::from_str(text).ok())
        .unwrap_or_default();
    let link = Link {
        name: version.name.as_str().to_owned(),
        version: version.version.number().into(),
    };
    // A registered model of that name may have been deleted, and its numbers begun anew.
    links.retain(|noted| *noted != link);
    links.push(link);
    let oldest = links.len().saturating_sub(LINKS);
    let json = serde_json::to_string(&links[oldest..]).map_err(Error::internal)?;
    Ok(ascii_json(&spaced_json(&json)))
}

/// The params and latest metrics of several logged models, by their row keys.
#[derive(Default)]
pub(crate) struct ModelFacts {
    params: Values,
    metrics: HashMap<i64, Vec<Metric>>,
}

impl ModelFacts {
    /// The params of one model, in the order of their keys.
    pub(crate) fn params(&self, logged_model_pk: i64) -> Vec<Param> {
        self.params.params(logged_model_pk)
    }

    /// The latest point of each series of one model, in the order of their keys.
    pub(crate) fn latest_metrics(&self, logged_model_pk: i64) -> Vec<Metric> {
        self.metrics
            .get(&logged_model_pk)
            .cloned()
            .unwrap_or_default()
    }
}

/// Loads params and latest metrics, one statement per kind.
pub(crate) async fn load_model_facts<C: Conn>(
    conn: &mut C,
    keys: &KeyCache,
    logged_model_pks: &[i64],
) -> Result<ModelFacts> {
    if logged_model_pks.is_empty() {
        return Ok(ModelFacts::default());
    }
    Ok(ModelFacts {
        params: LOGGED_MODEL_PARAMS
            .load(conn, keys, logged_model_pks)
            .await?,
        metrics: load_latest_metrics(conn, keys, logged_model_pks).await?,
    })
}

/// The latest point of a series of a logged model is the one of the latest time, then of the highest
/// step, as it is when logged models are ordered by a metric.
async fn load_latest_metrics<C: Conn>(
    conn: &mut C,
    keys: &KeyCache,
    row_keys: &[i64],
) -> Result<HashMap<i64, Vec<Metric>>> {
    let sql = format!(
        "SELECT logged_model_pk, key_id, value, is_nan, timestamp_ms, step \
         FROM logged_model_latest_metrics WHERE {}",
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

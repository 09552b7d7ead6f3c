//! Logging metrics, params and tags.

use std::collections::HashMap;

use ferroflow_model::metrics::NewMetric;
use ferroflow_model::{Error, Etag, Param, Result, RunId, python_text};

use super::edit::{ActiveRun, OwnFields, recall_etag};
use super::model_metrics::insert_model_metrics;
use crate::args;
use crate::command::{Applied, Mutation, ResultKey, WriteContext};
use crate::conn::Conn;
use crate::metrics::{KeyedPoint, RunKey, insert_points};
use crate::tags::{KeyedValue, RUN_PARAMS, RUN_TAGS};

/// Logs metrics, params and tags to an active run, all or nothing.
pub struct LogBatch {
    /// The run.
    pub run_id: RunId,
    /// The new name, when `tags` holds `mlflow.runName`.
    pub name: Option<String>,
    /// Points.
    pub metrics: Vec<NewMetric>,
    /// The interned keys of the points, in the same order.
    pub metric_keys: Vec<i64>,
    /// Params with distinct keys.
    pub params: Vec<Param>,
    /// The interned keys of the params, in the same order.
    pub param_keys: Vec<i64>,
    /// Tags with distinct keys.
    pub tags: Vec<KeyedValue>,
    /// Whether a client logs one param by itself, of which errors speak in other words.
    pub is_one_param: bool,
}

impl Mutation for LogBatch {
    type Out = Etag;
    const OPERATION: &'static str = "runs.log_batch";

    async fn apply<C: Conn>(&self, conn: &mut C, write: &WriteContext) -> Result<Applied<Etag>> {
        let fields = OwnFields::name(self.name.as_ref());
        let run = ActiveRun::change(conn, write, &self.run_id, fields).await?;
        self.insert_params(conn, &run).await?;
        let key = RunKey {
            experiment_pk: run.experiment_pk,
            run_pk: run.run_pk,
        };
        insert_points(conn, key, self.points()).await?;
        insert_model_metrics(conn, write, self, run.experiment_pk).await?;
        RUN_TAGS
            .upsert(conn, run.run_pk, Some(run.experiment_pk), &self.tags)
            .await?;
        Ok(run.applied(&self.run_id))
    }

    async fn recall<C: Conn>(
        &self,
        conn: &mut C,
        write: &WriteContext,
        result: ResultKey,
    ) -> Result<Option<Etag>> {
        recall_etag(conn, write, result).await
    }
}

impl LogBatch {
    /// The points with the ids of their keys.
    pub(super) fn keyed_metrics(&self) -> impl Iterator<Item = (i64, &NewMetric)> {
        self.metric_keys.iter().copied().zip(&self.metrics)
    }

    fn points(&self) -> Vec<KeyedPoint> {
        let point = |(key_id, new): (i64, &NewMetric)| KeyedPoint::new(key_id, &new.metric);
        self.keyed_metrics().map(point).collect()
    }

    /// Inserts params. Those that are there already must have the same value.
    async fn insert_params<C: Conn>(&self, conn: &mut C, run: &ActiveRun) -> Result<()> {
        let value = |(param, key_id): (&Param, &i64)| KeyedValue {
            key_id: *key_id,
            value: param.value.clone(),
        };
        let values: Vec<KeyedValue> = self
            .params
            .iter()
            .zip(&self.param_keys)
            .map(value)
            .collect();
        let experiment = Some(run.experiment_pk);
        let inserted = RUN_PARAMS
            .insert_new(conn, run.run_pk, experiment, &values)
            .await?;
        if inserted == values.len() as u64 {
            return Ok(());
        }
        self.check_params(conn, run.run_pk).await
    }

    async fn check_params<C: Conn>(&self, conn: &mut C, run_pk: i64) -> Result<()> {
        let sql = format!(
            "SELECT key_id, value FROM run_params WHERE run_pk = $1 AND {}",
            conn.engine().any_of("key_id", 2)
        );
        let args = args![run_pk, self.param_keys.as_slice()];
        let rows = conn
            .query(&sql, args, |row| Ok((row.get(0)?, row.get(1)?)))
            .await?;
        let logged: HashMap<i64, String> = rows.into_iter().collect();
        let conflicts: Vec<(&Param, &str)> = self
            .params
            .iter()
            .zip(&self.param_keys)
            .filter_map(|(param, key_id)| Some((param, logged.get(key_id)?.as_str())))
            .filter(|(param, logged)| param.value != *logged)
            .collect();
        if conflicts.is_empty() {
            Ok(())
        } else {
            Err(self.changed_params(&conflicts))
        }
    }

    /// The error for params that have other values already.
    fn changed_params(&self, conflicts: &[(&Param, &str)]) -> Error {
        let run_id = &self.run_id;
        if let ([(Param { key, value }, logged)], true) = (conflicts, self.is_one_param) {
            return Error::invalid(format!(
                "Changing param values is not allowed. Param with key='{key}' was already logged with value='{logged}' for run ID='{run_id}'. Attempted logging new value '{value}'."
            ));
        }
        let list: Vec<String> = conflicts
            .iter()
            .map(|(Param { key, value }, logged)| {
                let [key, old, new] = [key, *logged, value].map(python_text);
                format!("{{'key': {key}, 'old_value': {old}, 'new_value': {new}}}")
            })
            .collect();
        Error::invalid(format!(
            "Changing param values is not allowed. Params were already logged='[{}]' for run ID='{run_id}'.",
            list.join(", ")
        ))
    }
}

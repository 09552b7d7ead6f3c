//! Points of logged models, logged through a run.

use std::collections::HashMap;

use ferroflow_model::metrics::{MetricDataset, NewMetric};
use ferroflow_model::{Error, ModelId, Result};

use super::log_batch::LogBatch;
use crate::args;
use crate::command::WriteContext;
use crate::conn::{BulkColumn, BulkInsert, Conn};
use crate::metrics::{KeyedPoint, number};

/// Inserts the points that name a logged model. Of points at the same place the last one wins.
pub(super) async fn insert_model_metrics<C: Conn>(
    conn: &mut C,
    write: &WriteContext,
    batch: &LogBatch,
    experiment_pk: i64,
) -> Result<()> {
    let mut model_ids: Vec<&str> = batch
        .metrics
        .iter()
        .filter_map(|new| Some(new.model_id.as_ref()?.as_str()))
        .collect();
    if model_ids.is_empty() {
        return Ok(());
    }
    model_ids.sort_unstable();
    model_ids.dedup();
    let model_pks = find_models(conn, write, &model_ids).await?;
    let points = model_points(batch, &model_pks)?;
    let run_id = batch.run_id.as_str();
    insert(conn, run_id, experiment_pk, &points).await?;
    update_latest(conn, run_id, &points).await
}

/// The row keys of logged models, deleted ones too, by their ids.
async fn find_models<C: Conn>(
    conn: &mut C,
    write: &WriteContext,
    model_ids: &[&str],
) -> Result<HashMap<String, i64>> {
    let sql = format!(
        "SELECT model_id, logged_model_pk FROM logged_models \
         WHERE platform_pk = $1 AND workspace_pk = $2 AND {}",
        conn.engine().any_text_of("model_id", 3)
    );
    let args = args![write.tenant.platform, write.tenant.workspace, model_ids];
    let rows = conn
        .query(&sql, args, |row| Ok((row.get(0)?, row.get(1)?)))
        .await?;
    Ok(rows.into_iter().collect())
}

/// A point of a logged model.
struct ModelPoint<'a> {
    logged_model_pk: i64,
    dataset: Option<&'a MetricDataset>,
    keyed: KeyedPoint,
}

impl ModelPoint<'_> {
    fn dataset_name(&self) -> &str {
        self.dataset.map_or("", |dataset| &dataset.name)
    }

    fn dataset_digest(&self) -> &str {
        self.dataset.map_or("", |dataset| &dataset.digest)
    }

    /// What tells it from other points of the same run.
    fn place(&self) -> (i64, i64, i64, i64, &str, &str) {
        let KeyedPoint { key_id, point } = self.keyed;
        let (name, digest) = (self.dataset_name(), self.dataset_digest());
        (
            self.logged_model_pk,
            key_id,
            point.timestamp_ms,
            point.step,
            name,
            digest,
        )
    }
}

/// The points that name a logged model, one for each place.
fn model_points<'a>(
    batch: &'a LogBatch,
    model_pks: &HashMap<String, i64>,
) -> Result<Vec<ModelPoint<'a>>> {
    let model_pk = |id: &ModelId| {
        let model_pk = model_pks.get(id.as_str()).copied();
        model_pk.ok_or_else(|| Error::invalid(format!("Logged model with ID '{id}' not found.")))
    };
    let point = |(key_id, new): (i64, &'a NewMetric)| {
        let model_id = new.model_id.as_ref()?;
        Some(model_pk(model_id).map(|logged_model_pk| ModelPoint {
            logged_model_pk,
            dataset: new.dataset.as_ref(),
            keyed: KeyedPoint::new(key_id, &new.metric),
        }))
    };
    let points: Result<Vec<_>> = batch.keyed_metrics().filter_map(point).collect();
    let mut points = points?;
    points.reverse();
    points.sort_by(|a, b| a.place().cmp(&b.place()));
    points.dedup_by(|earlier, last| earlier.place() == last.place());
    Ok(points)
}

async fn insert<C: Conn>(
    conn: &mut C,
    run_id: &str,
    experiment_pk: i64,
    points: &[ModelPoint<'_>],
) -> Result<()> {
    let model_pks: Vec<i64> = points.iter().map(|point| point.logged_model_pk).collect();
    let key_ids: Vec<i64> = points.iter().map(|point| point.keyed.key_id).collect();
    let timestamps: Vec<i64> = points
        .iter()
        .map(|point| point.keyed.point.timestamp_ms)
        .collect();
    let steps: Vec<i64> = points.iter().map(|point| point.keyed.point.step).collect();
    let run_ids = vec![run_id; points.len()];
    let values = points.iter().map(|point| number(point.keyed.point.value));
    let (values, are_nan): (Vec<f64>, Vec<bool>) = values.unzip();
    let names: Vec<&str> = points.iter().map(ModelPoint::dataset_name).collect();
    let digests: Vec<&str> = points.iter().map(ModelPoint::dataset_digest).collect();
    let bulk = BulkInsert {
        table: "logged_model_metrics",
        columns: &[
            "logged_model_pk",
            "key_id",
            "timestamp_ms",
            "step",
            "run_id",
            "experiment_pk",
            "value",
            "is_nan",
            "dataset_name",
            "dataset_digest",
        ],
        conflict: "ON CONFLICT (logged_model_pk, key_id, timestamp_ms, step, run_id, \
            dataset_name, dataset_digest) \
            DO UPDATE SET value = excluded.value, is_nan = excluded.is_nan",
        values: &[
            BulkColumn::Ints(&model_pks),
            BulkColumn::Ints(&key_ids),
            BulkColumn::Ints(&timestamps),
            BulkColumn::Ints(&steps),
            BulkColumn::Texts(&run_ids),
            BulkColumn::Constant(experiment_pk),
            BulkColumn::Reals(&values),
            BulkColumn::Bools(&are_nan),
            BulkColumn::Texts(&names),
            BulkColumn::Texts(&digests),
        ],
    };
    conn.insert(&bulk).await.map(drop)
}

/// Brings the latest points up to date. `points` are sorted by place, so that the latest of a
/// series is the last.
async fn update_latest<C: Conn>(
    conn: &mut C,
    run_id: &str,
    points: &[ModelPoint<'_>],
) -> Result<()> {
    let series = |point: &ModelPoint<'_>| (point.logged_model_pk, point.keyed.key_id);
    let latest: Vec<&ModelPoint<'_>> = points
        .chunk_by(|a, b| series(a) == series(b))
        .filter_map(<[_]>::last)
        .collect();
    let model_pks: Vec<i64> = latest.iter().map(|point| point.logged_model_pk).collect();
    let key_ids: Vec<i64> = latest.iter().map(|point| point.keyed.key_id).collect();
    let points = latest.iter().map(|point| point.keyed.point);
    let timestamps: Vec<i64> = points.clone().map(|point| point.timestamp_ms).collect();
    let steps: Vec<i64> = points.clone().map(|point| point.step).collect();
    let (values, are_nan): (Vec<f64>, Vec<bool>) = points.map(|point| number(point.value)).unzip();
    let run_ids = vec![run_id; latest.len()];
    let bulk = BulkInsert {
        table: "logged_model_latest_metrics",
        columns: &[
            "logged_model_pk",
            "key_id",
            "timestamp_ms",
            "step",
            "run_id",
            "value",
            "is_nan",
        ],
        conflict: "ON CONFLICT (logged_model_pk, key_id) DO UPDATE SET \
            timestamp_ms = excluded.timestamp_ms, step = excluded.step, run_id = excluded.run_id, \
            value = excluded.value, is_nan = excluded.is_nan \
            WHERE (excluded.timestamp_ms, excluded.step) > \
            (logged_model_latest_metrics.timestamp_ms, logged_model_latest_metrics.step) \
            OR ((excluded.timestamp_ms, excluded.step) = \
            (logged_model_latest_metrics.timestamp_ms, logged_model_latest_metrics.step) \
            AND excluded.run_id <= logged_model_latest_metrics.run_id)",
        values: &[
            BulkColumn::Ints(&model_pks),
            BulkColumn::Ints(&key_ids),
            BulkColumn::Ints(&timestamps),
            BulkColumn::Ints(&steps),
            BulkColumn::Texts(&run_ids),
            BulkColumn::Reals(&values),
            BulkColumn::Bools(&are_nan),
        ],
    };
    conn.insert(&bulk).await.map(drop)
}

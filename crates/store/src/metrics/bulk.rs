//! The points of one key's series in several runs.

use std::collections::HashMap;

use ferroflow_model::metrics::{
    BulkHistory as Bulk, Point, RunPoints, SampledHistory as Sampled, sample,
};
use ferroflow_model::{Result, RunId};

use super::metric_value;
use crate::command::{Query, Tenant};
use crate::conn::Conn;
use crate::{Row, Value, args};

/// Reads the points of one key in several runs, up to a total.
pub struct BulkHistory {
    /// The tenant.
    pub tenant: Tenant,
    /// The series.
    pub series: Bulk,
    /// The interned key of the series.
    pub key_id: i64,
}

impl Query for BulkHistory {
    type Out = Vec<RunPoints>;
    const NAME: &'static str = "metrics.bulk_history";
    const IS_LONG: bool = true;

    async fn run<C: Conn>(&self, conn: &mut C) -> Result<Vec<RunPoints>> {
        const SQL: &str = "SELECT timestamp_ms, step, value, is_nan FROM metric_points \
            WHERE experiment_pk = $1 AND run_pk = $2 AND key_id = $3 \
            ORDER BY timestamp_ms, step, value, is_nan LIMIT $4";
        let runs = find_runs(conn, self.tenant, &self.series.run_ids).await?;
        let mut run_ids = self.series.run_ids.clone();
        run_ids.sort_unstable();
        run_ids.dedup();
        let mut wanted = self.series.max_results;
        let mut found = Vec::new();
        for run_id in run_ids {
            let Some((experiment_pk, run_pk)) = runs.get(&run_id).copied() else {
                continue;
            };
            let limit = i64::try_from(wanted).unwrap_or(i64::MAX);
            let args = args![experiment_pk, run_pk, self.key_id, limit];
            let points = conn.query(SQL, args, point).await?;
            wanted -= points.len();
            found.push(RunPoints { run_id, points });
        }
        Ok(found)
    }
}

/// Reads a sample of the points of one key in each of several runs.
pub struct SampledHistory {
    /// The tenant.
    pub tenant: Tenant,
    /// The series, and how to sample.
    pub series: Sampled,
    /// The interned key of the series.
    pub key_id: i64,
}

impl Query for SampledHistory {
    type Out = Vec<RunPoints>;
    const NAME: &'static str = "metrics.sampled_history";
    const IS_LONG: bool = true;

    async fn run<C: Conn>(&self, conn: &mut C) -> Result<Vec<RunPoints>> {
        let runs = find_runs(conn, self.tenant, &self.series.run_ids).await?;
        let mut found = Vec::new();
        for run_id in &self.series.run_ids {
            if let Some(run) = runs.get(run_id) {
                found.push(RunPoints {
                    run_id: run_id.clone(),
                    points: self.sample_run(conn, *run).await?,
                });
            }
        }
        Ok(found)
    }
}

impl SampledHistory {
    async fn sample_run<C: Conn>(
        &self,
        conn: &mut C,
        (experiment_pk, run_pk): (i64, i64),
    ) -> Result<Vec<Point>> {
        const SQL: &str = "SELECT timestamp_ms, step, value, is_nan FROM metric_points \
            WHERE experiment_pk = $1 AND run_pk = $2 AND key_id = $3 AND step BETWEEN $4 AND $5 \
            ORDER BY step, timestamp_ms, value, is_nan";
        let (start, end) = (*self.series.steps.start(), *self.series.steps.end());
        let args = args![experiment_pk, run_pk, self.key_id, start, end];
        let points = conn.query(SQL, args, point).await?;
        let places = sample(points.len() as u64, self.series.max_results as u64);
        let points = places.filter_map(|place| points.get(usize::try_from(place).ok()?).copied());
        Ok(points.collect())
    }
}

fn point(row: &Row<'_>) -> Result<Point> {
    Ok(Point {
        value: metric_value(row, 2)?,
        timestamp_ms: row.get(0)?,
        step: row.get(1)?,
    })
}

/// The experiments and row keys of runs, by their ids.
async fn find_runs<C: Conn>(
    conn: &mut C,
    tenant: Tenant,
    run_ids: &[RunId],
) -> Result<HashMap<RunId, (i64, i64)>> {
    let sql = format!(
        "SELECT run_id, experiment_pk, run_pk FROM runs \
         WHERE platform_pk = $1 AND workspace_pk = $2 AND {}",
        conn.engine().any_of("run_id", 3)
    );
    let run_ids: Vec<&str> = run_ids.iter().map(RunId::as_str).collect();
    let args = args![tenant.platform, tenant.workspace, Value::Texts(&run_ids)];
    let runs = conn
        .query(&sql, args, |row| {
            let run_id = RunId::new(row.get::<String>(0)?);
            Ok((run_id, (row.get(1)?, row.get(2)?)))
        })
        .await?;
    Ok(runs.into_iter().collect())
}

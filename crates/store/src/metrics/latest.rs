//! The latest point of each series.

use std::collections::HashMap;

use ferroflow_model::Result;
use ferroflow_model::metrics::Metric;

use super::metric_value;
use crate::conn::Conn;
use crate::{KeyCache, Value};

/// Reads the latest point of each series, in the order of their keys, by the runs' row keys.
pub(crate) async fn load_latest_points<C: Conn>(
    conn: &mut C,
    keys: &KeyCache,
    run_pks: &[i64],
) -> Result<HashMap<i64, Vec<Metric>>> {
    let sql = format!(
        "SELECT run_pk, key_id, step, timestamp_ms, value, is_nan FROM run_metrics WHERE {}",
        conn.engine().any_of("run_pk", 1)
    );
    let mut rows: Vec<(i64, i64, Metric)> = conn
        .query(&sql, &[Value::Ints(run_pks)], |row| {
            let metric = Metric {
                key: String::new(),
                value: metric_value(row, 4)?,
                timestamp_ms: row.get(3)?,
                step: row.get(2)?,
            };
            Ok((row.get(0)?, row.get(1)?, metric))
        })
        .await?;
    let names = keys
        .names(conn, rows.iter().map(|(_, key_id, _)| *key_id))
        .await?;
    for (_, key_id, metric) in &mut rows {
        metric.key = names.get(*key_id)?;
    }
    rows.sort_unstable_by(|(_, _, a), (_, _, b)| a.key.cmp(&b.key));
    let mut metrics: HashMap<i64, Vec<Metric>> = HashMap::new();
    for (run_pk, _, metric) in rows {
        metrics.entry(run_pk).or_default().push(metric);
    }
    Ok(metrics)
}

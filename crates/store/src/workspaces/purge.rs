//! Taking away what was in deleted workspaces, a bounded piece at a time.

use ferroflow_model::Result;

use crate::command::Command;
use crate::conn::{Conn, Statement};
use crate::{Value, args};

/// How many runs, logged models or registered models one piece has at most, whose params, tags and
/// latest metrics go with them.
const OWNERS: i64 = 100;
/// How many rows of which there may be any number one piece has at most. A block of points has about
/// a kilobyte.
const ROWS: i64 = 10_000;

/// Deletes one piece of what is left of a deleted platform; answers how many rows that were, which
/// is none when nothing is left of any. It can be run at any time, again and again.
pub struct PurgeDeletedPlatforms;

impl Command for PurgeDeletedPlatforms {
    type Out = u64;
    const NAME: &'static str = "workspaces.purge";

    async fn run<C: Conn>(&self, conn: &mut C) -> Result<u64> {
        const DELETED: &str = "SELECT platform_pk FROM platforms \
            WHERE deleted_ms IS NOT NULL ORDER BY deleted_ms LIMIT 1";
        let Some(platform) = first(conn, DELETED, &[]).await? else {
            return Ok(0);
        };
        if let Some(experiment) = find_experiment(conn, platform).await? {
            return purge_experiment(conn, experiment).await;
        }
        let models = purge_registered_models(conn, platform).await?;
        if models > 0 {
            return Ok(models);
        }
        let by_platform = args![platform];
        let statements: [Statement<'_>; 3] = [
            (
                "DELETE FROM retry_tokens WHERE platform_pk = $1",
                by_platform,
            ),
            ("DELETE FROM workspaces WHERE platform_pk = $1", by_platform),
            ("DELETE FROM platforms WHERE platform_pk = $1", by_platform),
        ];
        Ok(conn.execute_all(&statements).await?.iter().sum())
    }

    fn is_repeatable(&self) -> bool {
        true
    }
}

/// Selects row keys.
async fn keys<C: Conn>(conn: &mut C, sql: &str, args: &[Value<'_>]) -> Result<Vec<i64>> {
    conn.query(sql, args, |row| row.get(0)).await
}

async fn first<C: Conn>(conn: &mut C, sql: &str, args: &[Value<'_>]) -> Result<Option<i64>> {
    Ok(keys(conn, sql, args).await?.pop())
}

async fn find_experiment<C: Conn>(conn: &mut C, platform: i64) -> Result<Option<i64>> {
    const SQL: &str = "SELECT e.experiment_pk FROM workspaces w \
        JOIN experiments e ON e.workspace_pk = w.workspace_pk WHERE w.platform_pk = $1 LIMIT 1";
    first(conn, SQL, args![platform]).await
}

/// Deletes one piece of an experiment: first its blocks of points, of which there may be a million,
/// then its runs, its logged models, its datasets, and at last itself.
async fn purge_experiment<C: Conn>(conn: &mut C, experiment: i64) -> Result<u64> {
    const BLOCKS: &str = "DELETE FROM metric_blocks WHERE (experiment_pk, run_pk, key_id, \
        last_step, last_timestamp_ms, last_value, last_is_nan) IN (SELECT experiment_pk, run_pk, \
        key_id, last_step, last_timestamp_ms, last_value, last_is_nan FROM metric_blocks \
        WHERE experiment_pk = $1 LIMIT $2)";
    const DATASETS: &str = "DELETE FROM datasets WHERE dataset_pk IN \
        (SELECT dataset_pk FROM datasets WHERE experiment_pk = $1 LIMIT $2)";
    const RUNS: &str = "SELECT run_pk FROM runs WHERE experiment_pk = $1 LIMIT $2";
    const MODELS: &str =
        "SELECT logged_model_pk FROM logged_models WHERE experiment_pk = $1 LIMIT $2";
    let some_rows = args![experiment, ROWS];
    let some_owners = args![experiment, OWNERS];
    let blocks = conn.execute(BLOCKS, some_rows).await?;
    if blocks > 0 {
        return Ok(blocks);
    }
    let runs = keys(conn, RUNS, some_owners).await?;
    if !runs.is_empty() {
        return delete_owned(conn, &RUN_TABLES, "run_pk", &runs).await;
    }
    let models = keys(conn, MODELS, some_owners).await?;
    if !models.is_empty() {
        return delete_owned(conn, &LOGGED_MODEL_TABLES, "logged_model_pk", &models).await;
    }
    let datasets = conn.execute(DATASETS, some_rows).await?;
    if datasets > 0 {
        return Ok(datasets);
    }
    delete_owned(
        conn,
        &["experiment_tags", "experiments"],
        "experiment_pk",
        &[experiment],
    )
    .await
}

/// The tables of runs, the one with the runs themselves at the end.
const RUN_TABLES: [&str; 9] = [
    "metric_tails",
    "run_metrics",
    "run_params",
    "run_tags",
    "run_dataset_input_tags",
    "run_dataset_inputs",
    "run_model_inputs",
    "run_model_outputs",
    "runs",
];

const LOGGED_MODEL_TABLES: [&str; 5] = [
    "logged_model_latest_metrics",
    "logged_model_metrics",
    "logged_model_params",
    "logged_model_tags",
    "logged_models",
];

/// Deletes one piece of a registry: versions first, then models that have none.
async fn purge_registered_models<C: Conn>(conn: &mut C, platform: i64) -> Result<u64> {
    const VERSIONS: &str = "SELECT version_pk FROM model_versions WHERE platform_pk = $1 LIMIT $2";
    const MODELS: &str = "SELECT model_pk FROM registered_models WHERE platform_pk = $1 LIMIT $2";
    let some = args![platform, OWNERS];
    let versions = keys(conn, VERSIONS, some).await?;
    if !versions.is_empty() {
        let tables = ["model_version_tags", "model_versions"];
        return delete_owned(conn, &tables, "version_pk", &versions).await;
    }
    let models = keys(conn, MODELS, some).await?;
    if models.is_empty() {
        return Ok(0);
    }
    let tables = [
        "registered_model_aliases",
        "registered_model_tags",
        "registered_models",
    ];
    delete_owned(conn, &tables, "model_pk", &models).await
}

/// Deletes what belongs to owners, and the owners, from tables that name them in one column.
async fn delete_owned<C: Conn>(
    conn: &mut C,
    tables: &[&str],
    column: &str,
    owners: &[i64],
) -> Result<u64> {
    let owned = conn.engine().any_of(column, 1);
    let owners: &[Value<'_>] = &[Value::Ints(owners)];
    let sql: Vec<String> = tables
        .iter()
        .map(|table| format!("DELETE FROM {table} WHERE {owned}"))
        .collect();
    let statements: Vec<Statement<'_>> = sql.iter().map(|sql| (sql.as_str(), owners)).collect();
    Ok(conn.execute_all(&statements).await?.iter().sum())
}

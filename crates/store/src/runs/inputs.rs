//! What runs read and write: datasets and logged models.

use std::collections::HashMap;

use ferroflow_model::datasets::{Dataset, DatasetInput, ModelOutput};
use ferroflow_model::{ModelId, Result, Tag};

use crate::Value;
use crate::conn::Conn;

/// Reads the datasets that runs read, with the tags of each use, by the runs' row keys.
pub(super) async fn load_dataset_inputs<C: Conn>(
    conn: &mut C,
    run_pks: &[i64],
) -> Result<HashMap<i64, Vec<DatasetInput>>> {
    let sql = format!(
        "SELECT i.run_pk, i.dataset_pk, d.name, d.digest, d.source_type, d.source, \
         d.schema_json, d.profile_json \
         FROM run_dataset_inputs i JOIN datasets d ON d.dataset_pk = i.dataset_pk \
         WHERE {} ORDER BY i.run_pk, i.dataset_pk",
        conn.engine().any_of("i.run_pk", 1)
    );
    let rows: Vec<((i64, i64), Dataset)> = conn
        .query(&sql, &[Value::Ints(run_pks)], |row| {
            let dataset = Dataset {
                name: row.get(2)?,
                digest: row.get(3)?,
                source_type: row.get(4)?,
                source: row.get(5)?,
                schema: row.get(6)?,
                profile: row.get(7)?,
            };
            Ok(((row.get(0)?, row.get(1)?), dataset))
        })
        .await?;
    let mut tags = if rows.is_empty() {
        HashMap::new()
    } else {
        load_input_tags(conn, run_pks).await?
    };
    let mut inputs: HashMap<i64, Vec<DatasetInput>> = HashMap::new();
    for (place, dataset) in rows {
        let tags = tags.remove(&place).unwrap_or_default();
        inputs
            .entry(place.0)
            .or_default()
            .push(DatasetInput { dataset, tags });
    }
    Ok(inputs)
}

/// The tags of dataset inputs, by run and dataset.
async fn load_input_tags<C: Conn>(
    conn: &mut C,
    run_pks: &[i64],
) -> Result<HashMap<(i64, i64), Vec<Tag>>> {
    let sql = format!(
        "SELECT run_pk, dataset_pk, name, value FROM run_dataset_input_tags \
         WHERE {} ORDER BY run_pk, dataset_pk, name",
        conn.engine().any_of("run_pk", 1)
    );
    let rows: Vec<((i64, i64), Tag)> = conn
        .query(&sql, &[Value::Ints(run_pks)], |row| {
            let tag = Tag {
                key: row.get(2)?,
                value: row.get(3)?,
            };
            Ok(((row.get(0)?, row.get(1)?), tag))
        })
        .await?;
    let mut tags: HashMap<(i64, i64), Vec<Tag>> = HashMap::new();
    for (place, tag) in rows {
        tags.entry(place).or_default().push(tag);
    }
    Ok(tags)
}

/// Logged models that runs read and wrote, by the runs' row keys.
#[derive(Default)]
pub(super) struct RunModels {
    pub(super) inputs: HashMap<i64, Vec<ModelId>>,
    pub(super) outputs: HashMap<i64, Vec<ModelOutput>>,
}

/// Reads the logged models that runs read and wrote, in one statement.
pub(super) async fn load_models<C: Conn>(conn: &mut C, run_pks: &[i64]) -> Result<RunModels> {
    let any = conn.engine().any_of("run_pk", 1);
    let sql = format!(
        "SELECT run_pk, model_id, CAST(NULL AS BIGINT) FROM run_model_inputs WHERE {any} \
         UNION ALL SELECT run_pk, model_id, step FROM run_model_outputs WHERE {any}"
    );
    let mut rows: Vec<(i64, Option<i64>, String)> = conn
        .query(&sql, &[Value::Ints(run_pks)], |row| {
            Ok((row.get(0)?, row.get(2)?, row.get(1)?))
        })
        .await?;
    rows.sort_unstable();
    let mut models = RunModels::default();
    for (run_pk, step, model_id) in rows {
        let model_id = ModelId::new(model_id);
        match step {
            None => models.inputs.entry(run_pk).or_default().push(model_id),
            Some(step) => {
                models
                    .outputs
                    .entry(run_pk)
                    .or_default()
                    .push(ModelOutput { model_id, step });
            }
        }
    }
    Ok(models)
}

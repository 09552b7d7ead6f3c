//! Recording what runs read and write.

use ferroflow_model::datasets::{Dataset, DatasetInput, ModelOutput};
use ferroflow_model::runs::LogInputs as Inputs;
use ferroflow_model::{Error, Etag, ModelId, Result, RunId, Tag};

use super::edit::{ActiveRun, OwnFields, recall_etag};
use crate::args;
use crate::command::{Applied, Mutation, ResultKey, WriteContext};
use crate::conn::{BulkColumn, BulkInsert, Conn};

/// The tag of an input that tells what the run read the dataset for.
const CONTEXT_TAG: &str = "mlflow.data.context";

/// Records datasets and models that an active run read.
pub struct LogInputs {
    /// The run and its inputs.
    pub inputs: Inputs,
}

impl Mutation for LogInputs {
    type Out = Etag;
    const OPERATION: &'static str = "runs.log_inputs";

    async fn apply<C: Conn>(&self, conn: &mut C, write: &WriteContext) -> Result<Applied<Etag>> {
        let Inputs {
            run_id,
            datasets,
            models,
        } = &self.inputs;
        let run = ActiveRun::change(conn, write, run_id, OwnFields::default()).await?;
        for input in datasets {
            insert_dataset_input(conn, &run, input).await?;
        }
        let model_ids: Vec<&str> = models.iter().map(ModelId::as_str).collect();
        conn.insert(&BulkInsert {
            table: "run_model_inputs",
            columns: &["run_pk", "model_id"],
            conflict: "ON CONFLICT DO NOTHING",
            values: &[
                BulkColumn::Constant(run.run_pk),
                BulkColumn::Texts(&model_ids),
            ],
        })
        .await?;
        Ok(run.applied(run_id))
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

/// Records that the run read a dataset. When it is known already, it and its tags stay as they
/// are.
async fn insert_dataset_input<C: Conn>(
    conn: &mut C,
    run: &ActiveRun,
    input: &DatasetInput,
) -> Result<()> {
    const SQL: &str = "INSERT INTO run_dataset_inputs (run_pk, dataset_pk, context) \
        VALUES ($1, $2, $3) ON CONFLICT DO NOTHING";
    let dataset_pk = ensure_dataset(conn, run.experiment_pk, &input.dataset).await?;
    let context = input.tags.iter().find(|tag| tag.key == CONTEXT_TAG);
    let context = context.map(|tag| tag.value.as_str());
    match conn
        .execute(SQL, args![run.run_pk, dataset_pk, context])
        .await?
    {
        0 => Ok(()),
        _ => insert_input_tags(conn, run.run_pk, dataset_pk, &input.tags).await,
    }
}

/// The row key of a dataset, which is inserted when the experiment has none of its name and
/// digest.
async fn ensure_dataset<C: Conn>(
    conn: &mut C,
    experiment_pk: i64,
    dataset: &Dataset,
) -> Result<i64> {
    const INSERT: &str = "INSERT INTO datasets (experiment_pk, name, digest, source_type, source, \
        schema_json, profile_json) VALUES ($1, $2, $3, $4, $5, $6, $7) \
        ON CONFLICT (experiment_pk, name, digest) DO NOTHING";
    const SELECT: &str =
        "SELECT dataset_pk FROM datasets WHERE experiment_pk = $1 AND name = $2 AND digest = $3";
    let Dataset {
        name,
        digest,
        source_type,
        source,
        schema,
        profile,
    } = dataset;
    let description = args![
        experiment_pk,
        name,
        digest,
        source_type,
        source,
        schema.as_ref(),
        profile.as_ref()
    ];
    conn.execute(INSERT, description).await?;
    conn.query_one(SELECT, args![experiment_pk, name, digest], |row| row.get(0))
        .await
}

/// Of equal names the first one stays.
async fn insert_input_tags<C: Conn>(
    conn: &mut C,
    run_pk: i64,
    dataset_pk: i64,
    tags: &[Tag],
) -> Result<()> {
    let names: Vec<&str> = tags.iter().map(|tag| tag.key.as_str()).collect();
    let values: Vec<&str> = tags.iter().map(|tag| tag.value.as_str()).collect();
    conn.insert(&BulkInsert {
        table: "run_dataset_input_tags",
        columns: &["run_pk", "dataset_pk", "name", "value"],
        conflict: "ON CONFLICT DO NOTHING",
        values: &[
            BulkColumn::Constant(run_pk),
            BulkColumn::Constant(dataset_pk),
            BulkColumn::Texts(&names),
            BulkColumn::Texts(&values),
        ],
    })
    .await
    .map(drop)
}

/// Records models that an active run wrote, each once.
pub struct LogOutputs {
    /// The run.
    pub run_id: RunId,
    /// The models.
    pub outputs: Vec<ModelOutput>,
}

impl Mutation for LogOutputs {
    type Out = Etag;
    const OPERATION: &'static str = "runs.log_outputs";

    async fn apply<C: Conn>(&self, conn: &mut C, write: &WriteContext) -> Result<Applied<Etag>> {
        let run = ActiveRun::change(conn, write, &self.run_id, OwnFields::default()).await?;
        let model_ids: Vec<&str> = self
            .outputs
            .iter()
            .map(|output| output.model_id.as_str())
            .collect();
        let steps: Vec<i64> = self.outputs.iter().map(|output| output.step).collect();
        let inserted = conn
            .insert(&BulkInsert {
                table: "run_model_outputs",
                columns: &["run_pk", "model_id", "step"],
                conflict: "ON CONFLICT DO NOTHING",
                values: &[
                    BulkColumn::Constant(run.run_pk),
                    BulkColumn::Texts(&model_ids),
                    BulkColumn::Ints(&steps),
                ],
            })
            .await?;
        if inserted < self.outputs.len() as u64 {
            return Err(Error::already_exists(format!(
                "A model is an output of the run {} already; each can be logged once.",
                self.run_id
            )));
        }
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

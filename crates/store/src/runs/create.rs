//! Creating runs.

use std::sync::Arc;

use ferroflow_model::artifacts::append_path;
use ferroflow_model::runs::{Run, RunInfo, RunStatus};
use ferroflow_model::{Error, Etag, ExperimentId, LifecycleStage, Result, RunId, Tag};

use super::changed;
use super::read::{complete_runs, recall_info};
use crate::command::{Applied, Mutation, ResultKey, WriteContext};
use crate::conn::Conn;
use crate::tags::RUN_TAGS;
use crate::{KeyCache, args};

/// Creates a run in an active experiment.
pub struct CreateRun {
    /// The new public id.
    pub run_id: RunId,
    /// The experiment.
    pub experiment_id: ExperimentId,
    /// The name; `tags` holds it as well.
    pub name: String,
    /// Who the client says runs it.
    pub user_id: String,
    /// Milliseconds since the Unix epoch.
    pub start_ms: i64,
    /// Initial tags with distinct keys, among them `mlflow.runName`.
    pub tags: Vec<Tag>,
    /// The interned keys of the tags, in the same order.
    pub tag_keys: Vec<i64>,
    /// Names of interned keys.
    pub keys: Arc<KeyCache>,
}

/// What the experiment's row gave.
struct Parent {
    experiment_pk: i64,
    artifact_location: String,
}

impl Mutation for CreateRun {
    type Out = Run;
    const OPERATION: &'static str = "runs.create";

    async fn apply<C: Conn>(&self, conn: &mut C, write: &WriteContext) -> Result<Applied<Run>> {
        let parent = self.find_experiment(conn, write).await?;
        let artifact_uri = append_path(
            &parent.artifact_location,
            &format!("{}/artifacts", self.run_id),
        );
        let run_pk = self.insert(conn, write, &parent, &artifact_uri).await?;
        let experiment = Some(parent.experiment_pk);
        RUN_TAGS
            .insert_tags(conn, run_pk, experiment, &self.tags, &self.tag_keys)
            .await?;
        Ok(Applied {
            out: self.answer(write, run_pk, artifact_uri),
            result: ResultKey {
                row: run_pk,
                part: 0,
            },
            change: changed(&self.run_id),
        })
    }

    async fn recall<C: Conn>(
        &self,
        conn: &mut C,
        write: &WriteContext,
        result: ResultKey,
    ) -> Result<Option<Run>> {
        let info = recall_info(conn, write.tenant, result.row).await?;
        let in_use = info.filter(|info| info.lifecycle == LifecycleStage::Active);
        Ok(
            complete_runs(conn, &self.keys, in_use.into_iter().collect())
                .await?
                .pop(),
        )
    }
}

impl CreateRun {
    /// Finds the experiment, and keeps others from deleting it until the run is there: they
    /// delete its runs with it.
    async fn find_experiment<C: Conn>(&self, conn: &mut C, write: &WriteContext) -> Result<Parent> {
        let sql = format!(
            "SELECT experiment_pk, artifact_location, lifecycle FROM experiments \
             WHERE workspace_pk = $1 AND number = $2{}",
            conn.engine().for_share()
        );
        let id = self.experiment_id;
        let args = args![write.tenant.workspace, id.number()];
        let found = conn
            .query_optional(&sql, args, |row| {
                let parent = Parent {
                    experiment_pk: row.get(0)?,
                    artifact_location: row.get(1)?,
                };
                Ok((parent, LifecycleStage::parse(row.text(2)?)?))
            })
            .await?;
        match found {
            Some((parent, LifecycleStage::Active)) => Ok(parent),
            Some((_, lifecycle)) => Err(Error::invalid(format!(
                "The experiment {id} must be in the 'active' state. Current state is {}.",
                lifecycle.as_str()
            ))),
            None => Err(Error::not_found(format!(
                "No Experiment with id={id} exists"
            ))),
        }
    }

    async fn insert<C: Conn>(
        &self,
        conn: &mut C,
        write: &WriteContext,
        parent: &Parent,
        artifact_uri: &str,
    ) -> Result<i64> {
        const SQL: &str = "INSERT INTO runs (platform_pk, workspace_pk, experiment_pk, run_id, \
            name, user_id, status, start_ms, artifact_uri, lifecycle, created_ms, updated_ms, \
            revision) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $11, $12) \
            RETURNING run_pk";
        let args = args![
            write.tenant.platform,
            write.tenant.workspace,
            parent.experiment_pk,
            self.run_id.as_str(),
            &self.name,
            &self.user_id,
            RunStatus::Running.as_str(),
            self.start_ms,
            artifact_uri,
            LifecycleStage::Active.as_str(),
            write.now_ms,
            write.first_revision,
        ];
        conn.query_one(SQL, args, |row| row.get(0)).await
    }

    fn answer(&self, write: &WriteContext, run_pk: i64, artifact_uri: String) -> Run {
        let mut tags = self.tags.clone();
        tags.sort_unstable_by(|a, b| a.key.cmp(&b.key));
        Run {
            info: RunInfo {
                run_id: self.run_id.clone(),
                name: self.name.clone(),
                experiment_id: self.experiment_id,
                user_id: self.user_id.clone(),
                status: RunStatus::Running,
                start_ms: Some(self.start_ms),
                end_ms: None,
                artifact_uri,
                lifecycle: LifecycleStage::Active,
                etag: Etag {
                    row: run_pk,
                    revision: write.first_revision,
                },
            },
            metrics: Vec::new(),
            params: Vec::new(),
            tags,
            dataset_inputs: Vec::new(),
            model_inputs: Vec::new(),
            model_outputs: Vec::new(),
        }
    }
}

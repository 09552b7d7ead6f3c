//! Creating experiments.

use std::sync::Arc;

use ferroflow_model::artifacts::append_path;
use ferroflow_model::experiments::Experiment;
use ferroflow_model::{Etag, ExperimentId, LifecycleStage, Result, Tag};

use super::name_is_taken;
use super::read::recall_experiment;
use crate::command::{Applied, Change, Mutation, ResultKey, WriteContext};
use crate::conn::Conn;
use crate::tags::EXPERIMENT_TAGS;
use crate::tenants::ARTIFACT_ROOT;
use crate::{KeyCache, args};

/// Where the artifacts of an experiment go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ArtifactLocation {
    /// To the place that the client chose.
    Chosen(String),
    /// Below this root, unless the workspace has one of its own: the experiment's number comes
    /// after it.
    Below(String),
}

/// Creates an experiment under the next number of its workspace.
pub struct CreateExperiment {
    /// Unique within the workspace, deleted ones included.
    pub name: String,
    /// Where the artifacts of its runs go.
    pub artifact_location: ArtifactLocation,
    /// Initial tags with distinct keys.
    pub tags: Vec<Tag>,
    /// The interned keys of the tags, in the same order.
    pub tag_keys: Vec<i64>,
    /// Names of interned keys.
    pub keys: Arc<KeyCache>,
}

impl Mutation for CreateExperiment {
    type Out = Experiment;
    const OPERATION: &'static str = "experiments.create";

    async fn apply<C: Conn>(
        &self,
        conn: &mut C,
        write: &WriteContext,
    ) -> Result<Applied<Experiment>> {
        let (number, own_root) = next_number(conn, write).await?;
        let artifact_location = match &self.artifact_location {
            ArtifactLocation::Chosen(location) => location.clone(),
            ArtifactLocation::Below(root) => {
                append_path(own_root.as_ref().unwrap_or(root), &number.to_string())
            }
        };
        let row_key = self.insert(conn, write, number, &artifact_location).await?;
        EXPERIMENT_TAGS
            .insert_tags(conn, row_key, None, &self.tags, &self.tag_keys)
            .await?;
        Ok(Applied {
            out: self.answer(write, row_key, number, artifact_location),
            result: ResultKey {
                row: row_key,
                part: 0,
            },
            change: Change {
                entity: "experiment",
                key: number.to_string(),
                before: None,
                after: None,
            },
        })
    }

    async fn recall<C: Conn>(
        &self,
        conn: &mut C,
        _: &WriteContext,
        result: ResultKey,
    ) -> Result<Option<Experiment>> {
        let found = recall_experiment(conn, &self.keys, result.row).await?;
        Ok(found.filter(|found| found.lifecycle == LifecycleStage::Active))
    }
}

/// Takes the next number of the workspace, and reads the artifact root that it has of its own. Its
/// row stays locked until the transaction ends, so that numbers have no gap.
async fn next_number<C: Conn>(conn: &mut C, write: &WriteContext) -> Result<(i64, Option<String>)> {
    let sql = format!(
        "UPDATE workspaces SET next_experiment = next_experiment + 1 \
         WHERE workspace_pk = $1 RETURNING next_experiment - 1, {ARTIFACT_ROOT}"
    );
    conn.query_one(&sql, args![write.tenant.workspace], |row| {
        Ok((row.get(0)?, row.get(1)?))
    })
    .await
}

impl CreateExperiment {
    async fn insert<C: Conn>(
        &self,
        conn: &mut C,
        write: &WriteContext,
        number: i64,
        artifact_location: &str,
    ) -> Result<i64> {
        const SQL: &str = "INSERT INTO experiments (platform_pk, workspace_pk, number, name, \
            artifact_location, lifecycle, created_ms, updated_ms, revision) \
            VALUES ($1, $2, $3, $4, $5, 'active', $6, $6, $7) \
            ON CONFLICT (workspace_pk, name) DO NOTHING RETURNING experiment_pk";
        let args = args![
            write.tenant.platform,
            write.tenant.workspace,
            number,
            &self.name,
            artifact_location,
            write.now_ms,
            write.first_revision,
        ];
        let inserted = conn.query_optional(SQL, args, |row| row.get(0)).await?;
        inserted.ok_or_else(|| name_is_taken(&self.name))
    }

    fn answer(
        &self,
        write: &WriteContext,
        row_key: i64,
        number: i64,
        artifact_location: String,
    ) -> Experiment {
        let mut tags = self.tags.clone();
        tags.sort_unstable_by(|a, b| a.key.cmp(&b.key));
        Experiment {
            id: ExperimentId::new(number),
            name: self.name.clone(),
            artifact_location,
            lifecycle: LifecycleStage::Active,
            created_ms: write.now_ms,
            updated_ms: write.now_ms,
            tags,
            etag: Etag {
                row: row_key,
                revision: write.first_revision,
            },
        }
    }
}

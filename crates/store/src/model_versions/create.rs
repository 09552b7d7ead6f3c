//! Creating versions: the heart of the registry.

use std::sync::Arc;

use ferroflow_model::model_versions::{
    ModelVersion, ModelVersionStatus, NewModelVersion, Stage, UnknownOrigin,
};
use ferroflow_model::{Error, ErrorKind, Etag, ModelId, Result, RunId, Tag, VersionNumber};

use super::read::recall_version;
use super::version_key;
use crate::audit::version_state;
use crate::command::{Applied, Change, Mutation, ResultKey, WriteContext};
use crate::conn::Conn;
use crate::logged_models::{LinkedModel, find_origin, link_version, load_model_facts};
use crate::registered_models::no_such_model;
use crate::tags::MODEL_VERSION_TAGS;
use crate::{KeyCache, args};

/// Creates the next version of a registered model.
pub struct CreateModelVersion {
    /// What to create; its tags have distinct keys, in order.
    pub new: NewModelVersion,
    /// The interned keys of the tags, in the same order.
    pub tag_keys: Vec<i64>,
    /// The interned key of the tag that links a logged model to its versions.
    pub link_key: i64,
    /// Names of interned keys.
    pub keys: Arc<KeyCache>,
}

/// What the registered model's row gave.
struct Counted {
    model_pk: i64,
    version: VersionNumber,
    deployment_job_id: Option<String>,
}

impl Mutation for CreateModelVersion {
    type Out = ModelVersion;
    const OPERATION: &'static str = "model_versions.create";

    async fn apply<C: Conn>(
        &self,
        conn: &mut C,
        write: &WriteContext,
    ) -> Result<Applied<ModelVersion>> {
        let counted = self.take_number(conn, write).await?;
        let origin = self.check_origin(conn, write).await?;
        let version_pk = self.insert(conn, write, &counted, origin.as_ref()).await?;
        MODEL_VERSION_TAGS
            .insert_tags(conn, version_pk, None, &self.new.tags, &self.tag_keys)
            .await?;
        let mut version = self.answer(write, counted, version_pk, origin.as_ref());
        if let Some(origin) = origin {
            link_version(conn, &origin, self.link_key, &version).await?;
            let row_key = origin.logged_model_pk;
            let facts = load_model_facts(conn, &self.keys, &[row_key]).await?;
            version.model_params = facts.params(row_key);
            version.model_metrics = facts.latest_metrics(row_key);
        }
        Ok(Applied {
            result: ResultKey {
                row: version_pk,
                part: 0,
            },
            change: Change {
                entity: "model_version",
                key: version_key(&version.name, version.version),
                before: None,
                after: version_state(&version),
            },
            out: version,
        })
    }

    async fn recall<C: Conn>(
        &self,
        conn: &mut C,
        write: &WriteContext,
        result: ResultKey,
    ) -> Result<Option<ModelVersion>> {
        recall_version(conn, &self.keys, write.tenant, result.row).await
    }
}

impl CreateModelVersion {
    /// Takes the model's next number. The row stays locked until the commit, so numbers have no
    /// gap and no repeat.
    async fn take_number<C: Conn>(&self, conn: &mut C, write: &WriteContext) -> Result<Counted> {
        const SQL: &str = "UPDATE registered_models SET last_version = last_version + 1, \
            version_count = version_count + 1, updated_ms = $3, revision = revision + 1 \
            WHERE platform_pk = $1 AND name = $2 \
            RETURNING model_pk, last_version, deployment_job_id, revision";
        let args = args![write.tenant.platform, self.new.name.as_str(), write.now_ms];
        let counted = conn
            .query_optional(SQL, args, |row| {
                let etag = Etag {
                    row: row.get(0)?,
                    revision: row.get::<i64>(3)? - 1,
                };
                write.check(etag)?;
                Ok(Counted {
                    model_pk: row.get(0)?,
                    version: VersionNumber::new(row.get(1)?),
                    deployment_job_id: row.get(2)?,
                })
            })
            .await?;
        counted.ok_or_else(|| no_such_model(&self.new.name))
    }

    /// Finds the run and the logged model that the version comes from. A workspace looks at its
    /// own, a platform at all of its workspaces.
    async fn check_origin<C: Conn>(
        &self,
        conn: &mut C,
        write: &WriteContext,
    ) -> Result<Option<LinkedModel>> {
        let refuses = self.new.unknown_origin == UnknownOrigin::Refuse;
        if let Some(run_id) = self.new.run_id.as_ref().filter(|_| refuses)
            && !run_exists(conn, write, run_id).await?
        {
            return Err(unknown_origin("run_id", run_id.as_str()));
        }
        let Some(model_id) = &self.new.model_id else {
            return Ok(None);
        };
        let origin = find_origin(conn, write.tenant, model_id).await?;
        if origin.is_none() && refuses {
            return Err(unknown_origin("model_id", model_id.as_str()));
        }
        Ok(origin)
    }

    async fn insert<C: Conn>(
        &self,
        conn: &mut C,
        write: &WriteContext,
        counted: &Counted,
        origin: Option<&LinkedModel>,
    ) -> Result<i64> {
        const SQL: &str = "INSERT INTO model_versions (model_pk, version, platform_pk, created_ms, \
            updated_ms, user_id, stage, description, source, storage_location, run_id, run_link, \
            status, status_message, model_id, logged_model_pk, revision) \
            VALUES ($1, $2, $3, $4, $4, $5, $6, $7, $8, $9, $10, $11, $12, '', $13, $14, $15) \
            RETURNING version_pk";
        let new = &self.new;
        let args = args![
            counted.model_pk,
            counted.version.number(),
            write.tenant.platform,
            write.now_ms,
            "",
            Stage::None.as_str(),
            new.description.as_deref().unwrap_or_default(),
            &new.source,
            new.storage_location.as_ref(),
            self.run_id(origin).map(RunId::as_str),
            new.run_link.as_deref().unwrap_or_default(),
            ModelVersionStatus::Ready.as_str(),
            new.model_id.as_ref().map(ModelId::as_str),
            origin.map(|origin| origin.logged_model_pk),
            write.first_revision,
        ];
        conn.query_one(SQL, args, |row| row.get(0)).await
    }

    /// The run named, or else the run that wrote the logged model.
    fn run_id<'a>(&'a self, origin: Option<&'a LinkedModel>) -> Option<&'a RunId> {
        self.new
            .run_id
            .as_ref()
            .or_else(|| origin?.source_run_id.as_ref())
    }

    fn answer(
        &self,
        write: &WriteContext,
        counted: Counted,
        version_pk: i64,
        origin: Option<&LinkedModel>,
    ) -> ModelVersion {
        let new = &self.new;
        let mut tags: Vec<Tag> = new.tags.clone();
        tags.sort_unstable_by(|a, b| a.key.cmp(&b.key));
        ModelVersion {
            name: new.name.clone(),
            version: counted.version,
            created_ms: write.now_ms,
            updated_ms: write.now_ms,
            user_id: String::new(),
            stage: Stage::None,
            description: Some(new.description.clone().unwrap_or_default()),
            source: new.source.clone(),
            storage_location: new.storage_location.clone(),
            run_id: self.run_id(origin).cloned(),
            run_link: new.run_link.clone().unwrap_or_default(),
            status: ModelVersionStatus::Ready,
            status_message: String::new(),
            tags,
            aliases: Vec::new(),
            model_id: new.model_id.clone(),
            model_params: Vec::new(),
            model_metrics: Vec::new(),
            deployment_job_id: counted.deployment_job_id,
            etag: Etag {
                row: version_pk,
                revision: write.first_revision,
            },
        }
    }
}

async fn run_exists<C: Conn>(conn: &mut C, write: &WriteContext, run_id: &RunId) -> Result<bool> {
    const SQL: &str = "SELECT run_pk FROM runs \
        WHERE platform_pk = $1 AND run_id = $2 AND (workspace_pk = $3 OR $3 = 0)";
    let args = args![
        write.tenant.platform,
        run_id.as_str(),
        write.tenant.workspace
    ];
    Ok(conn
        .query_optional(SQL, args, |row| row.get::<i64>(0))
        .await?
        .is_some())
}

fn unknown_origin(parameter: &str, id: &str) -> Error {
    Error::new(
        ErrorKind::RelatedNotFound,
        format!(
            "Invalid value for parameter '{parameter}': '{id}' does not exist, or you may not see it."
        ),
    )
}

//! Creating registered models.

use std::sync::Arc;

use ferroflow_model::registered_models::{NewRegisteredModel, RegisteredModel};
use ferroflow_model::{Error, Etag, Result, Tag};

use super::PROMPT_TAG;
use super::read::recall_model;
use crate::audit::model_state;
use crate::command::{Applied, Change, Mutation, ResultKey, WriteContext};
use crate::conn::Conn;
use crate::tags::REGISTERED_MODEL_TAGS;
use crate::{KeyCache, args};

/// Creates a registered model.
pub struct CreateRegisteredModel {
    /// What to create; its tags have distinct keys.
    pub new: NewRegisteredModel,
    /// The interned keys of the tags, in the same order.
    pub tag_keys: Vec<i64>,
    /// Names of interned keys.
    pub keys: Arc<KeyCache>,
}

impl Mutation for CreateRegisteredModel {
    type Out = RegisteredModel;
    const OPERATION: &'static str = "registered_models.create";

    async fn apply<C: Conn>(
        &self,
        conn: &mut C,
        write: &WriteContext,
    ) -> Result<Applied<RegisteredModel>> {
        let model_pk = self.insert(conn, write).await?;
        REGISTERED_MODEL_TAGS
            .insert_tags(conn, model_pk, None, &self.new.tags, &self.tag_keys)
            .await?;
        let model = self.answer(write, model_pk);
        Ok(Applied {
            result: ResultKey {
                row: model_pk,
                part: 0,
            },
            change: Change {
                entity: "registered_model",
                key: model.name.as_str().to_owned(),
                before: None,
                after: model_state(&model),
            },
            out: model,
        })
    }

    async fn recall<C: Conn>(
        &self,
        conn: &mut C,
        write: &WriteContext,
        result: ResultKey,
    ) -> Result<Option<RegisteredModel>> {
        recall_model(conn, &self.keys, write.tenant, result.row).await
    }
}

impl CreateRegisteredModel {
    async fn insert<C: Conn>(&self, conn: &mut C, write: &WriteContext) -> Result<i64> {
        const SQL: &str = "INSERT INTO registered_models (platform_pk, name, description, \
            deployment_job_id, is_prompt, last_version, version_count, created_ms, updated_ms, \
            revision) VALUES ($1, $2, $3, $4, $5, 0, 0, $6, $6, $7) \
            ON CONFLICT (platform_pk, name) DO NOTHING RETURNING model_pk";
        let new = &self.new;
        let args = args![
            write.tenant.platform,
            new.name.as_str(),
            new.description.as_deref().unwrap_or_default(),
            new.deployment_job_id.as_ref(),
            is_prompt(&new.tags),
            write.now_ms,
            write.first_revision,
        ];
        let inserted = conn.query_optional(SQL, args, |row| row.get(0)).await?;
        match inserted {
            Some(model_pk) => Ok(model_pk),
            None => Err(self.name_is_taken(conn, write).await?),
        }
    }

    /// The error for a name that is taken. Models and prompts share their names, and whoever
    /// looks in one of their lists does not find what is in the other.
    async fn name_is_taken<C: Conn>(&self, conn: &mut C, write: &WriteContext) -> Result<Error> {
        const SQL: &str =
            "SELECT is_prompt FROM registered_models WHERE platform_pk = $1 AND name = $2";
        let name = &self.new.name;
        let args = args![write.tenant.platform, name.as_str()];
        let existing = conn.query_optional(SQL, args, |row| row.get(0)).await?;
        Ok(Error::already_exists(
            match (existing.unwrap_or_default(), is_prompt(&self.new.tags)) {
                (false, false) => format!("Registered Model (name={name}) already exists."),
                (true, true) => format!("Prompt (name={name}) already exists."),
                (true, false) => format!(
                    "Tried to create a registered model with name '{name}', but the name is already taken by a prompt. MLflow does not allow creating a model and a prompt with the same name."
                ),
                (false, true) => format!(
                    "Tried to create a prompt with name '{name}', but the name is already taken by a registered model. MLflow does not allow creating a model and a prompt with the same name."
                ),
            },
        ))
    }

    fn answer(&self, write: &WriteContext, model_pk: i64) -> RegisteredModel {
        let new = &self.new;
        let mut tags = new.tags.clone();
        tags.sort_unstable_by(|a, b| a.key.cmp(&b.key));
        RegisteredModel {
            name: new.name.clone(),
            created_ms: write.now_ms,
            updated_ms: write.now_ms,
            description: new.description.clone().unwrap_or_default(),
            deployment_job_id: new.deployment_job_id.clone(),
            tags,
            aliases: Vec::new(),
            latest_versions: Vec::new(),
            etag: Etag {
                row: model_pk,
                revision: write.first_revision,
            },
        }
    }
}

/// Whether these tags make a model a prompt. The value counts in lower case alone, as in the
/// searches of the reference.
pub(super) fn is_prompt(tags: &[Tag]) -> bool {
    tags.iter()
        .any(|tag| tag.key == PROMPT_TAG && tag.value == "true")
}

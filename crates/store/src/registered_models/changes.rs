//! Changing, renaming and deleting registered models.

use std::sync::Arc;

use ferroflow_model::registered_models::{
    ModelName, RegisteredModel, UpdateRegisteredModel as Update,
};
use ferroflow_model::{Error, Etag, Result};

use super::create::is_prompt;
use super::read::{complete_models, find_model, recall_model};
use super::{model_exists, no_such_model};
use crate::audit::model_state;
use crate::command::{Applied, Change, Mutation, ResultKey, WriteContext};
use crate::conn::Conn;
use crate::tags::{KeyedChanges, REGISTERED_MODEL_TAGS};
use crate::{KeyCache, args};

/// Locks a model and reads it as it is; the caller's precondition is checked.
pub(super) async fn begin<C: Conn>(
    conn: &mut C,
    write: &WriteContext,
    keys: &KeyCache,
    name: &ModelName,
) -> Result<(i64, RegisteredModel)> {
    let lock = format!(
        "SELECT model_pk FROM registered_models WHERE platform_pk = $1 AND name = $2{}",
        conn.engine().for_update()
    );
    let args = args![write.tenant.platform, name.as_str()];
    if conn
        .query_optional(&lock, args, |row| row.get::<i64>(0))
        .await?
        .is_none()
    {
        return Err(no_such_model(name));
    }
    let row = find_model(conn, write.tenant, name).await?;
    let model_pk = row.model_pk;
    let before = complete_models(conn, keys, write.tenant, vec![row])
        .await?
        .pop();
    let before = before.ok_or_else(|| no_such_model(name))?;
    write.check(before.etag)?;
    Ok((model_pk, before))
}

pub(super) fn applied<T>(
    out: T,
    before: &RegisteredModel,
    after: Option<&RegisteredModel>,
) -> Applied<T> {
    Applied {
        out,
        result: ResultKey {
            row: before.etag.row,
            part: before.etag.revision + 1,
        },
        change: Change {
            entity: "registered_model",
            key: before.name.as_str().to_owned(),
            before: model_state(before),
            after: after.and_then(model_state),
        },
    }
}

pub(super) async fn reload<C: Conn>(
    conn: &mut C,
    write: &WriteContext,
    keys: &KeyCache,
    model_pk: i64,
) -> Result<RegisteredModel> {
    let model = recall_model(conn, keys, write.tenant, model_pk).await?;
    model.ok_or_else(|| Error::internal("a model just changed is gone"))
}

/// The current entity tag of a model; nothing when it has been deleted.
pub(super) async fn recall_etag<C: Conn>(conn: &mut C, model_pk: i64) -> Result<Option<Etag>> {
    const SQL: &str = "SELECT revision FROM registered_models WHERE model_pk = $1";
    conn.query_optional(SQL, args![model_pk], |row| {
        Ok(Etag {
            row: model_pk,
            part: 0,
            revision: row.get(0)?,
        })
    })
    .await
}

/// Changes the description or the deployment job of a model.
pub struct UpdateRegisteredModel {
    /// The changes.
    pub update: Update,
    /// Names of interned keys.
    pub keys: Arc<KeyCache>,
}

impl Mutation for UpdateRegisteredModel {
    type Out = RegisteredModel;
    const OPERATION: &'static str = "registered_models.update";

    async fn apply<C: Conn>(
        &self,
        conn: &mut C,
        write: &WriteContext,
    ) -> Result<Applied<RegisteredModel>> {
        const SQL: &str = "UPDATE registered_models SET description = COALESCE($2, description), \
            deployment_job_id = COALESCE($3, deployment_job_id), updated_ms = $4, \
            revision = revision + 1 WHERE model_pk = $1";
        let Update {
            name,
            description,
            deployment_job_id,
        } = &self.update;
        let (model_pk, before) = begin(conn, write, &self.keys, name).await?;
        let args = args![
            model_pk,
            description.as_ref(),
            deployment_job_id.as_ref(),
            write.now_ms
        ];
        conn.execute_one(SQL, args).await?;
        let after = reload(conn, write, &self.keys, model_pk).await?;
        Ok(applied(after.clone(), &before, Some(&after)))
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

/// Renames a model. Versions, tags and aliases refer to its row, and so move with it.
pub struct RenameRegisteredModel {
    /// The model.
    pub name: ModelName,
    /// Its name from now on.
    pub new_name: ModelName,
    /// Names of interned keys.
    pub keys: Arc<KeyCache>,
}

impl Mutation for RenameRegisteredModel {
    type Out = RegisteredModel;
    const OPERATION: &'static str = "registered_models.rename";

    async fn apply<C: Conn>(
        &self,
        conn: &mut C,
        write: &WriteContext,
    ) -> Result<Applied<RegisteredModel>> {
        // Two renames to one name that meet: the unique index refuses the second, as a fault of
        // the server, which the caller may try again; the check ahead catches every other case.
        const SQL: &str = "UPDATE registered_models SET name = $2, updated_ms = $3, \
            revision = revision + 1 WHERE model_pk = $1 AND NOT EXISTS (SELECT 1 FROM \
            registered_models o WHERE o.platform_pk = $4 AND o.name = $2)";
        let (model_pk, before) = begin(conn, write, &self.keys, &self.name).await?;
        let new_name = self.new_name.as_str();
        let args = args![model_pk, new_name, write.now_ms, write.tenant.platform];
        if conn.execute(SQL, args).await? == 0 {
            return Err(model_exists(&self.new_name));
        }
        let after = reload(conn, write, &self.keys, model_pk).await?;
        Ok(applied(after.clone(), &before, Some(&after)))
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

/// Deletes a model with its versions, tags and aliases.
pub struct DeleteRegisteredModel {
    /// The model.
    pub name: ModelName,
    /// Names of interned keys.
    pub keys: Arc<KeyCache>,
}

impl Mutation for DeleteRegisteredModel {
    type Out = Etag;
    const OPERATION: &'static str = "registered_models.delete";

    async fn apply<C: Conn>(&self, conn: &mut C, write: &WriteContext) -> Result<Applied<Etag>> {
        let (model_pk, before) = begin(conn, write, &self.keys, &self.name).await?;
        let by_model = args![model_pk];
        conn.execute_all(&[
            (
                "DELETE FROM model_version_tags WHERE version_pk IN \
                 (SELECT version_pk FROM model_versions WHERE model_pk = $1)",
                by_model,
            ),
            ("DELETE FROM model_versions WHERE model_pk = $1", by_model),
            (
                "DELETE FROM registered_model_aliases WHERE model_pk = $1",
                by_model,
            ),
            (
                "DELETE FROM registered_model_tags WHERE model_pk = $1",
                by_model,
            ),
            (
                "DELETE FROM registered_models WHERE model_pk = $1",
                by_model,
            ),
        ])
        .await?;
        let etag = Etag {
            revision: before.etag.revision + 1,
            ..before.etag
        };
        Ok(applied(etag, &before, None))
    }

    /// A deletion that is asked for again has had its effect; what is gone needs no row.
    async fn recall<C: Conn>(
        &self,
        _: &mut C,
        _: &WriteContext,
        result: ResultKey,
    ) -> Result<Option<Etag>> {
        Ok(Some(Etag {
            row: result.row,
            part: 0,
            revision: result.part,
        }))
    }
}

/// Sets and deletes tags of a model.
pub struct TagRegisteredModel {
    /// The model.
    pub name: ModelName,
    /// The changes.
    pub changes: KeyedChanges,
    /// Names of interned keys.
    pub keys: Arc<KeyCache>,
}

impl Mutation for TagRegisteredModel {
    type Out = Etag;
    const OPERATION: &'static str = "registered_models.tag";

    async fn apply<C: Conn>(&self, conn: &mut C, write: &WriteContext) -> Result<Applied<Etag>> {
        const BUMP: &str = "UPDATE registered_models SET is_prompt = $2, revision = revision + 1 \
            WHERE model_pk = $1";
        let (model_pk, before) = begin(conn, write, &self.keys, &self.name).await?;
        let missing = |key: &str| {
            let name = &self.name;
            Error::not_found(format!(
                "Registered model tag with key={key} not found for {name}"
            ))
        };
        REGISTERED_MODEL_TAGS
            .change(conn, model_pk, None, &self.changes, missing)
            .await?;
        let mut after = reload(conn, write, &self.keys, model_pk).await?;
        conn.execute_one(BUMP, args![model_pk, is_prompt(&after.tags)])
            .await?;
        after.etag.revision += 1;
        Ok(applied(after.etag, &before, Some(&after)))
    }

    async fn recall<C: Conn>(
        &self,
        conn: &mut C,
        _: &WriteContext,
        result: ResultKey,
    ) -> Result<Option<Etag>> {
        recall_etag(conn, result.row).await
    }
}

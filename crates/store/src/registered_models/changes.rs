//! Changing, renaming and deleting registered models.

use std::sync::Arc;

use ferroflow_model::registered_models::{
    ModelName, RegisteredModel, UpdateRegisteredModel as Update,
};
use ferroflow_model::{Error, Etag, Result, Tag};

use super::create::is_prompt;
use super::no_such_model;
use super::read::{MODEL_COLUMNS, model_row, recall_model};
use crate::audit::model_state;
use crate::command::{Applied, Change, Mutation, ResultKey, WriteContext};
use crate::conn::Conn;
use crate::tags::{KeyedChanges, REGISTERED_MODEL_TAGS};
use crate::{KeyCache, args};

/// Locks a model and reads its row, when there is one; the caller's precondition is checked.
pub(super) async fn find_and_lock<C: Conn>(
    conn: &mut C,
    write: &WriteContext,
    name: &ModelName,
) -> Result<Option<RegisteredModel>> {
    let sql = format!(
        "SELECT {MODEL_COLUMNS} FROM registered_models m WHERE m.platform_pk = $1 AND m.name = $2{}",
        conn.engine().for_update()
    );
    let args = args![write.tenant.platform, name.as_str()];
    conn.query_optional(&sql, args, |row| {
        let model = model_row(row)?.model;
        write.check(model.etag).map(|()| model)
    })
    .await
}

/// Locks a model and reads its row; the caller's precondition is checked.
pub(super) async fn lock_model<C: Conn>(
    conn: &mut C,
    write: &WriteContext,
    name: &ModelName,
) -> Result<RegisteredModel> {
    let found = find_and_lock(conn, write, name).await?;
    found.ok_or_else(|| no_such_model(name))
}

/// Locks a model and reads what audit rows say of it: its row and its tags.
async fn begin<C: Conn>(
    conn: &mut C,
    write: &WriteContext,
    keys: &KeyCache,
    name: &ModelName,
) -> Result<RegisteredModel> {
    let model = lock_model(conn, write, name).await?;
    let tags = load_tags(conn, keys, model.etag.row).await?;
    Ok(RegisteredModel { tags, ..model })
}

async fn load_tags<C: Conn>(conn: &mut C, keys: &KeyCache, model_pk: i64) -> Result<Vec<Tag>> {
    let tags = REGISTERED_MODEL_TAGS.load(conn, keys, &[model_pk]).await?;
    Ok(tags.tags(model_pk))
}

/// The outcome of a change, with the states before and after.
fn applied<T>(out: T, before: &RegisteredModel, after: Option<&RegisteredModel>) -> Applied<T> {
    Applied {
        out,
        result: before.etag.next().into(),
        change: Change {
            entity: "registered_model",
            key: before.name.as_str().to_owned(),
            before: model_state(before),
            after: after.and_then(model_state),
        },
    }
}

async fn reload<C: Conn>(
    conn: &mut C,
    write: &WriteContext,
    keys: &KeyCache,
    model_pk: i64,
) -> Result<RegisteredModel> {
    let model = recall_model(conn, keys, write.tenant, model_pk).await?;
    model.ok_or_else(|| Error::internal("a model just changed is gone"))
}

/// The entity tag that an earlier change made; nothing when the model has been deleted since.
pub(super) async fn recall_etag<C: Conn>(conn: &mut C, result: ResultKey) -> Result<Option<Etag>> {
    const SQL: &str = "SELECT model_pk FROM registered_models WHERE model_pk = $1";
    conn.query_optional(SQL, args![result.row], |_| Ok(result.into()))
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
        const VERSIONS: &str =
            "UPDATE model_versions SET revision = revision + 1 WHERE model_pk = $1";
        let Update {
            name,
            description,
            deployment_job_id,
        } = &self.update;
        let before = begin(conn, write, &self.keys, name).await?;
        let args = args![
            before.etag.row,
            description.as_ref(),
            deployment_job_id.as_ref(),
            write.now_ms
        ];
        conn.execute_one(SQL, args).await?;
        if deployment_job_id.is_some() && *deployment_job_id != before.deployment_job_id {
            // The versions show the job too.
            conn.execute(VERSIONS, args![before.etag.row]).await?;
        }
        let after = reload(conn, write, &self.keys, before.etag.row).await?;
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

/// Renames a model. Versions, tags and aliases refer to its row, and so move with it; the versions
/// show another name from then on, and so count a change.
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
        // Two renames to one name that meet: the unique index refuses the second, which is then
        // run again, and finds the name taken.
        const MODEL: &str = "UPDATE registered_models SET name = $2, updated_ms = $3, \
            revision = revision + 1 WHERE model_pk = $1 AND NOT EXISTS (SELECT 1 FROM \
            registered_models o WHERE o.platform_pk = $4 AND o.name = $2 AND o.model_pk <> $1)";
        const VERSIONS: &str = "UPDATE model_versions SET updated_ms = $2, \
            revision = revision + 1 WHERE model_pk = $1";
        let before = begin(conn, write, &self.keys, &self.name).await?;
        let model_pk = before.etag.row;
        let new_name = self.new_name.as_str();
        let args = args![model_pk, new_name, write.now_ms, write.tenant.platform];
        if conn.execute(MODEL, args).await? == 0 {
            return Err(Error::already_exists(format!(
                "Registered Model (name={new_name}) already exists."
            )));
        }
        conn.execute(VERSIONS, args![model_pk, write.now_ms])
            .await?;
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
        const DELETE: &str = "DELETE FROM registered_models WHERE model_pk = $1";
        let before = begin(conn, write, &self.keys, &self.name).await?;
        let by_model = args![before.etag.row];
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
        ])
        .await?;
        conn.execute_one(DELETE, by_model).await?;
        Ok(applied(before.etag.next(), &before, None))
    }

    /// A deletion that is asked for again has had its effect; what is gone needs no row.
    async fn recall<C: Conn>(
        &self,
        _: &mut C,
        _: &WriteContext,
        result: ResultKey,
    ) -> Result<Option<Etag>> {
        Ok(Some(result.into()))
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
        let before = begin(conn, write, &self.keys, &self.name).await?;
        let model_pk = before.etag.row;
        let missing = |key: &str| {
            let name = &self.name;
            Error::not_found(format!(
                "Registered model tag with key={key} not found for {name}"
            ))
        };
        REGISTERED_MODEL_TAGS
            .change(conn, model_pk, None, &self.changes, missing)
            .await?;
        let after = RegisteredModel {
            tags: load_tags(conn, &self.keys, model_pk).await?,
            ..before.clone()
        };
        conn.execute_one(BUMP, args![model_pk, is_prompt(&after.tags)])
            .await?;
        Ok(applied(after.etag.next(), &before, Some(&after)))
    }

    async fn recall<C: Conn>(
        &self,
        conn: &mut C,
        _: &WriteContext,
        result: ResultKey,
    ) -> Result<Option<Etag>> {
        recall_etag(conn, result).await
    }
}

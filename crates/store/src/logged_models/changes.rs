//! Changing logged models.

use std::sync::Arc;

use ferroflow_model::logged_models::{LoggedModel, LoggedModelStatus};
use ferroflow_model::{Error, Etag, ModelId, Result};

use super::no_such_logged_model;
use super::read::load_model;
use crate::command::{Applied, Change, Mutation, ResultKey, WriteContext};
use crate::conn::Conn;
use crate::tags::{KeyedChanges, KeyedValue, LOGGED_MODEL_PARAMS, LOGGED_MODEL_TAGS};
use crate::{KeyCache, args};

/// The row of a model that is changing, with the entity tag that it will have.
struct Changing {
    row_key: i64,
    experiment_pk: i64,
    etag: Etag,
}

/// Counts a change of a model, and locks it. Its time of update stays: tags and params leave it.
async fn bump<C: Conn>(conn: &mut C, write: &WriteContext, model_id: &ModelId) -> Result<Changing> {
    const SQL: &str = "UPDATE logged_models SET revision = revision + 1 \
        WHERE platform_pk = $1 AND model_id = $2 AND (workspace_pk = $3 OR $3 = 0) \
        RETURNING logged_model_pk, experiment_pk, revision";
    let tenant = write.tenant;
    let args = args![tenant.platform, model_id.as_str(), tenant.workspace];
    let changing = conn
        .query_optional(SQL, args, |row| {
            let row_key = row.get(0)?;
            let before = Etag {
                row: row_key,
                revision: row.get::<i64>(2)? - 1,
            };
            write.check(before)?;
            Ok(Changing {
                row_key,
                experiment_pk: row.get(1)?,
                etag: before.next(),
            })
        })
        .await?;
    changing.ok_or_else(|| no_such_logged_model(model_id))
}

fn applied<T>(out: T, model_id: &ModelId, etag: Etag) -> Applied<T> {
    Applied {
        out,
        result: etag.into(),
        change: Change {
            entity: "logged_model",
            key: model_id.as_str().to_owned(),
            before: None,
            after: None,
        },
    }
}

async fn reload<C: Conn>(conn: &mut C, keys: &KeyCache, row_key: i64) -> Result<LoggedModel> {
    let model = load_model(conn, keys, row_key).await?;
    model.ok_or_else(|| Error::internal("a model just changed is gone"))
}

/// The entity tag that an earlier change made. Rows of logged models stay.
async fn recall_etag<C: Conn>(conn: &mut C, result: ResultKey) -> Result<Option<Etag>> {
    const SQL: &str = "SELECT logged_model_pk FROM logged_models WHERE logged_model_pk = $1";
    conn.query_optional(SQL, args![result.row], |_| Ok(result.into()))
        .await
}

/// Ends the upload of a logged model.
pub struct FinalizeLoggedModel {
    /// The model.
    pub model_id: ModelId,
    /// How the upload ended.
    pub status: LoggedModelStatus,
    /// Names of interned keys.
    pub keys: Arc<KeyCache>,
}

impl Mutation for FinalizeLoggedModel {
    type Out = LoggedModel;
    const OPERATION: &'static str = "logged_models.finalize";

    async fn apply<C: Conn>(
        &self,
        conn: &mut C,
        write: &WriteContext,
    ) -> Result<Applied<LoggedModel>> {
        const SQL: &str =
            "UPDATE logged_models SET status = $2, updated_ms = $3 WHERE logged_model_pk = $1";
        let changing = bump(conn, write, &self.model_id).await?;
        let args = args![changing.row_key, self.status.number(), write.now_ms];
        conn.execute_one(SQL, args).await?;
        let model = reload(conn, &self.keys, changing.row_key).await?;
        Ok(applied(model, &self.model_id, changing.etag))
    }

    async fn recall<C: Conn>(
        &self,
        conn: &mut C,
        _: &WriteContext,
        result: ResultKey,
    ) -> Result<Option<LoggedModel>> {
        load_model(conn, &self.keys, result.row).await
    }
}

/// Deletes a logged model; its row stays, and can be read when asked for.
pub struct DeleteLoggedModel {
    /// The model.
    pub model_id: ModelId,
}

impl Mutation for DeleteLoggedModel {
    type Out = Etag;
    const OPERATION: &'static str = "logged_models.delete";

    async fn apply<C: Conn>(&self, conn: &mut C, write: &WriteContext) -> Result<Applied<Etag>> {
        const SQL: &str = "UPDATE logged_models SET lifecycle = 'deleted', updated_ms = $2 \
            WHERE logged_model_pk = $1";
        let changing = bump(conn, write, &self.model_id).await?;
        conn.execute_one(SQL, args![changing.row_key, write.now_ms])
            .await?;
        Ok(applied(changing.etag, &self.model_id, changing.etag))
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

/// Sets and deletes tags of a logged model.
pub struct TagLoggedModel {
    /// The model.
    pub model_id: ModelId,
    /// The changes.
    pub changes: KeyedChanges,
    /// Names of interned keys.
    pub keys: Arc<KeyCache>,
}

impl Mutation for TagLoggedModel {
    type Out = LoggedModel;
    const OPERATION: &'static str = "logged_models.tag";

    async fn apply<C: Conn>(
        &self,
        conn: &mut C,
        write: &WriteContext,
    ) -> Result<Applied<LoggedModel>> {
        let changing = bump(conn, write, &self.model_id).await?;
        let experiment = Some(changing.experiment_pk);
        let missing = |key: &str| {
            let model_id = &self.model_id;
            Error::not_found(format!(
                "No tag with key '{key}' found for model with ID '{model_id}'."
            ))
        };
        LOGGED_MODEL_TAGS
            .change(conn, changing.row_key, experiment, &self.changes, missing)
            .await?;
        let model = reload(conn, &self.keys, changing.row_key).await?;
        Ok(applied(model, &self.model_id, changing.etag))
    }

    async fn recall<C: Conn>(
        &self,
        conn: &mut C,
        _: &WriteContext,
        result: ResultKey,
    ) -> Result<Option<LoggedModel>> {
        load_model(conn, &self.keys, result.row).await
    }
}

/// Adds params to a logged model. A param is written once.
pub struct LogModelParams {
    /// The model.
    pub model_id: ModelId,
    /// The params, keys interned and distinct.
    pub params: Vec<KeyedValue>,
}

impl Mutation for LogModelParams {
    type Out = Etag;
    const OPERATION: &'static str = "logged_models.log_params";

    async fn apply<C: Conn>(&self, conn: &mut C, write: &WriteContext) -> Result<Applied<Etag>> {
        let changing = bump(conn, write, &self.model_id).await?;
        let experiment = Some(changing.experiment_pk);
        let inserted = LOGGED_MODEL_PARAMS
            .insert_new(conn, changing.row_key, experiment, &self.params)
            .await?;
        if inserted < self.params.len() as u64 {
            return Err(Error::invalid(format!(
                "A param of the logged model '{}' was already logged; params cannot be changed.",
                self.model_id
            )));
        }
        Ok(applied(changing.etag, &self.model_id, changing.etag))
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

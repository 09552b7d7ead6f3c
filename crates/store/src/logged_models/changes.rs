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

/// The row of a model that has just been marked as changed.
struct Touched {
    row_key: i64,
    experiment_pk: i64,
    etag: Etag,
}

/// Marks a model as changed, and locks it.
async fn touch<C: Conn>(conn: &mut C, write: &WriteContext, model_id: &ModelId) -> Result<Touched> {
    const SQL: &str = "UPDATE logged_models SET updated_ms = $3, revision = revision + 1 \
        WHERE platform_pk = $1 AND model_id = $2 AND ($4 = 0 OR workspace_pk = $4) \
        RETURNING logged_model_pk, experiment_pk, revision";
    let tenant = write.tenant;
    let args = args![
        tenant.platform,
        model_id.as_str(),
        write.now_ms,
        tenant.workspace
    ];
    let touched = conn
        .query_optional(SQL, args, |row| {
            let (row_key, revision): (i64, i64) = (row.get(0)?, row.get(2)?);
            write.check(Etag {
                row: row_key,
                part: 0,
                revision: revision - 1,
            })?;
            let etag = Etag {
                row: row_key,
                part: 0,
                revision,
            };
            Ok(Touched {
                row_key,
                experiment_pk: row.get(1)?,
                etag,
            })
        })
        .await?;
    touched.ok_or_else(|| no_such_logged_model(model_id))
}

fn applied<T>(out: T, model_id: &ModelId, row_key: i64) -> Applied<T> {
    Applied {
        out,
        result: ResultKey {
            row: row_key,
            part: 0,
        },
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

async fn recall_etag<C: Conn>(conn: &mut C, row_key: i64) -> Result<Option<Etag>> {
    const SQL: &str = "SELECT revision FROM logged_models WHERE logged_model_pk = $1";
    conn.query_optional(SQL, args![row_key], |row| {
        Ok(Etag {
            row: row_key,
            part: 0,
            revision: row.get(0)?,
        })
    })
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
        const SQL: &str = "UPDATE logged_models SET status = $2 WHERE logged_model_pk = $1";
        let touched = touch(conn, write, &self.model_id).await?;
        conn.execute_one(SQL, args![touched.row_key, self.status.number()])
            .await?;
        let model = reload(conn, &self.keys, touched.row_key).await?;
        Ok(applied(model, &self.model_id, touched.row_key))
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
        const SQL: &str =
            "UPDATE logged_models SET lifecycle = 'deleted' WHERE logged_model_pk = $1";
        let touched = touch(conn, write, &self.model_id).await?;
        conn.execute_one(SQL, args![touched.row_key]).await?;
        Ok(applied(touched.etag, &self.model_id, touched.row_key))
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
        let touched = touch(conn, write, &self.model_id).await?;
        let experiment = Some(touched.experiment_pk);
        let missing = |key: &str| {
            let model_id = &self.model_id;
            Error::not_found(format!(
                "No tag with key '{key}' found for model with ID '{model_id}'."
            ))
        };
        LOGGED_MODEL_TAGS
            .change(conn, touched.row_key, experiment, &self.changes, missing)
            .await?;
        let model = reload(conn, &self.keys, touched.row_key).await?;
        Ok(applied(model, &self.model_id, touched.row_key))
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
        let touched = touch(conn, write, &self.model_id).await?;
        let experiment = Some(touched.experiment_pk);
        let inserted = LOGGED_MODEL_PARAMS
            .insert_new(conn, touched.row_key, experiment, &self.params)
            .await?;
        if inserted < self.params.len() as u64 {
            return Err(Error::invalid(format!(
                "A param of the logged model '{}' was already logged; params cannot be changed.",
                self.model_id
            )));
        }
        Ok(applied(touched.etag, &self.model_id, touched.row_key))
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

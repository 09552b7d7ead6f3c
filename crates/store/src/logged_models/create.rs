//! Creating logged models.

use std::sync::Arc;

use ferroflow_model::artifacts::append_path;
use ferroflow_model::logged_models::{LoggedModel, LoggedModelStatus, NewLoggedModel};
use ferroflow_model::{Error, ModelId, Result, RunId};

use super::read::load_model;
use crate::command::{Applied, Change, Mutation, ResultKey, WriteContext};
use crate::conn::Conn;
use crate::tags::{KeyedValue, LOGGED_MODEL_PARAMS, LOGGED_MODEL_TAGS};
use crate::{KeyCache, args};

/// Creates a logged model in an active experiment.
pub struct CreateLoggedModel {
    /// What to create.
    pub new: NewLoggedModel,
    /// Its public id.
    pub model_id: ModelId,
    /// Its name, made up when the client gave none.
    pub name: String,
    /// The params, keys interned and distinct.
    pub params: Vec<KeyedValue>,
    /// The tags, keys interned and distinct.
    pub tags: Vec<KeyedValue>,
    /// Names of interned keys.
    pub keys: Arc<KeyCache>,
}

impl Mutation for CreateLoggedModel {
    type Out = LoggedModel;
    const OPERATION: &'static str = "logged_models.create";

    async fn apply<C: Conn>(
        &self,
        conn: &mut C,
        write: &WriteContext,
    ) -> Result<Applied<LoggedModel>> {
        let (experiment_pk, location) = self.find_experiment(conn, write).await?;
        let row_key = self.insert(conn, write, experiment_pk, &location).await?;
        let experiment = Some(experiment_pk);
        LOGGED_MODEL_PARAMS
            .upsert(conn, row_key, experiment, &self.params)
            .await?;
        LOGGED_MODEL_TAGS
            .upsert(conn, row_key, experiment, &self.tags)
            .await?;
        let model = load_model(conn, &self.keys, row_key).await?;
        Ok(Applied {
            out: model.ok_or_else(|| Error::internal("a model just created is gone"))?,
            result: ResultKey {
                row: row_key,
                part: 0,
            },
            change: Change {
                entity: "logged_model",
                key: self.model_id.as_str().to_owned(),
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
    ) -> Result<Option<LoggedModel>> {
        let model = load_model(conn, &self.keys, result.row).await?;
        Ok(model.filter(|model| !model.is_deleted))
    }
}

impl CreateLoggedModel {
    async fn find_experiment<C: Conn>(
        &self,
        conn: &mut C,
        write: &WriteContext,
    ) -> Result<(i64, String)> {
        // An experiment with a model cannot be deleted for good, so it must not go meanwhile.
        let sql = format!(
            "SELECT experiment_pk, artifact_location, lifecycle FROM experiments \
             WHERE workspace_pk = $1 AND number = $2{}",
            conn.engine().for_share()
        );
        let id = self.new.experiment_id;
        let found: Option<(i64, String, String)> = conn
            .query_optional(&sql, args![write.tenant.workspace, id.number()], |row| {
                Ok((row.get(0)?, row.get(1)?, row.get(2)?))
            })
            .await?;
        match found {
            None => Err(Error::not_found(format!(
                "No Experiment with id={id} exists"
            ))),
            Some((row_key, location, lifecycle)) if lifecycle == "active" => {
                Ok((row_key, location))
            }
            Some((.., lifecycle)) => Err(Error::invalid(format!(
                "The experiment {id} must be in the 'active' state. Current state is {lifecycle}."
            ))),
        }
    }

    async fn insert<C: Conn>(
        &self,
        conn: &mut C,
        write: &WriteContext,
        experiment_pk: i64,
        location: &str,
    ) -> Result<i64> {
        const SQL: &str = "INSERT INTO logged_models (platform_pk, workspace_pk, experiment_pk, \
            model_id, name, artifact_uri, status, model_type, source_run_id, lifecycle, \
            created_ms, updated_ms, revision) \
            VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, 'active', $10, $10, $11) \
            RETURNING logged_model_pk";
        let artifact_uri = append_path(location, &format!("models/{}/artifacts", self.model_id));
        let args = args![
            write.tenant.platform,
            write.tenant.workspace,
            experiment_pk,
            self.model_id.as_str(),
            &self.name,
            &artifact_uri,
            LoggedModelStatus::Pending.number(),
            self.new.model_type.as_ref(),
            self.new.source_run_id.as_ref().map(RunId::as_str),
            write.now_ms,
            write.first_revision,
        ];
        conn.query_one(SQL, args, |row| row.get(0)).await
    }
}

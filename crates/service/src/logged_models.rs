//! Operations on logged models.

use ferroflow_model::logged_models::{
    LoggedModel, LoggedModelStatus, NewLoggedModel, SearchLoggedModels,
};
use ferroflow_model::{Context, Etag, ModelId, Page, Param, Result, TagChanges};

use crate::Service;

impl Service {
    /// Creates a logged model in an active experiment.
    pub async fn create_logged_model(
        &self,
        context: &Context,
        new: NewLoggedModel,
    ) -> Result<LoggedModel> {
        unimplemented!()
    }

    /// Reads a logged model.
    pub async fn get_logged_model(
        &self,
        context: &Context,
        model_id: &ModelId,
        allow_deleted: bool,
    ) -> Result<LoggedModel> {
        unimplemented!()
    }

    /// Ends the upload of a logged model.
    pub async fn finalize_logged_model(
        &self,
        context: &Context,
        model_id: &ModelId,
        status: LoggedModelStatus,
    ) -> Result<LoggedModel> {
        unimplemented!()
    }

    /// Deletes a logged model; it can still be read when asked for.
    pub async fn delete_logged_model(&self, context: &Context, model_id: &ModelId) -> Result<Etag> {
        unimplemented!()
    }

    /// Sets and deletes tags of a logged model.
    pub async fn tag_logged_model(
        &self,
        context: &Context,
        model_id: &ModelId,
        changes: TagChanges,
    ) -> Result<LoggedModel> {
        unimplemented!()
    }

    /// Adds params to a logged model.
    pub async fn log_model_params(
        &self,
        context: &Context,
        model_id: &ModelId,
        params: Vec<Param>,
    ) -> Result<Etag> {
        unimplemented!()
    }

    /// Lists logged models.
    pub async fn search_logged_models(
        &self,
        context: &Context,
        search: SearchLoggedModels,
    ) -> Result<Page<LoggedModel>> {
        unimplemented!()
    }
}

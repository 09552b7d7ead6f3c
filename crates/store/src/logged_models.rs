//! Logged models.

mod changes;
mod create;
mod links;
mod read;

pub use changes::{DeleteLoggedModel, FinalizeLoggedModel, LogModelParams, TagLoggedModel};
pub use create::CreateLoggedModel;
pub use read::GetLoggedModel;

pub(crate) use links::{LinkedModel, ModelFacts, find_origin, link_version, load_model_facts};
pub(crate) use read::{LOGGED_MODEL_COLUMNS, LOGGED_MODEL_TABLES, complete_models, model_row};

use ferroflow_model::{Error, ModelId};

/// The error for a logged model that is not there, or not in the tenant.
pub(crate) fn no_such_logged_model(model_id: &ModelId) -> Error {
    Error::not_found(format!("Logged model with ID '{model_id}' not found."))
}

//! Logged models.

mod changes;
mod create;
mod links;
mod read;

pub use changes::{DeleteLoggedModel, FinalizeLoggedModel, LogModelParams, TagLoggedModel};
pub use create::CreateLoggedModel;
pub use read::GetLoggedModel;

pub(crate) use links::{LinkedModel, find_origin, link_version, load_model_facts};
pub(crate) use read::{LOGGED_MODEL_COLUMNS, LOGGED_MODEL_TABLES, complete_models, model_row};

use ferroflow_model::{Error, ModelId};

/// Counts a change of a logged model that leaves its time of update, as tags and params do; its row
/// key is `$1`.
const BUMP_LOGGED_MODEL: &str =
    "UPDATE logged_models SET revision = revision + 1 WHERE logged_model_pk = $1";

/// The error for a logged model that is not there, or not in the tenant.
pub(crate) fn no_such_logged_model(model_id: &ModelId) -> Error {
    Error::not_found(format!("Logged model with ID '{model_id}' not found."))
}

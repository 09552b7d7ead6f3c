//! Registered models and their aliases.
//!
//! The entity tag of a model counts every change of what the model shows: its own fields, tags and
//! aliases, and its versions, because it shows the newest of each stage.

mod aliases;
mod changes;
mod create;
mod read;

pub use aliases::{DeleteAlias, GetVersionByAlias, SetAlias};
pub use changes::{
    DeleteRegisteredModel, RenameRegisteredModel, TagRegisteredModel, UpdateRegisteredModel,
};
pub use create::CreateRegisteredModel;
pub use read::{GetRegisteredModel, SummariseRegistry};

pub(crate) use read::{MODEL_COLUMNS, complete_models, find_model, model_row};

use ferroflow_model::Error;
use ferroflow_model::registered_models::ModelName;

/// The tag that makes a registered model a prompt; searches hide prompts unless asked for them.
pub const PROMPT_TAG: &str = "mlflow.prompt.is_prompt";

/// The error for a model that is not there, or not in the tenant.
pub(crate) fn no_such_model(name: &ModelName) -> Error {
    Error::not_found(format!("Registered Model with name={name} not found"))
}

/// Marks a model as changed; its row key and the time are `$1` and `$2`.
pub(crate) const TOUCH_MODEL: &str = "UPDATE registered_models SET updated_ms = $2, \
    revision = revision + 1 WHERE model_pk = $1";

/// Counts a change of a model that leaves its time of update, as tags and aliases do; its row key
/// is `$1`.
pub(crate) const BUMP_MODEL: &str =
    "UPDATE registered_models SET revision = revision + 1 WHERE model_pk = $1";

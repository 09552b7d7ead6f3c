//! Registered models and their aliases.

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

use ferroflow_model::registered_models::ModelName;
use ferroflow_model::{Error, Result};

use crate::args;
use crate::command::WriteContext;
use crate::conn::Conn;

/// The tag that makes a registered model a prompt; searches hide prompts unless asked for them.
pub const PROMPT_TAG: &str = "mlflow.prompt.is_prompt";

/// The error for a model that is not there, or not in the tenant.
pub(crate) fn no_such_model(name: &ModelName) -> Error {
    Error::not_found(format!("Registered Model with name={name} not found"))
}

/// The error for a name that is taken.
pub(crate) fn model_exists(name: &ModelName) -> Error {
    Error::already_exists(format!("Registered Model (name={name}) already exists."))
}

/// Marks a model as changed.
pub(crate) async fn touch_model<C: Conn>(
    conn: &mut C,
    write: &WriteContext,
    model_pk: i64,
) -> Result<()> {
    const SQL: &str = "UPDATE registered_models SET updated_ms = $2, revision = revision + 1 \
        WHERE model_pk = $1";
    conn.execute_one(SQL, args![model_pk, write.now_ms]).await
}

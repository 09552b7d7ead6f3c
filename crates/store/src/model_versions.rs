//! Model versions.
//!
//! The entity tag of a version counts every change of its own fields, stage, tags and aliases, and
//! of its name. What it shows of others (the metrics of its logged model, the deployment job of its
//! registered model) does not count: those change by themselves, many times.

mod changes;
mod create;
mod read;

pub use changes::{
    DeleteModelVersion, TagModelVersion, TransitionModelVersion, UpdateModelVersion,
};
pub use create::CreateModelVersion;
pub use read::{GetModelVersion, LatestVersions};

pub(crate) use read::{
    VERSION_COLUMNS, VERSION_TABLES, complete_versions, load_latest_versions, recall_version,
    version_row,
};

use ferroflow_model::registered_models::ModelName;
use ferroflow_model::{Error, VersionNumber};

/// Counts a change of a version that leaves its time of update, as tags and aliases do; its row key
/// is `$1`.
pub(crate) const BUMP_VERSION: &str =
    "UPDATE model_versions SET revision = revision + 1 WHERE version_pk = $1";

/// The error for a version that is not there, or not in the tenant.
pub(crate) fn no_such_version(name: &ModelName, version: VersionNumber) -> Error {
    Error::not_found(format!(
        "Model Version (name={name}, version={version}) not found"
    ))
}

/// A version's public key in audit rows and events.
pub(crate) fn version_key(name: &ModelName, version: VersionNumber) -> String {
    format!("{name}/{version}")
}

//! Model versions.

mod changes;
mod create;
mod read;

pub use changes::{
    DeleteModelVersion, TagModelVersion, TransitionModelVersion, UpdateModelVersion,
};
pub use create::CreateModelVersion;
pub use read::{GetModelVersion, LatestVersions};

pub(crate) use changes::bump_version;
pub(crate) use read::{
    VERSION_COLUMNS, VERSION_TABLES, complete_versions, load_latest_versions, recall_version,
    version_row,
};

use ferroflow_model::registered_models::ModelName;
use ferroflow_model::{Error, VersionNumber};

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

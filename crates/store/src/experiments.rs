//! Experiments.

mod changes;
mod create;
mod datasets;
mod delete;
mod read;

pub use changes::{RenameExperiment, TagExperiment};
pub use create::{ArtifactLocation, CreateExperiment};
pub use datasets::DatasetSearch;
pub use delete::{DeleteExperiment, RestoreExperiment};
pub use read::{GetExperiment, GetExperimentByName};

pub(crate) use read::load_experiments;

use ferroflow_model::{Error, ExperimentId};

/// The error for an experiment that is not there, or not in the tenant.
fn no_such_experiment(id: ExperimentId) -> Error {
    Error::not_found(format!("No Experiment with id={id} exists"))
}

/// The error for a name that is taken, if only by a deleted experiment.
fn name_is_taken(name: &str) -> Error {
    Error::already_exists(format!("Experiment(name={name}) already exists."))
}

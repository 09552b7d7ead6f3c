//! Runs.

mod create;
mod edit;
mod inputs;
mod lifecycle;
mod log_batch;
mod log_inputs;
mod log_model;
mod model_metrics;
mod read;

pub use create::CreateRun;
pub use edit::{TagRun, UpdateRun};
pub use lifecycle::{DeleteRun, PurgeRun, RestoreRun};
pub use log_batch::LogBatch;
pub use log_inputs::{LogInputs, LogOutputs};
pub use log_model::LogModel;
pub use read::GetRun;

pub(crate) use read::{RUN_COLUMNS, RUN_TABLES, complete_runs, run_row};

use ferroflow_model::{Error, LifecycleStage, RunId};

use crate::command::Change;

/// The error for a run that is not there, or not in the tenant.
pub(crate) fn no_such_run(run_id: &RunId) -> Error {
    Error::not_found(format!("Run with id={run_id} not found"))
}

/// The error for changing a run in the bin.
fn not_active(run_id: &RunId, lifecycle: LifecycleStage) -> Error {
    Error::invalid(format!(
        "The run {run_id} must be in the 'active' state. Current state is {}.",
        lifecycle.as_str()
    ))
}

/// What audit rows and events say of a change: which run. Tracking is not governed.
fn changed(run_id: &RunId) -> Change {
    Change {
        entity: "run",
        key: run_id.to_string(),
        before: None,
        after: None,
    }
}

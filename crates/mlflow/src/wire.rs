//! The messages of this dialect, per aggregate: what clients send, and what they are answered.
//!
//! Field names and types are those of MLflow's protobuf messages; a test holds them together.

pub(crate) mod artifacts;
pub(crate) mod experiments;
pub(crate) mod logged_models;
pub(crate) mod metrics;
pub(crate) mod model_versions;
pub(crate) mod points;
pub(crate) mod registered_models;
pub(crate) mod runs;
pub(crate) mod tags;
pub(crate) mod workspaces;

#[cfg(test)]
mod tests;

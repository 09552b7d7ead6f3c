//! The Oracle AIDP dialect: wire structs, `opc-*` headers, its error body, its routes.
//!
//! Each operation does four things: decode, parse into domain values, call one method of the
//! service, encode. What all operations share is in `operation`: an operation's own code is the
//! shape of its input and output and a few lines between them.

mod answer;
mod artifacts;
mod decode;
mod error;
mod experiments;
mod fields;
mod filter;
mod fingerprint;
mod headers;
mod limits;
mod logged_models;
mod metrics;
mod model_version_body;
mod model_versions;
mod operation;
mod page;
mod query;
mod registered_models;
mod run_bodies;
mod run_data;
mod runs;
mod tags;

use std::sync::Arc;

use ferroflow_service::Service;
use ferroflow_web::RouteTable;

pub use error::{error_response, method_not_allowed, not_found};

/// All paths of this dialect are below this one.
pub const BASE_PATH: &str = "/20260430";

/// The routes of this dialect.
pub fn routes() -> RouteTable<Arc<Service>> {
    let mut operations = operation::Operations::default();
    experiments::declare(&mut operations);
    runs::declare(&mut operations);
    run_data::declare(&mut operations);
    metrics::declare(&mut operations);
    artifacts::declare(&mut operations);
    logged_models::declare(&mut operations);
    registered_models::declare(&mut operations);
    model_versions::declare(&mut operations);
    operations.into_table()
}

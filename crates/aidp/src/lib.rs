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
mod openapi;
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

use self::operation::Operations;

pub use error::{error_response, method_not_allowed, not_found};

/// All paths of this dialect are below this one.
pub const BASE_PATH: &str = "/20260430";

/// The routes of this dialect, and the one of the document that describes them, to clients who put
/// `static_prefix` before all paths.
pub fn routes(static_prefix: &str) -> RouteTable<Arc<Service>> {
    let mut operations = Operations::default();
    declare(&mut operations);
    let (mut table, facts) = operations.into_parts();
    table.push(openapi::route(facts, static_prefix));
    table
}

fn declare(operations: &mut Operations) {
    experiments::declare(operations);
    runs::declare(operations);
    run_data::declare(operations);
    metrics::declare(operations);
    artifacts::declare(operations);
    logged_models::declare(operations);
    registered_models::declare(operations);
    model_versions::declare(operations);
}

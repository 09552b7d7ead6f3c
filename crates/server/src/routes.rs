//! All routes of the server, each with its permission.

use std::sync::Arc;

use axum::Router;
use ferroflow_mlflow::RoutesOptions;
use ferroflow_service::Service;
use ferroflow_web::{RouteFacts, RouteTable};

use crate::http::{method_not_allowed, not_found};
use crate::probes::{self, Probes};

/// The routes of both dialects.
fn dialects(mlflow: &RoutesOptions) -> RouteTable<Arc<Service>> {
    let mut table = ferroflow_aidp::routes();
    table.extend(ferroflow_mlflow::routes(mlflow));
    table
}

/// What is known of every route of the server.
pub fn facts(mlflow: &RoutesOptions) -> Vec<RouteFacts> {
    let (dialects, probes) = (dialects(mlflow), probes::routes());
    dialects.facts().chain(probes.facts()).cloned().collect()
}

/// The router over all routes, `extra` ones included.
pub(crate) fn router(
    mlflow: &RoutesOptions,
    service: &Arc<Service>,
    probes: &Probes,
    extra: RouteTable<()>,
) -> Router {
    let mut table = dialects(mlflow).with_state(service);
    table.extend(probes::routes().with_state(probes));
    table.extend(extra);
    (table.into_router())
        .fallback(not_found)
        .method_not_allowed_fallback(method_not_allowed)
}

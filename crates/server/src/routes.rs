//! All routes of the server, each with its permission.

use std::sync::Arc;

use axum::Router;
use axum::response::Response;
use ferroflow_mlflow::RoutesOptions;
use ferroflow_model::{Error, ErrorKind, Permission};
use ferroflow_service::Service;
use ferroflow_web::{RouteFacts, RouteTable};

use crate::http::{Dialect, Dialects, method_not_allowed, not_found};
use crate::probes::{self, Probes};

/// The paths below which a stock MLflow client finds a tenant: the first as its registry, the second
/// as its tracking server and, if need be, its registry.
pub const TENANT_PATHS: [&str; 2] = [
    "/20260430/aiDataPlatforms/{aiDataPlatformId}/mlops",
    "/20260430/aiDataPlatforms/{aiDataPlatformId}/workspaces/{workspaceKey}/mlops",
];

/// The routes of both dialects, each where it is at home.
fn dialects(mlflow: &RoutesOptions) -> RouteTable<Arc<Service>> {
    let mut table = ferroflow_aidp::routes(&mlflow.static_prefix);
    if mlflow.artifacts_only {
        table.replace(|route| (route.permission != Permission::PUBLIC).then_some(artifacts_only));
    }
    table.extend(ferroflow_mlflow::routes(mlflow));
    table
}

/// Answers an operation of Oracle's on a server that has artifacts alone.
async fn artifacts_only() -> Response {
    let message = "The server serves artifacts only; ask the tracking server.";
    ferroflow_aidp::error_response(&Error::new(ErrorKind::Unavailable, message))
}

/// The routes of the MLflow dialect inside of tenants.
fn in_tenants(mlflow: &RoutesOptions) -> RouteTable<Arc<Service>> {
    let mut table = RouteTable::new();
    for path in TENANT_PATHS {
        table.extend(ferroflow_mlflow::tenant_routes(path, mlflow));
    }
    table
}

/// What is known of every route of the server but those of the MLflow dialect inside of tenants.
pub fn facts(mlflow: &RoutesOptions) -> Vec<RouteFacts> {
    let (dialects, probes) = (dialects(mlflow), probes::routes());
    dialects.facts().chain(probes.facts()).cloned().collect()
}

/// What is known of the routes of the MLflow dialect inside of tenants. They share paths with the
/// others: the client decides which of them it means.
pub fn tenant_facts(mlflow: &RoutesOptions) -> Vec<RouteFacts> {
    in_tenants(mlflow).facts().cloned().collect()
}

/// Finds the router of a request.
pub(crate) struct Routers {
    /// Says which dialect a request speaks.
    pub(crate) dialects: Dialects,
    main: Router,
    in_tenants: Router,
}

impl Routers {
    /// The routers over all routes, `extra` ones included.
    pub(crate) fn new(
        mlflow: &RoutesOptions,
        service: &Arc<Service>,
        probes: &Probes,
        extra: RouteTable<()>,
    ) -> Self {
        let (main, in_tenants) = (dialects(mlflow), in_tenants(mlflow));
        let dialects = Dialects::new(main.facts(), in_tenants.facts());
        let mut main = main.with_state(service);
        main.extend(probes::routes().with_state(probes));
        main.extend(extra.clone());
        let mut in_tenants = in_tenants.with_state(service);
        in_tenants.extend(extra);
        Self {
            dialects,
            main: (main.into_router())
                .fallback(not_found)
                .method_not_allowed_fallback(method_not_allowed),
            in_tenants: (in_tenants.into_router())
                .fallback(ferroflow_mlflow::not_found)
                .method_not_allowed_fallback(ferroflow_mlflow::method_not_allowed),
        }
    }

    /// The router over the routes that a dialect has.
    pub(crate) fn of(&self, dialect: Dialect) -> Router {
        match dialect {
            Dialect::Aidp | Dialect::Mlflow => self.main.clone(),
            Dialect::MlflowInTenant => self.in_tenants.clone(),
        }
    }
}

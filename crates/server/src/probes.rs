//! The server's own routes: health, version and metrics.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::State;
use axum::response::Response;
use ferroflow_model::{Permission, Resource};
use ferroflow_service::Service;
use ferroflow_web::{Route, RouteTable};
use http::header::{self, HeaderValue};
use http::{Method, StatusCode};
use prometheus_client::encoding::text;
use prometheus_client::registry::Registry;
use tracing::error;

/// The MLflow release whose REST surface this server speaks. `/version` answers it, because that
/// is what tools compare with the version of their client.
pub const MLFLOW_VERSION: &str = "3.17.2";

/// This server's own version.
pub const VERSION: &str = env!("CARGO_PKG_VERSION");

const SERVER: HeaderValue =
    HeaderValue::from_static(concat!("ferroflow/", env!("CARGO_PKG_VERSION")));
const PLAIN: HeaderValue = HeaderValue::from_static("text/plain; charset=utf-8");
const OPEN_METRICS: HeaderValue =
    HeaderValue::from_static("application/openmetrics-text; version=1.0.0; charset=utf-8");

const HEALTH: &str = "/health";
const VERSION_PATH: &str = "/version";
const METRICS: &str = "/metrics";

/// Where operators and their tools look; no limit on callers holds there.
pub(crate) const PATHS: [&str; 3] = [HEALTH, VERSION_PATH, METRICS];

/// What the probes look at.
#[derive(Clone)]
pub(crate) struct Probes {
    service: Arc<Service>,
    /// None where metrics are not exposed.
    registry: Option<Arc<Registry>>,
}

impl Probes {
    /// Probes of this service, and of all metrics where these are exposed.
    pub(crate) fn new(service: &Arc<Service>, registry: Option<Registry>) -> Self {
        Self {
            service: Arc::clone(service),
            registry: registry.map(Arc::new),
        }
    }
}

/// The routes of the server itself.
pub(crate) fn routes() -> RouteTable<Probes> {
    let get = Method::GET;
    let read = Permission::read(Resource::Server);
    let mut table = RouteTable::new();
    table.push(Route::new(
        get.clone(),
        HEALTH,
        "health",
        Permission::PUBLIC,
        health,
    ));
    table.push(Route::new(
        get.clone(),
        VERSION_PATH,
        "version",
        Permission::PUBLIC,
        version,
    ));
    table.push(Route::new(get, METRICS, "metrics", read, metrics));
    table
}

/// Answers as `mlflow server` does, but only after the store has answered.
async fn health(State(probes): State<Probes>) -> Response {
    match probes.service.db().health().await {
        Ok(()) => plain(StatusCode::OK, "OK"),
        Err(problem) => {
            error!(%problem, cause = problem.cause(), "the store does not answer");
            plain(
                StatusCode::SERVICE_UNAVAILABLE,
                "The store does not answer.",
            )
        }
    }
}

async fn version() -> Response {
    let mut response = plain(StatusCode::OK, MLFLOW_VERSION);
    response.headers_mut().insert(header::SERVER, SERVER);
    response
}

async fn metrics(State(probes): State<Probes>) -> Response {
    let Some(registry) = &probes.registry else {
        return plain(StatusCode::NOT_FOUND, "Metrics are not exposed.");
    };
    let mut body = String::new();
    if let Err(problem) = text::encode(&mut body, registry) {
        error!(%problem, "cannot write the metrics");
        return plain(
            StatusCode::INTERNAL_SERVER_ERROR,
            "The metrics cannot be written.",
        );
    }
    respond(StatusCode::OK, OPEN_METRICS, Body::from(body))
}

fn plain(status: StatusCode, body: &'static str) -> Response {
    respond(status, PLAIN, Body::from(body))
}

fn respond(status: StatusCode, content_type: HeaderValue, body: Body) -> Response {
    let mut response = Response::new(body);
    *response.status_mut() = status;
    response
        .headers_mut()
        .insert(header::CONTENT_TYPE, content_type);
    response
}

//! Parts of the server that an operator has switched off: their routes answer that they are.

use std::sync::Arc;

use axum::body::Body;
use axum::response::Response;
use ferroflow_model::Right;
use ferroflow_service::Service;
use ferroflow_web::{RouteFacts, RouteTable};
use http::{HeaderValue, StatusCode};

use crate::json;
use crate::options::RoutesOptions;
use crate::routes::{GET, PUT};

/// What all paths of artifacts have that clients read and write through this server.
const PROXIED: &str = "/mlflow-artifacts/";
/// The path of the bytes of one of them.
const BYTES: &str = "/mlflow-artifacts/artifacts/{*path}";

const TEXT: HeaderValue = HeaderValue::from_static("text/html; charset=utf-8");

/// Lets the routes of what is switched off say so.
pub(crate) fn switch_off(table: &mut RouteTable<Arc<Service>>, options: &RoutesOptions) {
    table.replace(|route| {
        let refusal = refusal(route, options)?;
        Some(move || std::future::ready(refusal.response()))
    });
}

/// The answer of a route that is switched off, in the words of the reference.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Refusal {
    Text(String),
    /// In the shape of its newer endpoints.
    Detail,
}

fn refusal(route: &RouteFacts, options: &RoutesOptions) -> Option<Refusal> {
    let is_proxied = route.path.contains(PROXIED);
    if is_proxied && !options.serve_artifacts {
        if route.path.ends_with(BYTES) && [GET, PUT].contains(&route.method) {
            return Some(Refusal::Detail);
        }
        return Some(Refusal::Text(format!(
            "Endpoint: {} disabled due to the mlflow server running with `--no-serve-artifacts`. \
             To enable artifacts server functionality, run `mlflow server` with \
             `--serve-artifacts`",
            route.path
        )));
    }
    let is_of_tracking = !is_proxied && route.permission.right != Right::Public;
    (is_of_tracking && options.artifacts_only).then(|| {
        Refusal::Text(format!(
            "Endpoint: {} disabled due to the mlflow server running in `--artifacts-only` mode. \
             To enable tracking server functionality, run `mlflow server` without \
             `--artifacts-only`",
            route.path
        ))
    })
}

impl Refusal {
    fn response(&self) -> Response {
        let status = StatusCode::SERVICE_UNAVAILABLE;
        match self {
            Self::Text(text) => json::response(status, TEXT, Body::from(text.clone())),
            Self::Detail => json::detail(
                status,
                "Artifact serving is disabled. Run `mlflow server` with `--serve-artifacts` to \
                 enable.",
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::routes::routes;

    use super::*;

    fn refused(serve_artifacts: bool, artifacts_only: bool) -> Vec<RouteFacts> {
        let options = RoutesOptions {
            serve_artifacts,
            artifacts_only,
            ..RoutesOptions::default()
        };
        let table = routes(&options);
        let is_refused = |route: &&RouteFacts| refusal(route, &options).is_some();
        table.facts().filter(is_refused).cloned().collect()
    }

    #[test]
    fn nothing_is_switched_off_by_default() {
        assert_eq!(refused(true, false), []);
    }

    #[test]
    fn without_serving_artifacts_the_proxy_is_off() {
        let refused = refused(false, false);
        assert!(
            refused
                .iter()
                .all(|route| route.path.contains("mlflow-artifacts"))
        );
        for path in [
            "/api/2.0/mlflow-artifacts/artifacts",
            "/ajax-api/2.0/mlflow-artifacts/mpu/create/{*path}",
        ] {
            assert!(refused.iter().any(|route| route.path == path), "{path}");
        }
    }

    #[test]
    fn with_artifacts_only_all_else_is_off_but_what_clients_ask_first() {
        let table = routes(&RoutesOptions::default());
        let refused = refused(true, true);
        for route in table.facts() {
            let works =
                route.path.contains("mlflow-artifacts") || route.path.ends_with("server-info");
            assert_eq!(!refused.contains(route), works, "{}", route.path);
        }
    }
}

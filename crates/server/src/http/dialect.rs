//! Which dialect a request speaks, and what the server itself answers in it.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::extract::Request;
use axum::response::Response;
use ferroflow_model::{Error, limits};
use ferroflow_web::RouteFacts;
use http::Method;
use http::header::{self, HeaderMap, HeaderName, HeaderValue};

use crate::effects::new_request_id;

/// The dialect that a request speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Dialect {
    Aidp,
    /// MLflow's at the root of the server.
    Mlflow,
    /// MLflow's below the path of a tenant, where Oracle's operations are too.
    MlflowInTenant,
}

impl Dialect {
    /// The header that carries a request's id, both ways.
    pub(super) fn request_id_header(self) -> HeaderName {
        match self {
            Self::Aidp => HeaderName::from_static("opc-request-id"),
            Self::Mlflow | Self::MlflowInTenant => HeaderName::from_static("x-request-id"),
        }
    }

    /// The client's id where it is well-formed, else a new one. That a malformed id is an error is
    /// the dialect's to say.
    pub(super) fn request_id(self, headers: &HeaderMap) -> Arc<str> {
        let given = headers.get(self.request_id_header());
        given
            .and_then(well_formed)
            .map_or_else(new_request_id, Into::into)
    }

    pub(super) fn error(self, error: &Error) -> Response {
        match self {
            Self::Aidp => ferroflow_aidp::error_response(error),
            Self::Mlflow | Self::MlflowInTenant => ferroflow_mlflow::error_response(error),
        }
    }
}

/// What the agents of MLflow's clients begin with, in whatever language they are written.
const MLFLOW_AGENT: &[u8] = b"mlflow";

/// What Oracle's clients send with every request, or with every change.
const ORACLE_HEADERS: [&str; 3] = ["opc-request-id", "opc-client-info", "opc-retry-token"];

/// Chooses the dialect of each request. This is the only place where that is decided.
///
/// Below a tenant's path the dialects share paths, such as the one that creates a run. There a
/// client of MLflow, known by its agent, speaks MLflow, and a client of Oracle's, known by its
/// `opc-` headers, speaks AIDP. Everybody else speaks AIDP too, except where only MLflow has
/// something to answer.
pub(crate) struct Dialects {
    /// By the paths that the MLflow dialect has below a tenant's.
    only_mlflow: matchit::Router<Methods>,
}

/// The methods that only the MLflow dialect has on a path.
#[derive(Debug, PartialEq, Eq)]
enum Methods {
    /// The path is MLflow's alone.
    All,
    Some(Vec<Method>),
}

impl Dialects {
    /// Compares what the two dialects have below the paths of tenants.
    ///
    /// # Panics
    /// When two paths of MLflow's collide.
    pub(crate) fn new<'a>(
        aidp: impl Iterator<Item = &'a RouteFacts>,
        mlflow: impl Iterator<Item = &'a RouteFacts>,
    ) -> Self {
        let (aidp, mlflow) = (methods_by_path(aidp), methods_by_path(mlflow));
        let mut only_mlflow = matchit::Router::new();
        for (path, mut methods) in mlflow {
            let only = match aidp.get(path) {
                None => Methods::All,
                Some(shared) => {
                    methods.retain(|method| !shared.contains(method));
                    Methods::Some(methods)
                }
            };
            #[expect(
                clippy::expect_used,
                reason = "routes are made at start from constants"
            )]
            only_mlflow.insert(path, only).expect("distinct paths");
        }
        Self { only_mlflow }
    }

    pub(super) fn choose(&self, request: &Request) -> Dialect {
        let path = request.uri().path();
        if !is_oracles(path) {
            Dialect::Mlflow
        } else if is_mlflow_client(request.headers()) {
            Dialect::MlflowInTenant
        } else if is_oracle_client(request.headers()) {
            Dialect::Aidp
        } else if self.only_mlflow(request.method(), path) {
            Dialect::MlflowInTenant
        } else {
            Dialect::Aidp
        }
    }

    fn only_mlflow(&self, method: &Method, path: &str) -> bool {
        // The router answers HEAD where there is a GET.
        let method = if method == Method::HEAD {
            &Method::GET
        } else {
            method
        };
        match self.only_mlflow.at(path).map(|found| found.value) {
            Ok(Methods::All) => true,
            Ok(Methods::Some(methods)) => methods.contains(method),
            Err(_) => false,
        }
    }
}

fn methods_by_path<'a>(
    routes: impl Iterator<Item = &'a RouteFacts>,
) -> BTreeMap<&'a str, Vec<Method>> {
    let mut found: BTreeMap<_, Vec<_>> = BTreeMap::new();
    for route in routes {
        let methods = found.entry(route.path.as_str()).or_default();
        methods.push(route.method.clone());
    }
    found
}

/// Whether a path is below the one that all of Oracle's operations are below.
fn is_oracles(path: &str) -> bool {
    let below = path.strip_prefix(ferroflow_aidp::BASE_PATH);
    below.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

fn is_mlflow_client(headers: &HeaderMap) -> bool {
    let agent = headers.get(header::USER_AGENT);
    agent.is_some_and(|agent| agent.as_bytes().starts_with(MLFLOW_AGENT))
}

fn is_oracle_client(headers: &HeaderMap) -> bool {
    ORACLE_HEADERS
        .iter()
        .any(|name| headers.contains_key(*name))
}

/// Answers a path that belongs to no operation, in the dialect whose paths these are.
pub(crate) async fn not_found(request: Request) -> Response {
    if is_oracles(request.uri().path()) {
        ferroflow_aidp::not_found(request).await
    } else {
        ferroflow_mlflow::not_found(request).await
    }
}

/// Answers a method that the path's operations do not have; the router adds the `allow` header.
pub(crate) async fn method_not_allowed(request: Request) -> Response {
    if is_oracles(request.uri().path()) {
        ferroflow_aidp::method_not_allowed(request).await
    } else {
        ferroflow_mlflow::method_not_allowed(request).await
    }
}

fn well_formed(value: &HeaderValue) -> Option<&str> {
    let allowed = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-');
    let bytes = value.as_bytes();
    let fits = (1..=limits::REQUEST_ID_CHARACTERS).contains(&bytes.len());
    if fits && bytes.iter().all(allowed) {
        value.to_str().ok()
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use axum::body::Body;
    use ferroflow_model::Permission;

    use super::*;

    fn route(method: Method, path: &str) -> RouteFacts {
        RouteFacts {
            method,
            path: path.to_owned(),
            operation: "x",
            permission: Permission::PUBLIC,
        }
    }

    fn chosen(method: &str, path: &str, agent: &str) -> Dialect {
        let aidp = [route(Method::POST, "/20260430/{id}/both")];
        let mlflow = [
            route(Method::POST, "/20260430/{id}/both"),
            route(Method::GET, "/20260430/{id}/both"),
            route(Method::PATCH, "/20260430/{id}/both"),
            route(Method::GET, "/20260430/{id}/files/{*path}"),
        ];
        let request = Request::builder().method(method).uri(path);
        let request = request.header(header::USER_AGENT, agent);
        Dialects::new(aidp.iter(), mlflow.iter()).choose(&request.body(Body::empty()).unwrap())
    }

    #[test]
    fn clients_of_mlflow_speak_mlflow_everywhere() {
        for agent in ["mlflow-python-client/3.17.2", "mlflow-java-client/3.1"] {
            for path in ["/20260430/p/both", "/20260430/nowhere", "/20260430"] {
                assert_eq!(chosen("POST", path, agent), Dialect::MlflowInTenant);
            }
            assert_eq!(chosen("POST", "/20260430x", agent), Dialect::Mlflow);
            let at_root = "/api/2.0/mlflow/runs/create";
            assert_eq!(chosen("POST", at_root, agent), Dialect::Mlflow);
        }
    }

    #[test]
    fn others_speak_aidp_where_it_has_an_answer() {
        use Dialect::{Aidp, Mlflow, MlflowInTenant};
        for (method, path, expected) in [
            ("POST", "/20260430/p/both", Aidp),
            ("PUT", "/20260430/p/both", Aidp),
            ("GET", "/20260430/p/both", MlflowInTenant),
            ("HEAD", "/20260430/p/both", MlflowInTenant),
            ("PATCH", "/20260430/p/both", MlflowInTenant),
            ("GET", "/20260430/p/files/a/b", MlflowInTenant),
            ("POST", "/20260430/p/files/a/b", MlflowInTenant),
            ("GET", "/20260430/p/nowhere", Aidp),
            ("GET", "/20260430", Aidp),
            ("GET", "/20260430x", Mlflow),
            ("GET", "/api/2.0/mlflow/runs/get", Mlflow),
        ] {
            for agent in ["Oracle-PythonSDK/2", "curl/8 mlflow", ""] {
                assert_eq!(chosen(method, path, agent), expected, "{method} {path}");
            }
        }
    }

    #[test]
    fn clients_of_oracle_speak_aidp_everywhere() {
        let mlflow = [route(Method::GET, "/20260430/{id}/files")];
        let dialects = Dialects::new([].iter(), mlflow.iter());
        let ask = |header: &str| {
            let request = Request::builder()
                .uri("/20260430/p/files")
                .header(header, "x");
            dialects.choose(&request.body(Body::empty()).unwrap())
        };
        for header in ORACLE_HEADERS {
            assert_eq!(ask(header), Dialect::Aidp, "{header}");
        }
        assert_eq!(ask("accept"), Dialect::MlflowInTenant);
    }

    #[test]
    fn a_well_formed_request_id_is_kept() {
        let id_for = |value: &str| {
            let value = HeaderValue::from_bytes(value.as_bytes()).unwrap();
            let headers =
                HeaderMap::from_iter([(HeaderName::from_static("opc-request-id"), value)]);
            Dialect::Aidp.request_id(&headers)
        };
        let longest = "a".repeat(255);
        for kept in ["a", "A_b-9", longest.as_str()] {
            assert_eq!(&*id_for(kept), kept);
        }
        let too_long = "a".repeat(256);
        for replaced in ["", "a b", "a/b", "ü", too_long.as_str()] {
            assert_eq!(id_for(replaced).len(), 32);
        }
    }
}

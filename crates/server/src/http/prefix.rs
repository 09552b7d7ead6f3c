//! The path below which the server has its routes, where an operator has chosen one.
//!
//! It is taken off each request before anything looks at the path, so that nothing else knows of
//! it: routes, dialects, checks and metrics are the same with and without.

use axum::body::Body;
use http::uri::PathAndQuery;
use http::{Method, Request, Uri};

/// What has no prefix: where stock clients and Prometheus look for it whatever the prefix is.
const METRICS: &str = "/metrics";
const ARTIFACTS: [&str; 2] = [
    "/api/2.0/mlflow-artifacts/artifacts/",
    "/ajax-api/2.0/mlflow-artifacts/artifacts/",
];

/// A path that all others are below: empty, or like `/mlflow`.
#[derive(Debug, Clone, Default)]
pub(crate) struct StaticPrefix(String);

impl StaticPrefix {
    pub(crate) fn new(prefix: &str) -> Self {
        Self(prefix.trim_end_matches('/').to_owned())
    }

    /// Takes the prefix off the path of a request. Answers whether there is a route for it at all:
    /// whether it had the prefix, or needs none.
    pub(super) fn remove(&self, request: &mut Request<Body>) -> bool {
        if self.0.is_empty() {
            return true;
        }
        match self.below(request.uri()) {
            Some(uri) => {
                *request.uri_mut() = uri;
                true
            }
            None => is_unprefixed(request.method(), request.uri().path()),
        }
    }

    /// The same URI without the prefix.
    fn below(&self, uri: &Uri) -> Option<Uri> {
        let path = uri.path_and_query()?.as_str().strip_prefix(&self.0)?;
        let path = match path.bytes().next() {
            Some(b'/') => path.parse::<PathAndQuery>(),
            Some(b'?') | None => format!("/{path}").parse(),
            Some(_) => return None,
        };
        let mut parts = uri.clone().into_parts();
        parts.path_and_query = Some(path.ok()?);
        Uri::from_parts(parts).ok()
    }
}

fn is_unprefixed(method: &Method, path: &str) -> bool {
    let is_of_artifact = ARTIFACTS
        .iter()
        .any(|artifacts| path.starts_with(artifacts));
    path == METRICS || is_of_artifact && matches!(*method, Method::GET | Method::HEAD | Method::PUT)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn removed(prefix: &str, method: &str, uri: &str) -> Option<String> {
        let request = Request::builder().method(method).uri(uri);
        let mut request = request.body(Body::empty()).unwrap();
        let has_route = StaticPrefix::new(prefix).remove(&mut request);
        has_route.then(|| request.uri().to_string())
    }

    #[test]
    fn the_prefix_is_taken_off_once() {
        for (uri, expected) in [
            ("/p/health", Some("/health")),
            ("/p/p/health?a=%2F", Some("/p/health?a=%2F")),
            ("/p", Some("/")),
            ("/p?a=1", Some("/?a=1")),
            ("http://h:1/p/health", Some("http://h:1/health")),
            ("/health", None),
            ("/px/health", None),
            ("/P/health", None),
            ("/api/2.0/mlflow/runs/get", None),
            ("/metrics", Some("/metrics")),
        ] {
            assert_eq!(removed("/p", "GET", uri).as_deref(), expected, "{uri}");
        }
        assert_eq!(removed("", "GET", "/p").as_deref(), Some("/p"));
    }

    #[test]
    fn artifacts_are_read_and_written_without_it_too() {
        let path = "/api/2.0/mlflow-artifacts/artifacts/a/b";
        for (method, has_route) in [("GET", true), ("PUT", true), ("DELETE", false)] {
            assert_eq!(removed("/p", method, path).is_some(), has_route, "{method}");
        }
        let list = "/api/2.0/mlflow-artifacts/artifacts";
        assert_eq!(removed("/p", "GET", list), None);
    }
}

//! Tells handlers and middleware which route a request has reached.

use std::sync::{Arc, OnceLock};
use std::task::{Context, Poll};

use http::Request;
use tower::{Layer, Service};

use crate::RouteFacts;

/// Where middleware learns, after the router has run, which route the request has reached.
///
/// Middleware puts one among the request's extensions and keeps a clone; it stays empty when no
/// route matches.
#[derive(Debug, Clone, Default)]
pub struct MatchedRoute(Arc<OnceLock<Arc<RouteFacts>>>);

impl MatchedRoute {
    /// The route, once one has been reached.
    pub fn get(&self) -> Option<&Arc<RouteFacts>> {
        self.0.get()
    }

    fn set(&self, facts: &Arc<RouteFacts>) {
        self.0.get_or_init(|| Arc::clone(facts));
    }
}

#[derive(Clone)]
pub(crate) struct DeclareLayer(Arc<RouteFacts>);

impl DeclareLayer {
    pub(crate) fn new(facts: Arc<RouteFacts>) -> Self {
        Self(facts)
    }
}

impl<Inner> Layer<Inner> for DeclareLayer {
    type Service = Declare<Inner>;

    fn layer(&self, inner: Inner) -> Self::Service {
        Declare {
            inner,
            facts: Arc::clone(&self.0),
        }
    }
}

/// Adds no future of its own: it is on the path of every request.
#[derive(Clone)]
pub(crate) struct Declare<Inner> {
    inner: Inner,
    facts: Arc<RouteFacts>,
}

impl<Inner: Service<Request<B>>, B> Service<Request<B>> for Declare<Inner> {
    type Response = Inner::Response;
    type Error = Inner::Error;
    type Future = Inner::Future;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, mut request: Request<B>) -> Self::Future {
        let extensions = request.extensions_mut();
        if let Some(matched) = extensions.get::<MatchedRoute>() {
            matched.set(&self.facts);
        }
        extensions.insert(Arc::clone(&self.facts));
        self.inner.call(request)
    }
}

#[cfg(test)]
mod tests {
    use axum::body::Body;
    use ferroflow_model::Permission;
    use http::Method;
    use tower::ServiceExt;

    use super::*;
    use crate::{Route, RouteTable};

    async fn echo_operation(request: Request<Body>) -> String {
        let facts = request.extensions().get::<Arc<RouteFacts>>();
        facts.map_or_else(String::new, |facts| facts.operation.to_owned())
    }

    #[tokio::test]
    async fn handlers_and_middleware_learn_the_route() {
        let mut table = RouteTable::<()>::new();
        let permission = Permission::PUBLIC;
        table.push(Route::new(
            Method::GET,
            "/a/{id}",
            "getA",
            permission,
            echo_operation,
        ));
        table.push(Route::new(
            Method::POST,
            "/a/{id}",
            "setA",
            permission,
            echo_operation,
        ));
        let router = table.into_router();

        let matched = MatchedRoute::default();
        let request = Request::post("/a/7")
            .extension(matched.clone())
            .body(Body::empty());
        let response = router.clone().oneshot(request.unwrap()).await.unwrap();
        let body = crate::read_body(response.into_body(), 100).await.unwrap();
        assert_eq!(body, "setA");
        assert_eq!(
            matched.get().map(|facts| facts.path.as_str()),
            Some("/a/{id}")
        );

        let unmatched = MatchedRoute::default();
        let request = Request::put("/a/7")
            .extension(unmatched.clone())
            .body(Body::empty());
        let response = router.oneshot(request.unwrap()).await.unwrap();
        assert_eq!(response.status(), 405);
        assert_eq!(response.headers()["allow"], "GET,HEAD,POST");
        assert!(unmatched.get().is_none());
    }
}

//! The route table: a route cannot be made without a name and a permission.

use std::sync::Arc;

use axum::Router;
use axum::handler::Handler;
use axum::routing::{MethodFilter, MethodRouter, on};
use ferroflow_model::{Permission, Resource};
use http::Method;

use crate::declare::DeclareLayer;

/// What is known of a route before any request comes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RouteFacts {
    /// The HTTP method.
    pub method: Method,
    /// The path template, such as `/api/2.0/mlflow/runs/get`.
    pub path: String,
    /// The operation's name in its dialect, such as `createModelVersion`; labels metrics.
    pub operation: &'static str,
    /// What the caller needs.
    pub permission: Permission,
}

impl RouteFacts {
    /// Whether bodies are streamed, so that an honest request may last as long as its bytes take.
    pub fn streams(&self) -> bool {
        self.permission.resource == Resource::Artifacts
    }
}

/// One method on one path, with its handler.
#[derive(Clone)]
pub struct Route<S> {
    facts: RouteFacts,
    handler: MethodRouter<S>,
}

impl<S: Clone + Send + Sync + 'static> Route<S> {
    /// A route. `operation` names it in metrics and documents; `permission` is what its caller
    /// needs.
    ///
    /// # Panics
    /// When the method is not one of the standard ones.
    pub fn new<H, T>(
        method: Method,
        path: impl Into<String>,
        operation: &'static str,
        permission: Permission,
        handler: H,
    ) -> Self
    where
        H: Handler<T, S>,
        T: 'static,
    {
        #[expect(
            clippy::expect_used,
            reason = "routes are made at start from constants"
        )]
        let filter = MethodFilter::try_from(method.clone()).expect("a standard HTTP method");
        let facts = RouteFacts {
            method,
            path: path.into(),
            operation,
            permission,
        };
        Self {
            facts,
            handler: on(filter, handler),
        }
    }
}

/// All routes of a dialect, or of the server.
#[derive(Clone)]
pub struct RouteTable<S> {
    routes: Vec<Route<S>>,
}

impl<S> Default for RouteTable<S> {
    fn default() -> Self {
        Self { routes: Vec::new() }
    }
}

impl<S: Clone + Send + Sync + 'static> RouteTable<S> {
    /// An empty table.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a route.
    pub fn push(&mut self, route: Route<S>) {
        self.routes.push(route);
    }

    /// Adds all routes of another table.
    pub fn extend(&mut self, other: Self) {
        self.routes.extend(other.routes);
    }

    /// What is known of each route, for documents and tests.
    pub fn facts(&self) -> impl Iterator<Item = &RouteFacts> {
        self.routes.iter().map(|route| &route.facts)
    }

    /// Puts another handler in the place of each route's for which `choose` has one.
    pub fn replace<H, T>(&mut self, choose: impl Fn(&RouteFacts) -> Option<H>)
    where
        H: Handler<T, S>,
        T: 'static,
    {
        for route in &mut self.routes {
            if let Some(handler) = choose(&route.facts) {
                let RouteFacts {
                    method,
                    path,
                    operation,
                    permission,
                } = route.facts.clone();
                *route = Route::new(method, path, operation, permission, handler);
            }
        }
    }

    /// Gives the handlers their state, so that tables with different states can be joined.
    pub fn with_state<S2>(self, state: &S) -> RouteTable<S2> {
        let bind = |route: Route<S>| Route {
            facts: route.facts,
            handler: route.handler.with_state(state.clone()),
        };
        RouteTable {
            routes: self.routes.into_iter().map(bind).collect(),
        }
    }

    /// The router. Each handler finds its [`RouteFacts`] among the request's extensions, and
    /// middleware in the [`MatchedRoute`](crate::MatchedRoute) it has put there.
    ///
    /// # Panics
    /// When two routes collide.
    pub fn into_router(self) -> Router<S> {
        self.routes
            .into_iter()
            .fold(Router::new(), |router, route| {
                let facts = Arc::new(route.facts);
                let declare = DeclareLayer::new(Arc::clone(&facts));
                router.route(&facts.path, route.handler.route_layer(declare))
            })
    }
}

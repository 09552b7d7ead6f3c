//! Requests that are under way for exactly as long as a test wants.

use std::sync::Arc;
use std::time::Duration;

use axum::response::Response;
use ferroflow_model::Permission;
use ferroflow_web::{Route, RouteTable};
use http::Method;
use tokio::sync::Notify;
use tokio::time::{sleep, timeout};

/// The path of a route that answers `done` once its gate is opened.
pub(crate) const GATED: &str = "/test/gated";

/// Nothing here takes nearly as long, however busy the machine is.
pub(crate) const PATIENCE: Duration = Duration::from_mins(1);

/// What one request waits at.
#[derive(Clone, Default)]
pub(crate) struct Gate {
    arrived: Arc<Notify>,
    opened: Arc<Notify>,
}

impl Gate {
    /// The table of the route that waits.
    pub(crate) fn routes(&self) -> RouteTable<()> {
        let gate = self.clone();
        let wait = move || async move { gate.pass().await };
        let mut routes = RouteTable::new();
        let open = Permission::PUBLIC;
        routes.push(Route::new(Method::GET, GATED, "gated", open, wait));
        routes
    }

    async fn pass(self) -> Response {
        self.arrived.notify_one();
        self.opened.notified().await;
        Response::new("done".into())
    }

    /// Waits until the request is there.
    pub(crate) async fn arrival(&self) {
        let arrived = timeout(PATIENCE, self.arrived.notified()).await;
        arrived.unwrap();
    }

    /// Lets the request be answered.
    pub(crate) fn open(&self) {
        self.opened.notify_one();
    }
}

/// Tries again and again until it is true.
pub(crate) async fn until(what: &str, mut is_true: impl AsyncFnMut() -> bool) {
    let tries = async {
        while !is_true().await {
            sleep(Duration::from_millis(5)).await;
        }
    };
    assert!(
        timeout(PATIENCE, tries).await.is_ok(),
        "it never came to be that {what}"
    );
}

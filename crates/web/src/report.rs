//! Errors are logged once, where an answer leaves a dialect.

use std::sync::Arc;

use ferroflow_model::{Error, ErrorKind};
use http::Extensions;

use crate::{RequestId, RouteFacts};

/// Knows what a log line says of a request, also when the request itself has been used up.
#[derive(Debug, Clone)]
pub struct Reporter {
    request_id: Option<RequestId>,
    route: Option<Arc<RouteFacts>>,
}

impl Reporter {
    /// The reporter of the request with these extensions.
    pub fn of(extensions: &Extensions) -> Self {
        Self {
            request_id: extensions.get().cloned(),
            route: extensions.get().cloned(),
        }
    }

    /// Logs an error with its cause when only the server's operator can do something about it.
    /// What a client did wrong, the client is told.
    pub fn report(&self, error: &Error) {
        if matches!(error.kind(), ErrorKind::Internal | ErrorKind::Unavailable) {
            let request_id = self.request_id.as_ref().map(|RequestId(id)| &**id);
            let operation = self.route.as_ref().map(|route| route.operation);
            tracing::error!(operation, request_id, cause = error.cause(), "{error}");
        }
    }
}

//! What middleware has established about a request before a dialect sees it.

use std::sync::Arc;

use ferroflow_model::{Caller, Error, Permission, Result};
use http::{Extensions, HeaderMap, Uri, header};

use crate::RouteFacts;

/// Finds a request in logs, audit rows and answers. Made by the outermost middleware, or taken
/// from the client where it sends a well-formed one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RequestId(pub Arc<str>);

/// What a dialect needs to build the core's request context, beside what it decodes itself.
#[derive(Debug, Clone)]
pub struct RequestFacts {
    /// Who asks.
    pub caller: Caller,
    /// What the route declares that its caller needs.
    pub permission: Permission,
    /// Finds the request in logs.
    pub request_id: String,
}

/// Reads the facts that middleware and the route table have put into the request's extensions.
///
/// A request that did not pass through them is a fault of the server, and is refused.
pub fn facts(extensions: &Extensions) -> Result<RequestFacts> {
    let caller = extensions
        .get::<Arc<Caller>>()
        .ok_or_else(|| absent("caller"))?;
    let route = extensions
        .get::<Arc<RouteFacts>>()
        .ok_or_else(|| absent("route"))?;
    let request_id = extensions
        .get::<RequestId>()
        .ok_or_else(|| absent("request id"))?;
    Ok(RequestFacts {
        caller: Caller::clone(caller),
        permission: route.permission,
        request_id: request_id.0.to_string(),
    })
}

/// The host that the client believes it talks to, with its port; empty when it does not say.
pub fn host_of<'a>(uri: &'a Uri, headers: &'a HeaderMap) -> &'a str {
    if let Some(authority) = uri.authority() {
        return authority.as_str();
    }
    let host = headers.get(header::HOST);
    host.and_then(|value| value.to_str().ok())
        .unwrap_or_default()
}

fn absent(what: &str) -> Error {
    Error::internal(format!("the request reached a dialect without its {what}"))
}

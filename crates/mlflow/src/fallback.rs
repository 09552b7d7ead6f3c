//! Answers to requests that reach no operation of this dialect.

use axum::extract::Request;
use axum::response::{IntoResponse, Response};

use crate::error::{ENDPOINT_NOT_FOUND, Failure, METHOD_NOT_ALLOWED};

/// Answers a path that belongs to no operation.
pub async fn not_found(request: Request) -> Response {
    let message = format!(
        "There is no operation at the path '{}'.",
        request.uri().path()
    );
    Failure::new(ENDPOINT_NOT_FOUND, message).into_response()
}

/// Answers a method that the path's operations do not have; the router adds the `allow` header.
pub async fn method_not_allowed(request: Request) -> Response {
    let message = format!(
        "The method {} is not allowed at this path.",
        request.method()
    );
    Failure::new(METHOD_NOT_ALLOWED, message).into_response()
}

//! Errors on the wire: one table from kind to status and code, one body.

use axum::body::Body;
use axum::extract::Request;
use axum::response::Response;
use ferroflow_model::{Error, ErrorKind};
use http::{HeaderValue, StatusCode};
use serde::Serialize;

use crate::answer;
use crate::headers::RequestIdHeader;

/// The body of every error.
#[derive(Serialize)]
struct ErrorBody<'a> {
    code: &'static str,
    message: &'a str,
}

/// The status and code of each kind. A plain duplicate is never `IncorrectState`, because Oracle's
/// SDK repeats a request that was answered so for minutes.
const fn status_and_code(kind: ErrorKind) -> (StatusCode, &'static str) {
    match kind {
        ErrorKind::Unparsable => (StatusCode::BAD_REQUEST, "CannotParseRequest"),
        ErrorKind::InvalidParameter => (StatusCode::BAD_REQUEST, "InvalidParameter"),
        ErrorKind::MissingParameter => (StatusCode::BAD_REQUEST, "MissingParameter"),
        ErrorKind::LimitExceeded => (StatusCode::BAD_REQUEST, "LimitExceeded"),
        ErrorKind::RelatedNotFound => (
            StatusCode::BAD_REQUEST,
            "RelatedResourceNotAuthorizedOrNotFound",
        ),
        ErrorKind::Unauthenticated => (StatusCode::UNAUTHORIZED, "NotAuthenticated"),
        ErrorKind::PermissionDenied => (StatusCode::FORBIDDEN, "NotAuthorized"),
        ErrorKind::NotFound => (StatusCode::NOT_FOUND, "NotAuthorizedOrNotFound"),
        ErrorKind::AlreadyExists | ErrorKind::Conflict | ErrorKind::InvalidState => {
            (StatusCode::CONFLICT, "Conflict")
        }
        ErrorKind::RetryTokenInvalidated => (StatusCode::CONFLICT, "InvalidatedRetryToken"),
        ErrorKind::PreconditionFailed => (StatusCode::PRECONDITION_FAILED, "NoEtagMatch"),
        ErrorKind::TooLarge => (StatusCode::PAYLOAD_TOO_LARGE, "RequestEntityTooLarge"),
        ErrorKind::TooManyRequests => (StatusCode::TOO_MANY_REQUESTS, "TooManyRequests"),
        ErrorKind::Internal => (StatusCode::INTERNAL_SERVER_ERROR, "InternalServerError"),
        ErrorKind::Unsupported => (StatusCode::NOT_IMPLEMENTED, "MethodNotImplemented"),
        ErrorKind::Unavailable => (StatusCode::SERVICE_UNAVAILABLE, "ServiceUnavailable"),
    }
}

/// The answer to a request that failed. `request_id` is what finds it in the log.
pub fn error_response(error: &Error, request_id: Option<HeaderValue>) -> Response<Body> {
    let (status, code) = status_and_code(error.kind());
    encode(status, code, error.message(), request_id)
}

/// Answers a path below [`BASE_PATH`](crate::BASE_PATH) that belongs to no operation.
pub async fn not_found(request: Request) -> Response<Body> {
    let message = format!(
        "There is no operation at the path '{}'.",
        request.uri().path()
    );
    encode(StatusCode::NOT_FOUND, "NotFound", &message, echo(&request))
}

/// Answers a method that the path's operation does not have; the router adds the `allow` header.
pub async fn method_not_allowed(request: Request) -> Response<Body> {
    let message = format!(
        "The method {} is not allowed at this path.",
        request.method()
    );
    encode(
        StatusCode::METHOD_NOT_ALLOWED,
        "MethodNotAllowed",
        &message,
        echo(&request),
    )
}

fn echo(request: &Request) -> Option<HeaderValue> {
    RequestIdHeader::read(request.headers(), request.extensions()).echo
}

fn encode(
    status: StatusCode,
    code: &'static str,
    message: &str,
    request_id: Option<HeaderValue>,
) -> Response<Body> {
    let mut response = answer::json(&ErrorBody { code, message });
    *response.status_mut() = status;
    answer::add_request_id(&mut response, request_id);
    response
}

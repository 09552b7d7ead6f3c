//! Errors on the wire: one table from kind to status and code, one body.

use std::borrow::Cow;

use axum::body::Body;
use axum::response::{IntoResponse, Response};
use ferroflow_model::{Error, ErrorKind};
use http::StatusCode;
use serde::Serialize;

use crate::json;

/// A code of MLflow's errors, with the status that it is answered with and the two fields that
/// derive from it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Code {
    status: StatusCode,
    name: &'static str,
    /// A coarser class and state, absent for codes that only servers behind MLflow's use.
    classes: Option<(&'static str, &'static str)>,
}

/// The state of what a user did wrong, and of what the server did.
const USER: &str = "KAM00";
const SYSTEM: &str = "XXM00";

const fn code(
    status: StatusCode,
    name: &'static str,
    state: &'static str,
    class: &'static str,
) -> Code {
    Code {
        status,
        name,
        classes: Some((state, class)),
    }
}

const fn plain(status: StatusCode, name: &'static str) -> Code {
    Code {
        status,
        name,
        classes: None,
    }
}

/// What the database of the reference refuses.
pub(crate) const BAD_REQUEST: Code = code(
    StatusCode::BAD_REQUEST,
    "BAD_REQUEST",
    USER,
    "INVALID_PARAMETER_VALUE",
);
/// What the operator has not switched on.
pub(crate) const FEATURE_DISABLED: Code = code(
    StatusCode::INTERNAL_SERVER_ERROR,
    "FEATURE_DISABLED",
    USER,
    "FEATURE_DISABLED",
);
/// What the reference did not foresee.
pub(crate) const INTERNAL_ERROR: Code = code(
    StatusCode::INTERNAL_SERVER_ERROR,
    "INTERNAL_ERROR",
    SYSTEM,
    "CLIENT_INTERNAL_ERROR",
);

/// A path that belongs to no operation.
pub(crate) const ENDPOINT_NOT_FOUND: Code = code(
    StatusCode::NOT_FOUND,
    "ENDPOINT_NOT_FOUND",
    USER,
    "RESOURCE_NOT_FOUND",
);
/// A method that a path does not have.
pub(crate) const METHOD_NOT_ALLOWED: Code = code(
    StatusCode::METHOD_NOT_ALLOWED,
    "BAD_REQUEST",
    USER,
    "INVALID_PARAMETER_VALUE",
);

/// The code of each kind of error. A conflict counts as a wrong value, because that is what the
/// reference answers when a client would change what cannot be changed, such as a param.
const fn code_of(kind: ErrorKind) -> Code {
    const INVALID: &str = "INVALID_PARAMETER_VALUE";
    const FAULT: &str = "CLIENT_INTERNAL_ERROR";
    match kind {
        ErrorKind::Unparsable
        | ErrorKind::InvalidParameter
        | ErrorKind::IsADirectory
        | ErrorKind::MissingParameter
        | ErrorKind::LimitExceeded
        | ErrorKind::Conflict => code(StatusCode::BAD_REQUEST, INVALID, USER, INVALID),
        ErrorKind::NotFound | ErrorKind::RelatedNotFound => code(
            StatusCode::NOT_FOUND,
            "RESOURCE_DOES_NOT_EXIST",
            USER,
            "RESOURCE_NOT_FOUND",
        ),
        ErrorKind::AlreadyExists => code(
            StatusCode::BAD_REQUEST,
            "RESOURCE_ALREADY_EXISTS",
            USER,
            "RESOURCE_ALREADY_EXISTS",
        ),
        ErrorKind::InvalidState => code(
            StatusCode::INTERNAL_SERVER_ERROR,
            "INVALID_STATE",
            SYSTEM,
            FAULT,
        ),
        ErrorKind::RetryTokenInvalidated => plain(StatusCode::CONFLICT, "RESOURCE_CONFLICT"),
        ErrorKind::PreconditionFailed => plain(StatusCode::PRECONDITION_FAILED, "ABORTED"),
        ErrorKind::PermissionDenied => code(
            StatusCode::FORBIDDEN,
            "PERMISSION_DENIED",
            USER,
            "PERMISSION_DENIED",
        ),
        ErrorKind::Unauthenticated => plain(StatusCode::UNAUTHORIZED, "UNAUTHENTICATED"),
        ErrorKind::TooLarge => code(StatusCode::PAYLOAD_TOO_LARGE, "BAD_REQUEST", USER, INVALID),
        ErrorKind::TooManyRequests => {
            plain(StatusCode::TOO_MANY_REQUESTS, "REQUEST_LIMIT_EXCEEDED")
        }
        ErrorKind::Unsupported => plain(StatusCode::NOT_IMPLEMENTED, "NOT_IMPLEMENTED"),
        ErrorKind::Unavailable => code(
            StatusCode::SERVICE_UNAVAILABLE,
            "TEMPORARILY_UNAVAILABLE",
            SYSTEM,
            FAULT,
        ),
        ErrorKind::Internal => INTERNAL_ERROR,
    }
}

/// Why an operation of this dialect failed.
#[derive(Debug)]
pub(crate) enum Failure {
    /// What the core refuses, or could not do.
    Core(Error),
    /// What only MLflow knows, with a code of its own.
    Mlflow(Code, Cow<'static, str>),
    /// A ready answer of another shape.
    Raw(Box<Response>),
}

impl Failure {
    /// A failure with a code that no kind of the core's errors has.
    pub(crate) fn new(code: Code, message: impl Into<Cow<'static, str>>) -> Self {
        Self::Mlflow(code, message.into())
    }

    /// The error of the core, unless this is something else.
    pub(crate) fn core(&self) -> Option<&Error> {
        match self {
            Self::Core(error) => Some(error),
            _ => None,
        }
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::Core(error)
    }
}

impl From<Response> for Failure {
    fn from(response: Response) -> Self {
        Self::Raw(Box::new(response))
    }
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        match self {
            Self::Core(error) => encode(code_of(error.kind()), error.message()),
            Self::Mlflow(code, message) => encode(code, &message),
            Self::Raw(response) => *response,
        }
    }
}

/// The answer to a request that failed before or outside of this dialect's operations.
pub fn error_response(error: &Error) -> Response {
    encode(code_of(error.kind()), error.message())
}

/// The body of every error.
#[derive(Serialize)]
struct ErrorBody<'a> {
    error_code: &'static str,
    message: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    sqlstate: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error_class: Option<&'static str>,
}

fn encode(code: Code, message: &str) -> Response {
    let body = ErrorBody {
        error_code: code.name,
        message,
        sqlstate: code.classes.map(|(state, _)| state),
        error_class: code.classes.map(|(_, class)| class),
    };
    let body = serde_json::to_vec(&body).unwrap_or_default();
    json::response(code.status, json::JSON, Body::from(body))
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn answer(error: &Error) -> (u16, serde_json::Value) {
        let response = error_response(error);
        let status = response.status().as_u16();
        let body = ferroflow_web::read_body(response.into_body(), 1000).await;
        let body = serde_json::from_slice(&body.unwrap()).unwrap();
        (status, body)
    }

    #[tokio::test]
    async fn every_kind_has_a_status_and_a_code() {
        for (kind, status, code) in [
            (ErrorKind::Unparsable, 400, "INVALID_PARAMETER_VALUE"),
            (ErrorKind::InvalidParameter, 400, "INVALID_PARAMETER_VALUE"),
            (ErrorKind::IsADirectory, 400, "INVALID_PARAMETER_VALUE"),
            (ErrorKind::MissingParameter, 400, "INVALID_PARAMETER_VALUE"),
            (ErrorKind::LimitExceeded, 400, "INVALID_PARAMETER_VALUE"),
            (ErrorKind::Conflict, 400, "INVALID_PARAMETER_VALUE"),
            (ErrorKind::AlreadyExists, 400, "RESOURCE_ALREADY_EXISTS"),
            (ErrorKind::Unauthenticated, 401, "UNAUTHENTICATED"),
            (ErrorKind::PermissionDenied, 403, "PERMISSION_DENIED"),
            (ErrorKind::NotFound, 404, "RESOURCE_DOES_NOT_EXIST"),
            (ErrorKind::RelatedNotFound, 404, "RESOURCE_DOES_NOT_EXIST"),
            (ErrorKind::RetryTokenInvalidated, 409, "RESOURCE_CONFLICT"),
            (ErrorKind::PreconditionFailed, 412, "ABORTED"),
            (ErrorKind::TooLarge, 413, "BAD_REQUEST"),
            (ErrorKind::TooManyRequests, 429, "REQUEST_LIMIT_EXCEEDED"),
            (ErrorKind::InvalidState, 500, "INVALID_STATE"),
            (ErrorKind::Internal, 500, "INTERNAL_ERROR"),
            (ErrorKind::Unsupported, 501, "NOT_IMPLEMENTED"),
            (ErrorKind::Unavailable, 503, "TEMPORARILY_UNAVAILABLE"),
        ] {
            let (found, body) = answer(&Error::new(kind, "said \"why\"")).await;
            assert_eq!(found, status, "{kind:?}");
            assert_eq!(body["error_code"], code, "{kind:?}");
            assert_eq!(body["message"], "said \"why\"");
        }
    }

    #[tokio::test]
    async fn derived_fields_are_there_where_mlflow_has_them() {
        let (_, body) = answer(&Error::not_found("x")).await;
        assert_eq!(body["sqlstate"], "KAM00");
        assert_eq!(body["error_class"], "RESOURCE_NOT_FOUND");
        let (_, body) = answer(&Error::internal("secret")).await;
        assert_eq!(body["sqlstate"], "XXM00");
        assert!(!body.to_string().contains("secret"));
        let (_, body) = answer(&Error::new(ErrorKind::Unsupported, "x")).await;
        assert!(body.get("sqlstate").is_none());
    }
}

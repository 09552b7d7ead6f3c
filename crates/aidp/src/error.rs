//! Errors on the wire: one table from kind to status and code, one body.

use axum::body::Body;
use axum::extract::Request;
use axum::response::Response;
use ferroflow_model::{Error, ErrorKind};
use http::StatusCode;
use schemars::JsonSchema;
use serde::Serialize;

use crate::answer;

/// The body of every error.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Error")]
pub(crate) struct ErrorBody<'a> {
    code: &'static str,
    message: &'a str,
}

/// The status and code of each kind. A plain duplicate is never `IncorrectState`, because Oracle's
/// SDK repeats a request that was answered so for minutes.
pub(crate) const fn status_and_code(kind: ErrorKind) -> (StatusCode, &'static str) {
    match kind {
        ErrorKind::Unparsable => (StatusCode::BAD_REQUEST, "CannotParseRequest"),
        ErrorKind::InvalidParameter | ErrorKind::IsADirectory => {
            (StatusCode::BAD_REQUEST, "InvalidParameter")
        }
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

/// What a path answers that belongs to no operation.
pub(crate) const NO_OPERATION: (StatusCode, &str) = (StatusCode::NOT_FOUND, "NotFound");

/// The answer to a request that failed.
pub fn error_response(error: &Error) -> Response<Body> {
    let (status, code) = status_and_code(error.kind());
    encode(status, code, error.message())
}

/// Answers a path below [`BASE_PATH`](crate::BASE_PATH) that belongs to no operation.
pub async fn not_found(_request: Request) -> Response<Body> {
    let (status, code) = NO_OPERATION;
    encode(status, code, "There is no operation at this path.")
}

/// Answers a method that the path's operation does not have; the router adds the `allow` header.
pub async fn method_not_allowed(request: Request) -> Response<Body> {
    let message = format!(
        "The method {} is not allowed at this path.",
        request.method()
    );
    encode(StatusCode::METHOD_NOT_ALLOWED, "MethodNotAllowed", &message)
}

fn encode(status: StatusCode, code: &'static str, message: &str) -> Response<Body> {
    // Two texts can always be written.
    let mut response = answer::json(&ErrorBody { code, message }).unwrap_or_default();
    *response.status_mut() = status;
    response
}

#[cfg(test)]
mod tests {
    use axum::Router;
    use axum::routing::post;
    use http_body_util::BodyExt;
    use tower::ServiceExt;

    use super::*;

    /// Every row of the table.
    const TABLE: [(ErrorKind, u16, &str); 19] = [
        (ErrorKind::Unparsable, 400, "CannotParseRequest"),
        (ErrorKind::InvalidParameter, 400, "InvalidParameter"),
        (ErrorKind::IsADirectory, 400, "InvalidParameter"),
        (ErrorKind::MissingParameter, 400, "MissingParameter"),
        (ErrorKind::LimitExceeded, 400, "LimitExceeded"),
        (
            ErrorKind::RelatedNotFound,
            400,
            "RelatedResourceNotAuthorizedOrNotFound",
        ),
        (ErrorKind::Unauthenticated, 401, "NotAuthenticated"),
        (ErrorKind::PermissionDenied, 403, "NotAuthorized"),
        (ErrorKind::NotFound, 404, "NotAuthorizedOrNotFound"),
        (ErrorKind::AlreadyExists, 409, "Conflict"),
        (ErrorKind::Conflict, 409, "Conflict"),
        (ErrorKind::InvalidState, 409, "Conflict"),
        (
            ErrorKind::RetryTokenInvalidated,
            409,
            "InvalidatedRetryToken",
        ),
        (ErrorKind::PreconditionFailed, 412, "NoEtagMatch"),
        (ErrorKind::TooLarge, 413, "RequestEntityTooLarge"),
        (ErrorKind::TooManyRequests, 429, "TooManyRequests"),
        (ErrorKind::Internal, 500, "InternalServerError"),
        (ErrorKind::Unsupported, 501, "MethodNotImplemented"),
        (ErrorKind::Unavailable, 503, "ServiceUnavailable"),
    ];

    async fn text(response: Response<Body>) -> String {
        let bytes = response.into_body().collect().await.unwrap().to_bytes();
        String::from_utf8(bytes.to_vec()).unwrap()
    }

    #[tokio::test]
    async fn each_kind_has_a_status_a_code_and_the_one_body() {
        for kind in ErrorKind::ALL {
            assert!(TABLE.iter().any(|row| row.0 == kind), "{kind:?}");
        }
        for (kind, status, code) in TABLE {
            let error = Error::new(kind, "say \"why\"");
            let response = error_response(&error);
            assert_eq!(response.status(), status, "{kind:?}");
            assert_eq!(response.headers()["content-type"], "application/json");
            let body = format!(r#"{{"code":"{code}","message":"say \"why\""}}"#);
            assert_eq!(text(response).await, body);
        }
    }

    #[tokio::test]
    async fn unknown_paths_and_methods_are_answered_in_the_same_shape() {
        let router: Router = Router::new()
            .route("/known", post(|| async {}))
            .fallback(not_found)
            .method_not_allowed_fallback(method_not_allowed);
        let ask = |method: &str, path: &str| {
            let request = Request::builder().method(method).uri(path);
            let request = request.body(Body::empty()).unwrap();
            router.clone().oneshot(request)
        };

        let unknown = ask("POST", "/unknown").await.unwrap();
        assert_eq!(unknown.status(), 404);
        assert!(text(unknown).await.starts_with(r#"{"code":"NotFound","#));

        let wrong = ask("PUT", "/known").await.unwrap();
        assert_eq!(wrong.status(), 405);
        assert_eq!(wrong.headers()["allow"], "POST");
        assert!(
            text(wrong)
                .await
                .starts_with(r#"{"code":"MethodNotAllowed","#)
        );
    }
}

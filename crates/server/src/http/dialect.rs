//! What the server itself answers, in the shape of the dialect that the client speaks.

use std::sync::Arc;

use axum::extract::Request;
use axum::response::Response;
use ferroflow_model::{Error, limits};
use http::header::{HeaderMap, HeaderName, HeaderValue};

use crate::effects::new_request_id;

/// The dialect that a path belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Dialect {
    Aidp,
    Mlflow,
}

impl Dialect {
    pub(crate) fn of(path: &str) -> Self {
        match path.strip_prefix(ferroflow_aidp::BASE_PATH) {
            Some(rest) if rest.is_empty() || rest.starts_with('/') => Self::Aidp,
            _ => Self::Mlflow,
        }
    }

    /// The header that carries a request's id, both ways.
    pub(super) fn request_id_header(self) -> HeaderName {
        match self {
            Self::Aidp => HeaderName::from_static("opc-request-id"),
            Self::Mlflow => HeaderName::from_static("x-request-id"),
        }
    }

    /// The client's id where it is well-formed, else a new one. That a malformed id is an error is
    /// the dialect's to say.
    pub(super) fn request_id(self, headers: &HeaderMap) -> Arc<str> {
        let given = headers.get(self.request_id_header());
        given
            .and_then(well_formed)
            .map_or_else(new_request_id, Into::into)
    }

    pub(super) fn error(self, error: &Error) -> Response {
        match self {
            Self::Aidp => ferroflow_aidp::error_response(error),
            Self::Mlflow => ferroflow_mlflow::error_response(error),
        }
    }
}

/// Answers a path that belongs to no operation.
pub(crate) async fn not_found(request: Request) -> Response {
    match Dialect::of(request.uri().path()) {
        Dialect::Aidp => ferroflow_aidp::not_found(request).await,
        Dialect::Mlflow => ferroflow_mlflow::not_found(request).await,
    }
}

/// Answers a method that the path's operations do not have; the router adds the `allow` header.
pub(crate) async fn method_not_allowed(request: Request) -> Response {
    match Dialect::of(request.uri().path()) {
        Dialect::Aidp => ferroflow_aidp::method_not_allowed(request).await,
        Dialect::Mlflow => ferroflow_mlflow::method_not_allowed(request).await,
    }
}

fn well_formed(value: &HeaderValue) -> Option<&str> {
    let allowed = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-');
    let bytes = value.as_bytes();
    let fits = (1..=limits::REQUEST_ID_CHARACTERS).contains(&bytes.len());
    if fits && bytes.iter().all(allowed) {
        value.to_str().ok()
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_belongs_to_one_dialect() {
        assert_eq!(Dialect::of("/20260430/aiDataPlatforms/x"), Dialect::Aidp);
        assert_eq!(Dialect::of("/20260430"), Dialect::Aidp);
        assert_eq!(Dialect::of("/20260430x"), Dialect::Mlflow);
        assert_eq!(Dialect::of("/api/2.0/mlflow/runs/get"), Dialect::Mlflow);
    }

    #[test]
    fn a_well_formed_request_id_is_kept() {
        let id_for = |value: &str| {
            let value = HeaderValue::from_bytes(value.as_bytes()).unwrap();
            let headers =
                HeaderMap::from_iter([(HeaderName::from_static("opc-request-id"), value)]);
            Dialect::Aidp.request_id(&headers)
        };
        let longest = "a".repeat(255);
        for kept in ["a", "A_b-9", longest.as_str()] {
            assert_eq!(&*id_for(kept), kept);
        }
        let too_long = "a".repeat(256);
        for replaced in ["", "a b", "a/b", "ü", too_long.as_str()] {
            assert_eq!(id_for(replaced).len(), 32);
        }
    }
}

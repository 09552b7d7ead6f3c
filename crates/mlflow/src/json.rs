//! Answers as MLflow's protobuf JSON: what is not set is absent, integers are numbers, and
//! numbers that JSON does not have are texts.

use axum::body::Body;
use axum::response::{IntoResponse, Response};
use ferroflow_model::{Error, Result};
use futures_util::Stream;
use http::header::CONTENT_TYPE;
use http::{HeaderValue, StatusCode};
use serde::{Serialize, Serializer};

/// The media type of every answer that is no file.
pub(crate) const JSON: HeaderValue = HeaderValue::from_static("application/json");

/// An encoded answer.
#[derive(Debug)]
pub(crate) struct Json(Body);

impl Json {
    /// The answer that says nothing but that all is well.
    pub(crate) fn empty() -> Self {
        Self::encoded(b"{}".to_vec())
    }

    /// An answer that has been encoded already.
    pub(crate) fn encoded(json: Vec<u8>) -> Self {
        Self(Body::from(json))
    }

    /// An answer that is encoded while it is sent. An error cuts it off, which the client notices.
    pub(crate) fn streamed(parts: impl Stream<Item = Result<Vec<u8>>> + Send + 'static) -> Self {
        Self(Body::from_stream(parts))
    }

    /// Encodes an answer.
    pub(crate) fn of<T: Serialize>(answer: &T) -> Result<Self> {
        serde_json::to_vec(answer)
            .map(Self::encoded)
            .map_err(Error::internal)
    }
}

impl IntoResponse for Json {
    fn into_response(self) -> Response {
        response(StatusCode::OK, JSON, self.0)
    }
}

/// An answer with a body of one media type.
pub(crate) fn response(status: StatusCode, content_type: HeaderValue, body: Body) -> Response {
    let mut response = Response::new(body);
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, content_type);
    response
}

/// An error in the shape that the reference's newer endpoints have.
pub(crate) fn detail(status: StatusCode, message: &str) -> Response {
    let body = serde_json::json!({ "detail": message }).to_string();
    response(status, JSON, Body::from(body))
}

/// Writes a double: NaN and the infinities as texts.
#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde passes fields by reference"
)]
pub(crate) fn double<S: Serializer>(number: &f64, serializer: S) -> Result<S::Ok, S::Error> {
    if number.is_finite() {
        serializer.serialize_f64(*number)
    } else if number.is_nan() {
        serializer.serialize_str("NaN")
    } else if *number > 0.0 {
        serializer.serialize_str("Infinity")
    } else {
        serializer.serialize_str("-Infinity")
    }
}

/// The text, unless it is empty.
pub(crate) fn unless_empty(text: &str) -> Option<&str> {
    (!text.is_empty()).then_some(text)
}

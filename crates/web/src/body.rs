//! Request bodies, read whole and within a limit.

use axum::body::Body;
use bytes::Bytes;
use ferroflow_model::{Error, ErrorKind, Result};
use http::Extensions;
use http_body_util::{BodyExt, LengthLimitError, Limited};

/// How many bytes a body that is read whole may have, as the operator configured it. Middleware puts
/// it among the request's extensions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BodyLimit(pub usize);

impl BodyLimit {
    /// What holds where nothing is configured: room for the largest batch that MLflow's own limits
    /// allow, and for the profile of a dataset, whose 16 million characters are quoted once more on
    /// the wire.
    pub const DEFAULT: Self = Self(32 * 1024 * 1024);

    /// The limit that holds for this request.
    pub fn of(extensions: &Extensions) -> Self {
        extensions.get().copied().unwrap_or(Self::DEFAULT)
    }
}

/// Reads a whole body of at most `limit` bytes. A longer one is refused as soon as that is known,
/// from its declared length where it has one.
pub async fn read_body(body: Body, limit: usize) -> Result<Bytes> {
    match Limited::new(body, limit).collect().await {
        Ok(collected) => Ok(collected.to_bytes()),
        Err(error) if error.is::<LengthLimitError>() => Err(too_large(limit)),
        Err(_) => Err(Error::new(
            ErrorKind::Unparsable,
            "The request body ended before it was complete.",
        )),
    }
}

fn too_large(limit: usize) -> Error {
    Error::new(
        ErrorKind::TooLarge,
        format!("The request body is too large: at most {limit} bytes are allowed."),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_body_over_the_limit_is_refused() {
        let at_limit = read_body(Body::from("12345"), 5).await;
        assert_eq!(at_limit.ok().as_deref(), Some(b"12345".as_slice()));
        let over = read_body(Body::from("123456"), 5).await;
        assert_eq!(over.map_err(|error| error.kind()), Err(ErrorKind::TooLarge));
    }
}

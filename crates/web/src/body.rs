//! Request bodies, read whole and within a limit.

mod budget;

use axum::body::Body;
use bytes::Bytes;
use ferroflow_model::{Error, ErrorKind, Result};
use http::Extensions;
use http_body_util::{BodyExt, LengthLimitError, Limited};

pub use budget::BodyBudget;

/// How many bytes a body that is read whole may have, and all such bodies together, as the operator
/// configured it. Middleware puts it among the request's extensions.
#[derive(Debug, Clone)]
pub struct BodyLimit {
    bytes: usize,
    budget: Option<BodyBudget>,
}

impl BodyLimit {
    /// What holds where nothing is configured: room for the largest batch that MLflow's own limits
    /// allow, and for the profile of a dataset, whose 16 million characters are quoted once more on
    /// the wire.
    pub const DEFAULT_BYTES: usize = 32 * 1024 * 1024;

    /// A limit for each body, and a budget for all of them.
    pub fn new(bytes: usize, budget: BodyBudget) -> Self {
        Self {
            bytes,
            budget: Some(budget),
        }
    }

    /// The limit that holds for this request.
    pub fn of(extensions: &Extensions) -> Self {
        extensions.get().cloned().unwrap_or(Self {
            bytes: Self::DEFAULT_BYTES,
            budget: None,
        })
    }

    /// Reads a whole body within the limit and the budget, which has its bytes back once the body
    /// is dropped. Bytes count as they come, so that a length alone takes nothing.
    pub async fn read(&self, body: Body) -> Result<Bytes> {
        let Some(budget) = &self.budget else {
            return read_body(body, self.bytes).await;
        };
        let mut share = budget.share();
        let mut body = Limited::new(body, self.bytes);
        let mut chunks = Vec::with_capacity(1);
        while let Some(frame) = body.frame().await {
            if let Ok(chunk) = frame
                .map_err(|error| failure(&*error, self.bytes))?
                .into_data()
            {
                share.grow(chunk.len())?;
                chunks.push(chunk);
            }
        }
        Ok(share.hold(chunks))
    }
}

/// Reads a whole body of at most `limit` bytes. A longer one is refused as soon as that is known,
/// from its declared length where it has one.
pub async fn read_body(body: Body, limit: usize) -> Result<Bytes> {
    match Limited::new(body, limit).collect().await {
        Ok(collected) => Ok(collected.to_bytes()),
        Err(error) => Err(failure(&*error, limit)),
    }
}

/// Why a body could not be read.
fn failure(error: &(dyn std::error::Error + Send + Sync + 'static), limit: usize) -> Error {
    if error.is::<LengthLimitError>() {
        return Error::new(
            ErrorKind::TooLarge,
            format!("The request body is too large: at most {limit} bytes are allowed."),
        );
    }
    Error::new(
        ErrorKind::Unparsable,
        "The request body ended before it was complete.",
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

    #[tokio::test]
    async fn bodies_share_a_budget_but_for_what_each_has_of_its_own() {
        let large = || Body::from(vec![b'x'; budget::OWN_BYTES + 600]);
        let limit = BodyLimit::new(BodyLimit::DEFAULT_BYTES, BodyBudget::new(1000));
        let held = limit.read(large()).await.unwrap();
        assert_eq!(held.len(), budget::OWN_BYTES + 600);
        let refused = limit.read(large()).await.map_err(|error| error.kind());
        assert_eq!(refused, Err(ErrorKind::Unavailable));
        assert!(
            limit
                .read(Body::from(vec![b'x'; budget::OWN_BYTES]))
                .await
                .is_ok()
        );
        drop(held);
        assert!(limit.read(large()).await.is_ok());
        assert!(limit.read(large()).await.is_ok());
    }

    #[tokio::test]
    async fn pieces_are_put_together() {
        let pieces = ["ab", "", "c"].map(|text| Ok::<_, Error>(Bytes::from(text)));
        let body = Body::from_stream(futures_util::stream::iter(pieces));
        let limit = BodyLimit::new(3, BodyBudget::new(0));
        assert_eq!(
            limit.read(body).await.ok().as_deref(),
            Some(b"abc".as_slice())
        );
        let over = limit.read(Body::from("abcd")).await;
        assert_eq!(over.map_err(|error| error.kind()), Err(ErrorKind::TooLarge));
    }
}

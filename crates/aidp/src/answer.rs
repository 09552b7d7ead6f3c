//! What operations answer with, and how it is written.

use axum::body::Body;
use axum::response::Response;
use ferroflow_model::{Error, Etag, Page, Result};
use http::{HeaderName, HeaderValue, header};
use schemars::JsonSchema;
use serde::Serialize;

use crate::headers::OPC_NEXT_PAGE;

/// What an operation answers with: a body, and a header that belongs to it.
pub(crate) trait Answer: Send {
    /// The wire struct of the body.
    type Body: Serialize + JsonSchema;

    /// The header.
    const HEADER: AnswerHeader;

    /// Writes the answer.
    fn encode(self) -> Result<Response<Body>>;
}

/// The header that belongs to a body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum AnswerHeader {
    /// None.
    Nothing,
    /// `etag`, always.
    Etag,
    /// `opc-next-page`, when there is another page.
    NextPage,
}

/// A body alone.
pub(crate) struct Plain<B>(pub(crate) B);

/// A body that shows one state of one entity.
pub(crate) struct Tagged<B> {
    etag: Etag,
    body: B,
}

/// One page of a list. The token of the next page is in the body and in a header.
pub(crate) struct Listed<B> {
    next_page: Option<String>,
    body: B,
}

/// The body `{}`.
#[derive(Serialize, JsonSchema)]
pub(crate) struct Empty {}

impl<B> Tagged<B> {
    /// A body, and the tag of the state that it shows.
    pub(crate) const fn new(etag: Etag, body: B) -> Self {
        Self { etag, body }
    }
}

impl Tagged<Empty> {
    /// Nothing but the new state's tag.
    pub(crate) const fn empty(etag: Etag) -> Self {
        Self::new(etag, Empty {})
    }
}

impl<B> Listed<B> {
    /// Shows each item, and makes the body of them all.
    pub(crate) fn new<T, U>(
        page: Page<T>,
        item: impl FnMut(T) -> U,
        body: impl FnOnce(Vec<U>, Option<String>) -> B,
    ) -> Self {
        let items = page.items.into_iter().map(item).collect();
        Self {
            next_page: page.next_page_token.clone(),
            body: body(items, page.next_page_token),
        }
    }
}

impl<B: Serialize + JsonSchema + Send> Answer for Plain<B> {
    type Body = B;

    const HEADER: AnswerHeader = AnswerHeader::Nothing;

    fn encode(self) -> Result<Response<Body>> {
        json(&self.0)
    }
}

impl<B: Serialize + JsonSchema + Send> Answer for Tagged<B> {
    type Body = B;

    const HEADER: AnswerHeader = AnswerHeader::Etag;

    fn encode(self) -> Result<Response<Body>> {
        let response = json(&self.body)?;
        with_header(response, header::ETAG, format!("\"{}\"", self.etag))
    }
}

impl<B: Serialize + JsonSchema + Send> Answer for Listed<B> {
    type Body = B;

    const HEADER: AnswerHeader = AnswerHeader::NextPage;

    fn encode(self) -> Result<Response<Body>> {
        let response = json(&self.body)?;
        match self.next_page {
            Some(token) => with_header(response, OPC_NEXT_PAGE, token),
            None => Ok(response),
        }
    }
}

fn with_header(
    mut response: Response<Body>,
    name: HeaderName,
    value: String,
) -> Result<Response<Body>> {
    let value = HeaderValue::try_from(value).map_err(Error::internal)?;
    response.headers_mut().insert(name, value);
    Ok(response)
}

/// A JSON body with status 200.
pub(crate) fn json(body: &impl Serialize) -> Result<Response<Body>> {
    let bytes = serde_json::to_vec(body).map_err(Error::internal)?;
    Ok(json_bytes(bytes))
}

/// A JSON body that is written already, with status 200.
pub(crate) fn json_bytes(bytes: impl Into<Body>) -> Response<Body> {
    let mut response = Response::new(bytes.into());
    let json = HeaderValue::from_static("application/json");
    response.headers_mut().insert(header::CONTENT_TYPE, json);
    response
}

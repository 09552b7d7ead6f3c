//! What operations answer with, and how it is written.

use axum::body::Body;
use axum::response::Response;
use ferroflow_model::{Error, Etag, Page, Result};
use http::{HeaderValue, header};
use serde::Serialize;

use crate::headers::OPC_NEXT_PAGE;

/// A body with the headers that belong to it.
pub(crate) struct Answer<B> {
    body: B,
    etag: Option<Etag>,
    next_page: Option<String>,
}

/// The body `{}`.
#[derive(Serialize)]
pub(crate) struct Empty {}

impl<B> Answer<B> {
    /// A body alone.
    pub(crate) const fn plain(body: B) -> Self {
        Self {
            body,
            etag: None,
            next_page: None,
        }
    }

    /// A body that shows one state of one entity.
    pub(crate) const fn tagged(etag: Etag, body: B) -> Self {
        Self {
            body,
            etag: Some(etag),
            next_page: None,
        }
    }

    /// One page of a list. The token of the next page is in the body and in a header.
    pub(crate) fn page<T, U>(
        page: Page<T>,
        item: impl FnMut(T) -> U,
        body: impl FnOnce(Vec<U>, Option<String>) -> B,
    ) -> Self {
        let items = page.items.into_iter().map(item).collect();
        Self {
            next_page: page.next_page_token.clone(),
            body: body(items, page.next_page_token),
            etag: None,
        }
    }
}

impl Answer<Empty> {
    /// Nothing but the new state's tag.
    pub(crate) const fn empty(etag: Etag) -> Self {
        Self::tagged(etag, Empty {})
    }
}

impl<B: Serialize> Answer<B> {
    /// Writes the answer.
    pub(crate) fn encode(&self) -> Result<Response<Body>> {
        let mut response = json(&self.body)?;
        let headers = response.headers_mut();
        if let Some(etag) = self.etag {
            let value = HeaderValue::try_from(format!("\"{etag}\"")).map_err(Error::internal)?;
            headers.insert(header::ETAG, value);
        }
        if let Some(token) = &self.next_page {
            let value = HeaderValue::try_from(token).map_err(Error::internal)?;
            headers.insert(OPC_NEXT_PAGE, value);
        }
        Ok(response)
    }
}

/// A JSON body with status 200.
pub(crate) fn json(body: &impl Serialize) -> Result<Response<Body>> {
    let bytes = serde_json::to_vec(body).map_err(Error::internal)?;
    let mut response = Response::new(Body::from(bytes));
    let json = HeaderValue::from_static("application/json");
    response.headers_mut().insert(header::CONTENT_TYPE, json);
    Ok(response)
}

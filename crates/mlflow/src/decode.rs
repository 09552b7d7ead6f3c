//! From a request to its message: one typed pass over the bytes, and a second look only when that
//! fails, to answer with the reference's words.

use axum::body::Body;
use ferroflow_model::{Error, Result};
use ferroflow_web::BodyLimit;
use http::request::Parts;
use http::{HeaderMap, Method, header};

use crate::explain;
use crate::message::{Message, Wire};

/// Reads the message of a request: a GET's from its query string when it has one, any other's
/// from the JSON object in its body.
pub(crate) async fn read_request<M: Message>(parts: &Parts, body: Body) -> Result<M> {
    let query = parts.uri.query().unwrap_or_default();
    if parts.method == Method::GET && !query.is_empty() {
        return from_query(query);
    }
    if matches!(parts.method, Method::POST | Method::PUT) {
        check_content_type(&parts.headers)?;
    }
    from_body(&BodyLimit::of(&parts.extensions).read(body).await?)
}

/// As in the reference, the type is compared as it is written, and parameters are ignored.
fn check_content_type(headers: &HeaderMap) -> Result<()> {
    let Some(value) = headers.get(header::CONTENT_TYPE) else {
        return Err(Error::invalid(
            "Bad Request. Content-Type header is missing.",
        ));
    };
    let essence = value.as_bytes().split(|byte| *byte == b';').next();
    if essence != Some(b"application/json".as_slice()) {
        return Err(Error::invalid(
            "Bad Request. Content-Type must be one of ['application/json'].",
        ));
    }
    Ok(())
}

/// Reads a message from a body of JSON.
pub(crate) fn from_body<M: Message>(body: &[u8]) -> Result<M> {
    if let Ok(Wire(Some(message))) = serde_json::from_slice::<Wire<M>>(body)
        && !Message::fails_checks(&message)
    {
        return Ok(message);
    }
    explain::from_body(body)
}

/// Reads a message from a query string, by the first spelling of its fields only.
pub(crate) fn from_query<M: Message>(query: &str) -> Result<M> {
    let mut message = M::default();
    let mut is_readable = true;
    for (name, text) in form_urlencoded::parse(query.as_bytes()) {
        if let Some(index) = M::FIELDS.iter().position(|field| field.name == name) {
            is_readable &= message.set_text(index, &text);
        }
    }
    if is_readable && !message.fails_checks() {
        return Ok(message);
    }
    explain::from_query(query)
}

#[cfg(test)]
mod tests;

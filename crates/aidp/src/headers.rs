//! The `opc-*` headers and the precondition.

use ferroflow_model::limits::REQUEST_ID_CHARACTERS;
use ferroflow_model::{Error, IfMatch, Result, RetryToken};
use ferroflow_web::RequestId;
use http::{Extensions, HeaderMap, HeaderName, HeaderValue, header};

pub(crate) const OPC_REQUEST_ID: HeaderName = HeaderName::from_static("opc-request-id");
pub(crate) const OPC_RETRY_TOKEN: HeaderName = HeaderName::from_static("opc-retry-token");
pub(crate) const OPC_NEXT_PAGE: HeaderName = HeaderName::from_static("opc-next-page");

/// The id by which client and server speak of a request.
pub(crate) struct RequestIdHeader {
    /// What every answer carries: the client's id where it is well-formed, else the server's.
    pub(crate) echo: Option<HeaderValue>,
    /// Refuses an id that is malformed.
    pub(crate) check: Result<()>,
}

impl RequestIdHeader {
    pub(crate) fn read(headers: &HeaderMap, extensions: &Extensions) -> Self {
        // An empty id is as if absent.
        let id = headers.get(OPC_REQUEST_ID).filter(|id| !id.is_empty());
        match id {
            Some(id) if is_well_formed(id) => Self {
                echo: Some(id.clone()),
                check: Ok(()),
            },
            Some(_) => Self {
                echo: made_here(extensions),
                check: Err(malformed()),
            },
            None => Self {
                echo: made_here(extensions),
                check: Ok(()),
            },
        }
    }
}

/// Letters, digits, `_` and `-`.
fn is_well_formed(id: &HeaderValue) -> bool {
    let allowed = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-');
    id.len() <= REQUEST_ID_CHARACTERS && id.as_bytes().iter().all(allowed)
}

fn made_here(extensions: &Extensions) -> Option<HeaderValue> {
    let RequestId(id) = extensions.get::<RequestId>()?;
    HeaderValue::from_str(id).ok()
}

fn malformed() -> Error {
    Error::invalid(format!(
        "Invalid value for header 'opc-request-id': 1 to {REQUEST_ID_CHARACTERS} letters, digits, underscores and dashes are allowed."
    ))
}

/// The token that makes a repeated request have one effect.
pub(crate) fn retry_token(headers: &HeaderMap) -> Result<Option<RetryToken>> {
    let Some(value) = headers.get(OPC_RETRY_TOKEN) else {
        return Ok(None);
    };
    let text = value.to_str().map_err(|_| {
        Error::invalid("Invalid value for header 'opc-retry-token': only visible ASCII characters are allowed.")
    })?;
    RetryToken::parse(text).map(Some)
}

/// The precondition, which Oracle's clients never send and which is honoured as an extra.
pub(crate) fn if_match(headers: &HeaderMap) -> Result<Option<IfMatch>> {
    let Some(value) = headers.get(header::IF_MATCH) else {
        return Ok(None);
    };
    let text = value.to_str().map_err(|_| {
        Error::invalid(
            "Invalid value for header 'if-match': only visible ASCII characters are allowed.",
        )
    })?;
    Ok(Some(IfMatch::parse(text)))
}

//! The `opc-*` headers and the precondition.

use ferroflow_model::limits::REQUEST_ID_CHARACTERS;
use ferroflow_model::{Error, IfMatch, Result, RetryToken};
use http::{HeaderMap, HeaderName, header};

pub(crate) const OPC_REQUEST_ID: HeaderName = HeaderName::from_static("opc-request-id");
pub(crate) const OPC_RETRY_TOKEN: HeaderName = HeaderName::from_static("opc-retry-token");
pub(crate) const OPC_NEXT_PAGE: HeaderName = HeaderName::from_static("opc-next-page");

/// Refuses a malformed request id. The server answers such a request under an id of its own, and
/// all others under theirs. An empty id is as if absent.
pub(crate) fn check_request_id(headers: &HeaderMap) -> Result<()> {
    let allowed = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-');
    match headers.get(OPC_REQUEST_ID) {
        Some(id) if id.len() > REQUEST_ID_CHARACTERS || !id.as_bytes().iter().all(allowed) => {
            Err(Error::invalid(format!(
                "Invalid value for header 'opc-request-id': at most {REQUEST_ID_CHARACTERS} letters, digits, underscores and dashes are allowed."
            )))
        }
        _ => Ok(()),
    }
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

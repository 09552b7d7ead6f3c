//! Uploads in parts: the names and receipts that callers and backends exchange.

use std::fmt;

use ferroflow_model::{Error, Result};

use crate::ArtifactPath;

/// The longest upload id; object stores give ids of some hundred letters at most.
const MAX_UPLOAD_ID_BYTES: usize = 1024;

/// Names one upload in parts.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct UploadId(String);

impl UploadId {
    /// Parses an id: 1 to 1024 letters, digits, `-`, `_`, `.` and `~`, not beginning with a dot.
    ///
    /// It becomes the name of a directory on a local disk, so nothing else is let through.
    pub fn parse(text: &str) -> Result<Self> {
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte);
        let is_valid = (1..=MAX_UPLOAD_ID_BYTES).contains(&text.len())
            && text.bytes().all(allowed)
            && !text.starts_with('.');
        if is_valid {
            Ok(Self(text.to_owned()))
        } else {
            Err(Error::invalid(
                "Invalid value for parameter 'upload_id': it has 1 to 1024 letters, digits, '-', \
                 '_', '.' or '~', and does not begin with '.'.",
            ))
        }
    }

    /// The id as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for UploadId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The receipt for one part; the client hands number and tag back when it completes the upload.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UploadedPart {
    /// Its place in the artifact, from 1.
    pub number: u32,
    /// Tells this upload of the part from any other one.
    pub etag: String,
    /// Its size in bytes.
    pub size: u64,
}

/// One part as the client names it when it completes the upload.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CompletedPart {
    /// Its place in the artifact, from 1.
    pub number: u32,
    /// The tag from its receipt.
    pub etag: String,
}

/// The error for an upload that was never begun, is over, or is to another artifact.
pub(crate) fn no_such_upload(path: &ArtifactPath, id: &UploadId) -> Error {
    Error::not_found(format!(
        "No such multipart upload: '{id}' for the artifact '{path}'"
    ))
}

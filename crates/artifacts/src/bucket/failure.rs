//! What the errors of an object store mean to a client.

use std::error::Error as StdError;

use ferroflow_model::Error;
use object_store::Error as StoreError;

use crate::ArtifactPath;
use crate::store::no_such_artifact;

/// What a failed request about `path` answers. The server's own troubles with the store, such as
/// its credentials, are for the log.
pub(super) fn failure(path: &ArtifactPath, error: StoreError) -> Error {
    match error {
        // The protocol says 404 of a bucket that is not there too.
        StoreError::NotFound { .. } if says(&error, "NoSuchBucket") => Error::internal(error),
        StoreError::NotFound { .. } => no_such_artifact(path),
        // Repeated in vain, what is not refused may pass later.
        StoreError::Generic { .. } if !is_refused(&error) => Error::unavailable(error),
        error => Error::internal(error),
    }
}

/// Whether the store has answered with an error code of the protocol, such as `NoSuchUpload`.
pub(super) fn says(error: &StoreError, code: &str) -> bool {
    tells(error, &format!("<Code>{code}</Code>"))
}

/// Whether the store has found fault with the request, which it will again.
fn is_refused(error: &StoreError) -> bool {
    tells(error, "status code: 4")
}

/// Whether an error or one of its causes has a text in its message. The library has no other way to
/// tell what a store has answered.
fn tells(error: &StoreError, text: &str) -> bool {
    let mut cause: Option<&dyn StdError> = Some(error);
    while let Some(error) = cause {
        if error.to_string().contains(text) {
            return true;
        }
        cause = error.source();
    }
    false
}

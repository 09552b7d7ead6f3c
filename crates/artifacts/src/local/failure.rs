//! What the disk's errors mean to a client.

use std::io::{self, ErrorKind};

use ferroflow_model::Error;

use crate::ArtifactPath;
use crate::store::{is_a_directory, no_such_artifact};

/// Whether the error says that nothing is there that a client may know of.
pub(super) fn is_missing(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) || leads_nowhere(error)
}

/// Whether a link led outside of the root, or to itself.
fn leads_nowhere(error: &io::Error) -> bool {
    match error.raw_os_error() {
        // `cap-std` makes the error of an escape itself, so that it carries no number, unlike a
        // permission that the system denies.
        None => error.kind() == ErrorKind::PermissionDenied,
        number => cfg!(unix) && number == Some(TOO_MANY_LINKS),
    }
}

/// The number of `ELOOP`, for which the standard library has no stable name.
const TOO_MANY_LINKS: i32 = if cfg!(target_os = "linux") { 40 } else { 62 };

/// What a failed read of `path` answers.
pub(super) fn read_failure(path: &ArtifactPath, error: io::Error) -> Error {
    if is_missing(&error) {
        no_such_artifact(path)
    } else {
        Error::internal(error)
    }
}

/// What a failed write of `path` answers.
pub(super) fn write_failure(path: &ArtifactPath, error: io::Error) -> Error {
    match error.kind() {
        ErrorKind::IsADirectory => is_a_directory(path),
        ErrorKind::NotADirectory => Error::invalid(format!(
            "Invalid path: '{path}' lies below a file, which is not a directory."
        )),
        ErrorKind::InvalidFilename => Error::invalid(format!(
            "Invalid path: the file system of the server cannot hold a name as long as in '{path}'."
        )),
        // Its directory was deleted as often as it was made.
        ErrorKind::NotFound => Error::unavailable(error),
        _ if leads_nowhere(&error) => Error::invalid("Invalid path"),
        _ => Error::internal(error),
    }
}

//! The one error type of the core: what went wrong, said once for people and once for operators.

use std::borrow::Cow;
use std::error::Error as StdError;
use std::fmt;

/// What every fallible operation of the core answers with.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// The kind of an [`Error`]; each dialect maps it to a status and a code in one table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ErrorKind {
    /// The request could not be read as what it claims to be (broken JSON, wrong content type).
    Unparsable,
    /// A parameter has a value that is not allowed.
    InvalidParameter,
    /// A directory is named where a file is needed.
    IsADirectory,
    /// A required parameter is absent.
    MissingParameter,
    /// The thing named does not exist, or lies outside the caller's tenant.
    NotFound,
    /// A thing related to the request, but not its subject, does not exist for this caller.
    RelatedNotFound,
    /// Another thing of that name exists.
    AlreadyExists,
    /// The request contradicts the state of the thing, and waiting does not help.
    Conflict,
    /// A retry token was used with another request, or its result has since been deleted.
    RetryTokenInvalidated,
    /// The entity tag given does not match the current one.
    PreconditionFailed,
    /// The thing is not in the state that the operation needs (for example, it is deleted).
    InvalidState,
    /// The caller may not do this.
    PermissionDenied,
    /// The caller is not known.
    Unauthenticated,
    /// A limit on sizes or counts is exceeded.
    LimitExceeded,
    /// The request body is larger than the server accepts.
    TooLarge,
    /// The caller sends too many requests.
    TooManyRequests,
    /// The operation is not offered by this configuration (for example, by the artifact store).
    Unsupported,
    /// The server cannot answer now; the same request may succeed later.
    Unavailable,
    /// A fault of the server.
    Internal,
}

impl ErrorKind {
    /// All kinds, for documents and tests of what each dialect answers.
    pub const ALL: [Self; 19] = [
        Self::Unparsable,
        Self::InvalidParameter,
        Self::IsADirectory,
        Self::MissingParameter,
        Self::NotFound,
        Self::RelatedNotFound,
        Self::AlreadyExists,
        Self::Conflict,
        Self::RetryTokenInvalidated,
        Self::PreconditionFailed,
        Self::InvalidState,
        Self::PermissionDenied,
        Self::Unauthenticated,
        Self::LimitExceeded,
        Self::TooLarge,
        Self::TooManyRequests,
        Self::Unsupported,
        Self::Unavailable,
        Self::Internal,
    ];
}

/// A transport-free error: a kind, a public message, and a cause that never reaches a client.
///
/// The public message names the parameter and what is allowed. The cause is for the log alone:
/// `Display` does not print it.
pub struct Error(Box<Inner>);

struct Inner {
    kind: ErrorKind,
    message: Cow<'static, str>,
    cause: Option<Box<dyn StdError + Send + Sync>>,
}

impl Error {
    /// An error of `kind` with the message that clients see.
    pub fn new(kind: ErrorKind, message: impl Into<Cow<'static, str>>) -> Self {
        Self(Box::new(Inner {
            kind,
            message: message.into(),
            cause: None,
        }))
    }

    /// A parameter has a value that is not allowed; the message names both.
    pub fn invalid(message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(ErrorKind::InvalidParameter, message)
    }

    /// A required parameter is absent.
    pub fn missing(parameter: &str) -> Self {
        Self::new(
            ErrorKind::MissingParameter,
            format!("Missing value for required parameter '{parameter}'."),
        )
    }

    /// The thing named does not exist for this caller.
    pub fn not_found(message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(ErrorKind::NotFound, message)
    }

    /// Another thing of that name exists.
    pub fn already_exists(message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(ErrorKind::AlreadyExists, message)
    }

    /// The request contradicts the state of the thing.
    pub fn conflict(message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(ErrorKind::Conflict, message)
    }

    /// A fault of the server. Clients learn nothing but that; the cause is for the log.
    pub fn internal(cause: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        Self(Box::new(Inner {
            kind: ErrorKind::Internal,
            message: Cow::Borrowed(
                "The server met an internal error; the request id finds it in the log.",
            ),
            cause: Some(cause.into()),
        }))
    }

    /// The server cannot answer now; the cause is for the log.
    pub fn unavailable(cause: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        Self(Box::new(Inner {
            kind: ErrorKind::Unavailable,
            message: Cow::Borrowed("The service is temporarily unavailable; try again."),
            cause: Some(cause.into()),
        }))
    }

    /// What kind of error this is.
    pub fn kind(&self) -> ErrorKind {
        self.0.kind
    }

    /// The message for the client.
    pub fn message(&self) -> &str {
        &self.0.message
    }

    /// The cause, for the log alone.
    pub fn cause(&self) -> Option<&(dyn StdError + Send + Sync + 'static)> {
        self.0.cause.as_deref()
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.message)
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Error")
            .field("kind", &self.0.kind)
            .field("message", &self.0.message)
            .field("cause", &self.0.cause)
            .finish()
    }
}

impl StdError for Error {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_cause_is_not_part_of_the_public_text() {
        let error = Error::internal("disk /dev/sda1 is full");
        assert!(!error.to_string().contains("sda1"));
        assert!(error.cause().is_some());
    }
}

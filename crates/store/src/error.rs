//! From the engines' errors to the core's.

use std::error::Error as StdError;
use std::fmt;

use ferroflow_model::Error;
use rusqlite::ErrorCode;
use tokio_postgres::error::SqlState;

use crate::value::NulInText;

/// The transaction met another one and must be run again from its beginning.
#[derive(Debug)]
pub(crate) struct Rerun;

impl fmt::Display for Rerun {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the transaction met another one and must be run again")
    }
}

impl StdError for Rerun {}

/// The error for a text that no engine keeps. Callers refuse it earlier, and name the parameter.
fn nul_in_text() -> Error {
    Error::invalid("A text of this request holds the character NUL, which is not allowed.")
}

/// An error of SQLite: a disk that is full or failing may recover, anything else is a fault.
pub(crate) fn from_sqlite(error: rusqlite::Error) -> Error {
    if let rusqlite::Error::ToSqlConversionFailure(cause) = &error
        && cause.is::<NulInText>()
    {
        return nul_in_text();
    }
    match error.sqlite_error_code() {
        Some(
            ErrorCode::DiskFull
            | ErrorCode::SystemIoFailure
            | ErrorCode::DatabaseBusy
            | ErrorCode::DatabaseLocked
            | ErrorCode::ReadOnly
            | ErrorCode::CannotOpen,
        ) => Error::unavailable(error),
        _ => Error::internal(error),
    }
}

/// An error of PostgreSQL: a lost connection or a server that shuts down may recover.
pub(crate) fn from_postgres(error: tokio_postgres::Error) -> Error {
    if error.source().is_some_and(<dyn StdError>::is::<NulInText>) {
        return nul_in_text();
    }
    let is_passing = error.is_closed()
        || error.code().is_none_or(|code| {
            let class = &code.code()[..2];
            matches!(class, "08" | "53" | "57")
        });
    if is_passing {
        Error::unavailable(error)
    } else {
        Error::internal(error)
    }
}

/// Whether the transaction had no effect and may simply be run again.
pub(crate) fn asks_for_rerun(error: &Error) -> bool {
    if error
        .cause()
        .is_some_and(<dyn StdError + Send + Sync>::is::<Rerun>)
    {
        return true;
    }
    sql_state(error).is_some_and(|code| {
        *code == SqlState::T_R_SERIALIZATION_FAILURE || *code == SqlState::T_R_DEADLOCK_DETECTED
    })
}

/// Whether a unique index refused what a check had just allowed: another transaction came between
/// them. The check finds its work when the transaction is run again.
pub(crate) fn came_second(error: &Error) -> bool {
    sql_state(error) == Some(&SqlState::UNIQUE_VIOLATION)
}

fn sql_state(error: &Error) -> Option<&SqlState> {
    error
        .cause()?
        .downcast_ref::<tokio_postgres::Error>()?
        .code()
}

/// Whether the connection was lost, so that nobody knows what became of the transaction.
pub(crate) fn lost_connection(error: &Error) -> bool {
    error
        .cause()
        .and_then(|cause| cause.downcast_ref::<tokio_postgres::Error>())
        .is_some_and(|error| error.is_closed() || error.code().is_none())
}

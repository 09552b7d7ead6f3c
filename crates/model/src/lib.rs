//! The nouns and rules of Ferroflow, free of HTTP, SQL and any wire format.
//!
//! A domain value that exists is valid: dialects parse into these types, and everything below
//! relies on them.

mod error;

pub use error::{Error, ErrorKind, Result};

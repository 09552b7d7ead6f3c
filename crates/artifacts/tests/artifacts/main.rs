//! The artifact store, from outside: paths, bytes, listings, uploads in parts.
#![expect(clippy::unwrap_used, reason = "tests")]

mod bytes;
mod links;
mod listing;
mod multipart;
mod paths;
mod support;

//! The binary as a person at a terminal, or a service manager, meets it.
#![expect(clippy::unwrap_used, reason = "tests")]

mod serve;
mod server;
mod support;

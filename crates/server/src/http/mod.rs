//! From a connection to a route and back: everything that all requests go through.

mod body;
mod connection;
mod dialect;
mod front;
mod listener;
mod patterns;
mod prefix;
mod rate_limit;
mod security;
mod tls;

pub(crate) use dialect::{Dialect, Dialects, method_not_allowed, not_found};
pub(crate) use front::{Front, Limits};
pub use listener::Shutdown;
pub(crate) use listener::{Connections, serve};
pub(crate) use prefix::StaticPrefix;
pub(crate) use rate_limit::Rate;
pub(crate) use security::Security;
pub(crate) use tls::{CertificateFiles, Tls};

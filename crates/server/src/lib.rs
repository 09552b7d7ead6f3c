//! The inside of the `ferroflow` binary: commands, configuration, middleware, telemetry, shutdown.
//!
//! [`Server`] is the whole server, for the binary and for tests; everything else serves it.

mod announce;
mod commands;
pub mod config;
mod effects;
mod http;
mod probes;
pub mod routes;
mod scratch;
mod server;
mod telemetry;

pub use commands::{command, main};
pub use effects::{Effects, RandomIds, SystemClock};
pub use http::Shutdown;
pub use probes::{MLFLOW_VERSION, VERSION};
pub use server::Server;

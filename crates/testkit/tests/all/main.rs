//! Laws of the workspace, and the server as its clients see it, in one test binary.
#![expect(clippy::unwrap_used, clippy::panic, reason = "tests")]

mod configuration;
mod connections;
mod documents;
mod front;
mod gate;
mod imports;
mod lifecycle;
mod mlflow_server;
mod openapi;
mod rate_limit;
mod routes;

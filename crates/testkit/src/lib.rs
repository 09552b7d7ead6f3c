//! Starts the real server in the test's own process, on a free port, on either engine.
//!
//! ```no_run
//! # async fn example() {
//! let server = ferroflow_testkit::TestServer::start().await;
//! let answer = server.client().await.get("/health").await;
//! assert_eq!(answer.text(), "OK");
//! server.stop().await;
//! # }
//! ```
#![expect(
    clippy::expect_used,
    clippy::missing_panics_doc,
    reason = "a test that cannot be set up has failed"
)]

mod client;
mod database;
mod effects;
mod server;

pub use client::{Answer, Client};
pub use database::{Engine, engines};
pub use effects::{SequentialIds, StoppedClock};
pub use server::{Builder, TestServer};

//! One suite for both engines: what the store promises, whichever database is below.
//!
//! Every test runs on SQLite, and on PostgreSQL as well when `FERROFLOW_TEST_POSTGRES` names a
//! cluster (`scripts/with-postgres` starts one).

#![expect(clippy::unwrap_used, clippy::panic, reason = "tests")]

#[path = "conformance/harness.rs"]
mod harness;
#[path = "conformance/runs.rs"]
mod runs;

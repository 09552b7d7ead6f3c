//! One suite for both engines: what the store promises, whichever database is below.
//!
//! Every test runs on SQLite, and on PostgreSQL as well when `FERROFLOW_TEST_POSTGRES` names a
//! cluster (`scripts/with-postgres` starts one).

#![expect(clippy::unwrap_used, reason = "tests")]

#[path = "conformance/experiments.rs"]
mod experiments;
#[path = "conformance/harness.rs"]
mod harness;
#[path = "conformance/inputs.rs"]
mod inputs;
#[path = "conformance/metrics.rs"]
mod metrics;
#[path = "conformance/retries.rs"]
mod retries;
#[path = "conformance/run_data.rs"]
mod run_data;
#[path = "conformance/runs.rs"]
mod runs;
#[path = "conformance/schema.rs"]
mod schema;
#[path = "conformance/search_experiments.rs"]
mod search_experiments;
#[path = "conformance/search_logged_models.rs"]
mod search_logged_models;
#[path = "conformance/search_plans.rs"]
mod search_plans;
#[path = "conformance/search_registry.rs"]
mod search_registry;
#[path = "conformance/search_runs.rs"]
mod search_runs;

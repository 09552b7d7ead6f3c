//! One suite for both engines: what the store promises, whichever database is below.
//!
//! Every test runs on SQLite, and on PostgreSQL as well when `FERROFLOW_TEST_POSTGRES` names a
//! cluster (`scripts/with-postgres` starts one).

#![expect(clippy::unwrap_used, reason = "tests")]

#[path = "conformance/aliases.rs"]
mod aliases;
#[path = "conformance/effects.rs"]
mod effects;
#[path = "conformance/experiments.rs"]
mod experiments;
#[path = "conformance/harness.rs"]
mod harness;
#[path = "conformance/inputs.rs"]
mod inputs;
#[path = "conformance/keys.rs"]
mod keys;
#[path = "conformance/logged_models.rs"]
mod logged_models;
#[path = "conformance/metric_histories.rs"]
mod metric_histories;
#[path = "conformance/metrics.rs"]
mod metrics;
#[path = "conformance/model_versions.rs"]
mod model_versions;
#[path = "conformance/origins.rs"]
mod origins;
#[path = "conformance/plans.rs"]
mod plans;
#[path = "conformance/registered_models.rs"]
mod registered_models;
#[path = "conformance/registry.rs"]
mod registry;
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
#[path = "conformance/search_random_runs.rs"]
mod search_random_runs;
#[path = "conformance/search_registry.rs"]
mod search_registry;
#[path = "conformance/search_run_fixtures.rs"]
mod search_run_fixtures;
#[path = "conformance/search_run_oracle.rs"]
mod search_run_oracle;
#[path = "conformance/search_run_pages.rs"]
mod search_run_pages;
#[path = "conformance/search_runs.rs"]
mod search_runs;
#[path = "conformance/tenants.rs"]
mod tenants;
#[path = "conformance/workspaces.rs"]
mod workspaces;

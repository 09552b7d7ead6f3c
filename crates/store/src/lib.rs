//! SQL, transactions and migrations, on SQLite and on PostgreSQL.
//!
//! A transaction is a value: a [`Command`], a [`Query`], or a [`Mutation`], which becomes a
//! command together with its retry token, audit row and outbox event. [`Db`] runs them.

mod audit;
mod command;
mod conn;
mod db;
mod effects;
mod error;
pub mod experiments;
mod keys;
mod literal;
pub mod logged_models;
pub mod metrics;
mod migrations;
pub mod model_versions;
mod portable;
mod postgres;
pub mod registered_models;
mod row;
pub mod runs;
pub mod search;
mod sqlite;
mod stats;
mod tags;
mod tenants;
mod value;
pub mod workspaces;

pub use command::{Applied, Change, Command, Mutation, Query, ResultKey, Tenant, WriteContext};
pub use conn::{BulkColumn, BulkInsert, Conn, Engine, Statement};
pub use db::{DatabaseUrl, Db, DbOptions};
pub use effects::{PurgeRetryTokens, Write};
pub use keys::{KeyCache, KeyNames};
pub use migrations::OpenError;
pub use row::{Column, Row};
pub use stats::{DURATION_BUCKETS_US, GROUP_BUCKETS, Stats, StatsSnapshot, TransactionSnapshot};
pub use tags::{KeyedChanges, KeyedValue};
pub use tenants::NewDefaultExperiment;
pub use value::Value;

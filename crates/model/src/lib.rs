//! The nouns and rules of Ferroflow, free of HTTP, SQL and any wire format.
//!
//! A domain value that exists is valid: dialects parse into these types, and everything below
//! relies on them.

pub mod artifacts;
mod context;
pub mod datasets;
mod error;
mod etag;
pub mod experiments;
mod ids;
mod json_text;
mod key;
pub mod limits;
pub mod logged_models;
pub mod metrics;
pub mod model_versions;
mod page;
mod permission;
pub mod registered_models;
pub mod runs;
mod tags;
mod time;
pub mod workspaces;

pub use context::{AbsentTenant, Caller, Context, Fingerprint, Retry, RetryToken, Scope};
pub use error::{Error, ErrorKind, Result};
pub use etag::{Etag, IfMatch};
pub use ids::{ExperimentId, ModelId, PlatformId, RunId, VersionNumber, WorkspaceKey};
pub use json_text::{ascii_json, json_text, python_text, spaced_json};
pub use key::check_entity_key;
pub use page::{Page, PageRequest};
pub use permission::{Permission, Resource, Right};
pub use tags::{LifecycleStage, MissingTag, Param, Tag, TagChanges, ViewType};
pub use time::Clock;

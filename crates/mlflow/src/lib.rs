//! The MLflow dialect: MLflow's REST interface over the core.
//!
//! A request goes through four steps: `call` finds out who asks and for which tenant, `decode`
//! reads its message, the operation parses that into values of the core and calls one method of
//! the service, and `json` writes the answer. The messages are in `wire`, one file per
//! aggregate; the operations in the files of the same names.

mod artifact_downloads;
mod artifact_lists;
mod artifacts;
mod byte_requests;
mod call;
mod decode;
mod error;
mod experiments;
mod explain;
mod fallback;
mod inputs;
mod json;
mod locations;
mod logged_models;
mod message;
mod metrics;
mod model_versions;
mod modes;
mod multipart_uploads;
mod options;
mod presigned_urls;
mod registered_models;
mod routes;
mod runs;
mod server_info;
mod sources;
mod uri;
mod validate;
mod wire;
mod workspaces;

pub use error::error_response;
pub use fallback::{method_not_allowed, not_found};
pub use options::RoutesOptions;
pub use routes::{routes, tenant_routes};

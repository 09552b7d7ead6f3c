//! One method per operation: authorise, run one command, touch artifacts. The only place where
//! both dialects meet.

mod artifacts;
mod experiments;
mod logged_models;
mod metrics;
mod model_versions;
mod multipart_uploads;
mod names;
mod places;
mod registered_models;
mod runs;
mod search;
mod service;
mod signed_urls;
mod source_pattern;
mod tags;
mod tenants;
mod workspaces;

pub use artifacts::ArtifactListing;
pub use ferroflow_artifacts::{
    ArtifactContent, ArtifactInfo, ArtifactPath, ByteRange, ByteStream, CompletedPart,
    MAX_SIGNED_URL_SECONDS, Served, SignedUrl, UploadedPart,
};
pub use multipart_uploads::{OpenUpload, UploadTarget};
pub use service::{IdSource, Service, Settings};
pub use source_pattern::SourcePattern;

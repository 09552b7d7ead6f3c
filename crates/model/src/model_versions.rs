//! Model versions: the numbered states of a registered model.

use crate::metrics::Metric;
use crate::registered_models::ModelName;
use crate::{Error, Etag, ModelId, PageRequest, Param, Result, RunId, Tag, VersionNumber};

/// Whether a version can be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ModelVersionStatus {
    /// Being made.
    PendingRegistration,
    /// Could not be made.
    FailedRegistration,
    /// Can be used.
    Ready,
}

impl ModelVersionStatus {
    /// All of them.
    pub const ALL: [Self; 3] = [
        Self::PendingRegistration,
        Self::FailedRegistration,
        Self::Ready,
    ];

    /// The name on the wire and in the store.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::PendingRegistration => "PENDING_REGISTRATION",
            Self::FailedRegistration => "FAILED_REGISTRATION",
            Self::Ready => "READY",
        }
    }

    /// Reads the name back.
    pub fn parse(text: &str) -> Result<Self> {
        Self::ALL
            .into_iter()
            .find(|status| status.as_str() == text)
            .ok_or_else(|| Error::invalid(format!("Invalid model version status '{text}'.")))
    }
}

/// Where a version stands on its way to production.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Stage {
    /// No stage yet.
    None,
    /// Under trial.
    Staging,
    /// In use.
    Production,
    /// Out of use.
    Archived,
}

impl Stage {
    /// All stages, in the order in which MLflow lists them.
    pub const ALL: [Self; 4] = [Self::None, Self::Staging, Self::Production, Self::Archived];

    /// The canonical spelling.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::None => "None",
            Self::Staging => "Staging",
            Self::Production => "Production",
            Self::Archived => "Archived",
        }
    }

    /// Reads a stage in any case.
    pub fn parse(text: &str) -> Result<Self> {
        Self::ALL.into_iter().find(|stage| stage.as_str().eq_ignore_ascii_case(text)).ok_or_else(
            || {
                Error::invalid(format!(
                    "Invalid Model Version stage: {text}. Value must be one of None, Staging, Production, Archived."
                ))
            },
        )
    }

    /// Whether at most one version at a time is usually in this stage.
    pub const fn is_active(self) -> bool {
        matches!(self, Self::Staging | Self::Production)
    }
}

/// A numbered state of a registered model.
#[derive(Debug, Clone, PartialEq)]
pub struct ModelVersion {
    /// The registered model.
    pub name: ModelName,
    /// The number.
    pub version: VersionNumber,
    /// Milliseconds since the Unix epoch.
    pub created_ms: i64,
    /// Milliseconds since the Unix epoch.
    pub updated_ms: i64,
    /// Who registered it; empty when unknown.
    pub user_id: String,
    /// Where it stands.
    pub stage: Stage,
    /// May be empty; absent once a client has taken it away.
    pub description: Option<String>,
    /// Where the client says its files come from.
    pub source: String,
    /// Where its files are, when that differs from the source.
    pub storage_location: Option<String>,
    /// The run that made it.
    pub run_id: Option<RunId>,
    /// A link to that run.
    pub run_link: String,
    /// Whether it can be used.
    pub status: ModelVersionStatus,
    /// Details of the status.
    pub status_message: String,
    /// In the order of their keys.
    pub tags: Vec<Tag>,
    /// In alphabetical order.
    pub aliases: Vec<String>,
    /// The logged model that it was made from.
    pub model_id: Option<ModelId>,
    /// Params of that logged model.
    pub model_params: Vec<Param>,
    /// Latest metrics of that logged model.
    pub model_metrics: Vec<Metric>,
    /// The deployment job connected to the registered model, when there is one.
    pub deployment_job_id: Option<String>,
    /// Changes with every change.
    pub etag: Etag,
}

impl ModelVersion {
    /// What its files are read from: the resolved location, or else the source as it was given.
    pub fn location(&self) -> &str {
        self.storage_location.as_deref().unwrap_or(&self.source)
    }
}

/// What becomes of a description.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DescriptionChange {
    /// It stays.
    Keep,
    /// There is none.
    Clear,
    /// It is this one.
    Set(String),
}

impl DescriptionChange {
    /// Keeps it, unless there is a new one.
    #[must_use]
    pub fn keep_or_set(description: Option<String>) -> Self {
        description.map_or(Self::Keep, Self::Set)
    }

    /// Takes it away, unless there is a new one.
    #[must_use]
    pub fn clear_or_set(description: Option<String>) -> Self {
        description.map_or(Self::Clear, Self::Set)
    }
}

/// What is needed to create a version.
#[derive(Debug, Clone, PartialEq)]
pub struct NewModelVersion {
    /// The registered model; it must exist.
    pub name: ModelName,
    /// Where the files come from.
    pub source: String,
    /// Resolved from a `models:/` source; what the files are read from.
    pub storage_location: Option<String>,
    /// Absent: empty.
    pub description: Option<String>,
    /// The run that made it.
    pub run_id: Option<RunId>,
    /// Absent: empty.
    pub run_link: Option<String>,
    /// The logged model that it was made from.
    pub model_id: Option<ModelId>,
    /// Of equal keys the last wins.
    pub tags: Vec<Tag>,
    /// Whether a `run_id` or `model_id` that is unknown refuses the request.
    pub unknown_origin: UnknownOrigin,
}

/// What a `run_id` or `model_id` that is not known in the tenant means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UnknownOrigin {
    /// The request is refused: a version with a broken origin cannot be audited.
    Refuse,
    /// The id is kept as text, as MLflow does for runs of other tracking servers.
    Keep,
}

/// Moves a version to a stage.
#[derive(Debug, Clone, PartialEq)]
pub struct TransitionStage {
    /// The registered model.
    pub name: ModelName,
    /// The version.
    pub version: VersionNumber,
    /// The stage to move to.
    pub stage: Stage,
    /// Moves all other versions in that stage to `Archived`.
    pub archive_existing: bool,
}

/// A search over the versions of a platform.
#[derive(Debug, Clone, PartialEq)]
pub struct SearchModelVersions {
    /// Filter text in the grammar of the search room.
    pub filter: Option<String>,
    /// Clauses such as `version_number DESC`.
    pub order_by: Vec<String>,
    /// Which page.
    pub page: PageRequest,
}

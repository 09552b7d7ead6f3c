//! Experiments: named groups of runs in a workspace.

use crate::{Etag, ExperimentId, LifecycleStage, PageRequest, Tag, ViewType};

/// A named group of runs.
#[derive(Debug, Clone, PartialEq)]
pub struct Experiment {
    /// The number within the workspace.
    pub id: ExperimentId,
    /// Unique within the workspace, deleted ones included.
    pub name: String,
    /// Where the artifacts of its runs go, as a URI.
    pub artifact_location: String,
    /// In use or deleted.
    pub lifecycle: LifecycleStage,
    /// Milliseconds since the Unix epoch.
    pub created_ms: i64,
    /// Milliseconds since the Unix epoch.
    pub updated_ms: i64,
    /// In the order of their keys.
    pub tags: Vec<Tag>,
    /// Changes with every change.
    pub etag: Etag,
}

/// What is needed to create an experiment.
#[derive(Debug, Clone, PartialEq)]
pub struct NewExperiment {
    /// Unique within the workspace.
    pub name: String,
    /// Defaults to a place below the workspace's artifact root.
    pub artifact_location: Option<String>,
    /// Initial tags; of equal keys the last wins.
    pub tags: Vec<Tag>,
}

/// A search over the experiments of a workspace.
#[derive(Debug, Clone, PartialEq)]
pub struct SearchExperiments {
    /// Filter text in the grammar of the search room.
    pub filter: Option<String>,
    /// Clauses such as `name ASC`.
    pub order_by: Vec<String>,
    /// Which lifecycle stages.
    pub view: ViewType,
    /// Which page.
    pub page: PageRequest,
}

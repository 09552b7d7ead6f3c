//! What a route needs of its caller. Every route declares one; a test lists them all.

/// The kind of thing that a permission is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Resource {
    /// The server itself: health, version, metrics.
    Server,
    /// Experiments and what belongs to them alone.
    Experiments,
    /// Runs, their metrics, params, tags, inputs and outputs.
    Runs,
    /// Logged models.
    LoggedModels,
    /// Registered models, their versions and aliases.
    RegisteredModels,
    /// Bytes of artifacts.
    Artifacts,
    /// Workspaces of the MLflow dialect.
    Workspaces,
}

/// What is done with the thing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Right {
    /// Anyone may, even without credentials.
    Public,
    /// Reading.
    Read,
    /// Creating and changing.
    Write,
    /// Deleting and restoring.
    Delete,
}

/// A right on a kind of resource.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Permission {
    /// The kind of thing.
    pub resource: Resource,
    /// What is done with it.
    pub right: Right,
}

impl Permission {
    /// Anyone may.
    pub const PUBLIC: Self = Self {
        resource: Resource::Server,
        right: Right::Public,
    };

    /// Reading things of this kind.
    pub const fn read(resource: Resource) -> Self {
        Self {
            resource,
            right: Right::Read,
        }
    }

    /// Creating and changing things of this kind.
    pub const fn write(resource: Resource) -> Self {
        Self {
            resource,
            right: Right::Write,
        }
    }

    /// Deleting and restoring things of this kind.
    pub const fn delete(resource: Resource) -> Self {
        Self {
            resource,
            right: Right::Delete,
        }
    }
}

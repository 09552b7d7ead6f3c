//! What a route needs of its caller. Every route declares one; a test lists them all.

use std::fmt;

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

impl fmt::Display for Resource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Server => "server",
            Self::Experiments => "experiments",
            Self::Runs => "runs",
            Self::LoggedModels => "logged models",
            Self::RegisteredModels => "registered models",
            Self::Artifacts => "artifacts",
            Self::Workspaces => "workspaces",
        })
    }
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

/// Such as `write runs`, or `nothing`; for documents.
impl fmt::Display for Permission {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let right = match self.right {
            Right::Public => return f.write_str("nothing"),
            Right::Read => "read",
            Right::Write => "write",
            Right::Delete => "delete",
        };
        write!(f, "{right} {}", self.resource)
    }
}

impl Permission {
    /// Anyone may.
    pub const PUBLIC: Self = Self {
        resource: Resource::Server,
        right: Right::Public,
    };

    /// Anyone may whose request proves the right by itself, as with a secret in its URL.
    pub const fn public(resource: Resource) -> Self {
        Self {
            resource,
            right: Right::Public,
        }
    }

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

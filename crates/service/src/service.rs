//! The service itself.

use std::sync::Arc;

use ferroflow_model::Clock;

/// The source of random ids. Only the outermost room makes random numbers.
pub trait IdSource: Send + Sync {
    /// 128 random bits.
    fn next(&self) -> u128;
}

/// What the service needs to know about the installation.
#[derive(Debug, Clone)]
pub struct Settings {}

/// The core of Ferroflow, shared by both dialects.
pub struct Service {
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) ids: Arc<dyn IdSource>,
    pub(crate) settings: Settings,
}

//! Time comes in from outside.

/// The source of the current time. Only the outermost rooms read a real clock, so that tests are
/// deterministic and a repeated transaction repeats the same values.
pub trait Clock: Send + Sync {
    /// Milliseconds since the Unix epoch.
    fn now_ms(&self) -> i64;
}

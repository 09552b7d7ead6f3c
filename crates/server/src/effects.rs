//! The real clock and the real source of random ids.

use std::fmt::Write;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use ferroflow_model::Clock;
use ferroflow_service::IdSource;

/// What comes in from the outside world, so that tests can replace it.
#[derive(Clone)]
pub struct Effects {
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Random ids.
    pub ids: Arc<dyn IdSource>,
}

impl Effects {
    /// The machine's clock and random ids.
    pub fn real() -> Self {
        Self {
            clock: Arc::new(SystemClock),
            ids: Arc::new(RandomIds),
        }
    }
}

/// The machine's clock.
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(
        clippy::disallowed_methods,
        reason = "this is the clock that is passed in everywhere else"
    )]
    fn now_ms(&self) -> i64 {
        let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH);
        since_epoch.map_or(0, |elapsed| {
            i64::try_from(elapsed.as_millis()).unwrap_or(i64::MAX)
        })
    }
}

/// Random ids from a generator of each thread's own, seeded by the operating system: unguessable,
/// and no system call for each.
pub struct RandomIds;

impl IdSource for RandomIds {
    fn next(&self) -> u128 {
        rand::random()
    }
}

/// A fresh request id: 32 lower-case hexadecimal digits.
pub(crate) fn new_request_id() -> Arc<str> {
    let mut text = String::with_capacity(32);
    // Writing to a string cannot fail.
    let _ = write!(text, "{:032x}", rand::random::<u128>());
    text.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn request_ids_are_well_formed_and_differ() {
        let (first, second) = (new_request_id(), new_request_id());
        assert_eq!(first.len(), 32);
        assert!(
            first
                .bytes()
                .all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
        );
        assert_ne!(first, second);
    }

    #[test]
    fn the_clock_counts_milliseconds_since_1970() {
        let year_2025_ms = 1_735_689_600_000;
        assert!(SystemClock.now_ms() > year_2025_ms);
    }
}

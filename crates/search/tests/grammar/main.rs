//! The grammar from outside: what it accepts, what it refuses and why, and that printing loses nothing.
#![expect(clippy::unwrap_used, clippy::panic, reason = "tests")]

mod accepted;
mod everything;
mod limits;
mod order_by;
mod refused;
mod round_trip;

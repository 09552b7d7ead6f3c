//! The part of an artifact that a reader asks for.

use std::ops::Range;

/// A range of bytes as a client asks for it, before the size is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ByteRange {
    /// From the first to the last byte, both included; `last` may lie behind the end.
    Between {
        /// Offset of the first byte.
        first: u64,
        /// Offset of the last byte.
        last: u64,
    },
    /// From this offset to the end.
    From(u64),
    /// The last so many bytes; all of them when there are fewer.
    Last(u64),
}

impl ByteRange {
    /// The offsets meant for an artifact of `size` bytes, or `None` when none of it is meant.
    pub fn resolve(self, size: u64) -> Option<Range<u64>> {
        let range = match self {
            Self::Between { first, last } => first..last.saturating_add(1).min(size),
            Self::From(first) => first..size,
            Self::Last(count) => size.saturating_sub(count)..size,
        };
        (range.start < range.end).then_some(range)
    }
}

/// How much of an artifact the answer to `open` holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Served {
    /// All of it, because no range was asked for.
    Whole,
    /// These offsets.
    Part(Range<u64>),
    /// Nothing: the range asked for lies outside the artifact.
    Unsatisfiable,
}

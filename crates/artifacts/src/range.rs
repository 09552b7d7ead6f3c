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
    /// What a broken request asks for: no byte of any artifact.
    Nothing,
}

impl ByteRange {
    /// Reads the value of an HTTP `Range` header.
    ///
    /// `None` means that the whole is asked for: another unit than bytes has to be ignored, and
    /// several ranges need not be served (RFC 9110, 14.2).
    pub fn from_header(value: &str) -> Option<Self> {
        let (unit, range) = value.split_once('=')?;
        if !unit.trim().eq_ignore_ascii_case("bytes") || range.contains(',') {
            return None;
        }
        Some(Self::parse(range.trim()).unwrap_or(Self::Nothing))
    }

    fn parse(range: &str) -> Option<Self> {
        match range.split_once('-')? {
            ("", count) => Some(Self::Last(offset(count)?)),
            (first, "") => Some(Self::From(offset(first)?)),
            (first, last) => {
                let (first, last) = (offset(first)?, offset(last)?);
                (first <= last).then_some(Self::Between { first, last })
            }
        }
    }

    /// The offsets meant for an artifact of `size` bytes, or `None` when none of it is meant.
    pub fn resolve(self, size: u64) -> Option<Range<u64>> {
        let range = match self {
            Self::Between { first, last } => first..last.saturating_add(1).min(size),
            Self::From(first) => first..size,
            Self::Last(count) => size.saturating_sub(count)..size,
            Self::Nothing => return None,
        };
        (range.start < range.end).then_some(range)
    }
}

/// A number of digits alone; one that no file can reach counts as the largest there is.
fn offset(text: &str) -> Option<u64> {
    let is_number = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    is_number.then(|| text.parse().unwrap_or(u64::MAX))
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_are_read_refused_or_ignored() {
        let between = |first, last| Some(ByteRange::Between { first, last });
        let cases = [
            ("bytes=0-0", between(0, 0)),
            ("Bytes = 2-5 ", between(2, 5)),
            ("bytes=5-", Some(ByteRange::From(5))),
            ("bytes=-5", Some(ByteRange::Last(5))),
            ("bytes=0-99999999999999999999", between(0, u64::MAX)),
            ("bytes=5-2", Some(ByteRange::Nothing)),
            ("bytes=-", Some(ByteRange::Nothing)),
            ("bytes=", Some(ByteRange::Nothing)),
            ("bytes=+1-2", Some(ByteRange::Nothing)),
            ("bytes=a-b", Some(ByteRange::Nothing)),
            ("bytes=0-1,3-4", None),
            ("bytes", None),
            ("items=0-1", None),
        ];
        for (header, expected) in cases {
            assert_eq!(ByteRange::from_header(header), expected, "{header}");
        }
    }
}

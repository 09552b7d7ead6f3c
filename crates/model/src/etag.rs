//! Entity tags: one integer revision on each mutable entity.

use std::fmt;

/// The entity tag of one state of one entity: it changes with every change, and never comes back
/// for another entity, because row keys are not used twice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Etag {
    /// The row key of the entity, or of its owner.
    pub row: i64,
    /// The number of the entity within its owner, or 0.
    pub part: i64,
    /// The revision, counted up by every change.
    pub revision: i64,
}

impl Etag {
    /// The tag after one more change.
    #[must_use]
    pub const fn next(self) -> Self {
        Self {
            revision: self.revision + 1,
            ..self
        }
    }
}

impl fmt::Display for Etag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:x}-{:x}-{:x}", self.row, self.part, self.revision)
    }
}

/// The precondition of a request: the change is made only while the entity still has this tag.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum IfMatch {
    /// Any state, as long as the entity exists (`*`).
    Any,
    /// One of these tags, without their quotes.
    Tags(Vec<String>),
}

impl IfMatch {
    /// Parses the value of an `if-match` header; a weak prefix is ignored.
    pub fn parse(header: &str) -> Self {
        if header.trim() == "*" {
            return Self::Any;
        }
        let tag = |part: &str| {
            part.trim()
                .trim_start_matches("W/")
                .trim_matches('"')
                .to_owned()
        };
        Self::Tags(header.split(',').map(tag).collect())
    }

    /// Whether the entity's current tag satisfies the precondition.
    pub fn allows(&self, current: Etag) -> bool {
        match self {
            Self::Any => true,
            Self::Tags(tags) => {
                let current = current.to_string();
                tags.contains(&current)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_precondition_matches_any_listed_tag() {
        let etag = Etag {
            row: 26,
            part: 2,
            revision: 3,
        };
        assert!(IfMatch::parse("*").allows(etag));
        assert!(IfMatch::parse("\"1-1-1\", W/\"1a-2-3\"").allows(etag));
        assert!(!IfMatch::parse("\"1a-2-4\"").allows(etag));
    }
}

//! Entity tags: one integer revision on each mutable entity.

use std::fmt;

/// The entity tag of one state of one entity. Its text is the revision alone, which begins at a
/// random number: so it changes with every change, does not come back with another entity, and
/// tells nothing of how many entities there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Etag {
    /// The row key of the entity.
    pub row: i64,
    /// The revision: random at first, counted up by every change.
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
        write!(f, "{:x}", self.revision)
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
            revision: 0x2f,
        };
        assert!(IfMatch::parse("*").allows(etag));
        assert!(IfMatch::parse("\"1\", W/\"2f\"").allows(etag));
        assert!(!IfMatch::parse("\"1a\"").allows(etag));
    }
}

//! What an operator demands of the sources of model versions, beside the rules of each dialect.

use ferroflow_model::{Error, Result};
use regex::Regex;

use crate::Service;

/// An expression that some part of a source must match, as `re.search` has it in MLflow.
#[derive(Debug, Clone)]
pub struct SourcePattern(Regex);

impl SourcePattern {
    /// Reads an expression. Those that could take longer than the text is long are refused: there
    /// is no looking around, and no referring back.
    pub fn parse(pattern: &str) -> Result<Self> {
        Regex::new(pattern).map(Self).map_err(|error| {
            Error::invalid(format!(
                "`{pattern}` is no regular expression that this server supports; look-around, \
                 backreferences and \\Z are not. {error}"
            ))
        })
    }

    fn check(&self, source: &str) -> Result<()> {
        // A source that is absent is for the dialects to refuse.
        if source.is_empty() || self.0.is_match(source) {
            return Ok(());
        }
        Err(Error::invalid(format!(
            "Invalid model version source: '{source}'."
        )))
    }
}

impl Service {
    /// Refuses the source of a new version that the operator does not want. Dialects ask with the
    /// text that the client sent, before anything is resolved.
    pub fn check_version_source(&self, source: &str) -> Result<()> {
        let pattern = self.settings.version_sources.as_ref();
        pattern.map_or(Ok(()), |pattern| pattern.check(source))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn some_part_of_a_source_matches() {
        for (pattern, source, is_allowed) in [
            (r"^s3://models/\w+$", "s3://models/iris", true),
            (r"^s3://models/\w+$", "s3://models/iris/1", false),
            (r"^s3://models/\w+$", "s3://models/é", true),
            ("models", "s3://my-models/iris", true),
            ("(?i)^S3:", "s3://bucket", true),
            ("^(s3|gs)://", "file:///etc", false),
            ("^s3:", "", true),
        ] {
            let checked = SourcePattern::parse(pattern).unwrap().check(source);
            assert_eq!(checked.is_ok(), is_allowed, "{pattern} {source}");
        }
        let refused = SourcePattern::parse("^s3:").unwrap().check("dummy");
        let refused = refused.unwrap_err().to_string();
        assert_eq!(refused, "Invalid model version source: 'dummy'.");
    }

    #[test]
    fn what_is_not_supported_is_refused() {
        for pattern in ["^(?!s3)", "(?<=a)b", r"(a)\1", r"a\Z", "(", "a{100000000}"] {
            let refused = SourcePattern::parse(pattern).unwrap_err().to_string();
            assert!(refused.contains(pattern), "{refused}");
        }
    }
}

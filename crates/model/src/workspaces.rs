//! Workspaces of the MLflow dialect: each is a platform, seen by its workspace `default`.

use crate::{Error, PlatformId, Result, Scope, WorkspaceKey};

/// The lengths that a name may have, in characters (MLflow).
const NAME_CHARACTERS: std::ops::RangeInclusive<usize> = 2..=63;
/// Names that MLflow keeps for paths of its own.
const RESERVED: [&str; 4] = ["workspaces", "api", "ajax-api", "static-files"];
/// What messages say that a name looks like.
const PATTERN: &str = "^[a-z0-9]([-a-z0-9]*[a-z0-9])?$";

/// The name of a workspace: 2 to 63 lower-case letters, digits and inner hyphens.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct WorkspaceName(String);

impl WorkspaceName {
    /// The workspace that is meant when a client names none. It can be neither made nor deleted.
    pub const DEFAULT: &'static str = PlatformId::DEFAULT;

    /// Parses a name.
    pub fn parse(text: &str) -> Result<Self> {
        let (low, high) = (NAME_CHARACTERS.start(), NAME_CHARACTERS.end());
        if !NAME_CHARACTERS.contains(&text.chars().count()) {
            return Err(Error::invalid(format!(
                "Workspace name '{text}' must be between {low} and {high} characters."
            )));
        }
        if !has_pattern(text) {
            return Err(Error::invalid(format!(
                "Workspace name '{text}' must match the pattern {PATTERN} (lowercase alphanumeric \
                 with optional internal hyphens)."
            )));
        }
        if RESERVED.contains(&text) {
            return Err(Error::invalid(format!(
                "Workspace name '{text}' is reserved and cannot be used."
            )));
        }
        Ok(Self(text.to_owned()))
    }

    /// The workspace that a platform is, where its id is a name for one.
    pub fn of(platform: &PlatformId) -> Option<Self> {
        // Longer ids need no look: those of clouds are long.
        let id = platform.as_str();
        (id.len() <= *NAME_CHARACTERS.end())
            .then(|| Self::parse(id).ok())
            .flatten()
    }

    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether this is the one that a client means who names none.
    pub fn is_default(&self) -> bool {
        self.0 == Self::DEFAULT
    }

    /// The tenant that the workspace is.
    pub fn scope(&self) -> Scope {
        Scope {
            platform: PlatformId::of_workspace(self),
            workspace: Some(WorkspaceKey::default()),
        }
    }

    /// The error for a workspace that is not there.
    pub fn not_found(&self) -> Error {
        Error::not_found(format!("Workspace '{}' not found", self.0))
    }
}

impl std::fmt::Display for WorkspaceName {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

fn has_pattern(text: &str) -> bool {
    let is_plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
    text.chars().all(|c| is_plain(c) || c == '-')
        && text.starts_with(is_plain)
        && text.ends_with(is_plain)
}

/// A workspace, and what administrators have set for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Workspace {
    /// Its name.
    pub name: WorkspaceName,
    /// What it is for.
    pub description: Option<String>,
    /// The URI below which its new experiments keep their artifacts, in place of the server's.
    pub default_artifact_root: Option<String>,
    /// Where traces go that are archived, as a URI.
    pub trace_archival_location: Option<String>,
    /// After how long traces are archived, as a number and a unit: `30d`.
    pub trace_archival_retention: Option<String>,
}

/// Changes to a workspace; what is absent stays, and an empty text clears.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct WorkspaceChanges {
    /// What it is for; an empty text stays one.
    pub description: Option<String>,
    /// The URI below which new experiments keep their artifacts.
    pub default_artifact_root: Option<String>,
    /// Where archived traces go.
    pub trace_archival_location: Option<String>,
    /// After how long traces are archived.
    pub trace_archival_retention: Option<String>,
}

/// What becomes of the content of a workspace that is deleted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DeletionMode {
    /// There must be none.
    Restrict,
    /// It is deleted too.
    Cascade,
    /// It moves to the workspace `default`.
    SetDefault,
}

impl DeletionMode {
    /// Parses MLflow's names.
    pub fn parse(text: &str) -> Result<Self> {
        match text {
            "RESTRICT" => Ok(Self::Restrict),
            "CASCADE" => Ok(Self::Cascade),
            "SET_DEFAULT" => Ok(Self::SetDefault),
            _ => Err(Error::invalid(format!(
                "Invalid deletion mode '{text}'. Must be one of: SET_DEFAULT, CASCADE, RESTRICT"
            ))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_those_of_mlflow() {
        for name in ["ab", "a-b", "9a", "team-1", "default", &"a".repeat(63)] {
            assert!(WorkspaceName::parse(name).is_ok(), "{name}");
        }
        for name in [
            "",
            "a",
            &"a".repeat(64),
            "A-b",
            "-a",
            "a-",
            "a_b",
            "a.b",
            "ab\n",
            "äb",
            "workspaces",
            "api",
            "ajax-api",
            "static-files",
        ] {
            assert!(WorkspaceName::parse(name).is_err(), "{name}");
        }
    }

    #[test]
    fn some_platforms_are_workspaces() {
        let of = |id: &str| WorkspaceName::of(&PlatformId::parse(id).unwrap());
        assert_eq!(
            of("team-a").map(|name| name.scope().platform),
            PlatformId::parse("team-a").ok()
        );
        assert!(of("default").is_some_and(|name| name.is_default()));
        assert_eq!(of("ocid1.aidataplatform.oc1..x"), None);
        assert_eq!(of(&"a".repeat(500)), None);
    }

    #[test]
    fn modes_have_mlflow_s_names() {
        assert_eq!(
            DeletionMode::parse("CASCADE").ok(),
            Some(DeletionMode::Cascade)
        );
        assert!(DeletionMode::parse("cascade").is_err());
    }
}

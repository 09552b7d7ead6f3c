//! Who asks, on whose behalf, and with which guarantees.

use crate::etag::IfMatch;
use crate::{Error, Permission, PlatformId, Result, WorkspaceKey, limits};

/// The tenant that a request speaks for.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct Scope {
    /// Owns the registry.
    pub platform: PlatformId,
    /// Owns tracking. Absent where only the platform is named, as in AIDP's registry paths.
    pub workspace: Option<WorkspaceKey>,
}

impl Scope {
    /// The scope of the MLflow dialect at the root: platform `default`, workspace `default`.
    pub fn root() -> Self {
        Self {
            platform: PlatformId::default(),
            workspace: Some(WorkspaceKey::default()),
        }
    }
}

/// What becomes of a request for a tenant that does not exist.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AbsentTenant {
    /// Nothing is found in it, and it comes into being at its first write.
    Made,
    /// The request is refused: only an administrator makes one.
    Refused,
}

/// Who asks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caller {
    /// The name written into audit rows; `anonymous` while authentication is off.
    pub principal: String,
}

impl Caller {
    /// The name of those who do not say who they are.
    const ANONYMOUS: &str = "anonymous";

    /// The caller of a server without authentication.
    pub fn anonymous() -> Self {
        Self {
            principal: Self::ANONYMOUS.to_owned(),
        }
    }

    /// Whether it is not known who asks.
    pub fn is_anonymous(&self) -> bool {
        self.principal == Self::ANONYMOUS
    }

    /// Whether this caller has `permission`. Without authentication everything is allowed.
    pub fn may(&self, _permission: Permission) -> bool {
        true
    }
}

/// What a client sends so that a repeated request has one effect (AIDP's `opc-retry-token`):
/// 1 to 64 characters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RetryToken(String);

impl RetryToken {
    /// Parses the header's value.
    pub fn parse(text: &str) -> Result<Self> {
        let maximum = limits::RETRY_TOKEN_CHARACTERS;
        let count = text.chars().count();
        if count == 0 || count > maximum {
            return Err(Error::invalid(format!(
                "Invalid value for header 'opc-retry-token': 1 to {maximum} characters are allowed, got {count}."
            )));
        }
        Ok(Self(text.to_owned()))
    }

    /// The token as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A digest of what a request asks for: equal for the same request, whatever its spelling.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fingerprint(pub [u8; 32]);

/// A retry token together with the fingerprint of the request that carries it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Retry {
    /// The dialect's name of the operation: a token of one is not known to another.
    pub operation: &'static str,
    /// The client's token.
    pub token: RetryToken,
    /// What the request asks for.
    pub fingerprint: Fingerprint,
}

/// Everything about a request that is not its subject.
#[derive(Debug, Clone)]
pub struct Context {
    /// The tenant.
    pub scope: Scope,
    /// What becomes of a request for a tenant that does not exist.
    pub absent_tenant: AbsentTenant,
    /// Who asks.
    pub caller: Caller,
    /// What the route declares that its caller needs.
    pub permission: Permission,
    /// Finds the request in logs and audit rows.
    pub request_id: String,
    /// Makes a repeated request have one effect.
    pub retry: Option<Retry>,
    /// Makes a change conditional.
    pub if_match: Option<IfMatch>,
}

impl Context {
    /// The workspace of a request that needs one.
    pub fn workspace(&self) -> Result<&WorkspaceKey> {
        self.scope.workspace.as_ref().ok_or_else(|| {
            Error::invalid("This operation belongs to a workspace; name one in the path.")
        })
    }
}

//! What a retry token stands for.

use std::io::{self, Write};

use ferroflow_model::{Error, Fingerprint, Result, Scope, WorkspaceKey};
use serde::Serialize;
use sha2::{Digest, Sha256};

/// A digest of the operation, its tenant and its decoded input. Two requests that mean the same
/// have the same one, whatever the order of their members, their white space, and members that
/// no operation knows.
pub(crate) fn fingerprint(
    operation: &str,
    scope: &Scope,
    input: &impl Serialize,
) -> Result<Fingerprint> {
    let workspace = scope.workspace.as_ref().map_or("", WorkspaceKey::as_str);
    let mut hash = Hash(Sha256::new());
    for part in [operation, scope.platform.as_str(), workspace] {
        // The length keeps one part from running into the next.
        hash.0.update(part.len().to_le_bytes());
        hash.0.update(part);
    }
    serde_json::to_writer(&mut hash, input).map_err(Error::internal)?;
    Ok(Fingerprint(hash.0.finalize().into()))
}

struct Hash(Sha256);

impl Write for Hash {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.update(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

//! Where the artifacts of each tenant are.

use std::fmt::Write as _;

use sha2::{Digest, Sha256};

use crate::ArtifactPath;
use crate::path::RESERVED_PREFIX;

/// A longer name is cut, and told apart by a digest: file systems allow 255 bytes.
const NAME_BYTES: usize = 180;

impl ArtifactPath {
    /// The directory of a workspace of the MLflow dialect, where MLflow has it.
    pub fn of_workspace(name: &str) -> Self {
        Self::internal(format!("workspaces/{}", directory_name(name)))
    }

    /// The directory of a workspace of a platform. No client can spell a path into it: it is
    /// reached only by joining to it what a client of that tenant names.
    pub fn of_tenant(platform: &str, workspace: &str) -> Self {
        let (platform, workspace) = (directory_name(platform), directory_name(workspace));
        Self::internal(format!("{RESERVED_PREFIX}tenants/{platform}/{workspace}"))
    }
}

/// A name for any text: different for different texts, on file systems that ignore case too.
fn directory_name(text: &str) -> String {
    let mut name = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' => name.push(char::from(byte)),
            byte => {
                let _ = write!(name, "={byte:02x}");
            }
        }
    }
    if name.len() > NAME_BYTES {
        name.truncate(NAME_BYTES - 65);
        name.push('~');
        for byte in Sha256::digest(text.as_bytes()) {
            let _ = write!(name, "{byte:02x}");
        }
    }
    name
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tenants_have_directories_of_their_own() {
        let path = ArtifactPath::of_tenant("ocid1.P", "a/../b");
        assert_eq!(
            path.as_str(),
            ".ferroflow-tenants/ocid1=2e=50/a=2f=2e=2e=2fb"
        );
        let (long, longer) = ("x".repeat(400), "x".repeat(401));
        assert_ne!(directory_name(&long), directory_name(&longer));
        assert_eq!(directory_name(&long).len(), NAME_BYTES);
        assert!(ArtifactPath::parse(path.as_str()).is_err());
    }
}

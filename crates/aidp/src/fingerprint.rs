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

#[cfg(test)]
mod tests {
    use ferroflow_model::PlatformId;
    use serde::Deserialize;

    use super::*;
    use crate::decode::decode;
    use crate::fields::{Double, Object};
    use crate::limits;

    #[derive(Deserialize, Serialize)]
    struct Input {
        name: Option<limits::Description>,
        values: Option<Vec<Object<Value>>>,
    }

    #[derive(Deserialize, Serialize)]
    struct Value {
        value: Option<Double>,
    }

    fn of(operation: &str, scope: &Scope, body: &str) -> [u8; 32] {
        let input: Input = decode(body.as_bytes()).expect("readable");
        fingerprint(operation, scope, &input).expect("writable").0
    }

    fn of_body(body: &str) -> [u8; 32] {
        of("create", &Scope::root(), body)
    }

    #[test]
    fn the_spelling_of_a_request_does_not_matter() {
        let plain = of_body(r#"{"name":"a","values":[{"value":1.0}]}"#);
        for same in [
            r#"{"values":[{"value":1.0}],"name":"a"}"#,
            "{ \"name\" :\n\"a\", \"values\" : [ { \"value\" : 1 } ] }",
            r#"{"name":"\u0061","values":[{"value":"1.0","unknown":null}],"more":[1]}"#,
        ] {
            assert_eq!(of_body(same), plain, "{same}");
        }
        assert_eq!(of_body(r#"{"name":null}"#), of_body("{}"));
        assert_eq!(
            of_body(r#"{"values":[{"value":NaN}]}"#),
            of_body(r#"{"values":[{"value":"NaN"}]}"#)
        );
    }

    #[test]
    fn what_a_request_means_matters() {
        let bodies = [
            "{}",
            r#"{"name":""}"#,
            r#"{"name":"a"}"#,
            r#"{"name":"A"}"#,
            r#"{"values":[]}"#,
            r#"{"values":[{}]}"#,
            r#"{"values":[{"value":NaN}]}"#,
            r#"{"values":[{"value":Infinity}]}"#,
        ];
        let distinct: std::collections::HashSet<_> = bodies.into_iter().map(of_body).collect();
        assert_eq!(distinct.len(), bodies.len());
    }

    #[test]
    fn where_a_request_goes_matters() {
        let scope = |platform: &str, workspace: Option<&str>| Scope {
            platform: PlatformId::parse(platform).expect("valid"),
            workspace: workspace.map(|key| WorkspaceKey::parse(key).expect("valid")),
        };
        let scopes = [
            scope("ab", None),
            scope("a", Some("b")),
            scope("a", Some("c")),
            scope("b", None),
        ];
        let mut distinct: std::collections::HashSet<_> = scopes
            .iter()
            .map(|scope| of("create", scope, "{}"))
            .collect();
        distinct.insert(of("delete", &scopes[0], "{}"));
        assert_eq!(distinct.len(), scopes.len() + 1);
    }
}

//! Documents that are made from the code, and tests that they still say what the code does.

use std::fs;
use std::path::PathBuf;

const UPDATE_VARIABLE: &str = "FERROFLOW_UPDATE_DOCUMENTS";

/// Compares a document with what it should be, or makes it so where that is asked for.
pub(crate) fn check(path: &str, wanted: &str) {
    let file = PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("../..")
        .join(path);
    if wants_update() {
        fs::write(&file, wanted).unwrap();
    }
    let found = fs::read_to_string(&file).unwrap_or_default();
    assert!(
        found == wanted,
        "{path} is out of date: `make documents` makes it anew"
    );
}

#[expect(clippy::disallowed_methods, reason = "`make documents` says so here")]
fn wants_update() -> bool {
    std::env::var(UPDATE_VARIABLE).is_ok()
}

//! Which room may import which: the table of `ARCHITECTURE.md`, as a law.

use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;

use serde_json::Value;

const TABLE: [(&str, &[&str]); 10] = [
    ("model", &[]),
    ("search", &["model"]),
    ("store", &["model", "search"]),
    ("artifacts", &["model"]),
    ("service", &["model", "search", "store", "artifacts"]),
    ("web", &["model"]),
    ("mlflow", &["model", "search", "service", "web"]),
    ("aidp", &["model", "search", "service", "web"]),
    (
        "server",
        &[
            "model",
            "search",
            "store",
            "artifacts",
            "service",
            "web",
            "mlflow",
            "aidp",
        ],
    ),
    (
        "testkit",
        &[
            "model",
            "search",
            "store",
            "artifacts",
            "service",
            "web",
            "mlflow",
            "aidp",
            "server",
        ],
    ),
];

/// Room and what it imports, as Cargo sees it. Tests of any room may use the testkit.
fn imports() -> BTreeMap<String, BTreeSet<String>> {
    let output = Command::new(env!("CARGO"))
        .args([
            "metadata",
            "--format-version",
            "1",
            "--no-deps",
            "--offline",
        ])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let metadata: Value = serde_json::from_slice(&output.stdout).unwrap();
    let packages = metadata["packages"].as_array().unwrap().iter();
    let rooms = packages.filter_map(|package| Some((room(package)?, imports_of(package))));
    rooms.collect()
}

fn imports_of(package: &Value) -> BTreeSet<String> {
    let dependencies = package["dependencies"].as_array().unwrap().iter();
    let ours = dependencies.filter_map(|dependency| {
        let is_for_tests = dependency["kind"] == "dev";
        room(dependency).filter(|room| !(is_for_tests && room == "testkit"))
    });
    ours.collect()
}

fn room(named: &Value) -> Option<String> {
    named["name"]
        .as_str()?
        .strip_prefix("ferroflow-")
        .map(str::to_owned)
}

#[test]
fn rooms_import_only_what_the_table_allows() {
    let imports = imports();
    let known: BTreeSet<_> = TABLE.iter().map(|(room, _)| (*room).to_owned()).collect();
    assert_eq!(
        imports.keys().cloned().collect::<BTreeSet<_>>(),
        known,
        "rooms and table differ"
    );
    for (room, allowed) in TABLE {
        for import in &imports[room] {
            assert!(
                allowed.contains(&import.as_str()),
                "`{room}` may not import `{import}`"
            );
        }
    }
}

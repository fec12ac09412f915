//! The rooms and the arrows between them, as `cargo metadata` sees them.

use crate::environment::root;
use std::collections::BTreeMap;
use std::process::Command;

/// Every arrow that may be there. A new one needs a reason in its commit.
const ARROWS: [(&str, &[&str]); 9] = [
    ("admitter", &[]),
    ("sandbox", &[]),
    ("science", &[]),
    ("simulator", &["admitter"]),
    ("agents", &["science"]),
    ("store", &["science"]),
    ("report", &["science"]),
    // `admitter` for the contract's text, which the engine hands to whoever prompts or compiles.
    ("engine", &["admitter", "agents", "sandbox", "science", "simulator", "store"]),
    ("cli", &["engine", "report", "store"]),
];

#[test]
fn the_crates_are_the_nine_rooms_and_no_arrow_is_added() {
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--no-deps", "--offline", "--format-version", "1"])
        .current_dir(root())
        .output()
        .expect("cargo runs");
    let metadata: serde_json::Value = serde_json::from_slice(&output.stdout).expect("JSON");
    let packages = metadata["packages"].as_array().expect("packages");
    let rooms: BTreeMap<&str, &[&str]> = ARROWS.into_iter().collect();
    let names: Vec<&str> = packages.iter().filter_map(|p| p["name"].as_str()).collect();
    assert_eq!(names.len(), rooms.len(), "{names:?}");
    for package in packages {
        let name = package["name"].as_str().expect("a name");
        let allowed = rooms.get(name).unwrap_or_else(|| panic!("`{name}` is no room"));
        let dependencies = package["dependencies"].as_array().expect("dependencies").iter();
        let normal = dependencies.filter(|d| d["kind"].is_null()).filter_map(|d| d["name"].as_str());
        for other in normal.filter(|other| rooms.contains_key(other)) {
            assert!(allowed.contains(&other), "{name} -> {other} is an arrow that the design does not have");
        }
    }
}

#[test]
fn every_test_that_the_architecture_names_exists() {
    let page = std::fs::read_to_string(root().join("ARCHITECTURE.md")).expect("the page");
    let table = page.split("## Invariants").nth(1).and_then(|rest| rest.split("\n## ").next()).expect("the table");
    let last_cells = table.lines().filter_map(|row| row.trim_end_matches([' ', '|']).rsplit('|').next());
    let mut named: Vec<&str> = last_cells.flat_map(|cell| cell.split('`').skip(1).step_by(2)).collect();
    assert!(named.len() > 15, "{named:?}");
    // The threat model names other things too; the name of a test is a sentence.
    let threats =
        page.split("## Threat model").nth(1).and_then(|rest| rest.split("\n## ").next()).expect("the threats");
    let known = named.len();
    named.extend(threats.split('`').skip(1).step_by(2).filter(|name| name.matches('_').count() > 3));
    assert!(named.len() > known + 10, "{named:?}");
    let mut sources = String::new();
    let mut folders = vec![root().join("crates"), root().join("tests")];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                sources.push_str(&std::fs::read_to_string(path).expect("a source"));
            }
        }
    }
    let missing: Vec<&&str> = named.iter().filter(|name| !sources.contains(&format!("fn {name}("))).collect();
    assert!(missing.is_empty(), "{missing:?}");
}

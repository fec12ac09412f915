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

//! The rooms and the arrows between them, as `cargo metadata` sees them.

use crate::environment::root;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Every arrow that may be there. A new one needs a reason in its commit.
const ARROWS: [(&str, &[&str]); 14] = [
    ("admitter", &[]),
    ("files", &[]),
    ("limiter", &[]),
    ("sandbox", &[]),
    ("science", &[]),
    ("translate", &[]),
    ("simulator", &["admitter", "files"]),
    ("agents", &["science"]),
    ("store", &["science"]),
    ("report", &["science"]),
    // Not `engine`: the command hands over how a record is read.
    ("live", &["report", "science", "store"]),
    // Not `problems`: the command hands them over, so the compiler keeps the wall.
    ("engine", &["agents", "files", "sandbox", "science", "store"]),
    // A problem says what its candidates are translated into.
    ("problems", &["admitter", "agents", "engine", "files", "limiter", "sandbox", "science", "simulator", "translate"]),
    ("cli", &["engine", "files", "live", "problems", "report", "simulator", "store"]),
];

/// Words of the problems of admission and of flow control. What knows one of them belongs to it.
const WORDS: [&str; 21] = [
    "shed",
    "sheds",
    "shedding",
    "saturation",
    "ttft",
    "droppable",
    "quintic",
    "admit",
    "admission",
    "admitter",
    "kv",
    "sheddable",
    "band",
    "bands",
    "ceiling",
    "ceilings",
    "dispatch",
    "dispatched",
    "limiter",
    "reflective",
    "unseen",
];
/// Names of theirs that are several words.
const NAMES: [&str; 3] = ["refuse_everything", "admit_everything", "extra_shed"];
/// Words of its surroundings, which prompts of any problem do without.
const SCENERY: [&str; 7] = ["traffic", "cluster", "clusters", "arrival", "arrivals", "router", "latency"];
/// The rooms that know no problem.
const ROOMS: [&str; 7] = ["agents", "engine", "live", "report", "science", "store", "translate"];

#[test]
fn no_room_but_problems_knows_the_words_of_one() {
    let mut found = Vec::new();
    for room in ROOMS {
        let folder = root().join("crates").join(room).join("src");
        for (path, text) in sources(&folder, "rs") {
            let own = text.split("#[cfg(test)]").next().unwrap_or_default();
            found.extend(known(&path, own, &[]));
        }
    }
    for (path, text) in sources(&root().join("prompts"), "hbs") {
        found.extend(known(&path, &text, &SCENERY));
    }
    assert!(found.is_empty(), "{}", found.join("\n"));
}

/// The lines of a text that know the problem's words, or these.
fn known(path: &Path, text: &str, more: &[&str]) -> Vec<String> {
    let text = text.to_lowercase();
    let knows = |line: &str| {
        let mut words = line.split(|c: char| !c.is_alphanumeric());
        words.any(|word| WORDS.contains(&word) || more.contains(&word)) || NAMES.iter().any(|name| line.contains(name))
    };
    let lines = text.lines().enumerate().filter(|(_, line)| knows(line));
    lines.map(|(at, line)| format!("{}:{}: {}", path.display(), at + 1, line.trim())).collect()
}

/// Every source below a folder whose name ends so, tests in files of their own aside.
fn sources(folder: &Path, ending: &str) -> Vec<(PathBuf, String)> {
    let (mut sources, mut folders) = (Vec::new(), vec![folder.to_path_buf()]);
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            let is_test = path.file_stem().is_some_and(|stem| stem == "tests" || stem == "fixture");
            if path.is_dir() && !is_test {
                folders.push(path);
            } else if !is_test && path.extension().is_some_and(|extension| extension == ending) {
                let text = std::fs::read_to_string(&path).expect("a source");
                sources.push((path, text));
            }
        }
    }
    sources
}

#[test]
fn the_crates_are_the_fourteen_rooms_and_no_arrow_is_added() {
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

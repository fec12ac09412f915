//! `elenchus schema`, and the pages in `docs/` that hold what it prints.

use crate::environment::{Environment, root};
use serde_json::Value;

const FILES: [&str; 7] = ["campaign", "variant", "population", "scenario", "trace", "log", "report"];
/// Of another problem, those that differ.
const OTHERS: [(&str, &str); 2] = [("flow-control", "population"), ("flow-control", "log")];

#[test]
fn the_pages_in_docs_are_what_the_command_prints() {
    let environment = Environment::new();
    let own = FILES.map(|file| (file.to_owned(), vec!["schema", file]));
    let others =
        OTHERS.map(|(problem, file)| (format!("{problem}-{file}"), vec!["schema", file, "--problem", problem]));
    for (page, arguments) in own.into_iter().chain(others) {
        let kept = std::fs::read_to_string(root().join(format!("docs/{page}.md"))).unwrap_or_default();
        let command = arguments.join(" ");
        let printed = environment.ok(&arguments);
        assert!(kept == printed, "docs/{page}.md is old: write it by `elenchus {command} > docs/{page}.md`");
    }
}

#[test]
fn every_key_of_every_file_says_what_it_means() {
    let environment = Environment::new();
    let all = FILES.map(|file| ("admission", file)).into_iter().chain(OTHERS);
    for (problem, file) in all {
        let schema = environment.json(&["schema", file, "--problem", problem, "--format", "json"]);
        let (mut silent, mut keys) = (Vec::new(), 0);
        silent_keys(&schema, file, &mut silent, &mut keys);
        assert!(
            silent.is_empty() && keys >= if file == "variant" { 5 } else { 7 },
            "{keys} keys; {silent:?} say nothing"
        );
    }
}

/// Collects the keys without a description, but those that tell variants apart, and counts all.
fn silent_keys(schema: &Value, at: &str, silent: &mut Vec<String>, keys: &mut usize) {
    for (name, property) in schema["properties"].as_object().into_iter().flatten() {
        *keys += 1;
        if property["const"].is_null() && property["description"].as_str().is_none_or(str::is_empty) {
            silent.push(format!("{at}.{name}"));
        }
    }
    let parts: Vec<&Value> = match schema {
        Value::Object(members) => members.values().collect(),
        Value::Array(items) => items.iter().collect(),
        _ => vec![],
    };
    parts.into_iter().for_each(|part| silent_keys(part, at, silent, keys));
}

#[test]
fn a_page_says_type_default_range_and_what_each_word_means() {
    let page = Environment::new().ok(&["schema", "scenario"]);
    for line in [
        "- `instances`: whole number; required. Serving instances; 1 to 128.",
        "- `max_num_seqs`: whole number; default 256. The largest batch; requests, 1 to 16777216.",
        "- `preemption`: `fcfs` | `priority`; default \"fcfs\". Who loses its place when KV blocks run out.",
        "  - `priority`: The least important class, the latest arrival among them.",
        "## `[[workload.clients]]`",
        "- `process = \"poisson\"`: Independent of each other: exponential gaps.",
    ] {
        assert!(page.lines().any(|own| own == line), "{line} is not in\n{page}");
    }
}

#[test]
fn a_kind_of_file_that_is_none_is_answered_with_those_there_are() {
    let said = Environment::new().fails(2, &["schema", "budget"]);
    assert!(
        said.contains("no kind of file is called `budget`; there are campaign, variant, scenario, population, trace"),
        "{said}"
    );
}

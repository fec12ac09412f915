//! Whole prompts as they are sent, and how long they are.
//!
//! `GOLDEN=write cargo test -p agents` writes the files anew; read the difference before it is committed.

use crate::campaign;
use crate::prompts::{SOURCE, implement, plan};
use agents::llm::Request;
use std::path::Path;

/// Holds a request against `golden/NAME.txt`.
#[track_caller]
pub(crate) fn is_golden(name: &str, request: &Request) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/golden/{name}.txt"));
    let contract = campaign::CONTRACT.trim();
    // Who plans reads it without its preface.
    let outline: Vec<&str> = contract.lines().filter(|line| !line.starts_with("//!")).collect();
    let system = [contract, outline.join("\n").trim()]
        .iter()
        .fold(request.system.clone(), |text, shown| text.replace(shown, "(the contract)"));
    assert_ne!(system, request.system, "the prompt shows the contract");
    let text = format!("======== system\n\n{system}\n\n======== user\n\n{}\n", request.user);
    if std::env::var_os("GOLDEN").is_some() {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, &text).unwrap();
    }
    let golden = std::fs::read_to_string(&path).unwrap_or_default();
    let differs = golden.lines().zip(text.lines()).position(|(was, is)| was != is);
    assert!(golden == text, "{name} differs from its golden file, first in line {differs:?}; see golden.rs");
}

#[test]
fn the_prompts_at_iterations_1_and_10_are_the_golden_ones() {
    for iteration in [1, 10] {
        let state = campaign::after(iteration - 1);
        is_golden(&format!("plan-{iteration}"), &plan(&state, (iteration > 1).then_some(SOURCE)));
        let mut state = state;
        state.apply(&campaign::next(&state)).unwrap();
        is_golden(&format!("implement-{iteration}"), &implement(&state, (iteration > 1).then_some(SOURCE)));
    }
}

#[test]
#[expect(clippy::print_stdout, reason = "the sizes are for a person who runs it with --nocapture")]
fn prompts_do_not_grow_with_the_campaign() {
    let source = "// a long policy\n".repeat(5000);
    let sizes = [1, 10, 20, 50].map(|iteration| {
        let mut state = campaign::after(iteration - 1);
        state.notes = Some("What was learned, with numbers. ".repeat(100));
        let planned = plan(&state, Some(&source));
        state.apply(&campaign::next(&state)).unwrap();
        [planned, implement(&state, Some(&source))].map(|request| (request.system.len(), request.user.len()))
    });
    println!("bytes of system and user at iterations 1, 10, 20 and 50: {sizes:?}");
    for role in [0, 1] {
        let [_, _, twenty, fifty] = sizes.map(|size| (size[role].0 + size[role].1) as f64);
        assert!(sizes.iter().all(|size| size[role].0 == sizes[0][role].0), "the system's part stays the same");
        assert!(fifty < 75_000.0 && fifty < 1.01 * twenty, "{sizes:?}");
    }
}

//! Progress for other tools: each event of the campaign as a line of JSON on standard output, without its trials.

use crate::output;
use engine::Progress;
use serde_json::{Value, json};

/// Prints one piece of progress.
pub(super) fn show(progress: &Progress<'_>) {
    match progress {
        Progress::Working(state, work) => {
            print(json!({"kind": "working", "iteration": state.iteration_number(), "doing": super::doing(*work)}));
        }
        Progress::Recorded(state, event) => print(report::json::event(state, event)),
        Progress::Warning(text) => say("warning", text),
    }
}

/// Prints a text of some kind.
pub(super) fn say(kind: &str, text: &str) {
    print(json!({"kind": kind, "text": text}));
}

/// Nobody reading is no trouble, here as elsewhere.
fn print(value: Value) {
    let _ = output::laid_out(&format!("{}\n", report::json::cleaned(value)));
}

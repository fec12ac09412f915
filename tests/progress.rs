//! What is said while a campaign runs, to whom.

use crate::environment::Environment;
use serde_json::Value;

#[test]
fn a_program_reads_an_event_a_line_that_ends_with_the_verdict_and_the_quiet_read_the_verdict_alone() {
    let environment = Environment::new();
    environment.copy("experiments/tiny");
    let outcome = environment.run(&["run", "tiny", "--iterations", "1", "--format", "json"]);
    assert_eq!((outcome.code, outcome.stderr.as_str()), (0, ""));
    let lines: Vec<Value> =
        outcome.stdout.lines().map(|line| serde_json::from_str(line).expect("JSON in each line")).collect();
    let kinds: Vec<&str> = lines.iter().map(|line| line["kind"].as_str().expect("a kind")).collect();
    for kind in ["working", "calibrated", "bundle-registered", "candidate-evaluated", "iteration-closed", "ended"] {
        assert!(kinds.contains(&kind), "no {kind} in {kinds:?}");
    }
    let last = &lines[lines.len() - 1];
    assert_eq!((kinds[kinds.len() - 1], &last["ended"]), ("verdict", &Value::from("completed")));
    let verdict = last["verdict"][0].as_str().expect("a sentence");
    // What has ended runs no further: it only says again what came of it.
    let quiet = environment.run(&["resume", "--quiet"]);
    assert_eq!((quiet.code, quiet.stderr.as_str()), (0, ""));
    let said = quiet.stdout.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(said.contains(verdict) && said.contains("for a browser"), "{verdict}: {said}");
}

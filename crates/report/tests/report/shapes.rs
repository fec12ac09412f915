//! The JSON that other tools read, and the table of `evaluate`.

use crate::campaign::{self, FIRST, calibrated, events, fold, measurement, record, started};
use report::{Evaluation, Timing, json, terminal};
use science::objective;
use science::outcome::Outcome;
use serde_json::Value;
use std::collections::BTreeSet;

fn keys(value: &Value) -> Vec<&str> {
    value.as_object().expect("an object").keys().map(String::as_str).collect()
}

#[test]
fn show_has_the_documented_keys() {
    let state = fold(&events());
    let show = json::show(&record(&state));
    let expected = [
        "agents",
        "campaign",
        "champion",
        "created_ms",
        "digest",
        "directory",
        "ended",
        "experiment",
        "finals",
        "iterations",
        "last_ms",
        "lineage",
        "nonce",
        "principles",
        "question",
        "sandboxed",
        "schema",
        "simplification",
        "spec",
    ];
    assert_eq!(keys(&show), expected);
    assert_eq!(show["champion"]["source"], campaign::SOURCE);
    assert_eq!(show["iterations"].as_array().unwrap().len(), 3);
}

#[test]
fn status_and_report_have_the_documented_keys() {
    let state = fold(&events());
    let status = [
        "agents",
        "campaign",
        "candidates",
        "champion",
        "created_ms",
        "digest",
        "directory",
        "ended",
        "evaluations",
        "experiment",
        "false_exclusion",
        "found",
        "hypotheses",
        "iteration",
        "iterations_closed",
        "iterations_planned",
        "last_ms",
        "nonce",
        "phase",
        "question",
        "repairs",
        "sandboxed",
        "schema",
        "scored",
        "spend",
        "trials",
        "volume",
    ];
    assert_eq!(keys(&json::status(&record(&state))), status);
    let report = json::report(&record(&state));
    let all: BTreeSet<&str> = keys(&report).into_iter().collect();
    let more = [
        "calibration",
        "caveats",
        "beside",
        "comparison",
        "finals",
        "front",
        "iterations",
        "lineage",
        "nearest",
        "notes",
        "page",
        "principles",
        "reproduce",
        "sealed",
        "simplification",
        "spec",
        "summary",
        "yardsticks",
    ];
    assert_eq!(all, status.iter().chain(&more).copied().collect());
    // Fourteen yardsticks, every scored candidate, and a change of the champion, on two scenarios with three seeds each; two
    // iterations are tested.
    assert_eq!(report["trials"]["search"], 14 * 6 + 6 * report["scored"].as_u64().unwrap() + 6);
    assert!(report["trials"]["verdict"].as_u64().is_some_and(|n| n >= 2 * 2 * 3), "{}", report["trials"]);
    assert!(report["trials"]["spared"].as_u64().is_some_and(|n| n > 2 * 20), "{}", report["trials"]);
    assert_eq!(report["calibration"]["decided"], 3);
    assert_eq!(
        (report["calibration"]["intervals"].as_u64(), report["calibration"]["intervals_inside"].as_u64()),
        (Some(3), Some(2))
    );
    assert_eq!(report["calibration"]["verdicts"]["skipped"], 1);
}

fn score(y: f64, x: f64) -> objective::Score {
    let state = fold(&[started(), calibrated()]);
    state.scoring().score(&measurement(y, x))
}

#[test]
fn an_evaluation_has_the_metrics_by_name_and_the_references_beside_them() {
    let (own, reference) = (score(0.251, 0.36), score(0.25, 0.4));
    let spec = campaign::spec();
    let scored = Evaluation {
        spec: &spec,
        candidate: FIRST,
        outcome: Outcome::Scored,
        message: "",
        score: Some(&own),
        description_length: Some(4),
        objections: &[],
        reference: &reference,
        sandboxed: true,
        descriptor: None,
        curves: &[],
        regret_bound: Some(5.0),
        cached: false,
        timing: Timing { screen: 1.0, compile: 200.0, probe: 3.0, simulate: 50.0, decide: 5.0 },
    };
    let value = json::evaluation(&scored);
    let expected = [
        "allocation",
        "cached",
        "candidate",
        "curves",
        "description_length",
        "descriptor",
        "extra_shed_rate",
        "extra_shed_value",
        "extra_shed_value_ci",
        "extra_sheds",
        "feasible",
        "improvement",
        "improvement_ci",
        "loss",
        "message",
        "ms_saved_per_shed",
        "net_saving",
        "objections",
        "outcome",
        "panels",
        "rate_ratio",
        "reference",
        "regret",
        "regret_scenario",
        "sandboxed",
        "saving",
        "saving_ci",
        "saving_gpu",
        "saving_requests",
        "saving_tokens",
        "scenarios",
        "shortfall",
        "throughput_loss",
        "timing_ms",
        "value_ratio",
        "violations",
    ];
    assert_eq!(keys(&value), expected);
    assert_eq!(value["feasible"], true);
    assert_eq!(value["scenarios"].as_array().unwrap().len(), 2);
    assert!(value["reference"]["saving"].as_f64().is_some_and(|saving| saving.abs() < 1e-9), "{value}");
    assert_eq!(value["timing_ms"]["compile"], 200.0);
    let text = terminal::score(&scored);
    assert!(text.contains("scored, admissible") && text.contains("balanced_near"), "{text}");

    let failed = Evaluation {
        outcome: Outcome::DoesNotCompile,
        message: "error[E0308]\n  \u{1b}[31mhere",
        score: None,
        ..scored
    };
    let value = json::evaluation(&failed);
    assert_eq!(keys(&value), expected);
    assert_eq!(value["outcome"], "does-not-compile");
    assert_eq!((&value["feasible"], &value["saving"]), (&Value::Bool(false), &Value::Null));
    let text = terminal::score(&Evaluation { sandboxed: false, ..failed });
    assert!(text.contains("does-not-compile") && text.contains("error[E0308]\n"), "{text}");
    assert!(text.contains("NOT SANDBOXED") && !text.contains('\u{1b}'), "{text}");
}

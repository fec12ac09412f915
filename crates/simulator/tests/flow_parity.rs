//! Flow control reproduces BLIS to the microsecond: its queue, and what a patched BLIS adds to it (`patched` in the fixtures).

mod common;

use std::collections::BTreeMap;
use std::path::Path;

use common::blis::{check_aggregate, configured};
use common::{flow, read_json, read_text, reference, run, run_flow};
use serde_json::{Value, json};
use simulator::flow::limiters::{Builtin, SoftReflective};
use simulator::flow::{Attempt, FlowControl, Limiter, shed_by_class};
use simulator::{Outcome, Run, Traffic, trace};

#[test]
fn every_request_of_the_thirty_two_fixtures_is_reproduced() {
    let mut paths: Vec<_> =
        std::fs::read_dir(reference().join("flow")).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "json") && !path.ends_with("full.json"));
    paths.sort();
    let rows: usize = paths.iter().map(|path| check_fixture(path)).sum();
    assert_eq!((paths.len(), rows), (32, 1_990));
}

/// Compares a fixture with a run, and says how many requests it has.
fn check_fixture(path: &Path) -> usize {
    let name = path.file_stem().unwrap().to_string_lossy().into_owned();
    let fixture = read_json(path);
    let traffic = traffic(&path.with_extension("csv"));
    let run = run_configured(&fixture["config"], &traffic);
    let expected = fixture["requests"].as_array().unwrap();
    assert_eq!(run.requests.len(), expected.len(), "{name}");
    for (row, expected) in expected.iter().enumerate() {
        let mut expected = expected.clone();
        if let Some(mean_us) = expected["itl_mean_us"].as_f64() {
            expected["itl_mean_us"] = format!("{mean_us:.3}").into();
        }
        assert_eq!(seen(row, &run), without_null(expected), "{name}, row {row}");
    }
    check_sums(&name, &traffic, &run, &fixture["aggregate"]);
    expected.len()
}

fn traffic(csv: &Path) -> Traffic {
    trace::read_traffic(&read_text(csv), csv, &|_| Ok(())).unwrap_or_else(|error| panic!("{error}"))
}

fn run_configured(config: &Value, traffic: &Traffic) -> Run {
    let cluster = configured(config);
    match &config["flow_control"] {
        Value::Null => run(&cluster, &traffic.arrivals, "always-admit"),
        table => run_flow(&cluster, &flow(&lines(table)), traffic, &limiter(table)),
    }
}

/// The keys of a fixture are those of a scenario, but for the limiter.
fn lines(table: &Value) -> String {
    let lines = table.as_object().unwrap().iter().filter(|(key, _)| *key != "policy").map(|(key, value)| match value {
        Value::Object(targets) => {
            let targets: Vec<String> = targets.iter().map(|(class, us)| format!("{class} = {us}")).collect();
            format!("{key} = {{ {} }}\n", targets.join(", "))
        }
        value => format!("{key} = {value}\n"),
    });
    lines.collect()
}

fn limiter(table: &Value) -> String {
    match table["policy"].as_str() {
        Some("soft") => "soft-reflective".to_owned(),
        Some(other) => panic!("no limiter is called {other}"),
        None => format!("threshold({})", table["usage_limit_threshold"]),
    }
}

/// A request as a fixture has it; what never happened is left out. Without flow control a request is dispatched as it comes.
fn seen(row: usize, run: &Run) -> Value {
    let record = &run.requests[row];
    let mut seen = json!({
        "id": format!("request_{row}"),
        "outcome": record.outcome.as_str(),
        "instance": record.instance.map(|instance| format!("instance_{instance}")),
        "ttft_us": record.ttft_us,
        "e2e_us": record.e2e_us,
        "itl_mean_us": record.mean_itl_us.map(|us| format!("{us:.3}")),
        "sched_delay_us": record.sched_delay_us,
    });
    if let Some(passages) = &run.passages {
        let passage = passages.requests[row];
        seen["enqueue_us"] = json!(passage.enqueue_us);
        seen["dispatch_us"] = json!(passage.dispatch_us);
        seen["queue_wait_us"] = json!(passage.wait_us());
    }
    without_null(seen)
}

fn without_null(mut value: Value) -> Value {
    value.as_object_mut().unwrap().retain(|_, value| !value.is_null());
    value
}

fn check_sums(name: &str, traffic: &Traffic, run: &Run, aggregate: &Value) {
    check_aggregate(name, &traffic.arrivals, run, aggregate);
    let count = |outcome| run.requests.iter().filter(|record| record.outcome == outcome).count();
    let counts = [
        ("gateway_queue_depth_at_end", Outcome::Waiting),
        ("gateway_queue_shed", Outcome::Shed),
        ("gateway_queue_rejected", Outcome::Rejected),
        ("gateway_evicted", Outcome::Evicted),
        ("gateway_expired", Outcome::Expired),
    ];
    for (key, outcome) in counts {
        assert_eq!(json!(count(outcome)), aggregate[key], "{name}: {key}");
    }
    assert_eq!(json!(shed_by_class(traffic, run)), aggregate["shed_by_tier"], "{name}: shed_by_tier");
}

#[test]
fn every_row_of_the_five_full_size_workloads_is_reproduced() {
    let fixtures: BTreeMap<String, Value> =
        serde_json::from_value(read_json(&reference().join("flow/full.json"))).unwrap();
    let mut rows = 0;
    for (name, fixture) in &fixtures {
        let path = reference().join(format!("flow/{name}.csv"));
        let traffic = traffic(&path);
        let run = run_configured(&fixture["config"], &traffic);
        let passages = run.passages.as_ref().unwrap();
        for (row, line) in read_text(&path).lines().skip(1).enumerate() {
            let (record, passage) = (&run.requests[row], passages.requests[row]);
            assert_eq!(record.outcome, Outcome::Completed, "{name}, row {row}");
            let found = [record.instance.map(u64::from), record.ttft_us, record.e2e_us, passage.wait_us()];
            let expected: Vec<Option<u64>> = line.split(',').skip(4).map(|cell| cell.parse().ok()).collect();
            assert_eq!(found[..], expected, "{name}, row {row}");
            rows += 1;
        }
        check_sums(name, &traffic, &run, &fixture["aggregate"]);
    }
    assert_eq!((fixtures.len(), rows), (5, 52_539));
}

#[test]
fn the_soft_reflective_limiter_answers_as_the_merged_policy_did_in_1640_recorded_calls() {
    let text = read_text(&reference().join("flow/soft-reflective-calls.csv"));
    let (mut limiter, mut calls) = (SoftReflective::default(), 0);
    for line in text.lines().skip(1) {
        let [_, call, bands, saturation, expected] = line.split(',').collect::<Vec<_>>()[..] else { panic!("{line}") };
        if call == "0" {
            limiter = SoftReflective::default();
        }
        let mut ceilings = vec![1.0; bands.parse().unwrap()];
        let priorities: Vec<i32> = (0..ceilings.len() as i32).rev().collect();
        let saturation = saturation.parse().unwrap();
        limiter.limit(&Attempt { saturation, priorities: &priorities, ..Attempt::default() }, &mut ceilings);
        let expected: Vec<f64> = expected.split(' ').map(|ceiling| ceiling.parse().unwrap()).collect();
        assert_eq!(ceilings, expected, "{line}");
        calls += 1;
    }
    assert_eq!(calls, 1_640);
}

/// Answers as a built-in limiter does, but wants to be called at every attempt.
struct EveryTime(Builtin);

impl Limiter for EveryTime {
    fn limit(&mut self, attempt: &Attempt<'_>, ceilings: &mut [f64]) {
        self.0.limit(attempt, ceilings);
    }
}

#[test]
fn ticks_that_are_passed_over_change_nothing() {
    let fixtures =
        ["10-tick-20ms", "16-immediate", "18-eviction-bursts", "32-soft-four-bands", "37-credit-unseen-immediate-soft"];
    for name in fixtures.into_iter().chain([
        "41-router-constant",
        "42-router-soft",
        "43-router-soft-four-bands",
        "44-router-capacity",
    ]) {
        let path = reference().join(format!("flow/{name}.json"));
        let config = &read_json(&path)["config"];
        let (cluster, table) = (configured(config), &config["flow_control"]);
        let (flow, traffic): (FlowControl, Traffic) = (flow(&lines(table)), traffic(&path.with_extension("csv")));
        let mut limiter = EveryTime(Builtin::parse(&limiter(table)).unwrap());
        let every_time = simulator::flow::simulate(&cluster, &flow, traffic.clone(), &mut limiter).unwrap();
        assert!(every_time == run_configured(config, &traffic), "{name}");
    }
}

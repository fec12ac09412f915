//! What the tests share: clusters in one line, traces in one line, and the reference data.
#![allow(dead_code, reason = "each test binary uses a part of it")]

pub(crate) mod blis;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use simulator::flow::FlowControl;
use simulator::flow::limiters::Builtin;
use simulator::hints::Hints;
use simulator::scenario::Scenario;
use simulator::slo::Class;
use simulator::trace::{self, Arrival};
use simulator::{ClusterConfig, Run, Traffic, plain, simulate};

/// A Qwen3-14B cluster with BLIS's defaults and these further lines of TOML.
pub(crate) fn cluster(instances: u32, lines: &str) -> ClusterConfig {
    let routing = if lines.contains("routing =") { "" } else { "routing = \"round-robin\"" };
    let latency = if lines.contains("latency =") { "" } else { "latency = \"trained-physics\"" };
    let text = format!(
        "name = \"test\"\n[workload]\ntrace = \"t.csv\"\n[cluster]\ninstances = {instances}\nmodel = \"qwen3-14b\"\n\
         hardware = \"h100\"\n{routing}\n{latency}\n{lines}\n"
    );
    Scenario::parse(&text, Path::new("test.toml")).unwrap_or_else(|error| panic!("{error}\n{text}")).cluster
}

/// A queue at the gateway, of these lines of TOML.
pub(crate) fn flow(lines: &str) -> FlowControl {
    let text = format!(
        "name = \"test\"\n[workload]\ntrace = \"t.csv\"\n[cluster]\ninstances = 1\nmodel = \"qwen3-14b\"\nhardware = \"h100\"\n\
         routing = \"round-robin\"\nlatency = \"trained-physics\"\n[flow_control]\n{lines}\n"
    );
    let scenario = Scenario::parse(&text, Path::new("test.toml")).unwrap_or_else(|error| panic!("{error}\n{text}"));
    scenario.flow_control.expect("there is a table")
}

/// Runs a built-in limiter, on both engines.
pub(crate) fn run_flow(cluster: &ClusterConfig, flow: &FlowControl, traffic: &Traffic, limiter: &str) -> Run {
    let limiter = Builtin::parse(limiter).unwrap();
    let run = simulator::flow::simulate(cluster, flow, traffic.clone(), &mut limiter.clone()).unwrap();
    let plain = plain::simulate_flow(cluster, flow, traffic.clone(), &mut limiter.clone()).unwrap();
    assert!(run == plain, "the two engines disagree");
    run
}

/// A request without deadline.
pub(crate) fn request(arrival_us: u64, class: &str, input_tokens: u32, output_tokens: u32) -> Arrival {
    Arrival {
        arrival_us,
        class: Class::new(class),
        input_tokens,
        output_tokens,
        deadline_us: None,
        prefix: None,
        hints: Hints::default(),
    }
}

/// Runs requests under a built-in policy, on both engines.
pub(crate) fn run(cluster: &ClusterConfig, arrivals: &[Arrival], policy: &str) -> Run {
    let policy = simulator::admitters::Builtin::parse(policy).unwrap();
    let run = simulate(cluster, arrivals, &mut policy.clone(), 1);
    let plain = plain::simulate(cluster, arrivals, &mut policy.clone(), 1);
    assert!(run == plain, "the two engines disagree");
    run
}

/// The directory of BLIS's results.
pub(crate) fn reference() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/fixtures/blis")
}

pub(crate) fn read_text(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

pub(crate) fn read_json(path: &Path) -> serde_json::Value {
    serde_json::from_str(&read_text(path)).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

pub(crate) const WORKLOADS: [&str; 8] = [
    "balanced_under",
    "balanced_near",
    "chatbot_under",
    "chatbot_near",
    "codecompletion_under",
    "codecompletion_near",
    "blindspot_under",
    "blindspot_near",
];

/// One of the study's workloads.
pub(crate) fn workload(name: &str) -> Arc<[Arrival]> {
    let path = reference().join(format!("workloads/{name}.csv"));
    trace::read(&read_text(&path), &path).unwrap_or_else(|error| panic!("{error}")).into()
}

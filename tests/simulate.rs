//! The simulator by itself, as other tools call it.

use crate::environment::{Environment, fixture_path};

const CLUSTER: &str = r#"
name = "study"
[cluster]
instances = 4
model = "qwen3-14b"
hardware = "h100"
latency = "trained-physics"
routing = "round-robin"
scheduler = "fcfs"
[workload]
rate = 10.0
requests = 10
[[workload.clients]]
slo_class = "critical"
fraction = 1.0
arrival = { process = "poisson" }
input = { distribution = "normal", mean = 100, sd = 10, min = 1, max = 200 }
output = { distribution = "normal", mean = 10, sd = 1, min = 1, max = 20 }
"#;

fn requests(environment: &Environment, trace: &str, admitter: &str, seed: &str) -> String {
    let trace = fixture_path(&format!("blis/workloads/{trace}.csv"));
    let trace = trace.to_str().unwrap();
    let arguments =
        ["simulate", "study.toml", "--admitter", admitter, "--trace", trace, "--seed", seed, "--requests", "out.csv"];
    environment.ok(&arguments);
    environment.read("out.csv")
}

#[test]
fn every_request_of_a_study_workload_comes_out_as_the_published_simulator_has_it() {
    let environment = Environment::new();
    environment.write("study.toml", CLUSTER);
    for trace in ["chatbot_near", "blindspot_under"] {
        let golden = std::fs::read_to_string(fixture_path(&format!("blis/workloads/{trace}.csv"))).unwrap();
        let ours = requests(&environment, trace, "gaie-legacy", "42");
        // request,arrival,class,input,output,admitted,instance,ttft,e2e against request,admitted,instance,ttft,e2e
        for (line, (golden, ours)) in golden.lines().zip(ours.lines()).enumerate().skip(1) {
            let golden: Vec<&str> = golden.split(',').collect();
            let wanted = [&golden[..1], &golden[5..]].concat().join(",");
            assert_eq!(ours, wanted, "{trace}, line {}", line + 1);
        }
        assert_eq!(ours.lines().count(), golden.lines().count());
    }
}

#[test]
fn the_quintic_from_a_file_decides_as_the_built_in_one_does() {
    let environment = Environment::new();
    environment.write("study.toml", CLUSTER);
    environment.write("quintic.rs", &std::fs::read_to_string(fixture_path("candidates/quintic.rs")).unwrap());
    for (trace, seed) in [("balanced_under", "1"), ("blindspot_near", "2"), ("codecompletion_under", "3")] {
        let built_in = requests(&environment, trace, "probabilistic", seed);
        let from_file = requests(&environment, trace, "quintic.rs", seed);
        assert!(built_in.contains(",0,,,"), "{trace}: nothing was refused, so nothing was compared");
        assert_eq!(built_in, from_file, "{trace}");
    }
}

#[test]
fn the_json_has_a_row_for_each_class_and_the_totals() {
    let environment = Environment::new();
    environment.write("study.toml", CLUSTER);
    let json = environment.json(&["simulate", "study.toml", "--format", "json"]);
    assert_eq!(json["classes"][0]["class"], "critical");
    assert_eq!(json["totals"]["completed"], 10);
    assert!(environment.ok(&["simulate", "study.toml"]).contains("10 completed"));
}

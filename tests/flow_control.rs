//! The simulator with a queue at the gateway, as other tools call it.

use crate::environment::{Environment, fixture_path};
use serde_json::Value;

/// The cluster and the queue of a fixture, as a scenario.
fn scenario(name: &str) -> (String, Value) {
    let text = std::fs::read_to_string(fixture_path(&format!("blis/flow/{name}.json"))).unwrap();
    let fixture: Value = serde_json::from_str(&text).unwrap();
    let config = &fixture["config"];
    assert_eq!(config["routing_policy"], "round-robin");
    let cluster = [
        "name = \"fixture\"\n[cluster]\nmodel = \"qwen3-14b\"\nhardware = \"h100\"\nrouting = \"round-robin\""
            .to_owned(),
        format!("instances = {}", config["num_instances"]),
        format!("latency = {}", config["latency_model"]),
        format!("scheduler = {}", config["scheduler"]),
        format!("max_num_seqs = {}", config["max_num_seqs"]),
        format!("kv_blocks = {}", config["total_kv_blocks"]),
        format!("snapshot_interval_us = {}", config["snapshot_refresh_interval_us"]),
        format!("horizon_us = {}", config["horizon_us"]),
        "[workload]\ntrace = \"given.csv\"\n[flow_control]".to_owned(),
    ];
    let flow = config["flow_control"].as_object().unwrap().iter().filter(|(key, _)| *key != "policy");
    let flow = flow.map(|(key, value)| format!("{key} = {value}"));
    (cluster.into_iter().chain(flow).collect::<Vec<_>>().join("\n"), fixture)
}

fn simulated(environment: &Environment, name: &str, further: &[&str]) -> Value {
    let (text, fixture) = scenario(name);
    environment.write("fixture.toml", &text);
    let trace = fixture_path(&format!("blis/flow/{name}.csv"));
    let arguments = ["simulate", "fixture.toml", "--trace", trace.to_str().unwrap(), "--requests", "out.csv"];
    environment.ok(&[&arguments[..], further].concat());
    fixture
}

#[test]
fn the_columns_of_a_queue_are_those_of_the_published_simulator() {
    let environment = Environment::new();
    for (name, further) in [
        ("09-capacity-shed", &[][..]),
        ("17-eviction", &["--admitter", "always-admit", "--limiter", "constant"]),
        ("21-horizon", &["--limiter", "threshold(1)"]),
        ("42-router-soft", &["--limiter", "soft-reflective"]),
    ] {
        let fixture = simulated(&environment, name, further);
        let found = environment.read("out.csv");
        let mut lines = found.lines();
        assert_eq!(lines.next(), Some("request,admitted,instance,ttft_us,e2e_us,outcome,dispatch_us,queue_wait_us"));
        let requests = fixture["requests"].as_array().unwrap();
        assert_eq!(lines.clone().count(), requests.len(), "{name}");
        for (row, (line, request)) in lines.zip(requests).enumerate() {
            let cell = |key: &str| request[key].as_u64().map_or(String::new(), |value| value.to_string());
            let admitted = match (request["dispatch_us"].is_u64(), request["outcome"].as_str()) {
                (true, _) => "1",
                (false, Some("unfinished")) => "",
                (false, _) => "0",
            };
            let instance = request["instance"].as_str().unwrap_or_default().replace("instance_", "");
            let outcome = request["outcome"].as_str().unwrap();
            let [ttft, e2e, dispatch, wait] = ["ttft_us", "e2e_us", "dispatch_us", "queue_wait_us"].map(cell);
            let expected = format!("{row},{admitted},{instance},{ttft},{e2e},{outcome},{dispatch},{wait}");
            assert_eq!(line, expected, "{name}, row {row}");
        }
    }
}

#[test]
fn the_json_of_a_queue_has_every_documented_key_and_adds_up() {
    let environment = Environment::new();
    let (text, fixture) = scenario("09-capacity-shed");
    environment.write("fixture.toml", &text);
    let trace = fixture_path("blis/flow/09-capacity-shed.csv");
    let json = environment.json(&["simulate", "fixture.toml", "--trace", trace.to_str().unwrap(), "--format", "json"]);
    assert_eq!((&json["admitter"], &json["limiter"]), (&Value::Null, &"constant".into()));
    let aggregate = &fixture["aggregate"];
    assert_eq!(json["totals"]["shed"], aggregate["gateway_queue_shed"]);
    assert_eq!(json["totals"]["rejected"], aggregate["gateway_queue_rejected"]);
    assert_eq!(json["shed_by_class"], aggregate["shed_by_tier"]);
    for key in ["expired", "evicted", "waiting_at_gateway"] {
        assert_eq!(json["totals"][key], 0, "{key}");
    }
    let bands = json["bands"].as_array().unwrap();
    let priorities: Vec<i64> = bands.iter().map(|band| band["priority"].as_i64().unwrap()).collect();
    assert_eq!(priorities, [4, 3, -1, -2, -3]);
    for band in bands {
        let count = |key: &str| band[key].as_u64().unwrap_or_else(|| panic!("{key} in {band}"));
        assert_eq!(count("queued"), count("dispatched") + count("shed") + count("expired") + count("left"));
        assert!(count("evicted") <= count("dispatched") && count("peak_waiting") <= count("queued"));
        assert!(band["wait_ms"]["mean"].as_f64().is_some() && band["wait_ms"]["p99"].as_f64().is_some());
    }
    let requests: u64 =
        bands.iter().map(|band| band["queued"].as_u64().unwrap() + band["rejected"].as_u64().unwrap()).sum();
    assert_eq!(json["totals"]["requests"], requests);
}

#[test]
fn the_tables_of_a_queue_fit_a_terminal_of_100_columns() {
    let environment = Environment::new();
    environment.write("fixture.toml", &scenario("09-capacity-shed").0);
    let trace = fixture_path("blis/flow/09-capacity-shed.csv");
    let text = environment.ok(&["simulate", "fixture.toml", "--trace", trace.to_str().unwrap()]);
    for line in text.lines() {
        assert!(line.chars().count() <= 100, "{line}");
    }
    for word in
        ["under constant", "queued", "dispatched", "displaced", "expired", "evicted", "left", "band -2", "waited, ms"]
    {
        assert!(text.contains(word), "{word}: {text}");
    }
}

#[test]
fn the_timeline_shows_what_waits_at_the_gateway() {
    let environment = Environment::new();
    simulated(&environment, "05-threshold-two-bands", &["--timeline", "time.csv"]);
    let text = environment.read("time.csv");
    let mut lines = text.lines();
    let header = "time_us,instance,waiting,running,in_flight,kv_utilization,saturation,\
                  gateway_waiting,gateway_waiting_4,gateway_waiting_-2";
    assert_eq!(lines.next(), Some(header));
    let rows: Vec<Vec<f64>> = lines.map(|line| line.split(',').map(|cell| cell.parse().unwrap()).collect()).collect();
    assert!(rows.iter().all(|row| row[7] == row[8] + row[9]));
    assert!(rows.iter().any(|row| row[7] > 3.0), "a queue builds up");
    assert_eq!((rows[0][7], rows.last().unwrap()[7]), (0.0, 0.0), "it begins and ends empty");
}

#[test]
fn a_limiter_goes_with_a_queue_and_an_admitter_without() {
    let environment = Environment::new();
    let (queued, _) = scenario("03-utilization-fifo");
    environment.write("queued.toml", &queued);
    environment.write("plain.toml", queued.split("[flow_control]").next().unwrap());
    let message = environment.fails(2, &["simulate", "plain.toml", "--limiter", "constant"]);
    assert!(message.contains("--limiter needs a [flow_control] table, which plain.toml does not have"), "{message}");
    let trace = fixture_path("blis/flow/03-utilization-fifo.csv");
    let fails = |further: &[&str]| {
        environment.fails(2, &[&["simulate", "queued.toml", "--trace", trace.to_str().unwrap()], further].concat())
    };
    let message = fails(&["--admitter", "gaie-legacy"]);
    assert!(message.contains("flow control takes the place of the admitter gaie-legacy"), "{message}");
    assert!(fails(&["--limiter", "soft"]).contains("there are constant, threshold(T) and soft-reflective"));
    assert!(fails(&["--limiter", "threshold(2)"]).contains("above 0 and at most 1"));
}

//! The simulator reproduces BLIS to the microsecond: twelve small scenarios and the study's eight workloads.

mod common;

use std::path::Path;

use common::blis::{check_aggregate, configured};
use common::{WORKLOADS, cluster, read_json, read_text, reference, run, workload};
use serde_json::Value;
use simulator::{Outcome, trace};

#[test]
fn all_twelve_fixtures_are_reproduced() {
    let mut seen = 0;
    let mut paths: Vec<_> =
        std::fs::read_dir(reference().join("fixtures")).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    for path in paths.iter().filter(|path| path.extension().is_some_and(|extension| extension == "json")) {
        check_fixture(path);
        seen += 1;
    }
    assert_eq!(seen, 12);
}

fn check_fixture(path: &Path) {
    let name = path.file_stem().unwrap().to_string_lossy().into_owned();
    let fixture = read_json(path);
    let csv = path.with_extension("csv");
    let arrivals = trace::read(&read_text(&csv), &csv).unwrap();
    let config = &fixture["config"];
    let run = run(&configured(config), &arrivals, &policy(config));

    let expected = fixture["requests"].as_array().unwrap();
    let reached = run.requests.iter().filter(|r| r.instance.is_some() && r.outcome != Outcome::Dropped).count();
    assert_eq!(reached, expected.len(), "{name}: requests that reached an instance");
    for request in expected {
        let id: usize = request["id"].as_str().unwrap().strip_prefix("request_").unwrap().parse().unwrap();
        let record = &run.requests[id];
        let found = serde_json::json!({
            "id": request["id"],
            "instance": format!("instance_{}", record.instance.unwrap()),
            "ttft_us": record.ttft_us.unwrap_or(0),
            "e2e_us": record.e2e_us.unwrap_or(0),
            "itl_mean_us": format!("{:.3}", record.mean_itl_us.unwrap_or(0.0)),
            "sched_delay_us": record.sched_delay_us.unwrap_or(0),
        });
        let mut expected = request.clone();
        expected["itl_mean_us"] = format!("{:.3}", request["itl_mean_us"].as_f64().unwrap()).into();
        assert_eq!(found, expected, "{name}");
    }
    check_aggregate(&name, &arrivals, &run, &fixture["aggregate"]);
}

fn policy(config: &Value) -> String {
    match config["admission_policy"].as_str().unwrap() {
        "gaie-legacy" => {
            format!("gaie-legacy(queue={},kv={})", config["gaie_qd_threshold"], config["gaie_kv_threshold"])
        }
        "tier-shed" => format!(
            "tier-shed(threshold={},min_priority={})",
            config["tier_shed_threshold"], config["tier_shed_min_priority"]
        ),
        "token-bucket" => format!(
            "token-bucket(capacity={},rate={})",
            config["token_bucket_capacity"], config["token_bucket_refill_rate"]
        ),
        other => other.to_owned(),
    }
}

#[test]
fn every_row_of_the_eight_workloads_is_reproduced() {
    let aggregates = read_json(&reference().join("workloads/aggregates.json"));
    for name in WORKLOADS {
        let arrivals = workload(name);
        let run = run(&cluster(4, ""), &arrivals, "gaie-legacy");
        let path = reference().join(format!("workloads/{name}.csv"));
        let text = read_text(&path);
        assert_eq!(text.lines().count(), run.requests.len() + 1);
        for (row, (line, record)) in text.lines().skip(1).zip(&run.requests).enumerate() {
            let cells: Vec<&str> = line.split(',').collect();
            let cell = |value: Option<u64>| value.map_or(String::new(), |value| value.to_string());
            let found = [
                cell(record.admitted.map(u64::from)),
                cell(record.instance.map(u64::from)),
                cell(record.ttft_us),
                cell(record.e2e_us),
            ];
            assert_eq!(found, cells[5..9], "{name}, row {row}");
        }
        check_aggregate(name, &arrivals, &run, &aggregates[name]);
    }
}

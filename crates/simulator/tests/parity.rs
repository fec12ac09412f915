//! The simulator reproduces BLIS to the microsecond: twelve small scenarios and the study's eight workloads.

mod common;

use std::path::Path;

use common::{WORKLOADS, cluster, read_json, read_text, reference, run, workload};
use serde_json::Value;
use simulator::metrics::percentile;
use simulator::run::Record;
use simulator::{Arrival, ClusterConfig, Outcome, Run, trace};

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

fn configured(config: &Value) -> ClusterConfig {
    let weighted = config["routing_policy"] == "weighted";
    let scorers = if weighted { format!("routing_scorers = {}", config["routing_scorers"]) } else { String::new() };
    let lines = [
        format!("latency = {}", config["latency_model"]),
        format!("routing = {}", config["routing_policy"]),
        scorers,
        format!("scheduler = {}", config["scheduler"]),
        format!("max_num_batched_tokens = {}", config["max_num_batched_tokens"]),
        format!("max_num_seqs = {}", config["max_num_seqs"]),
        format!("long_prefill_threshold = {}", config["long_prefill_token_threshold"]),
        format!("block_size = {}", config["block_size"]),
        format!("kv_blocks = {}", config["total_kv_blocks"]),
        format!("snapshot_interval_us = {}", config["snapshot_refresh_interval_us"]),
        format!("tie_seed = {}", config["seed"]),
        format!("admission_latency_us = {}", config["admission_latency_us"]),
        format!("routing_latency_us = {}", config["routing_latency_us"]),
        format!("horizon_us = {}", config["horizon_us"]),
    ];
    let cluster = cluster(config["num_instances"].as_u64().unwrap() as u32, &lines.join("\n"));
    assert_eq!(u64::from(cluster.max_model_len), config["max_model_len"].as_u64().unwrap());
    cluster
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

fn check_aggregate(name: &str, arrivals: &[Arrival], run: &Run, aggregate: &Value) {
    let totals = &run.totals;
    let counts = [
        ("completed_requests", totals.completed),
        ("still_queued", totals.still_queued),
        ("still_running", totals.still_running),
        ("total_input_tokens", totals.input_tokens),
        ("total_output_tokens", totals.output_tokens),
        ("preemption_count", totals.preemptions),
        ("dropped_unservable", totals.dropped),
        ("timed_out_requests", totals.timed_out),
    ];
    for (key, found) in counts {
        assert_eq!(Some(found), aggregate[key].as_u64(), "{name}: {key}");
    }
    let injected = totals.completed + totals.still_queued + totals.still_running + totals.dropped + totals.timed_out;
    assert_eq!(Some(injected), aggregate["injected_requests"].as_u64(), "{name}: injected_requests");
    if let Some(rejected) = aggregate["rejected_admission"].as_u64() {
        assert_eq!(totals.rejected, rejected, "{name}: rejected_admission");
    }
    let duration_s = totals.duration_us as f64 / 1e6;
    let mut numbers = vec![
        ("vllm_estimated_duration_s", duration_s),
        ("cache_hit_rate", totals.cache_hit_rate),
        ("responses_per_sec", totals.completed as f64 / duration_s),
        ("tokens_per_sec", totals.output_tokens as f64 / duration_s),
        ("itl_mean_ms", pooled_itl_ms(arrivals, run)),
    ];
    let ttft = sorted_ms(run, |record| record.ttft_us);
    let e2e = sorted_ms(run, |record| record.e2e_us);
    let delay = sorted_ms(run, |record| record.sched_delay_us);
    numbers.extend([
        ("ttft_mean_ms", mean(&ttft)),
        ("ttft_p90_ms", percentile(&ttft, 90.0)),
        ("ttft_p95_ms", percentile(&ttft, 95.0)),
        ("ttft_p99_ms", percentile(&ttft, 99.0)),
        ("e2e_mean_ms", mean(&e2e)),
        ("e2e_p90_ms", percentile(&e2e, 90.0)),
        ("e2e_p95_ms", percentile(&e2e, 95.0)),
        ("e2e_p99_ms", percentile(&e2e, 99.0)),
        ("scheduling_delay_p99_ms", percentile(&delay, 99.0)),
    ]);
    for (key, found) in numbers {
        let expected = aggregate[key].as_f64().unwrap();
        assert!((found - expected).abs() <= 1e-9 * expected.abs(), "{name}: {key}: {found}, not {expected}");
    }
}

fn sorted_ms(run: &Run, value: fn(&Record) -> Option<u64>) -> Vec<f64> {
    let mut values: Vec<f64> = run.requests.iter().filter_map(value).map(|us| us as f64 / 1000.0).collect();
    values.sort_by(f64::total_cmp);
    values
}

fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}

/// BLIS pools the gaps of all completed requests: one fewer than output tokens each.
fn pooled_itl_ms(arrivals: &[Arrival], run: &Run) -> f64 {
    let (mut sum_us, mut gaps) = (0.0, 0.0);
    for (arrival, record) in arrivals.iter().zip(&run.requests) {
        if let (Some(mean_us), 2..) = (record.mean_itl_us, arrival.output_tokens) {
            let own = f64::from(arrival.output_tokens - 1);
            sum_us += mean_us * own;
            gaps += own;
        }
    }
    sum_us / gaps / 1000.0
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

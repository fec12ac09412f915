//! BLIS's results: the cluster of a fixture, and the sums over its run.

use serde_json::Value;
use simulator::metrics::percentile;
use simulator::run::Record;
use simulator::{Arrival, ClusterConfig, Run};

use super::cluster;

/// The cluster of a fixture.
pub(crate) fn configured(config: &Value) -> ClusterConfig {
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

/// Compares the sums of a run with BLIS's.
pub(crate) fn check_aggregate(name: &str, arrivals: &[Arrival], run: &Run, aggregate: &Value) {
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
    let rejected = if run.passages.is_some() { "gateway_queue_rejected" } else { "rejected_admission" };
    if let Some(expected) = aggregate[rejected].as_u64() {
        assert_eq!(totals.rejected, expected, "{name}: {rejected}");
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

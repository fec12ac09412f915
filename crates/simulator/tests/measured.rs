//! `latency = "h100-measured"`: the frozen costs, what they were fitted to, and where they may be used.

mod common;
#[path = "common/single_gpu.rs"]
mod single_gpu;

use std::path::Path;

use common::{cluster, request, run};
use simulator::cluster::{LatencyKind, Measured};
use simulator::{Outcome, Scenario};

#[test]
fn the_costs_are_frozen() {
    // Results that were published with the costs hold for these and no others. The context's is bytes over bandwidth.
    let frozen = Measured {
        constant: 12_850.0,
        prefill_token: 36.39,
        decode: 21.83,
        decode_squared: 0.1861,
        context_token: 163_840.0 / 3.35e6,
        client: 29_230.0,
    };
    assert_eq!(Measured::H100, frozen);
}

#[test]
fn the_costs_reproduce_the_single_gpu_that_they_were_fitted_to() {
    let rows = single_gpu::compare(LatencyKind::Measured(Measured::H100));
    let residual = single_gpu::loss(&rows).sqrt();
    assert!(residual < 0.07, "{residual}");
    for row in rows.iter().filter(|row| row.fitted) {
        assert!(row.error().abs() < 0.21, "{row:?}");
    }
    let find = |rate: f64, quantity: &str| {
        rows.iter().find(|row| row.rate == rate && row.quantity.starts_with(quantity)).expect("a row of the table")
    };
    for rate in [5.0, 8.0, 10.0] {
        let row = find(rate, "E2E");
        assert!((row.simulated / row.measured - 1.0).abs() < 0.25, "{row:?}");
    }
    let saturated = find(15.0, "served").simulated;
    assert!((11.0..13.0).contains(&saturated), "{saturated}");
}

#[test]
fn a_lone_request_takes_the_sum_of_its_costs() {
    let arrivals = [request(1_000, "critical", 1_000, 3)];
    let run = run(&cluster(1, "latency = \"h100-measured\""), &arrivals, "always-admit");
    let record = &run.requests[0];
    let prefill_us = 12_850 + 36_390;
    // One decoding request with a context of 1,000 tokens, then 1,001; each step is truncated to whole microseconds.
    let decode_us = |context: f64| (12_850.0 + 21.83 + 0.1861 + context * 163_840.0 / 3.35e6) as u64;
    let decodes_us = decode_us(1_000.0) + decode_us(1_001.0);
    assert_eq!(record.ttft_us, Some(prefill_us + 29_230));
    assert_eq!(record.e2e_us, Some(prefill_us + decodes_us + 29_230));
    assert_eq!(record.mean_itl_us, Some(decodes_us as f64 / 2.0));
    // The instance knows nothing of what lies between it and the client.
    assert!(run.totals.duration_us <= 1_000 + prefill_us + decodes_us);
}

#[test]
fn measurements_are_refused_for_anything_that_was_not_measured() {
    let text = "name = \"s\"\n[cluster]\ninstances = 4\nmodel = \"qwen3-14b\"\nhardware = \"h100\"\ntensor_parallel = 1\n\
                latency = \"h100-measured\"\nrouting = \"random\"\n[workload]\ntrace = \"t.csv\"\n";
    assert!(Scenario::parse(text, Path::new("dir/s.toml")).is_ok());
    let same_card = "hardware = { peak_tflops_bf16 = 989.5, peak_tflops_fp8 = 1979.0, hbm_tb_per_s = 3.35, \
                     memory_gib = 40.0, mfu_prefill = 0.45, mfu_decode = 0.3 }";
    for (line, by, expected) in [
        ("model = \"qwen3-14b\"", "model = \"llama-3.1-8b-instruct\"", "dir/s.toml:4: cluster.model: "),
        ("hardware = \"h100\"", "hardware = \"l40s\"", "dir/s.toml:5: cluster.hardware: "),
        ("hardware = \"h100\"", same_card, "dir/s.toml:5: cluster.hardware: "),
        ("tensor_parallel = 1", "tensor_parallel = 2", "dir/s.toml:6: cluster.tensor_parallel: "),
    ] {
        let error = Scenario::parse(&text.replace(line, by), Path::new("dir/s.toml")).expect_err(by).to_string();
        assert!(error.starts_with(expected) && error.contains("h100-measured"), "{error}");
    }
}

#[test]
fn random_routing_loses_no_request_and_reaches_every_instance_alike() {
    let arrivals: Vec<_> = (0..4_000).map(|n| request(n * 10_000, "sheddable", 500 + n as u32 % 700, 100)).collect();
    let lines = "latency = \"h100-measured\"\nrouting = \"random\"\nblock_size = 64\nkv_blocks = 400";
    let run = run(&cluster(4, lines), &arrivals, "gaie-legacy");
    let totals = &run.totals;
    assert!(totals.rejected > 0 && totals.preemptions > 0, "the case is meant to be hard: {totals:?}");
    assert_eq!(totals.rejected + totals.completed, 4_000);
    for instance in 0..4 {
        let routed = run.requests.iter().filter(|record| record.instance == Some(instance)).count() as f64;
        let expected = totals.routed as f64 / 4.0;
        assert!((routed - expected).abs() < 4.0 * expected.sqrt(), "{routed} of {expected}");
    }
    let times_are_known = |outcome| outcome == Outcome::Completed;
    assert!(run.requests.iter().all(|record| record.e2e_us.is_some() == times_are_known(record.outcome)));
}

//! The examples that were worked out by hand from BLIS's rules, step by step.

mod common;

use common::{cluster, request, run};
use simulator::metrics::{self, percentile};
use simulator::slo::{Class, Slo};
use simulator::{Arrival, Record, Run};

/// TTFT, E2E and scheduling delay of each request, in µs.
fn times(run: &Run) -> Vec<(u64, u64, u64)> {
    let times =
        |record: &Record| (record.ttft_us.unwrap_or(0), record.e2e_us.unwrap_or(0), record.sched_delay_us.unwrap_or(0));
    run.requests.iter().map(times).collect()
}

#[test]
fn e1_a_request_alone_takes_one_prefill_step_and_a_decode_step_for_each_further_token() {
    let alone = [request(0, "standard", 512, 4)];
    let run = run(&cluster(1, ""), &alone, "always-admit");
    assert_eq!(times(&run), [(29_899, 67_441, 15_563)]);
    assert_eq!(run.requests[0].mean_itl_us, Some(12_255.0));
    assert_eq!((run.totals.duration_us, run.totals.steps), (66_484, 4));
    assert_eq!(run.totals.peak_kv_utilization, 1.0 - f64::from(15_909 - 33) / 15_909.0);
}

#[test]
fn e1_the_roofline_has_no_overheads() {
    let alone = [request(0, "standard", 512, 4)];
    let run = run(&cluster(1, "latency = \"roofline\""), &alone, "always-admit");
    assert_eq!(times(&run), [(22_428, 39_780, 0)]);
}

#[test]
fn e2_a_second_request_joins_at_the_next_step() {
    let two = [request(0, "standard", 512, 4), request(10_000, "standard", 300, 3)];
    let run = run(&cluster(1, ""), &two, "always-admit");
    assert_eq!(times(&run), [(29_899, 68_747, 15_563), (33_349, 58_702, 19_854)]);
    assert_eq!(run.requests[0].mean_itl_us, Some((13_495 + 12_288 + 12_288) as f64 / 3.0));
}

#[test]
fn e2b_a_request_queued_during_the_last_step_starts_its_own_step() {
    let two = [request(0, "standard", 512, 1), request(5_000, "standard", 512, 1)];
    let run = run(&cluster(1, ""), &two, "always-admit");
    assert_eq!(times(&run), [(29_899, 30_676, 15_563), (29_899, 30_676, 15_563)]);
    assert_eq!(run.totals.duration_us, 34_854);
}

#[test]
fn e3_a_long_prompt_is_computed_in_chunks_of_the_budget() {
    let long = [request(0, "standard", 5_000, 3)];
    let run = run(&cluster(1, ""), &long, "always-admit");
    assert_eq!(times(&run), [(76_132, 102_273, 15_563)]);
    assert_eq!((run.requests[0].mean_itl_us, run.totals.steps), (Some(12_682.0), 5));
}

#[test]
fn e3b_decodes_take_their_tokens_before_the_chunk_does() {
    let two = [request(0, "standard", 100, 8), request(6_000, "standard", 5_000, 2)];
    let run = run(&cluster(1, ""), &two, "always-admit");
    let first_two: Vec<(u64, u64)> = times(&run).iter().map(|&(ttft, e2e, _)| (ttft, e2e)).collect();
    assert_eq!(first_two, [(28_177, 139_000), (82_743, 96_217)]);
}

#[test]
fn e4_a_preempted_request_starts_again_with_what_is_left_of_its_prompt() {
    let two = [request(0, "standard", 310, 40), request(1_000, "standard", 310, 12)];
    let run = run(&cluster(1, "kv_blocks = 40"), &two, "always-admit");
    assert_eq!(times(&run), [(29_047, 508_679, 15_563), (517_398, 652_773, 505_102)]);
    assert_eq!(run.requests[0].mean_itl_us.map(|us| format!("{us:.4}")), Some("12278.3333".to_owned()));
    assert_eq!(run.requests[1].mean_itl_us.map(|us| format!("{us:.4}")), Some("12236.1818".to_owned()));
    assert_eq!((run.totals.preemptions, run.totals.duration_us), (1, 652_456));
    assert_eq!(run.totals.cache_hit_rate, 18.0 / 63.0);
}

#[test]
fn e4b_a_fully_cached_prompt_is_not_claimed() {
    let two = [request(0, "standard", 304, 24), request(1_000, "standard", 304, 40)];
    let run = run(&cluster(1, "kv_blocks = 40"), &two, "always-admit");
    assert_eq!(run.requests[1].ttft_us, Some(249_228));
    assert_eq!((run.requests[0].e2e_us, run.requests[1].e2e_us), (Some(313_169), Some(727_424)));
    assert_eq!((run.totals.cache_hit_rate, run.totals.duration_us), (0.0, 725_847));
}

#[test]
fn e5_the_gate_judges_by_what_it_last_read() {
    let six = [
        request(0, "standard", 512, 20),
        request(1_000, "standard", 512, 5),
        request(40_000, "sheddable", 64, 2),
        request(52_000, "sheddable", 64, 2),
        request(60_000, "batch", 64, 2),
        request(60_000, "critical", 64, 2),
    ];
    let run = run(&cluster(1, "max_num_seqs = 1"), &six, "gaie-legacy(queue=1)");
    let admitted: Vec<bool> = run.requests.iter().map(|record| record.admitted == Some(true)).collect();
    assert_eq!(admitted, [true, true, true, false, false, true]);
    assert_eq!((run.requests[2].ttft_us, run.requests[5].ttft_us), (Some(297_457), Some(302_046)));
    assert_eq!(run.totals.rejected, 2);
}

#[test]
fn e6_a_deadline_ends_a_request_in_the_queue_or_in_the_batch() {
    let with_deadline = |arrival: Arrival, deadline_us: u64| Arrival { deadline_us: Some(deadline_us), ..arrival };
    let three = [
        with_deadline(request(0, "standard", 512, 20), 100_000),
        with_deadline(request(50_000, "standard", 512, 2), 60_000),
        request(80_000, "standard", 100, 40),
    ];
    let run = run(&cluster(1, ""), &three, "always-admit");
    assert_eq!((run.requests[0].ttft_us, run.requests[0].e2e_us), (Some(29_899), None));
    assert_eq!((run.requests[1].ttft_us, run.requests[1].e2e_us), (None, None));
    assert_eq!(times(&run)[2], (35_728, 512_988, 23_114));
    assert_eq!(run.totals.timed_out, 2);
}

#[test]
fn e7_ties_are_drawn_as_go_draws_them() {
    let six: Vec<Arrival> = (0..6).map(|_| request(0, "standard", 100, 2)).collect();
    let weighted = "routing = \"weighted\"\nrouting_scorers = [[\"queue-depth\", 2], [\"kv-utilization\", 2], \
                    [\"load-balance\", 1]]";
    for lines in ["routing = \"least-loaded\"", weighted] {
        let run = run(&cluster(4, lines), &six, "always-admit");
        let instances: Vec<u16> = run.requests.iter().filter_map(|record| record.instance).collect();
        assert_eq!(instances, [2, 1, 3, 0, 2, 3]);
        let shared = (28_590, 41_597, 15_563);
        let alone = (28_177, 41_170, 15_563);
        assert_eq!(times(&run), [shared, alone, shared, alone, shared, shared]);
    }
}

#[test]
fn e8_aggregates_interpolate_and_attainment_counts_every_arrival() {
    let three = [request(0, "critical", 512, 4), request(20_000, "batch", 300, 3), request(100_000, "critical", 10, 1)];
    let run = run(&cluster(1, ""), &three, "always-admit");
    let mut e2e: Vec<f64> = times(&run).iter().map(|&(_, e2e, _)| e2e as f64 / 1000.0).collect();
    e2e.sort_by(f64::total_cmp);
    let near = |found: f64, expected: f64| assert!((found - expected).abs() < 1e-3, "{found}, not {expected}");
    near(percentile(&e2e, 90.0), 67.143);
    near(percentile(&e2e, 95.0), 67.9285);
    near(percentile(&e2e, 99.0), 68.5569);
    let three = simulator::Traffic::from(&three[..]);
    let all = metrics::summarise("all", &three, &run, 0..3, None);
    near(all.e2e_ms.mean, 52.72);
    near(all.ttft_ms.mean, 31.089333);
    near(all.ttft_ms.p90, 34.427);
    near(all.ttft_ms.p99, 35.4458);
    near(all.output_tokens_per_s, 62.6150);
    assert_eq!(run.totals.duration_us, 127_765);

    let slo = [
        (Class::new("critical"), Slo { ttft_ms: Some(29.0), itl_ms: None, e2e_ms: Some(1000.0) }),
        (Class::new("batch"), Slo { ttft_ms: Some(100.0), itl_ms: None, e2e_ms: None }),
    ];
    let classes = metrics::by_class(&three, &run, &slo.clone().into_iter().collect());
    let attained: Vec<(&str, Option<f64>)> =
        classes.iter().map(|summary| (summary.class.as_str(), summary.slo_attainment)).collect();
    assert_eq!(attained, [("batch", Some(1.0)), ("critical", Some(0.5))]);
    let overall = metrics::overall(&three, &run, &classes);
    assert_eq!((overall.requests, overall.good, overall.slo_attainment), (3, Some(2), Some(2.0 / 3.0)));
    near(overall.goodput_per_s.unwrap(), 2.0 / 0.127765);
    // Classes without targets count neither as good nor as missed.
    let classes = metrics::by_class(&three, &run, &[slo[1].clone()].into_iter().collect());
    let overall = metrics::overall(&three, &run, &classes);
    assert_eq!((overall.good, overall.slo_attainment), (Some(1), Some(1.0)));
    let classes = metrics::by_class(&three, &run, &Default::default());
    assert_eq!(metrics::overall(&three, &run, &classes).slo_attainment, None);
}

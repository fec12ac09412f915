//! The timeline of a run shows the true state of every instance, however stale the router's view was.

mod common;

use std::convert::Infallible;

use admitter::{Admitter, Cluster};
use simulator::admitters::Builtin;
use simulator::flow::Waiting;
use simulator::timeline::{self, Sample};
use simulator::{Arrival, ClusterConfig, Outcome, Run, Simulation};

fn samples(cluster: &ClusterConfig, arrivals: &[Arrival], run: &Run) -> Vec<Sample> {
    let mut samples = Vec::new();
    let Ok(()) = timeline::replay(cluster, arrivals, run, |sample| {
        samples.push(sample);
        Ok::<(), Infallible>(())
    });
    samples
}

/// Bursts of requests at the times at which samples are taken: 20 times a second.
fn bursts(requests: u64) -> Vec<Arrival> {
    let class = |n: u64| if n.is_multiple_of(3) { "critical" } else { "sheddable" };
    (0..requests)
        .map(|n| common::request(n / 9 * 50_000, class(n), 100 + (n * 37 % 900) as u32, 1 + (n * 11 % 90) as u32))
        .collect()
}

#[test]
fn a_timeline_shows_what_a_router_with_a_fresh_view_sees() {
    for lines in [
        "routing = \"least-loaded\"",
        "routing = \"random\"\nsnapshot_interval_us = 0",
        "routing = \"weighted\"\nrouting_scorers = [[\"queue-depth\", 1], [\"kv-utilization\", 1]]\nscheduler = \"sjf\"\n\
         preemption = \"priority\"\nkv_blocks = 300\nmax_num_seqs = 16",
        "kv_blocks = 200\nscheduler = \"priority-fcfs\"\nrouting_latency_us = 1234\nhorizon_us = 2000000",
    ] {
        let (cluster, arrivals) = (common::cluster(3, lines), bursts(600));
        let mut policy = Builtin::parse("probabilistic").unwrap();
        let mut simulation = Simulation::new(&cluster, &arrivals[..]);
        let (mut seen, mut draws) = (Vec::new(), simulator::Draws::new(1));
        while let Some(pending) = simulation.next() {
            let now_us = pending.request.now_us;
            let is_first = seen.last().is_none_or(|&(time_us, _)| time_us < now_us);
            if is_first && pending.instances[0].metrics_age_us == 0 {
                seen.push((now_us, pending.instances.to_vec()));
            }
            let mut draw = draws.of(pending.index as u64);
            let decision = policy.admit(&pending.request, &Cluster { instances: pending.instances }, &mut draw);
            simulation.decide(decision);
        }
        let run = simulation.finish();
        let samples = samples(&cluster, &arrivals, &run);
        assert!(seen.len() > 30, "{lines}");
        for (time_us, instances) in seen {
            for (index, seen) in instances.iter().enumerate() {
                let sample = samples[(time_us / 50_000) as usize * 3 + index];
                assert_eq!((sample.time_us, usize::from(sample.instance)), (time_us, index));
                assert_eq!((sample.waiting, sample.running), (seen.waiting, seen.running), "{lines}: {time_us} µs");
                assert_eq!(sample.in_flight, seen.in_flight, "{lines}: {time_us} µs");
                assert_eq!(sample.kv_utilization.to_bits(), seen.kv_utilization.to_bits(), "{lines}: {time_us} µs");
            }
        }
        let peak = |value: fn(&Sample) -> f64| samples.iter().map(value).fold(0.0, f64::max);
        assert!(peak(|sample| sample.waiting.into()) <= run.totals.peak_waiting as f64);
        assert!(peak(|sample| sample.running.into()) <= run.totals.peak_running as f64);
        assert!(peak(|sample| sample.kv_utilization) <= run.totals.peak_kv_utilization);
        assert!(peak(|sample| sample.running.into()) > 1.0, "{lines}: nothing ran");
    }
}

#[test]
fn a_timeline_shows_instances_and_queue_as_they_are_with_flow_control_too() {
    let flow = "detector = \"utilization\"\nqueue_depth_threshold = 2\nticks = \"router\"\nbands = [4, -2]\n\
                dispatch_tick_interval_us = 10000\nin_flight_eviction = true\nrequest_ttl_us = 400000\n";
    for (lines, with) in [
        ("routing = \"least-loaded\"\nmax_num_seqs = 3", ""),
        ("scheduler = \"sjf\"\nkv_blocks = 300\nmax_num_seqs = 4", ""),
        (
            "scheduler = \"priority-fcfs\"\nkv_blocks = 200\nrouting_latency_us = 1234",
            "max_depth = 30\nshedding = true\n",
        ),
    ] {
        let cluster = common::cluster(3, &format!("{lines}\nsnapshot_interval_us = 0"));
        let flow = common::flow(&format!("{flow}{with}"));
        let arrivals: Vec<Arrival> =
            bursts(600).into_iter().map(|request| Arrival { arrival_us: request.arrival_us + 7, ..request }).collect();
        let mut simulation = simulator::flow::Simulation::new(&cluster, &flow, &arrivals[..]);
        let mut seen = Vec::new();
        while let Some(attempt) = simulation.next() {
            if attempt.now_us.is_multiple_of(50_000) {
                seen.push((attempt.now_us, attempt.instances.to_vec(), attempt.waiting.to_vec()));
            }
            simulation.limit(&[1.0, 1.0]).unwrap();
        }
        let run = simulation.finish();
        assert!(run.requests.iter().any(|record| record.outcome == Outcome::Evicted), "{lines}");
        let samples = samples(&cluster, &arrivals, &run);
        let queue = Waiting::new(&cluster, &arrivals[..].into(), &run);
        assert_eq!(queue.priorities().collect::<Vec<_>>(), [4, -2]);
        let held = seen.iter().filter(|(.., waiting)| waiting[1] > 0).count();
        assert!(seen.len() > 30 && held > 5, "{lines}: {} attempts, {held} with a queue", seen.len());
        for (time_us, instances, waiting) in seen {
            let found: Vec<u64> = queue.at(time_us).collect();
            assert_eq!(found, waiting.iter().map(|&n| u64::from(n)).collect::<Vec<_>>(), "{lines}: {time_us} µs");
            for (index, seen) in instances.iter().enumerate() {
                let Sample { waiting, running, in_flight, kv_utilization, .. } =
                    samples[(time_us / 50_000) as usize * 3 + index];
                let found = (waiting, running, in_flight, kv_utilization);
                let seen = (seen.waiting, seen.running, seen.in_flight, seen.kv_utilization);
                assert_eq!(found, seen, "{lines}: {time_us} µs, instance {index}");
            }
        }
    }
}

#[test]
fn a_timeline_begins_idle_and_goes_on_until_the_cluster_is_idle_again() {
    let cluster = common::cluster(2, "admission_latency_us = 70000");
    let arrivals = bursts(60);
    let run = common::run(&cluster, &arrivals, "always-admit");
    let samples = samples(&cluster, &arrivals, &run);
    let busy = |sample: &Sample| sample.in_flight > 0;
    assert!(!samples[..4].iter().any(busy), "nothing is admitted within the first 70 ms");
    assert!(samples[4..6].iter().all(busy));
    let last = samples.last().unwrap();
    assert!(!busy(last) && last.time_us >= run.totals.duration_us, "{last:?}");
    assert_eq!(samples.len() as u64, 2 * (1 + run.totals.duration_us.div_ceil(50_000)));
    assert!(samples.is_sorted_by_key(|sample| (sample.time_us, sample.instance)));
}

#[test]
fn the_saturation_of_an_instance_is_the_larger_of_its_queue_and_its_kv_share() {
    let sample = |waiting, kv_utilization| {
        let sample = Sample { time_us: 0, instance: 0, waiting, running: 1, in_flight: 1, kv_utilization };
        sample.saturation()
    };
    assert_eq!((sample(0, 0.4), sample(5, 0.4), sample(10, 1.0)), (0.5, 1.0, 2.0));
}

#[test]
fn a_long_run_has_longer_intervals_rather_than_more_samples() {
    let cluster = common::cluster(4, "");
    let arrivals = [common::request(0, "critical", 100, 5), common::request(1 << 50, "critical", 100, 5)];
    let run = common::run(&cluster, &arrivals, "always-admit");
    let samples = samples(&cluster, &arrivals, &run);
    assert!((190_000..=200_010).contains(&samples.len()), "{}", samples.len());
}

//! What must hold after every event, for any cluster and any workload: conservation, order, freshness, ignorance.

use std::path::Path;
use std::sync::Arc;

use admitter::{Admitter, Cluster, Decision, Instance, Request};
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::RngSeed;

use super::PlainInstance;
use crate::admitters::Builtin;
use crate::gateway::Gateway;
use crate::hints::Hints;
use crate::run::{Outcome, Run};
use crate::serving::ServingInstance;
use crate::slo::Class;
use crate::trace::{Arrival, Prefix};
use crate::{ClusterConfig, Draws, Scenario, Simulation};

/// A cluster small enough to run out of everything, a workload, and a policy.
#[derive(Clone, Debug)]
struct Case {
    instances: u32,
    kv_blocks: u32,
    settings: String,
    policy: &'static str,
    arrivals: Vec<Arrival>,
}

impl Case {
    fn cluster(&self) -> ClusterConfig {
        let text = format!(
            "name = \"case\"\n[workload]\ntrace = \"t.csv\"\n[cluster]\ninstances = {}\nkv_blocks = {}\n\
             model = \"qwen3-14b\"\nhardware = \"h100\"\n{}",
            self.instances, self.kv_blocks, self.settings
        );
        Scenario::parse(&text, Path::new("case.toml")).unwrap_or_else(|error| panic!("{error}\n{text}")).cluster
    }

    fn policy(&self) -> Builtin {
        Builtin::parse(self.policy).unwrap()
    }

    fn arrivals(&self) -> Arc<[Arrival]> {
        self.arrivals.clone().into()
    }
}

fn cases() -> impl Strategy<Value = Case> {
    let policies = ["always-admit", "gaie-legacy(queue=1)", "tier-shed(threshold=4)", "token-bucket", "probabilistic"];
    let arrivals = prop::collection::vec(arrival(), 1..60).prop_map(|mut arrivals| {
        let mut now_us = 0;
        for arrival in &mut arrivals {
            now_us += arrival.arrival_us; // so far the gap
            arrival.arrival_us = now_us;
            arrival.deadline_us = arrival.deadline_us.map(|patience_us| now_us + patience_us);
        }
        arrivals
    });
    (1..4u32, 20..120u32, settings(), prop::sample::select(policies.to_vec()), arrivals).prop_map(
        |(instances, kv_blocks, settings, policy, arrivals)| Case { instances, kv_blocks, settings, policy, arrivals },
    )
}

fn arrival() -> impl Strategy<Value = Arrival> {
    let classes = ["critical", "standard", "batch", "sheddable", "background", ""];
    let prefix = prop::option::weighted(0.3, (0..2u32, 1..5u32));
    let parts = (
        prop::sample::select(vec![0u64, 0, 1, 1_000, 20_000, 60_000]),
        prop::sample::select(classes.to_vec()),
        1..400u32,
        0..80u32,
        prop::option::weighted(0.2, 0..3_000_000u64),
        prefix,
        any::<bool>(),
    );
    parts.prop_map(|(gap_us, class, input, output_tokens, patience_us, prefix, whole_blocks)| {
        // Prompts of whole blocks are the ones that may be fully cached.
        let input_tokens = if whole_blocks { input.next_multiple_of(16) } else { input };
        let prefix = prefix.map(|(group, blocks)| Prefix { group, tokens: (24 * blocks).min(input_tokens) });
        let class = Class::new(class);
        Arrival {
            arrival_us: gap_us,
            class,
            input_tokens,
            output_tokens,
            deadline_us: patience_us,
            prefix,
            hints: Hints::default(),
        }
    })
}

fn settings() -> impl Strategy<Value = String> {
    let weighted =
        "\"weighted\"\nrouting_scorers = [[\"queue-depth\", 2], [\"kv-utilization\", 1], [\"load-balance\", 1]]";
    let routing = prop::sample::select(vec!["\"round-robin\"", "\"random\"", "\"least-loaded\"", weighted]);
    let choice = (
        routing,
        prop::sample::select(vec!["trained-physics", "roofline"]),
        prop::sample::select(vec!["fcfs", "priority-fcfs", "sjf"]),
        prop::sample::select(vec!["fcfs", "priority"]),
        prop::sample::select(vec![2u32, 8, 256]),
        prop::sample::select(vec![3u32, 64, 256, 2048]),
        prop::sample::select(vec![0u32, 32]),
        prop::sample::select(vec![0u32, 50_000]),
        prop::sample::select(vec![(0u32, 0u32), (100, 250)]),
        prop::option::weighted(0.3, 1..2_000_000u64),
    );
    choice.prop_map(|(routing, latency, scheduler, preemption, seqs, budget, threshold, interval, delays, horizon)| {
        let horizon = horizon.map_or(String::new(), |us| format!("horizon_us = {us}\n"));
        format!(
            "routing = {routing}\nlatency = \"{latency}\"\nscheduler = \"{scheduler}\"\npreemption = \"{preemption}\"\n\
             max_num_seqs = {seqs}\nmax_num_batched_tokens = {budget}\nlong_prefill_threshold = {threshold}\n\
             snapshot_interval_us = {interval}\nadmission_latency_us = {}\nrouting_latency_us = {}\n{horizon}",
            delays.0, delays.1
        )
    })
}

/// The same cases each time; a failing one is printed whole, with the seed.
fn config() -> ProptestConfig {
    ProptestConfig { cases: 400, rng_seed: RngSeed::Fixed(20_260_822), failure_persistence: None, ..Default::default() }
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn the_books_balance_after_every_event(case in cases()) {
        let run = run_watched(&case);
        assert_requests_are_conserved(&case, &run);
        assert_causality(&case, &run);
    }

    #[test]
    fn the_same_input_gives_the_same_run(case in cases()) {
        let once = crate::simulate(&case.cluster(), case.arrivals(), &mut case.policy(), 7);
        let again = crate::simulate(&case.cluster(), case.arrivals(), &mut case.policy(), 7);
        prop_assert_eq!(once, again);
    }

    #[test]
    fn output_lengths_show_in_a_decision_only_through_the_signals(case in cases()) {
        let mut other = case.clone();
        for arrival in &mut other.arrivals {
            arrival.output_tokens = arrival.output_tokens / 2 + 7;
        }
        let (ours, theirs) = (decisions(&case), decisions(&other));
        for (our, their) in ours.iter().zip(&theirs) {
            prop_assert_eq!((our.index, our.request), (their.index, their.request));
            if our.instances != their.instances {
                break; // from here on the runs differ, as they may
            }
            prop_assert_eq!(our.decision, their.decision);
        }
    }
}

#[test]
fn the_cases_reach_every_corner() {
    let mut runner = proptest::test_runner::TestRunner::new(config());
    let mut reached = [0; 7];
    for _ in 0..config().cases {
        let case = cases().new_tree(&mut runner).unwrap().current();
        let totals = crate::simulate(&case.cluster(), case.arrivals(), &mut case.policy(), 7).totals;
        let corners = [
            totals.rejected,
            totals.dropped,
            totals.timed_out,
            totals.preemptions,
            totals.still_queued,
            totals.still_running,
            u64::from(totals.cache_hit_rate > 0.0),
        ];
        reached.iter_mut().zip(corners).for_each(|(count, corner)| *count += u32::from(corner > 0));
    }
    assert!(reached.iter().all(|&count| count >= 20), "{reached:?}");
}

#[derive(Debug)]
struct Decided {
    index: usize,
    request: Request,
    instances: Vec<Instance>,
    decision: Decision,
}

fn decisions(case: &Case) -> Vec<Decided> {
    let (mut simulation, mut policy) = (Simulation::new(&case.cluster(), case.arrivals()), case.policy());
    let mut decided = Vec::new();
    while let Some(pending) = simulation.next() {
        let mut draw = Draws::new(7).of(pending.index as u64);
        let decision = policy.admit(&pending.request, &Cluster { instances: pending.instances }, &mut draw);
        let instances = pending.instances.to_vec();
        decided.push(Decided { index: pending.index, request: pending.request, instances, decision });
        simulation.decide(decision);
    }
    decided
}

/// Runs a case event by event, and looks at everything after each.
fn run_watched(case: &Case) -> Run {
    let (cluster, mut policy) = (case.cluster(), case.policy());
    let mut simulation = Gateway::<PlainInstance>::new(&cluster, None, case.arrivals().into());
    let (mut now_us, mut clocks) = (0, vec![0; usize::from(cluster.instances)]);
    while simulation.advance() {
        for (clock_us, instance) in clocks.iter_mut().zip(&simulation.instances) {
            assert!(instance.counters.clock_us >= *clock_us, "an instance's clock ran backwards");
            *clock_us = instance.counters.clock_us;
            assert!(instance.running.len() <= cluster.max_num_seqs as usize);
            assert!(instance.waiting.is_empty() || instance.is_awake(), "requests wait and no step lies ahead");
        }
        assert_signals_are_exact(&simulation);
        assert_blocks_are_conserved(&simulation);
        if let Some(question) = simulation.pending {
            assert!(question.request.now_us >= now_us, "time fell from one decision to the next");
            now_us = question.request.now_us;
            assert_signals_are_fresh(&simulation, now_us);
            let mut draw = Draws::new(7).of(u64::from(question.id));
            let decision = policy.admit(&question.request, &Cluster { instances: &simulation.view }, &mut draw);
            simulation.decide(decision);
        }
    }
    if cluster.horizon_us.is_none() {
        assert!(simulation.view.iter().all(|seen| seen.in_flight == 0));
        assert!(simulation.instances.iter().all(|instance| instance.kv_utilization() == 0.0));
    }
    simulation.finish()
}

/// The router's own count is what is on the way to, in the queue of, or in the batch of an instance.
fn assert_signals_are_exact(simulation: &Gateway<PlainInstance>) {
    for (index, seen) in simulation.view.iter().enumerate() {
        let outstanding = |record: &&crate::Record| {
            record.instance == Some(index as u16)
                && matches!(record.outcome, Outcome::InTransit | Outcome::Queued | Outcome::Running)
        };
        assert_eq!(seen.in_flight as usize, simulation.requests.records.iter().filter(outstanding).count());
    }
}

fn assert_signals_are_fresh(simulation: &Gateway<PlainInstance>, now_us: u64) {
    for (seen, instance) in simulation.view.iter().zip(&simulation.instances) {
        assert_eq!(seen.metrics_age_us, now_us - simulation.view_us);
        assert!(seen.metrics_age_us < simulation.snapshot_interval_us.max(1));
        if seen.metrics_age_us == 0 && now_us > 0 {
            let live = (instance.waiting.len(), instance.running.len(), instance.kv_utilization());
            assert_eq!((seen.waiting as usize, seen.running as usize, seen.kv_utilization), live);
        }
    }
}

fn assert_blocks_are_conserved(simulation: &Gateway<PlainInstance>) {
    let requests = &simulation.requests;
    for (index, instance) in simulation.instances.iter().enumerate() {
        let here = requests.records.iter().zip(&requests.state.holdings);
        instance.kv.assert_conserved(
            here.filter(|(record, _)| record.instance == Some(index as u16)).map(|(_, holding)| holding),
        );
    }
}

fn assert_requests_are_conserved(case: &Case, run: &Run) {
    let totals = &run.totals;
    let count = |outcome| run.requests.iter().filter(|record| record.outcome == outcome).count() as u64;
    assert_eq!(run.requests.len(), case.arrivals.len());
    assert_eq!(totals.rejected + totals.routed + count(Outcome::Unrouted), run.requests.len() as u64);
    let ended = totals.completed + totals.dropped + totals.timed_out;
    let on_hold = totals.still_queued + totals.still_running + count(Outcome::InTransit);
    assert_eq!(totals.routed, ended + on_hold);
    let by_outcome = [Outcome::Completed, Outcome::Dropped, Outcome::TimedOut, Outcome::Queued, Outcome::Running];
    let by_total = [totals.completed, totals.dropped, totals.timed_out, totals.still_queued, totals.still_running];
    assert_eq!(by_outcome.map(count), by_total);
    if case.cluster().horizon_us.is_none() {
        assert_eq!((on_hold, count(Outcome::Unrouted)), (0, 0));
    }
}

fn assert_causality(case: &Case, run: &Run) {
    let cluster = case.cluster();
    let queue_delay_us = match cluster.latency {
        crate::cluster::LatencyKind::TrainedPhysics => 15_563,
        crate::cluster::LatencyKind::Roofline | crate::cluster::LatencyKind::Measured(_) => 0,
    };
    let first_us = cluster.admission_latency_us + cluster.routing_latency_us + queue_delay_us;
    let mut output_tokens = 0;
    for (arrival, record) in case.arrivals.iter().zip(&run.requests) {
        assert_eq!(record.e2e_us.is_some(), record.outcome == Outcome::Completed);
        assert!(record.sched_delay_us.is_none_or(|delay_us| delay_us >= first_us));
        if let (Some(ttft_us), Some(delay_us)) = (record.ttft_us, record.sched_delay_us) {
            assert!(ttft_us > first_us);
            // After a preemption the delay may be of a later attempt than the first token.
            assert!(ttft_us > delay_us || run.totals.preemptions > 0);
        }
        if let Some(e2e_us) = record.e2e_us {
            assert!(record.ttft_us.is_some_and(|ttft_us| e2e_us >= ttft_us));
            output_tokens += u64::from(arrival.output_tokens);
        }
    }
    assert_eq!(output_tokens, run.totals.output_tokens);
}

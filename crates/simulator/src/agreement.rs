//! The fast engine and the plain one come to the same results, in random scenarios made to run out of everything.

use std::path::Path;
use std::sync::Arc;

use admitter::{Admitter, Cluster, Decision, Draw, Instance};

use crate::admitters::Builtin;
use crate::draws::{Draws, scattered};
use crate::fast::FastInstance;
use crate::gateway::Gateway;
use crate::hints::Hints;
use crate::plain::PlainInstance;
use crate::serving::{Counters, ServingInstance};
use crate::slo::Class;
use crate::trace::{Arrival, Prefix};
use crate::{ClusterConfig, Run, Scenario, Traffic};

const CASES: u64 = 10_000;

/// A scenario, as a function of its seed.
struct Case {
    cluster: ClusterConfig,
    policy: Builtin,
    traffic: Traffic,
}

/// Random choices.
pub(crate) struct Dice(pub(crate) Draw);

impl Dice {
    pub(crate) fn below(&mut self, n: u64) -> u64 {
        (self.0.uniform() * n as f64) as u64
    }

    pub(crate) fn between(&mut self, low: u32, high: u32) -> u32 {
        low + self.below(u64::from(high - low) + 1) as u32
    }

    pub(crate) fn one_in(&mut self, n: u64) -> bool {
        self.below(n) == 0
    }

    pub(crate) fn of<T: Copy>(&mut self, choices: &[T]) -> T {
        choices[self.below(choices.len() as u64) as usize]
    }
}

impl Case {
    fn new(seed: u64) -> Self {
        let mut dice = Dice(scattered(20_260_822, seed));
        let block_size = dice.of(&[16, 16, 16, 1, 5, 32]);
        let text = settings(&mut dice, block_size);
        let cluster =
            Scenario::parse(&text, Path::new("case.toml")).unwrap_or_else(|error| panic!("{error}\n{text}")).cluster;
        let policies = [
            "always-admit",
            "gaie-legacy(queue=1)",
            "tier-shed(threshold=4)",
            "token-bucket(capacity=3000)",
            "probabilistic",
        ];
        let policy = Builtin::parse(dice.of(&policies)).unwrap();
        let traffic = arrivals(&mut dice, block_size).into();
        Case { cluster, policy, traffic: told(&mut dice, traffic) }
    }
}

/// A cluster, in lines of TOML.
pub(crate) fn settings(dice: &mut Dice, block_size: u32) -> String {
    let weighted =
        "\"weighted\"\nrouting_scorers = [[\"queue-depth\", 2], [\"kv-utilization\", 1], [\"load-balance\", 1]]";
    let kv_tokens = dice.of(&[300, 600, 1_000, 2_000, 4_000, 100_000]);
    let mut lines = vec![
        "name = \"case\"\n[workload]\ntrace = \"t.csv\"\n[cluster]\nmodel = \"qwen3-14b\"\nhardware = \"h100\""
            .to_owned(),
        format!("instances = {}", dice.between(1, 3)),
        format!("block_size = {block_size}"),
        format!("kv_blocks = {}", dice.between(kv_tokens / 2, kv_tokens) / block_size + 1),
        format!("routing = {}", dice.of(&["\"round-robin\"", "\"random\"", "\"least-loaded\"", weighted])),
        format!("latency = \"{}\"", dice.of(&["trained-physics", "trained-physics", "roofline", "h100-measured"])),
        format!("scheduler = \"{}\"", dice.of(&["fcfs", "fcfs", "priority-fcfs", "sjf"])),
        format!("preemption = \"{}\"", dice.of(&["fcfs", "priority"])),
        format!("max_num_seqs = {}", dice.of(&[1, 3, 8, 256, 256])),
        format!("max_num_batched_tokens = {}", dice.of(&[2, 7, 40, 150, 2048, 2048])),
        format!("long_prefill_threshold = {}", dice.of(&[0, 0, 3, 48])),
        format!("snapshot_interval_us = {}", dice.of(&[0, 1_000, 50_000])),
        format!("admission_latency_us = {}", dice.of(&[0, 0, 100, 30_000])),
        format!("routing_latency_us = {}", dice.of(&[0, 0, 250])),
    ];
    if dice.one_in(4) {
        lines.push(format!("horizon_us = {}", dice.between(1, 5_000_000)));
    } else {
        // Requests of equal priority that arrive together may evict each other for ever.
        lines.push("horizon_us = 30000000".to_owned());
    }
    if dice.one_in(4) {
        lines.push(format!("max_model_len = {}", dice.between(2, 600)));
    }
    lines.join("\n")
}

/// Requests, in the order of arrival.
pub(crate) fn arrivals(dice: &mut Dice, block_size: u32) -> Arc<[Arrival]> {
    let requests = dice.of(&[3, 20, 60, 120]);
    let gap_us = dice.of(&[0, 500, 5_000, 40_000]);
    let longest_input = dice.of(&[20, 100, 400]);
    let longest_output = dice.of(&[3, 30, 120]);
    // Prompts of whole blocks are the ones that may be fully cached.
    let (whole_blocks, deadlines, prefixes) = (dice.one_in(2), dice.one_in(3), dice.one_in(8));
    let mut now_us = 0;
    let arrival = |_| {
        now_us += if dice.one_in(3) { 0 } else { u64::from(dice.between(0, 2 * gap_us)) };
        let input = dice.between(1, longest_input);
        let input_tokens = if whole_blocks { input.next_multiple_of(block_size) } else { input };
        let patience_us = (deadlines && dice.one_in(3)).then(|| u64::from(dice.between(0, 3_000_000)));
        let prefix = (prefixes && dice.one_in(2))
            .then(|| Prefix { group: dice.between(0, 1), tokens: dice.between(1, 100).min(input_tokens) });
        Arrival {
            arrival_us: now_us,
            class: Class::new(dice.of(&["critical", "standard", "batch", "sheddable", "background", ""])),
            input_tokens,
            output_tokens: dice.between(0, longest_output),
            deadline_us: patience_us.map(|patience_us| now_us + patience_us),
            prefix,
            hints: Hints::default(),
        }
    };
    (0..requests).map(arrival).collect()
}

/// In one of three, the router learns how long the outputs of some clients are; clocks start anywhere.
fn told(dice: &mut Dice, traffic: Traffic) -> Traffic {
    if !dice.one_in(3) {
        return traffic;
    }
    let mut arrivals = traffic.arrivals.to_vec();
    arrivals.iter_mut().for_each(|arrival| arrival.hints.client = dice.between(0, 4));
    let memory = Some(dice.of(&[1.0, 3.0, 50.0]));
    Traffic { epoch_us: dice.below(1 << 40), memory, ..arrivals.into() }
}

/// Everything that can be seen of a run.
#[derive(Debug, PartialEq)]
struct Seen {
    questions: Vec<(usize, admitter::Request, Vec<Instance>, Decision)>,
    counters: Vec<Counters>,
    run: Run,
}

fn watch<I: ServingInstance>(case: &Case) -> Seen {
    let mut gateway = Gateway::<I>::new(&case.cluster, None, case.traffic.clone());
    let (mut policy, mut questions) = (case.policy.clone(), Vec::new());
    while let Some(pending) = gateway.next() {
        let mut draw = Draws::new(7).of(pending.index as u64);
        let decision = policy.admit(&pending.request, &Cluster { instances: pending.instances }, &mut draw);
        questions.push((pending.index, pending.request, pending.instances.to_vec(), decision));
        gateway.decide(decision);
    }
    let counters = gateway.instances.iter().map(|instance| *instance.counters()).collect();
    Seen { questions, counters, run: gateway.finish() }
}

#[test]
fn both_engines_agree_on_everything_in_thousands_of_random_scenarios() {
    let mut reached = [0; 11];
    for seed in 0..CASES {
        let case = Case::new(seed);
        let plain = watch::<PlainInstance>(&case);
        if case.traffic.arrivals.iter().any(|arrival| arrival.prefix.is_some()) {
            let run = crate::simulate(&case.cluster, case.traffic.clone(), &mut case.policy.clone(), 7);
            assert!(run == plain.run, "shared prefixes, seed {seed}");
        } else {
            let fast = watch::<FastInstance>(&case);
            assert_same(&fast, &plain, seed);
        }
        let totals = &plain.run.totals;
        let corners = [
            totals.preemptions,
            u64::from(totals.preemptions > 50),
            plain.counters.iter().map(|counters| counters.ghosts).sum(),
            totals.rejected,
            totals.dropped,
            totals.timed_out,
            totals.still_queued,
            totals.still_running,
            u64::from(totals.cache_hit_rate > 0.0),
            plain.counters.iter().map(|counters| counters.hits).sum(),
            u64::from(plain.questions.iter().any(|(_, request, ..)| request.predicted_output_tokens.is_some())),
        ];
        reached.iter_mut().zip(corners).for_each(|(count, corner)| *count += u32::from(corner > 0));
    }
    assert!(reached.iter().all(|&count| count >= 50), "corners are reached in so many cases: {reached:?}");
}

fn assert_same(fast: &Seen, plain: &Seen, seed: u64) {
    for (ours, theirs) in fast.questions.iter().zip(&plain.questions) {
        assert_eq!(ours, theirs, "a decision, seed {seed}");
    }
    for (row, (ours, theirs)) in fast.run.requests.iter().zip(&plain.run.requests).enumerate() {
        assert_eq!(ours, theirs, "row {row}, seed {seed}");
    }
    assert_eq!(fast.counters, plain.counters, "counters, seed {seed}");
    assert_eq!(fast, plain, "seed {seed}");
}

#[test]
fn requests_that_evict_each_other_for_ever_end_the_run_unfinished() {
    let mut case = Case::new(611);
    case.cluster.horizon_us = None;
    let run = watch::<FastInstance>(&case).run;
    assert!(run.totals.still_queued + run.totals.still_running > 0, "{:?}", run.totals);
}

//! Random scenarios with flow control, made to reach every corner of it, and what can be watched of them.

use std::path::Path;
use std::sync::Arc;

use super::config::FlowControl;
use super::limiter::Limiter;
use super::limiters::Builtin;
use crate::agreement::{self, Dice};
use crate::draws::scattered;
use crate::gateway::Gateway;
use crate::serving::{Counters, ServingInstance};
use crate::{ClusterConfig, Run, Scenario, Traffic};

/// A scenario, as a function of its seed.
#[derive(Clone)]
pub(super) struct Case {
    pub(super) cluster: ClusterConfig,
    pub(super) flow: FlowControl,
    pub(super) limiter: Builtin,
    pub(super) traffic: Traffic,
}

impl Case {
    pub(super) fn new(seed: u64) -> Self {
        let mut dice = Dice(scattered(20_260_829, seed));
        let block_size = dice.of(&[16, 16, 5]);
        let text = format!("{}\n{}", agreement::settings(&mut dice, block_size), queue(&mut dice));
        let scenario = Scenario::parse(&text, Path::new("case.toml")).unwrap_or_else(|error| panic!("{error}\n{text}"));
        let limiter = Builtin::parse(dice.of(&["constant", "threshold(0.5)", "soft-reflective"])).unwrap();
        let traffic = agreement::arrivals(&mut dice, block_size).into();
        let traffic = with_clients(&mut dice, traffic);
        Case { cluster: scenario.cluster, flow: scenario.flow_control.unwrap(), limiter, traffic }
    }
}

fn queue(dice: &mut Dice) -> String {
    let mut lines = vec![
        "[flow_control]".to_owned(),
        format!("detector = \"{}\"", dice.of(&["utilization", "utilization", "concurrency", "never"])),
        format!("queue_depth_threshold = {}", dice.of(&[0.5, 1.0, 2.0, 5.0])),
        format!("kv_cache_util_threshold = {}", dice.of(&[0.2, 0.5, 0.8])),
        format!("max_concurrency = {}", dice.of(&[1, 2, 3, 8])),
        format!("dispatch_order = \"{}\"", dice.of(&["fifo", "priority", "slo-deadline"])),
        "slo_targets = { critical = 30000, batch = 500000, sheddable = 1000 }".to_owned(),
        format!("fairness = \"{}\"", dice.of(&["global-strict", "round-robin"])),
        format!("per_band_capacity = {}", dice.of(&[0, 0, 2, 8])),
        format!("max_depth = {}", dice.of(&[0, 3, 10])),
        format!("shedding = {}", dice.one_in(2)),
        format!("request_ttl_us = {}", dice.of(&[0, 0, 1_000, 40_000, 150_000])),
        format!("dispatch_tick_interval_us = {}", dice.of(&[1_000, 1_000, 777, 20_000, 0])),
        format!("in_flight_eviction = {}", dice.one_in(3)),
        format!("credit = \"{}\"", dice.of(&["none", "none", "reading", "unseen"])),
    ];
    if dice.one_in(2) {
        lines.push(format!("ticks = \"router\"\nbands = {}", dice.of(&["[]", "[4, -2]", "[-1, 7, 3]"])));
    }
    lines.join("\n")
}

/// A few clients, the order of whose names is another than that of their numbers.
fn with_clients(dice: &mut Dice, traffic: Traffic) -> Traffic {
    let mut arrivals = traffic.arrivals.to_vec();
    let clients = dice.of(&[0, 0, 1, 3]);
    arrivals.iter_mut().for_each(|arrival| arrival.hints.client = dice.between(0, clients));
    Traffic { epoch_us: dice.below(1 << 40), ranks: Some(Arc::new([2, 0, 3, 1])), ..arrivals.into() }
}

/// An attempt and what came of it.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Attempted {
    pub(super) saturation: f64,
    pub(super) priorities: Vec<i32>,
    pub(super) waiting: Vec<u32>,
    pub(super) ceilings: Vec<f64>,
    pub(super) since_reading: u64,
    pub(super) unseen: u64,
    pub(super) age_us: u64,
    /// Since the start of the run.
    pub(super) now_us: u64,
    /// Of all instances together.
    pub(super) in_flight: u32,
    pub(super) dispatched: Option<u32>,
}

/// Everything that can be seen of a run in which the limiter is asked at every attempt.
#[derive(Debug, PartialEq)]
pub(super) struct Seen {
    pub(super) attempts: Vec<Attempted>,
    pub(super) counters: Vec<Counters>,
    /// Requests that were dispatched and not yet routed at the end.
    pub(super) on_the_way: usize,
    /// Requests in the gateway's queue at the end.
    pub(super) waiting: u64,
    /// Whether a tick lay ahead at the end.
    pub(super) ticks_on: bool,
    pub(super) run: Run,
}

pub(super) fn watch<I: ServingInstance>(case: &Case) -> Seen {
    let mut gateway = Gateway::<I>::new(&case.cluster, Some(&case.flow), case.traffic.clone());
    let (mut limiter, mut attempts) = (case.limiter.clone(), Vec::new());
    while let Some(attempt) = gateway.next_attempt() {
        let mut ceilings = vec![1.0; attempt.priorities.len()];
        limiter.limit(&attempt, &mut ceilings);
        let attempted = Attempted {
            saturation: attempt.saturation,
            priorities: attempt.priorities.to_vec(),
            waiting: attempt.waiting.to_vec(),
            ceilings: ceilings.clone(),
            since_reading: attempt.dispatched_since_reading,
            unseen: attempt.dispatched_unseen,
            age_us: attempt.reading_age_us,
            now_us: attempt.now_us - case.traffic.epoch_us,
            in_flight: attempt.instances.iter().map(|instance| instance.in_flight).sum(),
            dispatched: None,
        };
        let dispatches = |gateway: &Gateway<I>| gateway.control.as_ref().unwrap().passages.dispatched.clone();
        let before = dispatches(&gateway).len();
        gateway.limit(&ceilings, None).unwrap();
        attempts.push(Attempted { dispatched: dispatches(&gateway).get(before).copied(), ..attempted });
    }
    let control = gateway.control.as_ref().unwrap();
    let (waiting, ticks_on) =
        (control.queue.waiting().iter().map(|&n| u64::from(n)).sum(), control.next_tick_us().is_some());
    Seen {
        attempts,
        counters: gateway.instances.iter().map(|instance| *instance.counters()).collect(),
        on_the_way: gateway.routings.len(),
        waiting,
        ticks_on,
        run: gateway.finish(),
    }
}

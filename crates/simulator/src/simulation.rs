//! The cluster: arrivals, admission and routing in front of the instances, as a machine that stops at each decision.

use std::sync::Arc;

use admitter::{Admitter, Cluster, Decision, Draw};

use crate::batch::Limits;
use crate::cluster::ClusterConfig;
use crate::event::{Event, EventQueue};
use crate::instance::{Requests, Rules, ServingInstance};
use crate::kv::Holding;
use crate::latency::Latency;
use crate::request::Request;
use crate::routing::Router;
use crate::run::{Outcome, Record, Run, Totals};
use crate::trace::Arrival;

/// A run in progress. Call [`next`](Simulation::next) and [`decide`](Simulation::decide) in turn until `next` returns
/// `None`, then [`finish`](Simulation::finish).
pub struct Simulation {
    rules: Rules,
    admission_latency_us: u64,
    routing_latency_us: u64,
    pub(crate) snapshot_interval_us: u64,
    events: EventQueue,
    /// The rows in the order of arrival, the last one first; the head of the remaining ones lies in `events`.
    arrivals: Vec<u32>,
    pub(crate) requests: Requests,
    pub(crate) instances: Vec<ServingInstance>,
    router: Router,
    /// What the router knows of the instances. Only `in_flight` is always up to date.
    pub(crate) view: Vec<admitter::Instance>,
    /// When the rest of it was read from the instances.
    pub(crate) view_us: u64,
    pub(crate) pending: Option<Question>,
}

/// A request that waits for its admission decision, and what the router knows at this moment.
#[derive(Clone, Copy, Debug)]
pub struct Pending<'a> {
    /// The row of the request in the workload.
    pub index: usize,
    /// What the policy may see of it.
    pub request: admitter::Request,
    /// What the router knows of each instance.
    pub instances: &'a [admitter::Instance],
}

/// Far enough away, and so far from overflow that a step may start before it.
const NO_HORIZON_US: u64 = 1 << 62;

#[derive(Clone, Copy)]
pub(crate) struct Question {
    pub(crate) id: u32,
    pub(crate) request: admitter::Request,
}

impl Simulation {
    /// A run of this cluster on these requests, at time 0.
    pub fn new(cluster: &ClusterConfig, arrivals: Arc<[Arrival]>) -> Self {
        let mut order: Vec<u32> = (0..arrivals.len() as u32).collect();
        order.sort_by_key(|&id| arrivals[id as usize].arrival_us);
        order.reverse();
        let idle = admitter::Instance {
            waiting: 0,
            running: 0,
            in_flight: 0,
            kv_utilization: 0.0,
            metrics_age_us: 0,
            kv_capacity_tokens: u64::from(cluster.kv_blocks) * u64::from(cluster.block_size),
        };
        let mut simulation = Simulation {
            rules: Rules {
                limits: Limits::new(cluster),
                latency: Latency::new(cluster),
                block_size: cluster.block_size,
                kv_blocks: cluster.kv_blocks,
                horizon_us: cluster.horizon_us.unwrap_or(NO_HORIZON_US),
            },
            admission_latency_us: cluster.admission_latency_us,
            routing_latency_us: cluster.routing_latency_us,
            snapshot_interval_us: cluster.snapshot_interval_us,
            events: EventQueue::default(),
            arrivals: order,
            requests: Requests {
                states: arrivals.iter().map(|arrival| Request::new(arrival, cluster)).collect(),
                holdings: arrivals.iter().map(Holding::new).collect(),
            },
            instances: (0..cluster.instances).map(|_| ServingInstance::new(cluster)).collect(),
            router: Router::new(cluster.routing.clone(), cluster.tie_seed),
            view: vec![idle; cluster.instances.into()],
            view_us: 0,
            pending: None,
        };
        simulation.expect_arrival();
        simulation
    }

    /// Runs until the next admission decision; `None` when all is done or the horizon is reached. Until the decision is
    /// made, the same request is returned again.
    #[expect(clippy::should_implement_trait, reason = "what it returns borrows from the simulation")]
    pub fn next(&mut self) -> Option<Pending<'_>> {
        while self.pending.is_none() {
            if !self.advance() {
                return None;
            }
        }
        self.pending.map(|Question { id, request }| Pending { index: id as usize, request, instances: &self.view })
    }

    /// Decides about the request that [`next`](Simulation::next) returned last; without one, nothing happens.
    pub fn decide(&mut self, decision: Decision) {
        let Some(Question { id, request }) = self.pending.take() else { return };
        let state = &mut self.requests.states[id as usize];
        match decision {
            Decision::Admit => {
                state.admitted = Some(true);
                self.events.push(request.now_us + self.routing_latency_us, Event::Routing(id));
            }
            Decision::Reject => {
                state.admitted = Some(false);
                state.outcome = Outcome::Rejected;
            }
        }
    }

    /// What has happened.
    pub fn finish(self) -> Run {
        let totals = self.totals();
        let mut requests: Vec<Record> = self.requests.states.iter().map(Request::record).collect();
        self.rules.latency.as_seen_by_clients(&mut requests);
        Run { requests, totals }
    }

    /// Executes one event; false when there is none left, or the next one lies behind the horizon. At one time, cluster
    /// events come first, then those of the instances in their order.
    pub(crate) fn advance(&mut self) -> bool {
        let cluster_us = self.events.next_time();
        let instance_us = |(index, instance): (usize, &ServingInstance)| Some((instance.events.next_time()?, index));
        let instance = self.instances.iter().enumerate().filter_map(instance_us).min();
        match (cluster_us, instance) {
            (Some(now), at) if at.is_none_or(|(time_us, _)| now <= time_us) => {
                now <= self.rules.horizon_us && self.cluster_event()
            }
            (_, Some((now, index))) => now <= self.rules.horizon_us && self.instance_event(index),
            (_, None) => false,
        }
    }

    fn cluster_event(&mut self) -> bool {
        let Some((now, event)) = self.events.pop() else { return false };
        match event {
            Event::ClusterArrival(id) => {
                self.events.push(now + self.admission_latency_us, Event::Admission(id));
                self.expect_arrival();
            }
            Event::Admission(id) => self.ask(id, now),
            Event::Routing(id) => self.route(id, now),
            Event::Arrival(_) | Event::Queued(_) | Event::Step | Event::RequestLeft | Event::Timeout(_) => {
                unreachable!("instance events are never put into the queue of the cluster")
            }
        }
        true
    }

    fn instance_event(&mut self, index: usize) -> bool {
        let instance = &mut self.instances[index];
        let before = instance.counters.finished();
        instance.process(&mut self.requests, &self.rules);
        self.view[index].in_flight -= (instance.counters.finished() - before) as u32;
        true
    }

    /// Puts the next arrival into the queue. One at a time is enough, since arrivals come before all else at their time.
    fn expect_arrival(&mut self) {
        if let Some(id) = self.arrivals.pop() {
            self.events.push(self.requests.states[id as usize].arrival_us, Event::ClusterArrival(id));
        }
    }

    fn ask(&mut self, id: u32, now: u64) {
        self.look(now);
        let state = &self.requests.states[id as usize];
        let request = admitter::Request { priority: state.priority, prompt_tokens: state.input, now_us: now };
        self.pending = Some(Question { id, request });
    }

    fn route(&mut self, id: u32, now: u64) {
        self.look(now);
        let index = self.router.choose(&self.view);
        self.view[index].in_flight += 1;
        let state = &mut self.requests.states[id as usize];
        state.instance = Some(index as u16);
        state.outcome = Outcome::InTransit;
        self.instances[index].events.push(now, Event::Arrival(id));
    }

    /// Reads the instances, if the last time was long enough ago. Until the first reading they look idle.
    fn look(&mut self, now: u64) {
        if now - self.view_us >= self.snapshot_interval_us {
            self.view_us = now;
            for (seen, instance) in self.view.iter_mut().zip(&self.instances) {
                seen.waiting = instance.waiting.len() as u32;
                seen.running = instance.running.len() as u32;
                seen.kv_utilization = instance.kv.utilization();
            }
        }
        for seen in &mut self.view {
            seen.metrics_age_us = now - self.view_us;
        }
    }

    fn totals(&self) -> Totals {
        let sum = |value: fn(&ServingInstance) -> u64| self.instances.iter().map(value).sum();
        let most = |value: fn(&ServingInstance) -> usize| self.instances.iter().map(value).max().unwrap_or(0) as u64;
        let count = |wanted: fn(&Request) -> bool| self.requests.states.iter().filter(|r| wanted(r)).count() as u64;
        let hit_rate = |instance: &ServingInstance| match instance.kv.hits + instance.kv.misses {
            0 => 0.0,
            blocks => instance.kv.hits as f64 / blocks as f64,
        };
        let least_free = self.instances.iter().map(|instance| instance.counters.least_free).min().unwrap_or(0);
        let end_us = self.instances.iter().map(|instance| instance.clock_us).max().unwrap_or(0);
        Totals {
            rejected: count(|request| request.outcome == Outcome::Rejected),
            routed: count(|request| request.instance.is_some()),
            completed: sum(|instance| instance.counters.completed),
            dropped: sum(|instance| instance.counters.dropped),
            timed_out: sum(|instance| instance.counters.timed_out),
            still_queued: sum(|instance| instance.waiting.len() as u64),
            still_running: sum(|instance| instance.running.len() as u64),
            preemptions: sum(|instance| instance.counters.preemptions),
            input_tokens: sum(|instance| instance.counters.input_tokens),
            output_tokens: sum(|instance| instance.counters.output_tokens),
            duration_us: end_us.min(self.rules.horizon_us),
            steps: sum(|instance| instance.counters.steps),
            cache_hit_rate: self.instances.iter().map(hit_rate).sum::<f64>() / self.instances.len() as f64,
            peak_kv_utilization: 1.0 - f64::from(least_free) / f64::from(self.rules.kv_blocks),
            peak_waiting: most(|instance| instance.counters.peak_waiting),
            peak_running: most(|instance| instance.counters.peak_running),
        }
    }
}

/// Runs a policy on a workload to the end. The draws of request n (its row) are `Draw::for_request(draw_seed, n)`.
pub fn simulate(
    cluster: &ClusterConfig,
    arrivals: Arc<[Arrival]>,
    admitter: &mut impl Admitter,
    draw_seed: u64,
) -> Run {
    crate::maths::install();
    let mut simulation = Simulation::new(cluster, arrivals);
    while let Some(pending) = simulation.next() {
        let mut draw = Draw::for_request(draw_seed, pending.index as u64);
        let decision = admitter.admit(&pending.request, &Cluster { instances: pending.instances }, &mut draw);
        simulation.decide(decision);
    }
    simulation.finish()
}

//! The loop of the cluster: arrivals, admission and routing in front of the instances.
//!
//! Between two events of the cluster the instances have nothing to do with each other, so each runs by itself up to the
//! next one. At one time, the events of the cluster come first.

use admitter::{Admitter, Cluster, Decision};

use crate::cluster::ClusterConfig;
use crate::draws::Draws;
use crate::event::{Due, Event, Lane, first};
use crate::flow::{Control, FlowControl};
use crate::hints::Hints;
use crate::learned::Learned;
use crate::request::{Requests, Ticket};
use crate::routing::Router;
use crate::run::{Outcome, Record, Run, Totals};
use crate::serving::{Counters, Rules, ServingInstance};
use crate::simulation::Pending;
use crate::timeline::Script;
use crate::traffic::Traffic;

/// Steps that an instance may make without a request leaving it. Under priority preemption, requests that never fit
/// together can evict each other for ever (BLIS then never ends); no request takes nearly as many steps. An instance that is
/// stuck stands still, and its requests stay queued or running at the end.
const STUCK_STEPS: u64 = 10_000_000;

/// A cluster at work on its requests.
pub(crate) struct Gateway<I: ServingInstance> {
    pub(crate) rules: Rules,
    admission_latency_us: u64,
    pub(crate) routing_latency_us: u64,
    pub(crate) snapshot_interval_us: u64,
    /// The rows in the order of arrival, the last one first.
    pub(crate) arrivals: Vec<u32>,
    pub(crate) admissions: Lane,
    pub(crate) routings: Lane,
    pub(crate) evictions: Lane,
    pub(crate) requests: Requests<I::State>,
    pub(crate) instances: Vec<I>,
    /// When each instance has its next event.
    pub(crate) due_us: Vec<u64>,
    /// Steps that each instance had made when a request of its last left it.
    pub(crate) last_finish: Vec<u64>,
    /// The time of the next event of the cluster, up to which the instances run.
    until_us: u64,
    /// The instance that runs; those before it have nothing to do before `until_us`.
    turn: usize,
    router: Router,
    /// What the router knows of the instances. Only `in_flight` is always up to date.
    pub(crate) view: Vec<admitter::Instance>,
    /// When the rest of it was read from the instances.
    pub(crate) view_us: u64,
    pub(crate) pending: Option<Question>,
    pub(crate) traffic: Traffic,
    /// The queue between admission and routing, in place of the admission decision.
    pub(crate) control: Option<Box<Control>>,
    /// What it has learned of its clients' outputs, if it does.
    learned: Option<Learned>,
}

/// A request that waits for its admission decision.
#[derive(Clone, Copy)]
pub(crate) struct Question {
    pub(crate) id: u32,
    pub(crate) request: admitter::Request,
    /// Since the start of the run, which the policy's clock does not tell.
    now_us: u64,
}

impl<I: ServingInstance> Gateway<I> {
    pub(crate) fn new(cluster: &ClusterConfig, flow: Option<&FlowControl>, traffic: Traffic) -> Self {
        let arrivals = &traffic.arrivals;
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
        let instances: Vec<I> = (0..cluster.instances).map(|_| I::new(cluster)).collect();
        let rules = Rules::new(cluster);
        let blind_us = cluster.routing_latency_us + rules.latency.queue_delay_us;
        Gateway {
            rules,
            admission_latency_us: cluster.admission_latency_us,
            routing_latency_us: cluster.routing_latency_us,
            snapshot_interval_us: cluster.snapshot_interval_us,
            arrivals: order,
            admissions: Lane::default(),
            routings: Lane::default(),
            evictions: Lane::default(),
            requests: Requests::new(arrivals, cluster, I::state(arrivals)),
            due_us: instances.iter().map(I::next_us).collect(),
            last_finish: vec![0; instances.len()],
            until_us: 0,
            turn: 0,
            instances,
            router: Router::new(cluster.routing.clone(), cluster.tie_seed),
            view: vec![idle; cluster.instances.into()],
            view_us: 0,
            pending: None,
            control: flow.map(|flow| Box::new(Control::new(flow, traffic.arrivals.len(), blind_us))),
            learned: traffic.memory.map(Learned::new),
            traffic,
        }
    }

    /// Lets happen what the script says, instead of arrivals.
    pub(crate) fn follow(&mut self, script: Script) {
        self.arrivals.clear();
        for (lane, events) in [
            (&mut self.admissions, script.admissions),
            (&mut self.routings, script.routings),
            (&mut self.evictions, script.evictions),
        ] {
            events.into_iter().for_each(|(time_us, id)| lane.push(time_us, id));
        }
    }

    /// About how many bytes a run takes from its beginning.
    pub(crate) fn bytes(cluster: &ClusterConfig, requests: usize) -> usize {
        let request = size_of::<u32>() + size_of::<Ticket>() + size_of::<Record>() + I::REQUEST_BYTES;
        let instance = size_of::<I>() + size_of::<admitter::Instance>() + 2 * size_of::<u64>();
        let phases = size_of::<u32>() * cluster.block_size as usize;
        requests * request + usize::from(cluster.instances) * (instance + phases)
    }

    pub(crate) fn next(&mut self) -> Option<Pending<'_>> {
        while self.pending.is_none() {
            if !self.advance() {
                return None;
            }
        }
        self.pending.map(|Question { id, request, .. }| Pending { index: id as usize, request, instances: &self.view })
    }

    pub(crate) fn decide(&mut self, decision: Decision) {
        let Some(Question { id, now_us, .. }) = self.pending.take() else { return };
        let record = &mut self.requests.records[id as usize];
        match decision {
            Decision::Admit => {
                record.admitted = Some(true);
                self.routings.push(now_us + self.routing_latency_us, id);
            }
            Decision::Reject => {
                record.admitted = Some(false);
                record.outcome = Outcome::Rejected;
            }
        }
    }

    pub(crate) fn finish(mut self) -> Run {
        let totals = self.totals();
        self.rules.latency.as_seen_by_clients(&mut self.requests.records);
        Run { requests: self.requests.records, totals, passages: self.control.map(|control| control.passages) }
    }

    /// Runs a policy to the end. The draws of request n (its row) are those of `Draws::new(draw_seed)`.
    pub(crate) fn drive(mut self, admitter: &mut impl Admitter, draw_seed: u64) -> Run {
        crate::maths::install();
        let mut draws = Draws::new(draw_seed);
        while let Some(pending) = self.next() {
            let mut draw = draws.of(pending.index as u64);
            let decision = admitter.admit(&pending.request, &Cluster { instances: pending.instances }, &mut draw);
            self.decide(decision);
        }
        self.finish()
    }

    /// Executes one event; false when there is none left, or the next one lies behind the horizon.
    pub(crate) fn advance(&mut self) -> bool {
        if self.advance_instances() {
            return true;
        }
        let next = self.next_cluster_event();
        let after_horizon_us = self.rules.horizon_us + 1;
        let until_us = next.map_or(after_horizon_us, |(time_us, _)| time_us.min(after_horizon_us));
        if until_us > self.until_us {
            (self.until_us, self.turn) = (until_us, 0);
            if self.advance_instances() {
                return true;
            }
        }
        match next {
            Some((now, event)) if now <= self.rules.horizon_us => {
                self.cluster_event(now, event);
                true
            }
            _ => false,
        }
    }

    /// Executes an event of an instance; false if there is none before the next event of the cluster.
    fn advance_instances(&mut self) -> bool {
        if self.control.as_ref().is_some_and(|control| control.watches) {
            return self.advance_earliest_instance();
        }
        while let Some(&due_us) = self.due_us.get(self.turn) {
            if due_us < self.until_us {
                self.instance_event(self.turn);
                return true;
            }
            self.turn += 1;
        }
        false
    }

    /// The same in the order of time. When a request leaves, the gateway looks sooner: none may run ahead of that.
    fn advance_earliest_instance(&mut self) -> bool {
        let earliest = (0..self.due_us.len()).min_by_key(|&index| self.due_us[index]);
        let Some(index) = earliest.filter(|&index| self.due_us[index] < self.until_us) else { return false };
        let (now, before) = (self.due_us[index], self.view[index].in_flight);
        self.instance_event(index);
        if self.view[index].in_flight < before
            && let Some(control) = &mut self.control
        {
            control.ticker.end_quiet(now + 1);
            (self.until_us, self.turn) = (now + 1, 0);
        }
        true
    }

    fn next_cluster_event(&mut self) -> Option<Due> {
        let control = if self.control.is_some() { self.next_control_event() } else { None };
        let arrival = |&id: &u32| (self.requests.tickets[id as usize].arrival_us, Event::ClusterArrival(id));
        let decisions = first(self.admissions.first(Event::Admission), self.routings.first(Event::Routing));
        let later = first(self.evictions.first(Event::Eviction), control);
        first(first(self.arrivals.last().map(arrival), decisions), later)
    }

    fn cluster_event(&mut self, now: u64, event: Event) {
        if let Some(control) = &mut self.control {
            control.wake(now);
        }
        match event {
            Event::ClusterArrival(id) => {
                self.arrivals.pop();
                self.admissions.push(now + self.admission_latency_us, id);
            }
            Event::Admission(id) => {
                self.admissions.pop();
                match self.control {
                    Some(_) => self.enqueue(id, now),
                    None => self.ask(id, now),
                }
            }
            Event::Routing(id) => {
                self.routings.pop();
                self.route(id, now);
            }
            Event::Eviction(id) => {
                self.evictions.pop();
                self.evict(id, now);
            }
            Event::Expiry(id) => self.expire(id, now),
            Event::Tick => self.attempt(now, true),
            Event::Arrival(_) | Event::Queued(_) | Event::Step | Event::RequestLeft | Event::Timeout(_) => {
                unreachable!("instance events have no lane in the cluster")
            }
        }
    }

    fn instance_event(&mut self, index: usize) {
        let time_us = self.due_us[index];
        let instance = &mut self.instances[index];
        let before = instance.counters().finished();
        instance.process(&mut self.requests, &self.rules);
        let finished = instance.counters().finished() - before;
        self.view[index].in_flight -= finished as u32;
        let steps = instance.counters().steps;
        if finished > 0 {
            self.last_finish[index] = steps;
        }
        let stuck = steps - self.last_finish[index] > STUCK_STEPS;
        self.due_us[index] = if stuck { u64::MAX } else { instance.next_us() };
        if finished > 0 {
            self.part_with_finished(index, time_us);
        }
    }

    fn ask(&mut self, id: u32, now: u64) {
        self.look(now);
        let ticket = &self.requests.tickets[id as usize];
        let arrivals = &self.traffic.arrivals;
        let Hints { client, max_output_tokens, mut predicted_output_tokens } = arrivals[id as usize].hints;
        if let Some(learned) = &mut self.learned {
            learned.learn(now, |id| (arrivals[id as usize].hints.client, arrivals[id as usize].output_tokens));
            predicted_output_tokens = learned.estimate(client);
        }
        let request = admitter::Request {
            priority: ticket.priority,
            prompt_tokens: ticket.input,
            client,
            max_output_tokens,
            predicted_output_tokens,
            now_us: self.traffic.epoch_us + now,
        };
        self.pending = Some(Question { id, request, now_us: now });
    }

    /// Notes when the responses will be complete whose last step has just started, and who cannot be evicted any more.
    fn part_with_finished(&mut self, index: usize, now: u64) {
        let control = self.control.as_deref_mut().filter(|control| control.config.evicts);
        if let Some(control) = control {
            control.finished.extend(self.requests.finished.iter().map(|&id| (now, index, id)));
        }
        for id in self.requests.finished.drain(..) {
            let (ticket, record) = (&self.requests.tickets[id as usize], &self.requests.records[id as usize]);
            if let (Some(learned), Some(e2e_us)) = (&mut self.learned, record.e2e_us) {
                learned.foresee(ticket.arrival_us + e2e_us, id);
            }
        }
    }

    fn route(&mut self, id: u32, now: u64) {
        self.look(now);
        let index = self.router.choose(&self.view);
        self.view[index].in_flight += 1;
        let record = &mut self.requests.records[id as usize];
        record.instance = Some(index as u16);
        record.outcome = Outcome::InTransit;
        if let Some(control) = self.control.as_deref_mut().filter(|control| control.config.evicts) {
            control.track(id, self.requests.tickets[id as usize].priority);
        }
        self.instances[index].receive(id, now, &self.rules);
        if self.instances[index].counters().steps - self.last_finish[index] <= STUCK_STEPS {
            self.due_us[index] = self.instances[index].next_us();
        }
    }

    /// Reads the instances, if the last time was long enough ago. Until the first reading they look idle.
    pub(crate) fn look(&mut self, now: u64) {
        if now - self.view_us >= self.snapshot_interval_us {
            self.view_us = now;
            for (seen, instance) in self.view.iter_mut().zip(&self.instances) {
                seen.waiting = instance.waiting() as u32;
                seen.running = instance.running() as u32;
                seen.kv_utilization = instance.kv_utilization();
            }
        }
        for seen in &mut self.view {
            seen.metrics_age_us = now - self.view_us;
        }
    }

    fn totals(&self) -> Totals {
        let counters = || self.instances.iter().map(I::counters);
        let sum = |value: fn(&Counters) -> u64| counters().map(value).sum();
        let most = |value: fn(&Counters) -> usize| counters().map(value).max().unwrap_or(0) as u64;
        let count = |value: fn(&I) -> usize| self.instances.iter().map(value).sum::<usize>() as u64;
        let hit_rate = |counters: &Counters| match counters.hits + counters.misses {
            0 => 0.0,
            blocks => counters.hits as f64 / blocks as f64,
        };
        let least_free = counters().map(|counters| counters.least_free).min().unwrap_or(0);
        let end_us = counters().map(|counters| counters.clock_us).max().unwrap_or(0);
        let records = &self.requests.records;
        Totals {
            rejected: records.iter().filter(|record| record.outcome == Outcome::Rejected).count() as u64,
            routed: records.iter().filter(|record| record.instance.is_some()).count() as u64,
            completed: sum(|counters| counters.completed),
            dropped: sum(|counters| counters.dropped),
            timed_out: sum(|counters| counters.timed_out),
            still_queued: count(I::waiting),
            still_running: count(I::running),
            preemptions: sum(|counters| counters.preemptions),
            input_tokens: sum(|counters| counters.input_tokens),
            output_tokens: sum(|counters| counters.output_tokens),
            duration_us: end_us.min(self.rules.horizon_us),
            steps: sum(|counters| counters.steps),
            cache_hit_rate: counters().map(hit_rate).sum::<f64>() / self.instances.len() as f64,
            peak_kv_utilization: 1.0 - f64::from(least_free) / f64::from(self.rules.kv_blocks),
            peak_waiting: most(|counters| counters.peak_waiting),
            peak_running: most(|counters| counters.peak_running),
        }
    }
}

//! A serving instance: the same life of a request as in the plain engine's `instance.rs`, told with counters.

use super::decoding::Decoding;
use super::pool::Pool;
use super::roster::{Roster, Work};
use crate::cluster::ClusterConfig;
use crate::event::{Due, Event, EventQueue, Lane, first};
use crate::latency::{Chunk, Load};
use crate::request::{NEVER, Requests};
use crate::run::Outcome;
use crate::serving::{Counters, Rules, ServingInstance};
use crate::trace::Arrival;
use crate::waiting::WaitQueue;

/// One instance.
#[derive(Debug)]
pub(crate) struct FastInstance {
    pub(super) block_size: u32,
    /// Requests on their way to the wait queue.
    arriving: Lane,
    /// When the next step starts.
    step_us: Option<u64>,
    timeouts: EventQueue,
    pub(super) waiting: WaitQueue,
    pub(super) roster: Roster,
    /// The requests of the roster whose prompt is not complete, in their order.
    pub(super) prefilling: Vec<u32>,
    pub(super) decoding: Decoding,
    pub(super) pool: Pool,
    pub(super) counters: Counters,
    /// Decoding requests that get no token in the current step.
    pub(super) held_back: Vec<u32>,
    /// Requests that the current step completes.
    done: Vec<u32>,
}

impl ServingInstance for FastInstance {
    type State = Vec<Work>;

    const REQUEST_BYTES: usize = size_of::<Work>();

    fn state(arrivals: &[Arrival]) -> Vec<Work> {
        vec![Work::default(); arrivals.len()]
    }

    fn new(cluster: &ClusterConfig) -> Self {
        FastInstance {
            block_size: cluster.block_size,
            arriving: Lane::default(),
            step_us: None,
            timeouts: EventQueue::default(),
            waiting: WaitQueue::new(cluster.scheduler),
            roster: Roster::new(),
            prefilling: Vec::new(),
            decoding: Decoding::new(cluster.block_size),
            pool: Pool::new(cluster.kv_blocks),
            counters: Counters::new(cluster),
            held_back: Vec::new(),
            done: Vec::new(),
        }
    }

    fn receive(&mut self, id: u32, now: u64, rules: &Rules) {
        self.move_clock(now);
        self.arriving.push(now + rules.latency.queue_delay_us, id);
    }

    fn next_us(&self) -> u64 {
        self.next().map_or(NEVER, |(time_us, _)| time_us)
    }

    fn process(&mut self, requests: &mut Requests<Vec<Work>>, rules: &Rules) {
        let Some((now, event)) = self.next() else { return };
        match event {
            Event::Queued(id) => {
                self.arriving.pop();
                self.move_clock(now);
                self.enqueue(id, now, requests, rules);
                self.wake(now);
            }
            Event::Step => {
                self.move_clock(now);
                self.step(now, requests, rules);
            }
            Event::Timeout(id) => {
                self.timeouts.pop();
                self.time_out(id, now, requests);
            }
            Event::ClusterArrival(_)
            | Event::Admission(_)
            | Event::Routing(_)
            | Event::Eviction(_)
            | Event::Expiry(_)
            | Event::Tick
            | Event::Arrival(_)
            | Event::RequestLeft => unreachable!("these have no lane in an instance"),
        }
    }

    fn evict(&mut self, id: u32, requests: &mut Requests<Vec<Work>>) {
        self.take_out(id, requests);
    }

    fn waiting(&self) -> usize {
        self.waiting.len()
    }

    fn running(&self) -> usize {
        self.roster.len()
    }

    fn kv_utilization(&self) -> f64 {
        self.pool.utilization()
    }

    fn counters(&self) -> &Counters {
        &self.counters
    }
}

impl FastInstance {
    fn next(&self) -> Option<Due> {
        let step = self.step_us.map(|time_us| (time_us, Event::Step));
        first(first(step, self.arriving.first(Event::Queued)), self.timeouts.first())
    }

    /// The clock is at the latest event, and may be ahead: departures are entered when they are foreseen.
    fn move_clock(&mut self, time_us: u64) {
        self.counters.clock_us = self.counters.clock_us.max(time_us);
    }

    /// Starts a step at once if there is something to do and none lies ahead.
    fn wake(&mut self, now: u64) {
        if self.step_us.is_none() && !self.waiting.is_empty() {
            self.step_us = Some(now);
        }
    }

    /// Puts a request into the wait queue, unless it can never fit or is too late.
    fn enqueue(&mut self, id: u32, now: u64, requests: &mut Requests<Vec<Work>>, rules: &Rules) {
        let (ticket, record) = (&requests.tickets[id as usize], &mut requests.records[id as usize]);
        if ticket.is_unservable(rules) {
            record.outcome = Outcome::Dropped;
            self.counters.dropped += 1;
            requests.finished.push(id);
            return;
        }
        self.counters.input_tokens += u64::from(ticket.input);
        if ticket.deadline_us <= now {
            record.outcome = Outcome::TimedOut;
            self.counters.timed_out += 1;
            requests.finished.push(id);
            return;
        }
        record.outcome = Outcome::Queued;
        if let Some(deadline_us) = rules.timeout_us(ticket) {
            self.timeouts.push(deadline_us, Event::Timeout(id));
        }
        self.waiting.push(id, &requests.tickets);
        self.counters.peak_waiting = self.counters.peak_waiting.max(self.waiting.len());
    }

    /// Gives up a request that waits or runs.
    fn time_out(&mut self, id: u32, now: u64, requests: &mut Requests<Vec<Work>>) {
        if !self.take_out(id, requests) {
            return; // completed, or taken back: nothing happens, and the clock stays
        }
        self.move_clock(now);
        requests.records[id as usize].outcome = Outcome::TimedOut;
        self.counters.timed_out += 1;
        requests.finished.push(id);
        if self.roster.is_empty() {
            self.wake(now);
        }
    }

    /// Takes a request from where it waits or runs; false if it does neither.
    fn take_out(&mut self, id: u32, requests: &mut Requests<Vec<Work>>) -> bool {
        match requests.records[id as usize].outcome {
            Outcome::Queued => self.waiting.give_up(),
            Outcome::Running => {
                let held = self.held_tokens(&requests.state[id as usize]);
                self.pool.release(held.div_ceil(self.block_size));
                self.leave_batch(id, requests);
            }
            _ => return false,
        }
        true
    }

    /// Takes a request out of the books of the batch, except for its blocks.
    pub(super) fn leave_batch(&mut self, id: u32, requests: &mut Requests<Vec<Work>>) {
        self.roster.remove(id, &mut requests.state);
        let work = &mut requests.state[id as usize];
        if work.decodes {
            self.decoding.leave(work);
        } else {
            self.prefilling.retain(|&other| other != id);
        }
    }

    /// The tokens that a request of the batch has blocks for, between two steps.
    fn held_tokens(&self, work: &Work) -> u32 {
        if work.decodes { self.decoding.progress(work) - work.unheld } else { work.progress - work.unheld }
    }

    fn step(&mut self, now: u64, requests: &mut Requests<Vec<Work>>, rules: &Rules) {
        self.step_us = None;
        if self.roster.is_empty() && self.waiting.is_empty() {
            return;
        }
        self.form_batch(now, requests, &rules.limits);
        self.counters.steps += 1;
        self.counters.peak_running = self.counters.peak_running.max(self.roster.len());
        self.counters.least_free = self.counters.least_free.min(self.pool.free());

        let duration_us = rules.latency.step_us(&self.load(requests), self.chunks(requests));
        self.advance(now, duration_us, requests, rules);
        (self.counters.hits, self.counters.misses) = (self.pool.hits, self.pool.misses);

        if !self.roster.is_empty() || !self.waiting.is_empty() {
            self.step_us = Some(now + duration_us);
        }
    }

    /// What the step computes, in sums.
    fn load(&self, requests: &Requests<Vec<Work>>) -> Load {
        let mut load =
            Load { decodes: u64::from(self.decoding.count()), context: self.decoding.context(), ..Load::default() };
        for &id in &self.held_back {
            load.decodes -= 1;
            load.context -= u64::from(self.decoding.progress(&requests.state[id as usize]));
        }
        for &id in &self.prefilling {
            let tokens = requests.state[id as usize].new_tokens;
            if tokens > 0 {
                load.add_prefill(requests.tickets[id as usize].input, tokens);
            }
        }
        load
    }

    /// What the step computes, one request after the other, in the order of the batch.
    fn chunks(&self, requests: &Requests<Vec<Work>>) -> impl Iterator<Item = Chunk> + Clone {
        Roster::from(self.roster.first(), &requests.state)
            .map(|id| self.chunk(id, requests))
            .filter(|chunk| chunk.new_tokens > 0)
    }

    fn chunk(&self, id: u32, requests: &Requests<Vec<Work>>) -> Chunk {
        let work = &requests.state[id as usize];
        let progress = if work.decodes { self.decoding.progress(work) } else { work.progress };
        Chunk { input: requests.tickets[id as usize].input, progress, new_tokens: work.new_tokens }
    }

    /// Moves the requests of the batch by what the step computes for them, and takes out those that are done.
    fn advance(&mut self, now: u64, duration_us: u64, requests: &mut Requests<Vec<Work>>, rules: &Rules) {
        let token_us = duration_us + rules.latency.per_token_us;
        self.decoding.advance(token_us);
        while let Some(id) = self.held_back.pop() {
            let (work, ticket) = (&mut requests.state[id as usize], &requests.tickets[id as usize]);
            work.new_tokens = 1; // in the next step again
            self.decoding.hold_back(id, work, ticket, token_us);
        }
        let (decoding, done) = (&mut self.decoding, &mut self.done);
        self.prefilling.retain(|&id| {
            let (work, ticket) = (&mut requests.state[id as usize], &requests.tickets[id as usize]);
            work.progress = work.computed;
            if work.progress < ticket.input {
                return true;
            }
            requests.records[id as usize].ttft_us = Some(now + token_us - ticket.arrival_us);
            if ticket.output > 1 {
                decoding.join(id, work, ticket);
            } else {
                done.push(id);
            }
            false
        });
        while let Some(id) = self.decoding.pop_complete(&requests.state, &requests.tickets) {
            self.done.push(id);
        }
        if !self.done.is_empty() {
            self.complete_all(now + duration_us, requests, rules);
        }
    }

    /// Completes requests in the order of the batch: if blocks are short, one may need what another has just given back.
    fn complete_all(&mut self, departure_us: u64, requests: &mut Requests<Vec<Work>>, rules: &Rules) {
        let mut done = std::mem::take(&mut self.done);
        done.sort_unstable_by_key(|&id| requests.state[id as usize].order);
        for id in done.drain(..) {
            self.complete(id, requests, rules);
        }
        self.done = done;
        if departure_us <= rules.horizon_us {
            self.move_clock(departure_us);
        }
    }

    fn complete(&mut self, id: u32, requests: &mut Requests<Vec<Work>>, rules: &Rules) {
        let (ticket, work) = (requests.tickets[id as usize], &requests.state[id as usize]);
        let itl_sum_us = if work.decodes { self.decoding.itl_sum_us(work) } else { 0 };
        requests.records[id as usize].complete(&ticket, itl_sum_us, rules);
        requests.finished.push(id);
        self.counters.completed += 1;
        self.counters.output_tokens += u64::from(ticket.output);
        let held = self.held_tokens(work);
        let mut blocks = held.div_ceil(self.block_size);
        // The last token takes a place for a moment; if there is none, so be it.
        if ticket.output > 0 && held.is_multiple_of(self.block_size) && self.pool.free() > 0 {
            self.pool.take(1);
            blocks += 1;
        }
        self.pool.release(blocks);
        self.leave_batch(id, requests);
    }
}

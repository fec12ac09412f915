//! A serving instance: the life of a request from its arrival there to its last token.
//!
//! All effects of a step (progress, completions, freed blocks) take place when the step *starts*; only the next step and
//! the departure of completed requests lie at its end. So routers see an instance as it will be, and a request that is
//! queued during the last step of a batch starts a step of its own at once.

use super::kv::{Holding, KvCache};
use crate::cluster::ClusterConfig;
use crate::event::{Event, EventQueue};
use crate::latency::Chunk;
use crate::request::{NEVER, Requests, Ticket};
use crate::run::{Outcome, Record};
use crate::serving::{Counters, Rules, ServingInstance};
use crate::trace::Arrival;
use crate::waiting::WaitQueue;

/// One instance.
#[derive(Debug)]
pub(crate) struct PlainInstance {
    events: EventQueue,
    pub(super) running: Vec<u32>,
    pub(super) waiting: WaitQueue,
    pub(super) kv: KvCache,
    pub(super) counters: Counters,
    /// Whether a step lies ahead in `events`, or is being executed.
    step_pending: bool,
    /// Blocks found for the request at hand; kept for its memory.
    pub(super) cached: Vec<u32>,
}

/// What the instances know of the requests: how far they are, and which KV blocks they hold.
pub(crate) struct Books {
    pub(super) works: Vec<Work>,
    pub(super) holdings: Vec<Holding>,
}

/// How far a request is. Progress counts tokens in the KV cache: prompt first, then output.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Work {
    /// Tokens computed before the current step.
    pub(super) progress: u32,
    /// Tokens computed after the current step.
    pub(super) computed: u32,
    /// Tokens that the current step computes for it; 0 between steps.
    pub(super) new_tokens: u32,
    /// Whether this attempt has yielded its first token; a preemption starts a new attempt.
    has_first_token: bool,
    /// Sum of the times between tokens of this attempt.
    itl_sum_us: u64,
}

impl ServingInstance for PlainInstance {
    type State = Books;

    const REQUEST_BYTES: usize = size_of::<Work>() + size_of::<Holding>();

    fn state(arrivals: &[Arrival]) -> Books {
        Books { works: vec![Work::default(); arrivals.len()], holdings: arrivals.iter().map(Holding::new).collect() }
    }

    fn new(cluster: &ClusterConfig) -> Self {
        PlainInstance {
            events: EventQueue::default(),
            running: Vec::new(),
            waiting: WaitQueue::new(cluster.scheduler),
            kv: KvCache::new(cluster.kv_blocks, cluster.block_size),
            counters: Counters::new(cluster),
            step_pending: false,
            cached: Vec::new(),
        }
    }

    fn receive(&mut self, id: u32, now: u64, _: &Rules) {
        self.events.push(now, Event::Arrival(id));
    }

    fn next_us(&self) -> u64 {
        self.events.first().map_or(NEVER, |(time_us, _)| time_us)
    }

    fn process(&mut self, requests: &mut Requests<Books>, rules: &Rules) {
        let Some((now, event)) = self.events.pop() else { return };
        if let Event::Timeout(id) = event
            && matches!(requests.records[id as usize].outcome, Outcome::Completed | Outcome::Evicted)
        {
            return; // without moving the clock, on which the duration of the run depends
        }
        self.counters.clock_us = now;
        match event {
            Event::Arrival(id) => self.events.push(now + rules.latency.queue_delay_us, Event::Queued(id)),
            Event::Queued(id) => {
                self.enqueue(id, now, requests, rules);
                self.wake(now);
            }
            Event::Step => self.step(now, requests, rules),
            Event::Timeout(id) => {
                self.time_out(id, requests);
                if self.running.is_empty() {
                    self.wake(now);
                }
            }
            Event::RequestLeft => {}
            Event::ClusterArrival(_)
            | Event::Admission(_)
            | Event::Routing(_)
            | Event::Eviction(_)
            | Event::Expiry(_)
            | Event::Tick => {
                unreachable!("cluster events are never put into the queue of an instance")
            }
        }
    }

    fn evict(&mut self, id: u32, requests: &mut Requests<Books>) {
        self.take_out(id, requests);
    }

    fn waiting(&self) -> usize {
        self.waiting.len()
    }

    fn running(&self) -> usize {
        self.running.len()
    }

    fn kv_utilization(&self) -> f64 {
        self.kv.utilization()
    }

    fn counters(&self) -> &Counters {
        &self.counters
    }
}

impl PlainInstance {
    /// Starts a step at once if there is something to do and none lies ahead.
    fn wake(&mut self, now: u64) {
        if !self.step_pending && !self.waiting.is_empty() {
            self.events.push(now, Event::Step);
            self.step_pending = true;
        }
    }

    /// Whether a step lies ahead.
    #[cfg(test)]
    pub(super) fn is_awake(&self) -> bool {
        self.step_pending
    }

    /// Puts a request into the wait queue, unless it can never fit or is too late.
    fn enqueue(&mut self, id: u32, now: u64, requests: &mut Requests<Books>, rules: &Rules) {
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
            self.events.push(deadline_us, Event::Timeout(id));
        }
        self.waiting.push(id, &requests.tickets);
        self.counters.peak_waiting = self.counters.peak_waiting.max(self.waiting.len());
    }

    /// Gives up a request that waits or runs.
    fn time_out(&mut self, id: u32, requests: &mut Requests<Books>) {
        if self.take_out(id, requests) {
            requests.records[id as usize].outcome = Outcome::TimedOut;
            self.counters.timed_out += 1;
            requests.finished.push(id);
        }
    }

    /// Takes a request from where it waits or runs; false if it does neither.
    fn take_out(&mut self, id: u32, requests: &mut Requests<Books>) -> bool {
        match requests.records[id as usize].outcome {
            Outcome::Queued => self.waiting.give_up(),
            Outcome::Running => self.running.retain(|&other| other != id),
            _ => return false,
        }
        self.leave(&mut requests.state.holdings[id as usize]);
        true
    }

    fn step(&mut self, now: u64, requests: &mut Requests<Books>, rules: &Rules) {
        if self.running.is_empty() && self.waiting.is_empty() {
            self.step_pending = false;
            return;
        }
        self.form_batch(now, requests, &rules.limits);
        self.counters.steps += 1;
        self.counters.peak_running = self.counters.peak_running.max(self.running.len());
        self.counters.least_free = self.counters.least_free.min(self.kv.free());

        let chunks = self.chunks(requests);
        let duration_us = rules.latency.step_us(&chunks.clone().collect(), chunks);
        self.advance(now, duration_us, requests, rules);
        (self.counters.hits, self.counters.misses) = (self.kv.hits, self.kv.misses);

        self.step_pending = !self.running.is_empty() || !self.waiting.is_empty();
        if self.step_pending {
            self.events.push(now + duration_us, Event::Step);
        }
    }

    /// What the step computes, in the order of the batch.
    fn chunks(&self, requests: &Requests<Books>) -> impl Iterator<Item = Chunk> + Clone {
        let both = |&id: &u32| (&requests.tickets[id as usize], &requests.state.works[id as usize]);
        self.running.iter().map(both).filter(|(_, work)| work.new_tokens > 0).map(|(ticket, work)| Chunk {
            input: ticket.input,
            progress: work.progress,
            new_tokens: work.new_tokens,
        })
    }

    /// Moves every request of the batch by what the step computes for it, and takes out those that are done.
    fn advance(&mut self, now: u64, duration_us: u64, requests: &mut Requests<Books>, rules: &Rules) {
        let token_us = duration_us + rules.latency.per_token_us;
        let mut running = std::mem::take(&mut self.running);
        running.retain(|&id| {
            let ticket = &requests.tickets[id as usize];
            let work = &mut requests.state.works[id as usize];
            work.advance(now, token_us, ticket, &mut requests.records[id as usize]);
            let done = work.progress >= ticket.final_progress();
            if done {
                self.complete(id, requests, rules);
                self.events.push(now + duration_us, Event::RequestLeft);
            }
            !done
        });
        self.running = running;
    }

    fn complete(&mut self, id: u32, requests: &mut Requests<Books>, rules: &Rules) {
        let (ticket, books) = (&requests.tickets[id as usize], &mut requests.state);
        requests.records[id as usize].complete(ticket, books.works[id as usize].itl_sum_us, rules);
        requests.finished.push(id);
        self.counters.completed += 1;
        self.counters.output_tokens += u64::from(ticket.output);
        if ticket.output > 0 {
            // The last token takes a place for a moment; if there is none, so be it.
            self.kv.allocate_token(&mut books.holdings, id);
        }
        self.leave(&mut books.holdings[id as usize]);
    }

    fn leave(&mut self, holding: &mut Holding) {
        self.kv.release(holding);
        holding.clear();
    }
}

impl Work {
    /// Does what a step starting at `now` computes for it; `token_us` later the client sees the token.
    fn advance(&mut self, now: u64, token_us: u64, ticket: &Ticket, record: &mut Record) {
        if self.progress < ticket.input {
            self.progress = self.computed;
        } else if self.new_tokens > 0 {
            self.progress += 1;
            self.itl_sum_us += token_us;
        }
        self.new_tokens = 0;
        if self.progress == ticket.input && !self.has_first_token {
            self.has_first_token = true;
            // A preemption does not take it off the record; the next attempt overwrites it.
            record.ttft_us = Some(now + token_us - ticket.arrival_us);
        }
    }
}

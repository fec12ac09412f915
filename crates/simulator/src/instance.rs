//! A serving instance: the life of a request from its arrival there to its last token.
//!
//! All effects of a step (progress, completions, freed blocks) take place when the step *starts*; only the next step and
//! the departure of completed requests lie at its end. So routers see an instance as it will be, and a request that is
//! queued during the last step of a batch starts a step of its own at once.

use crate::batch::Limits;
use crate::cluster::ClusterConfig;
use crate::event::{Event, EventQueue};
use crate::kv::{Holding, KvCache};
use crate::latency::{Chunk, Latency};
use crate::request::Request;
use crate::run::Outcome;
use crate::waiting::WaitQueue;

/// One instance.
#[derive(Debug)]
pub(crate) struct ServingInstance {
    pub(crate) events: EventQueue,
    pub(crate) running: Vec<u32>,
    pub(crate) waiting: WaitQueue,
    pub(crate) kv: KvCache,
    pub(crate) counters: Counters,
    /// The time of the last event.
    pub(crate) clock_us: u64,
    /// Whether a step lies ahead in `events`, or is being executed.
    step_pending: bool,
    /// Blocks found for the request at hand; kept for its memory.
    pub(crate) cached: Vec<u32>,
}

/// What an instance counts.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Counters {
    pub(crate) completed: u64,
    pub(crate) dropped: u64,
    pub(crate) timed_out: u64,
    pub(crate) preemptions: u64,
    pub(crate) steps: u64,
    pub(crate) input_tokens: u64,
    pub(crate) output_tokens: u64,
    pub(crate) peak_waiting: usize,
    pub(crate) peak_running: usize,
    pub(crate) least_free: u32,
}

impl Counters {
    /// Requests that are gone for good.
    pub(crate) fn finished(&self) -> u64 {
        self.completed + self.dropped + self.timed_out
    }
}

/// What all instances have in common.
#[derive(Debug)]
pub(crate) struct Rules {
    pub(crate) limits: Limits,
    pub(crate) latency: Latency,
    pub(crate) block_size: u32,
    pub(crate) kv_blocks: u32,
    pub(crate) horizon_us: u64,
}

/// The requests of a run: state and KV blocks, by number.
pub(crate) struct Requests {
    pub(crate) states: Vec<Request>,
    pub(crate) holdings: Vec<Holding>,
}

impl ServingInstance {
    pub(crate) fn new(cluster: &ClusterConfig) -> Self {
        ServingInstance {
            events: EventQueue::default(),
            running: Vec::new(),
            waiting: WaitQueue::new(cluster.scheduler),
            kv: KvCache::new(cluster.kv_blocks, cluster.block_size),
            counters: Counters { least_free: cluster.kv_blocks, ..Counters::default() },
            clock_us: 0,
            step_pending: false,
            cached: Vec::new(),
        }
    }

    /// Executes the next event.
    pub(crate) fn process(&mut self, requests: &mut Requests, rules: &Rules) {
        let Some((now, event)) = self.events.pop() else { return };
        if let Event::Timeout(id) = event
            && requests.states[id as usize].outcome == Outcome::Completed
        {
            return; // without moving the clock, on which the duration of the run depends
        }
        self.clock_us = now;
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
            Event::ClusterArrival(_) | Event::Admission(_) | Event::Routing(_) => {
                unreachable!("cluster events are never put into the queue of an instance")
            }
        }
    }

    /// Starts a step at once if there is something to do and none lies ahead.
    fn wake(&mut self, now: u64) {
        if !self.step_pending && !self.waiting.is_empty() {
            self.events.push(now, Event::Step);
            self.step_pending = true;
        }
    }

    /// Whether a step lies ahead.
    #[cfg(test)]
    pub(crate) fn is_awake(&self) -> bool {
        self.step_pending
    }

    /// Puts a request into the wait queue, unless it can never fit or is too late.
    fn enqueue(&mut self, id: u32, now: u64, requests: &mut Requests, rules: &Rules) {
        let request = &mut requests.states[id as usize];
        let (input, longest) = (request.input, rules.limits.max_model_len);
        let too_long = input >= longest || (request.output > 0 && input + request.output > longest);
        if too_long || input.div_ceil(rules.block_size) > rules.kv_blocks {
            request.outcome = Outcome::Dropped;
            self.counters.dropped += 1;
            return;
        }
        self.counters.input_tokens += u64::from(input);
        if request.deadline_us.is_some_and(|deadline| deadline <= now) {
            request.outcome = Outcome::TimedOut;
            self.counters.timed_out += 1;
            return;
        }
        request.outcome = Outcome::Queued;
        if let Some(deadline) = request.deadline_us.filter(|&deadline| deadline <= rules.horizon_us) {
            self.events.push(deadline, Event::Timeout(id));
        }
        self.waiting.push(id, &requests.states);
        self.counters.peak_waiting = self.counters.peak_waiting.max(self.waiting.len());
    }

    /// Gives up a request that waits or runs.
    fn time_out(&mut self, id: u32, requests: &mut Requests) {
        let request = &mut requests.states[id as usize];
        match request.outcome {
            Outcome::Queued => self.waiting.remove(id),
            Outcome::Running => self.running.retain(|&other| other != id),
            _ => return,
        }
        request.outcome = Outcome::TimedOut;
        self.counters.timed_out += 1;
        self.leave(&mut requests.holdings[id as usize]);
    }

    fn step(&mut self, now: u64, requests: &mut Requests, rules: &Rules) {
        if self.running.is_empty() && self.waiting.is_empty() {
            self.step_pending = false;
            return;
        }
        self.form_batch(now, requests, &rules.limits);
        self.counters.steps += 1;
        self.counters.peak_running = self.counters.peak_running.max(self.running.len());
        self.counters.least_free = self.counters.least_free.min(self.kv.free());

        let chunks = self.chunks(&requests.states);
        let duration_us = rules.latency.step_us(&chunks.clone().collect(), chunks);
        self.advance(now, duration_us, requests, &rules.latency);

        self.step_pending = !self.running.is_empty() || !self.waiting.is_empty();
        if self.step_pending {
            self.events.push(now + duration_us, Event::Step);
        }
    }

    /// What the step computes, in the order of the batch.
    fn chunks(&self, states: &[Request]) -> impl Iterator<Item = Chunk> + Clone {
        self.running
            .iter()
            .map(|&id| &states[id as usize])
            .filter(|request| request.new_tokens > 0)
            .map(|request| Chunk { input: request.input, progress: request.progress, new_tokens: request.new_tokens })
    }

    /// Moves every request of the batch by what the step computes for it, and takes out those that are done.
    fn advance(&mut self, now: u64, duration_us: u64, requests: &mut Requests, latency: &Latency) {
        let token_us = duration_us + latency.per_token_us;
        let mut running = std::mem::take(&mut self.running);
        running.retain(|&id| {
            let request = &mut requests.states[id as usize];
            request.advance(now, token_us);
            let done = request.is_done();
            if done {
                self.complete(id, requests, latency);
                self.events.push(now + duration_us, Event::RequestLeft);
            }
            !done
        });
        self.running = running;
    }

    fn complete(&mut self, id: u32, requests: &mut Requests, latency: &Latency) {
        let request = &mut requests.states[id as usize];
        let has_output = request.output > 0;
        let completion_us = if has_output { latency.completion_us } else { 0 };
        request.e2e_us = request.ttft_us.map(|ttft_us| ttft_us + request.itl_sum_us + completion_us);
        request.outcome = Outcome::Completed;
        self.counters.completed += 1;
        self.counters.output_tokens += u64::from(request.output);
        if has_output {
            // The last token takes a place for a moment; if there is none, so be it.
            self.kv.allocate_token(&mut requests.holdings, id);
        }
        self.leave(&mut requests.holdings[id as usize]);
    }

    fn leave(&mut self, holding: &mut Holding) {
        self.kv.release(holding);
        holding.clear();
    }
}

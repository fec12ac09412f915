//! Which requests a step computes, and how many tokens of each: vLLM's scheduler with chunked prefill.

use crate::cluster::{ClusterConfig, Preemption};
use crate::instance::{Requests, ServingInstance};
use crate::request::Request;
use crate::run::Outcome;

/// The bounds of a batch.
#[derive(Debug)]
pub(crate) struct Limits {
    max_num_seqs: usize,
    max_num_batched_tokens: u32,
    long_prefill_threshold: u32,
    pub(crate) max_model_len: u32,
    preemption: Preemption,
}

impl Limits {
    pub(crate) fn new(cluster: &ClusterConfig) -> Self {
        Limits {
            max_num_seqs: cluster.max_num_seqs as usize,
            max_num_batched_tokens: cluster.max_num_batched_tokens,
            long_prefill_threshold: cluster.long_prefill_threshold,
            max_model_len: cluster.max_model_len,
            preemption: cluster.preemption,
        }
    }

    /// How many of the prompt's tokens from `start` on the next chunk takes.
    fn chunk(&self, request: &Request, start: u32, budget: u32) -> u32 {
        let mut tokens = request.input - start;
        if self.long_prefill_threshold > 0 {
            tokens = tokens.min(self.long_prefill_threshold);
        }
        tokens.min(budget).min((self.max_model_len - 1).saturating_sub(start))
    }
}

/// The state of a batch in the making.
struct Formation<'a> {
    limits: &'a Limits,
    /// Tokens that the step may still compute.
    budget: u32,
    /// The request of the running list at hand.
    index: usize,
    preempted_any: bool,
}

impl ServingInstance {
    /// First gives every running request its next tokens, evicting others if blocks run out; then, unless someone was
    /// evicted, takes requests from the head of the wait queue as long as they fit.
    pub(crate) fn form_batch(&mut self, now: u64, requests: &mut Requests, limits: &Limits) {
        let budget = limits.max_num_batched_tokens;
        let mut formation = Formation { limits, budget, index: 0, preempted_any: false };
        while formation.index < self.running.len() && formation.budget > 0 {
            if !self.continue_running(&mut formation, requests) {
                break;
            }
            formation.index += 1;
        }
        while self.running.len() < limits.max_num_seqs && formation.budget > 0 && !formation.preempted_any {
            let Some(id) = self.waiting.first() else { break };
            if !self.take_in(id, now, &mut formation, requests) {
                break; // nobody overtakes the head of the queue
            }
        }
    }

    /// Schedules the next tokens of the running request at hand; false if it lost its own place.
    fn continue_running(&mut self, formation: &mut Formation<'_>, requests: &mut Requests) -> bool {
        let id = self.running[formation.index];
        let request = &requests.states[id as usize];
        let tokens = if request.progress < request.input {
            formation.limits.chunk(request, request.progress, formation.budget)
        } else if request.output > 0 && request.progress + 1 < formation.limits.max_model_len {
            1
        } else {
            return true;
        };
        if !self.make_room(id, tokens, formation, requests) {
            return false;
        }
        let request = &mut requests.states[id as usize];
        request.new_tokens = tokens;
        request.computed += tokens;
        formation.budget -= tokens;
        true
    }

    /// Allocates blocks for a running request, and evicts others until they are there; false if it was evicted itself.
    fn make_room(&mut self, id: u32, tokens: u32, formation: &mut Formation<'_>, requests: &mut Requests) -> bool {
        loop {
            let request = &requests.states[id as usize];
            let fits = if request.progress < request.input {
                self.kv.allocate_prompt(&mut requests.holdings, id, tokens, &[])
            } else {
                self.kv.allocate_token(&mut requests.holdings, id)
            };
            if fits {
                return true;
            }
            if self.evict(formation, requests) == id {
                return false;
            }
        }
    }

    /// Puts a running request back into the wait queue, without its blocks and its progress, and says which.
    fn evict(&mut self, formation: &mut Formation<'_>, requests: &mut Requests) -> u32 {
        let place = self.victim(formation.limits.preemption, &requests.states);
        let id = self.running.remove(place);
        if place < formation.index {
            formation.index -= 1;
        }
        formation.preempted_any = true;
        self.counters.preemptions += 1;
        formation.budget += requests.states[id as usize].new_tokens;
        requests.states[id as usize].reset();
        self.kv.release(&mut requests.holdings[id as usize]);
        self.waiting.push_preempted(id, &requests.states);
        self.counters.peak_waiting = self.counters.peak_waiting.max(self.waiting.len());
        id
    }

    /// The place in the running list of the request to evict.
    fn victim(&self, preemption: Preemption, states: &[Request]) -> usize {
        let last = self.running.len() - 1;
        match preemption {
            Preemption::Fcfs => last,
            Preemption::Priority => {
                let key = |&place: &usize| {
                    let request = &states[self.running[place] as usize];
                    (request.urgency, request.arrival_us)
                };
                // The first one among equals.
                (0..=last).rev().max_by_key(key).unwrap_or(last)
            }
        }
    }

    /// Moves the head of the wait queue into the batch; false if its first chunk does not fit.
    fn take_in(&mut self, id: u32, now: u64, formation: &mut Formation<'_>, requests: &mut Requests) -> bool {
        self.kv.find_cached(&requests.holdings, id, &mut self.cached);
        let request = &mut requests.states[id as usize];
        let start = self.kv.tokens_in(self.cached.len());
        let tokens = formation.limits.chunk(request, start, formation.budget);
        if !self.kv.allocate_prompt(&mut requests.holdings, id, tokens, &self.cached) {
            return false;
        }
        self.waiting.pop();
        self.running.push(id);
        request.outcome = Outcome::Running;
        request.sched_delay_us = Some(now - request.arrival_us);
        request.new_tokens = tokens;
        request.computed = start + tokens;
        formation.budget -= tokens;
        true
    }
}

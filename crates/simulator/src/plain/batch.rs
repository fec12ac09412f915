//! Which requests a step computes, and how many tokens of each: vLLM's scheduler with chunked prefill.

use super::instance::{Books, PlainInstance, Work};
use crate::cluster::Preemption;
use crate::request::{Requests, Ticket};
use crate::run::Outcome;
use crate::serving::Limits;

/// The state of a batch in the making.
struct Formation<'a> {
    limits: &'a Limits,
    /// Tokens that the step may still compute.
    budget: u32,
    /// The request of the running list at hand.
    index: usize,
    preempted_any: bool,
}

impl PlainInstance {
    /// First gives every running request its next tokens, evicting others if blocks run out; then, unless someone was
    /// evicted, takes requests from the head of the wait queue as long as they fit.
    pub(super) fn form_batch(&mut self, now: u64, requests: &mut Requests<Books>, limits: &Limits) {
        let budget = limits.max_num_batched_tokens;
        let mut formation = Formation { limits, budget, index: 0, preempted_any: false };
        while formation.index < self.running.len() && formation.budget > 0 {
            if !self.continue_running(&mut formation, requests) {
                break;
            }
            formation.index += 1;
        }
        while self.running.len() < limits.max_num_seqs && formation.budget > 0 && !formation.preempted_any {
            let Some(id) = self.waiting.first(&requests.records) else { break };
            if !self.take_in(id, now, &mut formation, requests) {
                break; // nobody overtakes the head of the queue
            }
        }
    }

    /// Schedules the next tokens of the running request at hand; false if it lost its own place.
    fn continue_running(&mut self, formation: &mut Formation<'_>, requests: &mut Requests<Books>) -> bool {
        let id = self.running[formation.index];
        let (ticket, work) = (&requests.tickets[id as usize], &requests.state.works[id as usize]);
        let tokens = if work.progress < ticket.input {
            formation.limits.chunk(ticket.input, work.progress, formation.budget)
        } else if ticket.output > 0 && work.progress + 1 < formation.limits.max_model_len {
            1
        } else {
            return true;
        };
        if !self.make_room(id, tokens, formation, requests) {
            return false;
        }
        let work = &mut requests.state.works[id as usize];
        work.new_tokens = tokens;
        work.computed += tokens;
        formation.budget -= tokens;
        true
    }

    /// Allocates blocks for a running request, and evicts others until they are there; false if it was evicted itself.
    fn make_room(
        &mut self,
        id: u32,
        tokens: u32,
        formation: &mut Formation<'_>,
        requests: &mut Requests<Books>,
    ) -> bool {
        loop {
            let books = &mut requests.state;
            let fits = if books.works[id as usize].progress < requests.tickets[id as usize].input {
                self.kv.allocate_prompt(&mut books.holdings, id, tokens, &[])
            } else {
                self.kv.allocate_token(&mut books.holdings, id)
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
    fn evict(&mut self, formation: &mut Formation<'_>, requests: &mut Requests<Books>) -> u32 {
        let place = self.victim(formation.limits.preemption, &requests.tickets);
        let id = self.running.remove(place);
        if place < formation.index {
            formation.index -= 1;
        }
        formation.preempted_any = true;
        self.counters.preemptions += 1;
        let books = &mut requests.state;
        formation.budget += books.works[id as usize].new_tokens;
        books.works[id as usize] = Work::default();
        self.kv.release(&mut books.holdings[id as usize]);
        requests.records[id as usize].outcome = Outcome::Queued;
        self.waiting.push_preempted(id, &requests.tickets);
        self.counters.peak_waiting = self.counters.peak_waiting.max(self.waiting.len());
        id
    }

    /// The place in the running list of the request to evict: by priority, the one with the largest (urgency, arrival
    /// time), and the first of equals, as a search from the start of the list finds it. (So requests of one class that
    /// arrive at the same time can evict each other for ever, if they never fit together; only a horizon ends that.)
    fn victim(&self, preemption: Preemption, tickets: &[Ticket]) -> usize {
        let last = self.running.len() - 1;
        match preemption {
            Preemption::Fcfs => last,
            Preemption::Priority => {
                let key = |place: usize| tickets[self.running[place] as usize].eviction_key();
                (1..=last).fold(0, |found, place| if key(place) > key(found) { place } else { found })
            }
        }
    }

    /// Moves the head of the wait queue into the batch; false if its first chunk does not fit.
    fn take_in(&mut self, id: u32, now: u64, formation: &mut Formation<'_>, requests: &mut Requests<Books>) -> bool {
        let books = &mut requests.state;
        self.kv.find_cached(&books.holdings, id, &mut self.cached);
        let ticket = &requests.tickets[id as usize];
        let start = self.kv.tokens_in(self.cached.len());
        let tokens = formation.limits.chunk(ticket.input, start, formation.budget);
        if !self.kv.allocate_prompt(&mut books.holdings, id, tokens, &self.cached) {
            return false;
        }
        self.counters.ghosts += u64::from(tokens == 0);
        self.waiting.pop();
        self.running.push(id);
        let record = &mut requests.records[id as usize];
        record.outcome = Outcome::Running;
        record.sched_delay_us = Some(now - ticket.arrival_us);
        let work = &mut books.works[id as usize];
        work.new_tokens = tokens;
        work.computed = start + tokens;
        formation.budget -= tokens;
        true
    }
}

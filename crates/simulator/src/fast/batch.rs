//! Which requests a step computes, and how many tokens of each. The rules are those of the plain engine's `batch.rs`.

use super::instance::FastInstance;
use super::roster::{NONE, Roster, Work};
use crate::cluster::Preemption;
use crate::request::{Requests, Ticket};
use crate::run::Outcome;
use crate::serving::Limits;

/// The state of a batch in the making.
struct Formation<'a> {
    limits: &'a Limits,
    block_size: u32,
    /// Tokens that the step may still compute.
    budget: u32,
    preempted_any: bool,
}

impl FastInstance {
    pub(super) fn form_batch(&mut self, now: u64, requests: &mut Requests<Vec<Work>>, limits: &Limits) {
        let budget = limits.max_num_batched_tokens;
        let mut formation = Formation { limits, block_size: self.block_size, budget, preempted_any: false };
        if !self.continue_all(&mut formation, requests) {
            self.continue_one_by_one(&mut formation, requests);
        }
        while self.roster.len() < limits.max_num_seqs && formation.budget > 0 && !formation.preempted_any {
            let Some(id) = self.waiting.first(&requests.records) else { break };
            if !self.take_in(id, now, &mut formation, requests) {
                break; // nobody overtakes the head of the queue
            }
        }
    }

    /// Gives all running requests their next tokens at once. False, and nothing has happened, if there are not enough
    /// blocks or tokens for that.
    fn continue_all(&mut self, formation: &mut Formation<'_>, requests: &mut Requests<Vec<Work>>) -> bool {
        let Some(mut budget) = formation.budget.checked_sub(self.decoding.count()) else { return false };
        let mut blocks = self.decoding.blocks_needed();
        for &id in &self.prefilling {
            let input = requests.tickets[id as usize].input;
            let progress = requests.state[id as usize].progress;
            let tokens = formation.limits.chunk(input, progress, budget);
            // What the budget cuts depends on who comes first: the decoding requests, only if they stand before it.
            if tokens < formation.limits.chunk(input, progress, u32::MAX)
                && Roster::from(id, &requests.state).any(|other| requests.state[other as usize].decodes)
            {
                return false;
            }
            requests.state[id as usize].new_tokens = tokens;
            budget -= tokens;
            blocks += formation.blocks_between(progress, progress + tokens);
        }
        if blocks > self.pool.free() {
            return false;
        }
        self.pool.take(blocks);
        for &id in &self.prefilling {
            let work = &mut requests.state[id as usize];
            work.computed += work.new_tokens;
        }
        formation.budget = budget;
        true
    }

    /// Gives the running requests their next tokens one after the other, evicting others if blocks run out, and notes
    /// who is to decode and went without a token.
    fn continue_one_by_one(&mut self, formation: &mut Formation<'_>, requests: &mut Requests<Vec<Work>>) {
        let mut id = self.roster.first();
        while id != NONE {
            requests.state[id as usize].new_tokens = 0;
            id = requests.state[id as usize].next();
        }
        id = self.roster.first();
        while id != NONE && formation.budget > 0 {
            if !self.continue_running(id, formation, requests) {
                break;
            }
            id = requests.state[id as usize].next();
        }
        let works = &requests.state;
        let without = |&id: &u32| works[id as usize].decodes && works[id as usize].new_tokens == 0;
        self.held_back.extend(Roster::from(self.roster.first(), works).filter(without));
    }

    /// Schedules the next tokens of a running request; false if it lost its own place.
    fn continue_running(&mut self, id: u32, formation: &mut Formation<'_>, requests: &mut Requests<Vec<Work>>) -> bool {
        let (work, input) = (&requests.state[id as usize], requests.tickets[id as usize].input);
        let (tokens, blocks) = if work.decodes {
            let held = self.decoding.progress(work) - work.unheld;
            (1, formation.blocks_between(held, held + 1))
        } else {
            let tokens = formation.limits.chunk(input, work.progress, formation.budget);
            (tokens, formation.blocks_between(work.progress, work.progress + tokens))
        };
        while blocks > self.pool.free() {
            if self.evict(formation, requests) == id {
                return false;
            }
        }
        self.pool.take(blocks);
        let work = &mut requests.state[id as usize];
        work.new_tokens = tokens;
        work.computed += tokens;
        formation.budget -= tokens;
        true
    }

    /// Puts a running request back into the wait queue, without its blocks and its progress, and says which.
    fn evict(&mut self, formation: &mut Formation<'_>, requests: &mut Requests<Vec<Work>>) -> u32 {
        let id = self.victim(formation.limits.preemption, requests);
        let input = requests.tickets[id as usize].input;
        let work = &mut requests.state[id as usize];
        formation.preempted_any = true;
        formation.budget += work.new_tokens;
        self.counters.preemptions += 1;
        // With the tokens that this step has already given it.
        let held = match work.decodes {
            true => self.decoding.progress(work) + work.new_tokens - work.unheld,
            false => work.computed,
        };
        let blocks = held.div_ceil(formation.block_size);
        if work.unheld > 0 {
            // It has decoded without its prompt, which still lies where it was left, as far as it is there.
            self.pool.release(blocks);
        } else {
            work.remains = self.pool.leave_behind(blocks, held.min(input) / formation.block_size);
        }
        self.leave_batch(id, requests);
        requests.state[id as usize].reset();
        requests.records[id as usize].outcome = Outcome::Queued;
        self.waiting.push_preempted(id, &requests.tickets);
        self.counters.peak_waiting = self.counters.peak_waiting.max(self.waiting.len());
        id
    }

    /// The request to evict: by priority, the one with the largest (urgency, arrival time), and the first of equals.
    fn victim(&self, preemption: Preemption, requests: &Requests<Vec<Work>>) -> u32 {
        let key = |id: u32| requests.tickets[id as usize].eviction_key();
        let larger = |found: u32, id: u32| if key(id) > key(found) { id } else { found };
        match preemption {
            Preemption::Fcfs => self.roster.last(),
            Preemption::Priority => {
                Roster::from(self.roster.first(), &requests.state).reduce(larger).unwrap_or(self.roster.last())
            }
        }
    }

    /// Moves the head of the wait queue into the batch; false if its first chunk does not fit.
    fn take_in(
        &mut self,
        id: u32,
        now: u64,
        formation: &mut Formation<'_>,
        requests: &mut Requests<Vec<Work>>,
    ) -> bool {
        let Ticket { input, arrival_us, .. } = requests.tickets[id as usize];
        let work = &mut requests.state[id as usize];
        let cached = self.pool.cached(work.remains);
        let start = cached * formation.block_size;
        let tokens = formation.limits.chunk(input, start, formation.budget);
        let blocks = tokens.div_ceil(formation.block_size);
        if blocks + cached > self.pool.free() {
            return false;
        }
        if tokens > 0 {
            self.pool.take_back(work.remains, cached);
            self.pool.take(blocks);
            work.remains = Default::default();
        } else {
            work.unheld = input; // nothing to compute, nothing claimed
            self.counters.ghosts += 1;
        }
        work.new_tokens = tokens;
        work.computed = start + tokens;
        formation.budget -= tokens;
        self.waiting.pop();
        self.roster.push(id, &mut requests.state);
        self.prefilling.push(id);
        let record = &mut requests.records[id as usize];
        record.outcome = Outcome::Running;
        record.sched_delay_us = Some(now - arrival_us);
        true
    }
}

impl Formation<'_> {
    /// Blocks that a request takes to grow from so many tokens to so many.
    fn blocks_between(&self, from: u32, to: u32) -> u32 {
        to.div_ceil(self.block_size) - from.div_ceil(self.block_size)
    }
}

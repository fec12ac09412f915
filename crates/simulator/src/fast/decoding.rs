//! The decoding requests of an instance, which advance by one token in each step.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use super::roster::Work;
use crate::request::Ticket;

/// What is known of all of them together.
#[derive(Debug)]
pub(super) struct Decoding {
    block_size: i64,
    /// Steps so far.
    counter: i64,
    /// The counter within a block.
    phase: usize,
    /// Sum over all steps of the time that the client waits for a token, in µs.
    elapsed_us: u64,
    count: u32,
    /// Sum of their tokens in the KV cache.
    context: u64,
    /// How many of them need a new block when the counter's phase is the index.
    needing: Vec<u32>,
    /// At which count each is complete. Requests that left, or went without a token, have entries that no longer hold.
    ends: BinaryHeap<Reverse<(i64, u32)>>,
}

impl Decoding {
    pub(super) fn new(block_size: u32) -> Self {
        Decoding {
            block_size: block_size.into(),
            counter: 0,
            phase: 0,
            elapsed_us: 0,
            count: 0,
            context: 0,
            needing: vec![0; block_size as usize],
            ends: BinaryHeap::new(),
        }
    }

    pub(super) fn count(&self) -> u32 {
        self.count
    }

    pub(super) fn context(&self) -> u64 {
        self.context
    }

    /// New blocks that the next token of every request takes together: one for each whose blocks are full.
    pub(super) fn blocks_needed(&self) -> u32 {
        self.needing[self.phase]
    }

    /// Tokens of a request in the KV cache.
    pub(super) fn progress(&self, work: &Work) -> u32 {
        (self.counter - work.base) as u32
    }

    /// Sum of the times between tokens of a request.
    pub(super) fn itl_sum_us(&self, work: &Work) -> u64 {
        self.elapsed_us - work.since_us
    }

    /// A request whose prompt is complete decodes from the next step on.
    pub(super) fn join(&mut self, id: u32, work: &mut Work, ticket: &Ticket) {
        work.decodes = true;
        work.new_tokens = 1;
        work.base = self.counter - i64::from(ticket.input);
        work.since_us = self.elapsed_us;
        self.count += 1;
        self.context += u64::from(ticket.input);
        *self.needing(work) += 1;
        self.ends.push(Reverse((work.base + i64::from(ticket.final_progress()), id)));
    }

    pub(super) fn leave(&mut self, work: &mut Work) {
        self.count -= 1;
        self.context -= u64::from(self.progress(work));
        *self.needing(work) -= 1;
        work.decodes = false;
    }

    /// Everyone gets a token.
    pub(super) fn advance(&mut self, token_us: u64) {
        self.counter += 1;
        self.phase = if self.phase + 1 == self.needing.len() { 0 } else { self.phase + 1 };
        self.elapsed_us += token_us;
        self.context += u64::from(self.count);
    }

    /// Takes back the token that a request has just got, and the time.
    pub(super) fn hold_back(&mut self, id: u32, work: &mut Work, ticket: &Ticket, token_us: u64) {
        *self.needing(work) -= 1;
        work.base += 1;
        work.since_us += token_us;
        *self.needing(work) += 1;
        self.context -= 1;
        self.ends.push(Reverse((work.base + i64::from(ticket.final_progress()), id)));
    }

    /// A request that is complete, if there is one.
    pub(super) fn pop_complete(&mut self, works: &[Work], tickets: &[Ticket]) -> Option<u32> {
        while let Some(&Reverse((end, id))) = self.ends.peek()
            && end <= self.counter
        {
            self.ends.pop();
            let (work, ticket) = (&works[id as usize], &tickets[id as usize]);
            // Any later end of the same request lies at a higher count, so there is one entry that holds, at most.
            if work.decodes && work.base + i64::from(ticket.final_progress()) == end {
                return Some(id);
            }
        }
        None
    }

    /// How many have all their blocks full in the same phase as this one.
    fn needing(&mut self, work: &Work) -> &mut u32 {
        let phase = (work.base + i64::from(work.unheld)).rem_euclid(self.block_size);
        &mut self.needing[phase as usize]
    }
}

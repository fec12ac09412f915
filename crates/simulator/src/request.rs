//! The requests of a run: what is known of each beforehand, and what becomes of it.

use crate::cluster::ClusterConfig;
use crate::run::{Outcome, Record};
use crate::serving::Rules;
use crate::slo::Class;
use crate::trace::Arrival;

/// The requests of a run, by number: the row in the workload. `state` is what the instances need to know besides.
pub(crate) struct Requests<S> {
    pub(crate) tickets: Vec<Ticket>,
    pub(crate) records: Vec<Record>,
    /// Those that are done with their instance since somebody last asked: their last step has started, or they were dropped or
    /// timed out.
    pub(crate) finished: Vec<u32>,
    pub(crate) state: S,
}

/// What is fixed about a request.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ticket {
    pub(crate) arrival_us: u64,
    /// [`NEVER`] if its client has all the time in the world.
    pub(crate) deadline_us: u64,
    pub(crate) input: u32,
    pub(crate) output: u32,
    /// The class's priority.
    pub(crate) priority: i32,
    /// Smaller is more urgent: the scheduler's view of the priority.
    pub(crate) urgency: i32,
}

/// A time that does not come.
pub(crate) const NEVER: u64 = u64::MAX;

impl<S> Requests<S> {
    pub(crate) fn new(arrivals: &[Arrival], cluster: &ClusterConfig, state: S) -> Self {
        let highest = cluster.priorities.highest();
        // There are few classes, and a request is looked at for less time than a map of names takes to search.
        let mut known: Vec<(&Class, i32)> = Vec::new();
        let mut priority = |class| match known.iter().find(|(name, _)| *name == class) {
            Some(&(_, priority)) => priority,
            None => {
                let priority = cluster.priorities.of(class);
                known.push((class, priority));
                priority
            }
        };
        Requests {
            tickets: arrivals.iter().map(|arrival| Ticket::new(arrival, priority(&arrival.class), highest)).collect(),
            records: vec![Record::default(); arrivals.len()],
            finished: Vec::new(),
            state,
        }
    }
}

impl Ticket {
    fn new(arrival: &Arrival, priority: i32, highest: i32) -> Self {
        Ticket {
            arrival_us: arrival.arrival_us,
            deadline_us: arrival.deadline_us.unwrap_or(NEVER),
            input: arrival.input_tokens,
            output: arrival.output_tokens,
            priority,
            urgency: highest - priority,
        }
    }

    /// Tokens in the KV cache when nothing is left to compute: the last output token needs no place there.
    pub(crate) fn final_progress(&self) -> u32 {
        self.input + self.output.max(1) - 1
    }

    /// Under preemption by priority, the request with the largest one loses its place.
    pub(crate) fn eviction_key(&self) -> (i32, u64) {
        (self.urgency, self.arrival_us)
    }

    /// Whether it can never be served: too long for the model, or for all the blocks of an instance.
    pub(crate) fn is_unservable(&self, rules: &Rules) -> bool {
        let longest = rules.limits.max_model_len;
        let too_long = self.input >= longest || (self.output > 0 && self.input + self.output > longest);
        too_long || self.input.div_ceil(rules.block_size) > rules.kv_blocks
    }
}

impl Record {
    /// Enters the end of a request whose tokens after the first took `itl_sum_us` together.
    pub(crate) fn complete(&mut self, ticket: &Ticket, itl_sum_us: u64, rules: &Rules) {
        let completion_us = if ticket.output > 0 { rules.latency.completion_us } else { 0 };
        let gaps = f64::from(ticket.output.saturating_sub(1).max(1));
        self.e2e_us = self.ttft_us.map(|ttft_us| ttft_us + itl_sum_us + completion_us);
        self.mean_itl_us = Some(itl_sum_us as f64 / gaps);
        self.outcome = Outcome::Completed;
    }
}

//! One request on its way through the cluster.

use crate::cluster::ClusterConfig;
use crate::run::{Outcome, Record};
use crate::trace::Arrival;

/// The state of a request. Progress counts tokens in the KV cache: prompt first, then output.
#[derive(Clone, Debug)]
pub(crate) struct Request {
    pub(crate) arrival_us: u64,
    pub(crate) deadline_us: Option<u64>,
    pub(crate) input: u32,
    pub(crate) output: u32,
    /// The class's priority.
    pub(crate) priority: i32,
    /// Smaller is more urgent: the scheduler's view of the priority.
    pub(crate) urgency: i32,

    pub(crate) outcome: Outcome,
    pub(crate) admitted: Option<bool>,
    pub(crate) instance: Option<u16>,

    /// Tokens computed before the current step.
    pub(crate) progress: u32,
    /// Tokens computed after the current step.
    pub(crate) computed: u32,
    /// Tokens that the current step computes for it; 0 between steps.
    pub(crate) new_tokens: u32,
    /// Whether this attempt has yielded its first token; a preemption starts a new attempt.
    pub(crate) has_first_token: bool,
    /// Sum of the times between tokens of this attempt.
    pub(crate) itl_sum_us: u64,

    pub(crate) ttft_us: Option<u64>,
    pub(crate) e2e_us: Option<u64>,
    pub(crate) sched_delay_us: Option<u64>,
}

impl Request {
    pub(crate) fn new(arrival: &Arrival, cluster: &ClusterConfig) -> Self {
        let priority = cluster.priorities.of(&arrival.class);
        Request {
            arrival_us: arrival.arrival_us,
            deadline_us: arrival.deadline_us,
            input: arrival.input_tokens,
            output: arrival.output_tokens,
            priority,
            urgency: cluster.priorities.highest() - priority,
            outcome: Outcome::Unrouted,
            admitted: None,
            instance: None,
            progress: 0,
            computed: 0,
            new_tokens: 0,
            has_first_token: false,
            itl_sum_us: 0,
            ttft_us: None,
            e2e_us: None,
            sched_delay_us: None,
        }
    }

    /// Does what a step starting at `now` computes for it; `token_us` later the client sees the token.
    pub(crate) fn advance(&mut self, now: u64, token_us: u64) {
        if self.progress < self.input {
            self.progress = self.computed;
        } else if self.new_tokens > 0 {
            self.progress += 1;
            self.itl_sum_us += token_us;
        }
        self.new_tokens = 0;
        if self.progress == self.input && !self.has_first_token {
            self.has_first_token = true;
            self.ttft_us = Some(now + token_us - self.arrival_us);
        }
    }

    /// Whether nothing is left to compute: the last output token needs no place in the cache.
    pub(crate) fn is_done(&self) -> bool {
        self.progress >= self.input + self.output.max(1) - 1
    }

    /// Back to the start. The time to first token stays on record until the next attempt overwrites it.
    pub(crate) fn reset(&mut self) {
        self.progress = 0;
        self.computed = 0;
        self.new_tokens = 0;
        self.has_first_token = false;
        self.itl_sum_us = 0;
        self.outcome = Outcome::Queued;
    }

    pub(crate) fn record(&self) -> Record {
        let gaps = f64::from(self.output.saturating_sub(1).max(1));
        Record {
            admitted: self.admitted,
            instance: self.instance,
            ttft_us: self.ttft_us,
            e2e_us: self.e2e_us,
            mean_itl_us: self.e2e_us.map(|_| self.itl_sum_us as f64 / gaps),
            sched_delay_us: self.sched_delay_us,
            outcome: self.outcome,
        }
    }
}

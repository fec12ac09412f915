//! What the cluster asks of a serving instance, and what the two kinds of instance have in common.

use crate::cluster::{ClusterConfig, Preemption};
use crate::latency::Latency;
use crate::request::{NEVER, Requests, Ticket};
use crate::trace::Arrival;

/// An instance. There are two kinds: `fast`, which does no work per token, and `plain`, which is written to be read.
pub(crate) trait ServingInstance {
    /// What the instances remember of all requests.
    type State;

    /// Bytes of it for each request, at their beginning.
    const REQUEST_BYTES: usize;

    fn state(arrivals: &[Arrival]) -> Self::State;

    fn new(cluster: &ClusterConfig) -> Self;

    /// A request is sent to this instance.
    fn receive(&mut self, id: u32, now: u64, rules: &Rules);

    /// The time of the next event, or [`NEVER`].
    fn next_us(&self) -> u64;

    /// Executes the next event.
    fn process(&mut self, requests: &mut Requests<Self::State>, rules: &Rules);

    /// Takes a request back that waits or runs. The step under way, or ahead, stays.
    fn evict(&mut self, id: u32, requests: &mut Requests<Self::State>);

    /// Requests in the wait queue.
    fn waiting(&self) -> usize;

    /// Requests in the batch.
    fn running(&self) -> usize;

    /// The share of KV blocks that somebody holds.
    fn kv_utilization(&self) -> f64;

    fn counters(&self) -> &Counters;
}

/// What an instance counts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
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
    /// Times that a request was taken in whose whole prompt was cached: it claims none of it, and decodes without.
    pub(crate) ghosts: u64,
    /// KV blocks taken back with their content.
    pub(crate) hits: u64,
    /// KV blocks taken for new content.
    pub(crate) misses: u64,
    /// The time of the last event.
    pub(crate) clock_us: u64,
}

impl Counters {
    pub(crate) fn new(cluster: &ClusterConfig) -> Self {
        Counters { least_free: cluster.kv_blocks, ..Counters::default() }
    }

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

/// Far enough away, and so far from overflow that a step may start before it.
const NO_HORIZON_US: u64 = 1 << 62;

impl Rules {
    pub(crate) fn new(cluster: &ClusterConfig) -> Self {
        Rules {
            limits: Limits::new(cluster),
            latency: Latency::new(cluster),
            block_size: cluster.block_size,
            kv_blocks: cluster.kv_blocks,
            horizon_us: cluster.horizon_us.unwrap_or(NO_HORIZON_US),
        }
    }

    /// When the client of a request gives up, unless that is never or after the end of the run.
    pub(crate) fn timeout_us(&self, ticket: &Ticket) -> Option<u64> {
        (ticket.deadline_us != NEVER && ticket.deadline_us <= self.horizon_us).then_some(ticket.deadline_us)
    }
}

/// The bounds of a batch.
#[derive(Debug)]
pub(crate) struct Limits {
    pub(crate) max_num_seqs: usize,
    pub(crate) max_num_batched_tokens: u32,
    long_prefill_threshold: u32,
    pub(crate) max_model_len: u32,
    pub(crate) preemption: Preemption,
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

    /// How many of the `input` tokens of a prompt from `start` on the next chunk takes.
    pub(crate) fn chunk(&self, input: u32, start: u32, budget: u32) -> u32 {
        let mut tokens = input - start;
        if self.long_prefill_threshold > 0 {
            tokens = tokens.min(self.long_prefill_threshold);
        }
        tokens.min(budget).min((self.max_model_len - 1).saturating_sub(start))
    }
}

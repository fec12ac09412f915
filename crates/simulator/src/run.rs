//! What a simulated run leaves behind.

use serde::Serialize;

use crate::flow::Passages;

/// The result of a run.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Run {
    /// One record for each request, in the order of the rows of the workload.
    pub requests: Vec<Record>,
    /// Sums over all requests and instances.
    pub totals: Totals,
    /// How the requests went through the gateway's queue, if there is one.
    pub passages: Option<Passages>,
}

/// What happened to one request. Times are in µs since its own arrival.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Record {
    /// Whether it was let in: admitted, or dispatched by flow control. `None` if the run ended before that was decided.
    pub admitted: Option<bool>,
    /// The instance that it was routed to.
    pub instance: Option<u16>,
    /// Until its first token; known for some requests that never complete, too.
    pub ttft_us: Option<u64>,
    /// Until its last token, of completed requests.
    pub e2e_us: Option<u64>,
    /// Mean time between its tokens, of completed requests; 0 for fewer than two tokens.
    pub mean_itl_us: Option<f64>,
    /// Until it was (last) taken into a batch.
    pub sched_delay_us: Option<u64>,
    /// Where it ended.
    pub outcome: Outcome,
}

/// Where a request ended, or stood when the horizon cut the run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// Not yet routed at the horizon.
    #[default]
    Unrouted,
    /// Refused at admission, or because the gateway's queue was full.
    Rejected,
    /// In the gateway's queue at the end.
    Waiting,
    /// Displaced from the gateway's queue by a more important one.
    Shed,
    /// Waited too long in the gateway's queue.
    Expired,
    /// Taken back from its instance by the gateway.
    Evicted,
    /// Routed, but not yet in the instance's queue at the horizon.
    InTransit,
    /// In the wait queue at the horizon.
    Queued,
    /// In the batch at the horizon.
    Running,
    /// All tokens delivered.
    Completed,
    /// Too long for the instance, so never queued.
    Dropped,
    /// Its deadline passed before it was complete.
    TimedOut,
}

impl Outcome {
    /// The word for it in a table of requests; whatever stood somewhere at the horizon is `unfinished`.
    pub fn as_str(self) -> &'static str {
        match self {
            Outcome::Completed => "completed",
            Outcome::Rejected => "rejected",
            Outcome::Shed => "shed",
            Outcome::Expired => "expired",
            Outcome::Evicted => "evicted",
            Outcome::TimedOut => "timed_out",
            Outcome::Dropped => "dropped",
            Outcome::Unrouted | Outcome::Waiting | Outcome::InTransit | Outcome::Queued | Outcome::Running => {
                "unfinished"
            }
        }
    }
}

/// Sums over a run.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Totals {
    /// Requests refused at admission, or because the gateway's queue was full.
    pub rejected: u64,
    /// Requests sent to an instance.
    pub routed: u64,
    /// Requests completed.
    pub completed: u64,
    /// Requests dropped because they can never fit.
    pub dropped: u64,
    /// Requests whose deadline passed.
    pub timed_out: u64,
    /// Requests in wait queues at the end.
    pub still_queued: u64,
    /// Requests in batches at the end.
    pub still_running: u64,
    /// Times that a running request lost its place and its progress for want of KV blocks.
    pub preemptions: u64,
    /// Prompt tokens of all requests that passed the length checks of an instance.
    pub input_tokens: u64,
    /// Output tokens of the completed requests.
    pub output_tokens: u64,
    /// From time 0 to the end of the last step, in µs, at most the horizon.
    pub duration_us: u64,
    /// Steps of all instances.
    pub steps: u64,
    /// Mean over instances of the share of KV blocks that were found in the prefix cache.
    pub cache_hit_rate: f64,
    /// The largest share of KV blocks in use at the start of any step of any instance, after batch formation.
    pub peak_kv_utilization: f64,
    /// The longest wait queue of any instance at any time.
    pub peak_waiting: u64,
    /// The largest batch of any instance.
    pub peak_running: u64,
}

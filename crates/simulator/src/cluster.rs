//! The configuration of a serving cluster, checked and with every default filled in.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::cards::{HardwareCard, ModelCard};
pub use crate::latency::measured::Measured;
use crate::slo::Priorities;

/// Everything that decides how a cluster treats a given workload, except the admission policy.
#[derive(Clone, Debug, PartialEq)]
pub struct ClusterConfig {
    /// Serving instances, 1 to 128.
    pub instances: u16,
    /// What they serve.
    pub model: ModelCard,
    /// The GPU they run on.
    pub hardware: HardwareCard,
    /// GPUs per instance.
    pub tensor_parallel: u32,
    /// How the duration of a step is computed.
    pub latency: LatencyKind,
    /// How an instance is chosen for an admitted request.
    pub routing: Routing,
    /// In which order an instance takes requests from its wait queue.
    pub scheduler: Scheduler,
    /// Who loses its place when KV blocks run out.
    pub preemption: Preemption,
    /// The largest batch, in requests.
    pub max_num_seqs: u32,
    /// The most tokens that one step computes.
    pub max_num_batched_tokens: u32,
    /// The longest prefill chunk in tokens; 0 for no such limit.
    pub long_prefill_threshold: u32,
    /// The longest request in tokens (prompt and output); longer ones are dropped.
    pub max_model_len: u32,
    /// Tokens in a KV block.
    pub block_size: u32,
    /// KV blocks of an instance.
    pub kv_blocks: u32,
    /// How old the router's view of an instance may get, in µs; 0 for always fresh.
    pub snapshot_interval_us: u64,
    /// From arrival to the admission decision, in µs.
    pub admission_latency_us: u64,
    /// From the admission decision to the routing decision, in µs.
    pub routing_latency_us: u64,
    /// Events after this time do not happen any more; `None` to run until all is done.
    pub horizon_us: Option<u64>,
    /// Seed of the draws of routing: ties, and all of `random`.
    pub tie_seed: u64,
    /// Priority of each class.
    pub priorities: Priorities,
}

/// How the duration of a step is computed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum LatencyKind {
    /// BLIS's fitted model.
    TrainedPhysics,
    /// The larger of compute time and memory time, without overheads.
    Roofline,
    /// Costs fitted to measurements.
    Measured(Measured),
}

/// How an instance is chosen for an admitted request.
#[derive(Clone, Debug, PartialEq)]
pub enum Routing {
    /// One after the other.
    RoundRobin,
    /// At random.
    Random,
    /// The smallest sum of waiting, running and in-flight requests.
    LeastLoaded,
    /// The highest weighted sum of scores; the weights add up to 1.
    Weighted(Vec<(Scorer, f64)>),
}

/// A score of an instance, 0 to 1, higher is better.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Scorer {
    /// 1 for the shortest wait queue, 0 for the longest.
    QueueDepth,
    /// 1 − KV utilisation.
    KvUtilization,
    /// 1 / (1 + load).
    LoadBalance,
}

/// In which order an instance takes requests from its wait queue.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Scheduler {
    /// First come, first served; preempted requests first.
    #[default]
    Fcfs,
    /// The most important class first, then by arrival.
    PriorityFcfs,
    /// The shortest prompt first, then by arrival.
    Sjf,
}

/// Who loses its place when KV blocks run out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Preemption {
    /// The request that was taken into the batch last.
    #[default]
    Fcfs,
    /// The least important class, the latest arrival among them.
    Priority,
}

//! What a policy may learn of a workload by watching it for long enough.

use serde::{Deserialize, Serialize};

/// A workload in the mean, as far as a policy sees it.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Profile {
    /// Share of the requests that are droppable, 0..1.
    pub droppable_share: f64,
    /// Requests per second that arrive at an instance.
    pub rate: f64,
    /// Tokens that the KV cache of an instance holds.
    pub kv_capacity: f64,
    /// Prompt tokens of a request.
    pub prompt_tokens: f64,
}

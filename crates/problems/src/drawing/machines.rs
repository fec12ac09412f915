//! What all clusters of a population have in common.

use super::check::{Checked, plain};
use schemars::JsonSchema;
use serde::Deserialize;

/// What all clusters have in common: keys and values as in a scenario's, whose defaults hold for the rest. There is no horizon,
/// so that runs drain.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Machines {
    /// The GPU, a built-in card, as in `h100`.
    pub hardware: String,
    /// GPUs per instance; 1 to 64, and the attention heads of each model are a multiple of it.
    #[serde(default = "one")]
    pub tensor_parallel: u32,
    /// How the duration of a step is computed: `trained-physics`, `roofline` or `h100-measured`.
    pub latency: String,
    /// How an instance is chosen for an admitted request: `round-robin`, `random` or `least-loaded`.
    pub routing: String,
    /// In which order an instance takes requests from its queue: `fcfs`, `priority-fcfs` or `sjf`.
    pub scheduler: String,
    /// Who loses its place when KV blocks run out: `fcfs` or `priority`.
    pub preemption: String,
}

fn one() -> u32 {
    1
}

impl Machines {
    /// Names that may stand in a text.
    pub(crate) fn check(&self) -> Checked {
        let names = [
            ("hardware", &self.hardware),
            ("latency", &self.latency),
            ("routing", &self.routing),
            ("scheduler", &self.scheduler),
            ("preemption", &self.preemption),
        ];
        names.into_iter().try_for_each(|(key, name)| plain(&format!("cluster.{key}"), name))
    }
}

//! The GPU time that a request takes up.

use crate::cluster::ClusterConfig;
use crate::latency::{Chunk, Latency};
use crate::serving::Limits;

/// GPU time of requests on the instances of a cluster.
#[derive(Debug)]
pub struct GpuTime {
    latency: Latency,
    limits: Limits,
}

impl GpuTime {
    /// On this cluster.
    pub fn new(cluster: &ClusterConfig) -> Self {
        GpuTime { latency: Latency::new(cluster), limits: Limits::new(cluster) }
    }

    /// By how much longer the steps of an instance are for a request of these lengths in tokens; µs of step time, during which all
    /// GPUs of the instance work. It is the marginal time of its prompt, chunk by chunk, and of each further output token at the mean
    /// length of its context, by the cluster's latency model, next to a step in which there is nothing else: no queue, no
    /// neighbour, no preemption and no prefix that is already there enters.
    pub fn of(&self, input: u32, output: u32) -> f64 {
        let (mut prompt_us, mut progress) = (0.0, 0);
        while progress < input {
            let new_tokens = self.limits.chunk(input, progress, self.limits.max_num_batched_tokens);
            if new_tokens == 0 {
                break; // longer than the model can read
            }
            prompt_us += self.latency.marginal_us(Chunk { input, progress, new_tokens });
            progress += new_tokens;
        }
        // The last chunk of the prompt yields the first token.
        let decodes = output.saturating_sub(1);
        let context = input.saturating_add(decodes.saturating_sub(1) / 2);
        prompt_us + f64::from(decodes) * self.latency.marginal_us(Chunk { input, progress: context, new_tokens: 1 })
    }
}

//! How long a step takes. The formulas are evaluated in exactly this order, and truncated once.

pub(crate) mod measured;

use crate::cards::{HardwareCard, ModelCard};
use crate::cluster::{ClusterConfig, LatencyKind};
use crate::run::Record;
use crate::trace::MAX_TIME_US;
use measured::Measured;

/// What a step computes for one request.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Chunk {
    /// Length of the whole prompt.
    pub(crate) input: u32,
    /// Tokens in the KV cache before the step.
    pub(crate) progress: u32,
    /// Tokens that the step computes.
    pub(crate) new_tokens: u32,
}

impl Chunk {
    fn is_prefill(&self) -> bool {
        self.progress < self.input
    }
}

/// What a step computes, summed over its requests: all that a model which is linear in these sums needs to know. Being
/// integers, they are exact in whichever order they were taken, and may be kept up to date instead of summed anew.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Load {
    /// Requests with a chunk of their prompt.
    pub(crate) prefills: u64,
    /// Tokens of these chunks.
    pub(crate) prefill_tokens: u64,
    /// Sum over these chunks of t · (2s + t), for t tokens of a prompt of s tokens in all.
    pub(crate) prefill_area: u64,
    /// Requests that decode one token.
    pub(crate) decodes: u64,
    /// Their tokens in the KV cache before the step.
    pub(crate) context: u64,
}

impl Load {
    /// Adds a chunk of a prompt of `input` tokens.
    pub(crate) fn add_prefill(&mut self, input: u32, tokens: u32) {
        let (s, t) = (u64::from(input), u64::from(tokens));
        self.prefills += 1;
        self.prefill_tokens += t;
        self.prefill_area += t * (2 * s + t);
    }

    fn add(&mut self, chunk: Chunk) {
        if chunk.is_prefill() {
            self.add_prefill(chunk.input, chunk.new_tokens);
        } else {
            self.decodes += 1;
            self.context += u64::from(chunk.progress);
        }
    }
}

impl FromIterator<Chunk> for Load {
    fn from_iter<T: IntoIterator<Item = Chunk>>(chunks: T) -> Self {
        let mut load = Load::default();
        chunks.into_iter().for_each(|chunk| load.add(chunk));
        load
    }
}

/// A latency model for one cluster.
#[derive(Clone, Debug)]
pub(crate) struct Latency {
    /// From the arrival at an instance to its wait queue, in µs.
    pub(crate) queue_delay_us: u64,
    /// Added to the time of each token that the client sees, in µs.
    pub(crate) per_token_us: u64,
    /// Added to the end-to-end time of a request with output, in µs.
    pub(crate) completion_us: u64,
    /// Added to the times that a client measures from the arrival on, in µs; instances do not notice it.
    client_us: u64,
    steps: Steps,
}

#[derive(Clone, Debug)]
enum Steps {
    TrainedPhysics(TrainedPhysics),
    Roofline(Roofline),
    Measured(Measured),
}

impl Latency {
    pub(crate) fn new(cluster: &ClusterConfig) -> Self {
        let (model, hardware) = (&cluster.model, &cluster.hardware);
        match cluster.latency {
            LatencyKind::TrainedPhysics => Latency {
                queue_delay_us: ALPHA[0] as u64,
                per_token_us: ALPHA[2] as u64,
                completion_us: ALPHA[1] as u64,
                client_us: 0,
                steps: Steps::TrainedPhysics(TrainedPhysics::new(model, hardware, cluster.tensor_parallel)),
            },
            LatencyKind::Roofline => Latency {
                queue_delay_us: 0,
                per_token_us: 0,
                completion_us: 0,
                client_us: 0,
                steps: Steps::Roofline(Roofline::new(model, hardware, cluster.tensor_parallel)),
            },
            LatencyKind::Measured(measured) => Latency {
                queue_delay_us: 0,
                per_token_us: 0,
                completion_us: 0,
                client_us: measured.client as u64,
                steps: Steps::Measured(measured),
            },
        }
    }

    /// The duration of a step in µs, at least 1. The chunks have at least one token each, and `load` is their sum; only
    /// models that are not linear in it look at the chunks.
    pub(crate) fn step_us(&self, load: &Load, chunks: impl Iterator<Item = Chunk> + Clone) -> u64 {
        // Absurd cards end in absurdly long steps, but not in an overflow.
        (self.exact_us(load, chunks) as u64).clamp(1, MAX_TIME_US)
    }

    fn exact_us(&self, load: &Load, chunks: impl Iterator<Item = Chunk> + Clone) -> f64 {
        match &self.steps {
            Steps::TrainedPhysics(model) => model.step_us(load),
            Steps::Roofline(model) => model.step_us(chunks),
            Steps::Measured(model) => model.step_us(load),
        }
    }

    /// By how much longer, in µs, a step with this chunk alone is than one that only reads the weights.
    pub(crate) fn marginal_us(&self, chunk: Chunk) -> f64 {
        let nothing_us = match &self.steps {
            Steps::TrainedPhysics(model) => model.sum(0.0, 0.0, 0.0, 0.0, 0.0),
            Steps::Roofline(model) => model.weights_bytes / model.bytes_per_s * 1e6,
            Steps::Measured(model) => model.step_us(&Load::default()),
        };
        let one = std::iter::once(chunk);
        self.exact_us(&one.clone().collect(), one) - nothing_us
    }

    /// Adds what lies between the cluster and its clients to the finished records of a run.
    pub(crate) fn as_seen_by_clients(&self, records: &mut [Record]) {
        for record in records {
            for time_us in [&mut record.ttft_us, &mut record.e2e_us].into_iter().flatten() {
                *time_us += self.client_us;
            }
        }
    }
}

/// Overheads in µs: before the queue, per request, per token.
const ALPHA: [f64; 3] = [15563.199579, 777.3455, 45.907545];
/// Weights of the terms of a step; those for mixtures of experts (the 8th and 11th) are left out.
const BETA: [f64; 7] = [0.152128, 0.0, 1.36252915, 0.752037, 32.09546717, 4.41684444, 126.024825];
const BETA_PREFILL_KV: f64 = 0.0;
const BETA_DECODE_KV: f64 = 1.94710771;
/// Bytes of a number in the KV cache, and of an activation.
const KV_BYTES: f64 = 2.0;

/// BLIS's fitted model: physical terms with trained weights.
#[derive(Clone, Debug)]
struct TrainedPhysics {
    layers: f64,
    hidden: f64,
    feed_forward: f64,
    kv_width: f64,
    kv_width_per_gpu: f64,
    head_dim: f64,
    heads_per_gpu: f64,
    tp: f64,
    flops_per_us: f64,
    bytes_per_us: f64,
    weights_us: f64,
}

impl TrainedPhysics {
    fn new(model: &ModelCard, hardware: &HardwareCard, tensor_parallel: u32) -> Self {
        let tp = f64::from(tensor_parallel);
        let layers = f64::from(model.num_hidden_layers);
        let d = f64::from(model.hidden_size);
        let ffn = f64::from(model.intermediate_size);
        // An explicit head dimension is for the KV cache only.
        let head_dim = f64::from(model.hidden_size / model.num_attention_heads);
        let kv_width = f64::from(model.num_key_value_heads) * head_dim;
        let width = f64::from(model.dtype.bytes());
        let tflops = if model.dtype.bytes() == 1 { hardware.peak_tflops_fp8 } else { hardware.peak_tflops_bf16 };
        let bytes_per_us = hardware.hbm_tb_per_s * 1e6;
        let attention = layers * d * (2.0 * d + 2.0 * kv_width) * width / tp;
        TrainedPhysics {
            layers,
            hidden: d,
            feed_forward: ffn,
            kv_width,
            kv_width_per_gpu: kv_width / tp,
            head_dim,
            heads_per_gpu: f64::from(model.num_attention_heads) / tp,
            tp,
            flops_per_us: tflops * 1e6,
            bytes_per_us,
            weights_us: (attention + layers * 3.0 * d * ffn * width / tp) / bytes_per_us,
        }
    }

    fn step_us(&self, load: &Load) -> f64 {
        let requests = load.prefills + load.decodes;
        if requests == 0 {
            return 1.0;
        }
        // 4 · heads · t · (s + t/2) · head_dim, with the whole prompt as s, whichever chunk of it this is. All factors are
        // integers: the sum of the products is the product of the sum.
        let attention = 2.0 * self.heads_per_gpu * load.prefill_area as f64 * self.head_dim;
        self.sum(requests as f64, load.prefill_tokens as f64, attention, load.decodes as f64, load.context as f64)
    }

    fn sum(&self, requests: f64, prefill_tokens: f64, attention: f64, decodes: f64, context: f64) -> f64 {
        let layers = self.layers;
        let mut prefill = 0.0;
        let mut prefill_kv = 0.0;
        if prefill_tokens > 0.0 {
            let flops = self.projections(prefill_tokens) + layers * attention + self.feed_forward(prefill_tokens);
            prefill = flops / self.flops_per_us;
            prefill_kv = layers * 2.0 * self.kv_width_per_gpu * prefill_tokens * KV_BYTES / self.bytes_per_us;
        }
        let mut decode = 0.0;
        let mut decode_kv = 0.0;
        if decodes > 0.0 {
            // A weight of zero makes the term zero, and most steps consist of this branch.
            if BETA[1] != 0.0 {
                let attention = layers * 4.0 * self.heads_per_gpu * context * self.head_dim;
                decode = (self.projections(decodes) + attention + self.feed_forward(decodes)) / self.flops_per_us;
            }
            decode_kv = layers * 2.0 * self.kv_width_per_gpu * KV_BYTES * (context + decodes) / self.bytes_per_us;
        }
        BETA[0] * prefill
            + BETA_PREFILL_KV * prefill_kv
            + (BETA[1] * decode + BETA_DECODE_KV * decode_kv)
            + BETA[2] * self.weights_us
            + BETA[3] * self.communication_us(prefill_tokens + decodes)
            + BETA[4] * layers
            + BETA[5] * requests
            + BETA[6]
    }

    fn projections(&self, tokens: f64) -> f64 {
        self.layers * 2.0 * tokens * self.hidden * (2.0 * self.hidden + 2.0 * self.kv_width) / self.tp
    }

    fn feed_forward(&self, tokens: f64) -> f64 {
        self.layers * tokens * 6.0 * self.hidden * self.feed_forward / self.tp
    }

    /// Two all-reduces in each layer, one after attention and one after the feed-forward part.
    fn communication_us(&self, tokens: f64) -> f64 {
        if self.tp <= 1.0 {
            return 0.0;
        }
        let each =
            self.layers * tokens * self.hidden * KV_BYTES * 2.0 * ((self.tp - 1.0) / self.tp) / self.bytes_per_us;
        2.0 * each
    }
}

/// The larger of compute time and memory time.
#[derive(Clone, Debug)]
struct Roofline {
    layers: f64,
    hidden: f64,
    heads: f64,
    head_dim: f64,
    kv_heads: f64,
    kv_width: f64,
    feed_forward: f64,
    number_bytes: f64,
    tp: f64,
    prefill_flops_per_s: f64,
    decode_flops_per_s: f64,
    bytes_per_s: f64,
    weights_bytes: f64,
}

impl Roofline {
    fn new(model: &ModelCard, hardware: &HardwareCard, tensor_parallel: u32) -> Self {
        let tp = f64::from(tensor_parallel);
        let layers = f64::from(model.num_hidden_layers);
        let d = f64::from(model.hidden_size);
        let heads = f64::from(model.num_attention_heads);
        let head_dim = d / heads;
        let kv_width = f64::from(model.num_key_value_heads) * head_dim;
        let ffn = f64::from(model.intermediate_size);
        let number_bytes = f64::from(model.dtype.bytes());
        // Two feed-forward matrices, not three: so does BLIS.
        let weights = layers * (d * (d + 2.0 * kv_width) + d * d) + layers * 2.0 * d * ffn;
        let peak = hardware.peak_tflops_bf16 * 1e12;
        Roofline {
            layers,
            hidden: d,
            heads,
            head_dim,
            kv_heads: f64::from(model.num_key_value_heads),
            kv_width,
            feed_forward: ffn,
            number_bytes,
            tp,
            prefill_flops_per_s: peak * hardware.mfu_prefill,
            decode_flops_per_s: peak * hardware.mfu_decode,
            bytes_per_s: hardware.hbm_tb_per_s * 1e12,
            weights_bytes: weights * number_bytes / tp,
        }
    }

    fn step_us(&self, chunks: impl Iterator<Item = Chunk> + Clone) -> f64 {
        if chunks.clone().next().is_none() {
            return 0.0;
        }
        let (mut compute_s, mut bytes) = (0.0, 0.0);
        // Prefills before decodes: the order in which the sums are taken.
        for (prefill, rate) in [(true, self.prefill_flops_per_s), (false, self.decode_flops_per_s)] {
            for chunk in chunks.clone().filter(|chunk| chunk.is_prefill() == prefill) {
                let (new, past) = (f64::from(chunk.new_tokens), f64::from(chunk.progress));
                compute_s += self.flops(new, past) / self.tp / rate;
                bytes += self.bytes(new, past) / self.tp;
            }
        }
        let memory_s = (self.weights_bytes + bytes) / self.bytes_per_s;
        (if compute_s > memory_s { compute_s } else { memory_s }) * 1e6
    }

    fn flops(&self, new: f64, past: f64) -> f64 {
        let d = self.hidden;
        let context = if new > 1.0 { past + (new - 1.0) / 2.0 } else { past };
        let projections = self.layers * (2.0 * new * (d * d + 2.0 * d * self.kv_width) + 2.0 * new * d * d);
        let attention = self.layers * (4.0 * self.heads * new * context * self.head_dim);
        let feed_forward = self.layers * (2.0 * new * (2.0 * d * self.feed_forward));
        let vector = self.layers * (5.0 * self.heads * new * context + 2.0 * new * d);
        projections + attention + feed_forward + vector
    }

    /// Written to and read from the KV cache, and activations.
    fn bytes(&self, new: f64, past: f64) -> f64 {
        let per_token = 2.0 * self.layers * self.kv_heads * self.head_dim * self.number_bytes;
        per_token * new + per_token * past + self.layers * self.hidden * self.number_bytes * new
    }
}

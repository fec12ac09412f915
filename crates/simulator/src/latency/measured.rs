//! Step times as measured on hardware: a few costs, fitted to published measurements.

use super::Load;

/// What a step costs on the hardware, and what the client sees beyond it. All in µs.
///
/// A step takes `constant + prefill_token · P + decode · D + decode_squared · D² + context_token · X` with P the prompt
/// tokens that it computes, D its decoding requests and X the tokens that these have in the KV cache: linear in sums, but
/// for one square, so that a step costs the simulator nothing per request.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Measured {
    /// Per step: reading the weights, starting the kernels, the scheduler.
    pub constant: f64,
    /// Per prompt token.
    pub prefill_token: f64,
    /// Per decoding request.
    pub decode: f64,
    /// Per square of the number of decoding requests: each costs more in a larger batch.
    pub decode_squared: f64,
    /// Per token of context of the decoding requests: reading the KV cache.
    pub context_token: f64,
    /// Per request, seen by the client but not by the instance: gateway, network, tokeniser. Part of the time to first
    /// token and of the end-to-end time.
    pub client: f64,
}

/// Bytes of one token of Qwen3-14B in the KV cache: keys and values, 40 layers, 8 heads of 128 numbers of 2 bytes.
const KV_BYTES_PER_TOKEN: f64 = 2.0 * 40.0 * 8.0 * 128.0 * 2.0;
/// Memory bandwidth of an H100 SXM in bytes per µs, from its data sheet.
const HBM_BYTES_PER_US: f64 = 3.35e6;

impl Measured {
    /// Where a fit starts: the step model that the table's own numbers suggest at a glance.
    ///
    /// All runs of the table have the same mean context, which cannot tell a cost per token of context from one per
    /// request. So the former is not fitted: it is what reading the KV cache takes at the bandwidth of the data sheet,
    /// the least that it can be.
    pub const START: Measured = Measured {
        constant: 13_200.0,
        prefill_token: 37.0,
        decode: 20.0,
        decode_squared: 0.2,
        context_token: KV_BYTES_PER_TOKEN / HBM_BYTES_PER_US,
        client: 25_000.0,
    };

    /// Qwen3-14B in bf16 on one H100 SXM under vLLM in eager mode: what `examples/fit_h100.rs` finds, from [`Self::START`],
    /// in the table of a single GPU under four loads that stands in `tests/common/single_gpu.rs`, and in nothing else.
    /// Frozen: what it says about clusters was computed afterwards (`experiments/admission-h100/MEASURED.md`).
    pub const H100: Measured = Measured {
        constant: 12_850.0,
        prefill_token: 36.39,
        decode: 21.83,
        decode_squared: 0.1861,
        client: 29_230.0,
        ..Measured::START
    };

    /// The duration of a step.
    pub(super) fn step_us(&self, load: &Load) -> f64 {
        let decodes = load.decodes as f64;
        self.constant
            + self.prefill_token * load.prefill_tokens as f64
            + self.decode * decodes
            + self.decode_squared * decodes * decodes
            + self.context_token * load.context as f64
    }
}

//! How many KV blocks fit beside a model's weights.

use crate::cards::{HardwareCard, ModelCard};

const GIB: f64 = (1u64 << 30) as f64;
/// Room for activations of a dense model, in GiB.
const ACTIVATIONS_GIB: f64 = 5.5;

/// KV blocks of `block_size` tokens in the memory of `tensor_parallel` GPUs of which the share `utilization` is used;
/// zero if the model alone does not fit.
pub fn kv_blocks(
    model: &ModelCard,
    hardware: &HardwareCard,
    tensor_parallel: u32,
    utilization: f64,
    block_size: u32,
) -> u64 {
    let tp = f64::from(tensor_parallel);
    let non_torch_gib = if tensor_parallel == 1 { 0.15 } else { 0.6 };
    let available_gib = hardware.memory_gib * utilization * tp;
    let weights_bytes = (parameters(model) * f64::from(model.dtype.bytes())).trunc();
    let overhead_gib = weights_bytes / GIB + ACTIVATIONS_GIB + non_torch_gib * tp;
    let allocatable_bytes = ((available_gib - overhead_gib) * GIB).trunc();
    let layers = f64::from(model.num_hidden_layers);
    let kv_heads = f64::from(model.num_key_value_heads);
    let block_bytes = (layers * 2.0 * head_dim(model) * kv_heads * 2.0 / tp * f64::from(block_size)).trunc();
    // A negative quotient saturates to zero.
    (allocatable_bytes / block_bytes).floor() as u64
}

/// The number of weights.
fn parameters(model: &ModelCard) -> f64 {
    let vocabulary = f64::from(model.vocab_size);
    let hidden = f64::from(model.hidden_size);
    let layers = f64::from(model.num_hidden_layers);
    let kv_dim = f64::from(model.num_key_value_heads) * head_dim(model);
    let attention = hidden * (hidden + 2.0 * kv_dim) + hidden * hidden + 2.0 * hidden;
    let feed_forward = 3.0 * hidden * f64::from(model.intermediate_size);
    let output_head = if model.tie_word_embeddings { 0.0 } else { vocabulary * hidden };
    vocabulary * hidden + layers * attention + layers * feed_forward + output_head + hidden
}

fn head_dim(model: &ModelCard) -> f64 {
    f64::from(model.head_dim.unwrap_or(model.hidden_size / model.num_attention_heads))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cards;

    fn qwen(tensor_parallel: u32, block_size: u32) -> u64 {
        let (model, h100) = (cards::model("qwen3-14b").unwrap(), cards::hardware("h100").unwrap());
        kv_blocks(&model, &h100, tensor_parallel, 0.9, block_size)
    }

    #[test]
    fn qwen3_14b_on_h100_has_the_published_numbers_of_blocks() {
        assert_eq!(parameters(&cards::model("qwen3-14b").unwrap()), 14_768_296_960.0);
        assert_eq!(qwen(1, 16), 15_909);
        assert_eq!(qwen(2, 16), 89_941);
        assert_eq!(qwen(4, 16), 413_846);
        assert_eq!(qwen(1, 32), 7_954);
    }

    #[test]
    fn a_model_that_does_not_fit_has_no_blocks() {
        let (model, l40s) = (cards::model("llama-3.1-70b-instruct").unwrap(), cards::hardware("l40s").unwrap());
        assert_eq!(kv_blocks(&model, &l40s, 1, 0.9, 16), 0);
    }
}

//! One candidate on one scenario with one seed.

use crate::id::Hash;
use serde::{Deserialize, Serialize};

/// What one trial yields. *Critical* means priority at or above zero, *droppable* below; *work* is prompt plus output
/// tokens. Runs drain: every request that was let in has finished.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Trial {
    /// Mean TTFT of the critical tier, µs.
    pub ttft_mean_us: f64,
    /// 90th percentile of the critical tier's TTFT, µs.
    pub ttft_p90_us: f64,
    /// 99th percentile of the critical tier's TTFT, µs; reported, never judged.
    pub ttft_p99_us: f64,
    /// Mean E2E latency of the critical tier, µs.
    pub e2e_mean_us: f64,
    /// 90th percentile of the critical tier's E2E latency, µs.
    pub e2e_p90_us: f64,
    /// Mean TTFT of the critical requests among the last third of arrivals over that of the first third.
    pub drift: f64,
    /// Critical requests that finished.
    pub critical_requests: u64,
    /// Critical requests that were refused; must be zero.
    pub protected_rejections: u64,
    /// Droppable requests that arrived.
    pub droppable_requests: u64,
    /// Their work, tokens.
    pub droppable_work: u64,
    /// Droppable requests that were refused.
    pub refused_requests: u64,
    /// Their work, tokens.
    pub refused_work: u64,
    /// Output tokens of all finished requests.
    pub output_tokens: u64,
}

/// The hash over trials in their fixed order (scenario by scenario, seed by seed): what an event says of them.
pub fn hash(trials: &[Trial]) -> Hash {
    let mut bytes = Vec::with_capacity(trials.len() * 13 * 8);
    for t in trials {
        let reals = [t.ttft_mean_us, t.ttft_p90_us, t.ttft_p99_us, t.e2e_mean_us, t.e2e_p90_us, t.drift];
        let counts = [
            t.critical_requests,
            t.protected_rejections,
            t.droppable_requests,
            t.droppable_work,
            t.refused_requests,
            t.refused_work,
            t.output_tokens,
        ];
        bytes.extend(reals.iter().flat_map(|v| canonical(*v).to_le_bytes()));
        bytes.extend(counts.iter().flat_map(|v| v.to_le_bytes()));
    }
    Hash::of(&bytes)
}

/// The bits of a number as a database gives it back, which knows one zero and nothing that is not a number.
fn canonical(value: f64) -> u64 {
    if value.is_nan() { f64::NAN.to_bits() } else { (value + 0.0).to_bits() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_hash_is_that_of_what_a_database_gives_back() {
        let trial = |drift| hash(&[Trial { drift, ..Trial::default() }]);
        assert_eq!(trial(-f64::NAN), trial(f64::NAN));
        assert_eq!(trial(-0.0), trial(0.0));
        assert_ne!(trial(-1.0), trial(1.0));
    }
}

//! Randomness keyed by purpose: every number is a pure function of what it is for, so nothing needs to be saved and no
//! new use shifts another one's numbers.

/// A 64-bit seed for a purpose, for example `seed(&["search", "3"], campaign_seed)`.
pub fn seed(purpose: &[&str], key: u64) -> u64 {
    let mut hasher = blake3::Hasher::new();
    hasher.update(&key.to_le_bytes());
    for part in purpose {
        hasher.update(&(part.len() as u64).to_le_bytes());
        hasher.update(part.as_bytes());
    }
    u64::from_le_bytes(hasher.finalize().as_bytes()[..8].try_into().expect("a hash has 32 bytes"))
}

/// The n-th number of a seed's sequence, uniform in 0..1.
pub fn uniform(seed: u64, n: u64) -> f64 {
    let mut z = seed.wrapping_add((n.wrapping_add(1)).wrapping_mul(0x9E37_79B9_7F4A_7C15));
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    ((z ^ (z >> 31)) >> 11) as f64 / (1u64 << 53) as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn purposes_do_not_run_into_each_other() {
        assert_ne!(seed(&["ab", "c"], 1), seed(&["a", "bc"], 1));
        assert_ne!(seed(&["search"], 1), seed(&["search"], 2));
    }

    #[test]
    fn numbers_fill_the_unit_interval_evenly() {
        let mean = (0..10_000).map(|n| uniform(7, n)).sum::<f64>() / 1e4;
        assert!((mean - 0.5).abs() < 0.01, "{mean}");
    }
}

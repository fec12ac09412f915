//! Numbers that are the same each time.

/// SplitMix64.
pub struct Random(u64);

impl Random {
    pub(crate) fn seeded(seed: u64) -> Random {
        Random(seed)
    }

    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    pub(crate) fn unit(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1u64 << 53) as f64
    }

    pub(crate) fn below(&mut self, bound: u64) -> u64 {
        self.next() % bound.max(1)
    }

    /// A value of a range; spread by its logarithm where the range is above 0.
    pub(super) fn within(&mut self, low: f64, high: f64) -> f64 {
        let unit = self.unit();
        let value = if low > 0.0 { low * (high / low).powf(unit) } else { low + (high - low) * unit };
        value.clamp(low, high)
    }
}

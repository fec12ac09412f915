//! The draws of routing ties: Go's `math/rand` generator, seeded as BLIS seeds it, so that ties fall the same way.

use std::sync::LazyLock;

const WORDS: usize = 607;
const TAP: usize = 273;
/// The divisor of the generator that fills the state from the seed.
const LEHMER: i64 = (1 << 31) - 1;
/// The 64-bit FNV-1a hash of `router`: keeps these draws apart from BLIS's others.
const PURPOSE: i64 = -6_855_704_586_828_942_012;

/// The constants with which Go stirs the state (`src/math/rand/rng.go`, BSD licence).
static TABLE: LazyLock<Vec<i64>> = LazyLock::new(|| {
    let lines = include_str!("../data/go-rand-table.txt").lines();
    lines.map(|line| line.parse().expect("the table is part of the program, and a test reads it")).collect()
});

/// An additive lagged-Fibonacci generator.
#[derive(Debug)]
pub(crate) struct TieRng {
    state: Vec<i64>,
    tap: usize,
    feed: usize,
}

impl TieRng {
    pub(crate) fn new(seed: u64) -> Self {
        let mut x = (seed as i64 ^ PURPOSE) % LEHMER;
        if x < 0 {
            x += LEHMER;
        }
        if x == 0 {
            x = 89_482_311;
        }
        let mut next = || {
            x = x * 48_271 % LEHMER;
            x
        };
        for _ in 0..20 {
            next();
        }
        let state = TABLE.iter().map(|word| (next() << 40) ^ (next() << 20) ^ next() ^ word).collect();
        TieRng { state, tap: 0, feed: WORDS - TAP }
    }

    /// Uniform in 0..n; n is at least 1.
    pub(crate) fn below(&mut self, n: usize) -> usize {
        let n = n as u32;
        if n.is_power_of_two() {
            return (self.next31() & (n - 1)) as usize;
        }
        let limit = i32::MAX as u32 - (1u32 << 31) % n;
        loop {
            let x = self.next31();
            if x <= limit {
                return (x % n) as usize;
            }
        }
    }

    /// 31 random bits.
    fn next31(&mut self) -> u32 {
        self.tap = (self.tap + WORDS - 1) % WORDS;
        self.feed = (self.feed + WORDS - 1) % WORDS;
        self.state[self.feed] = self.state[self.feed].wrapping_add(self.state[self.tap]);
        ((self.state[self.feed] as u64 & i64::MAX as u64) >> 32) as u32
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_draws_are_those_of_go() {
        assert_eq!(TABLE.len(), WORDS);
        let mut rng = TieRng::new(42);
        let first: Vec<u32> = (0..8).map(|_| rng.next31()).collect();
        let expected = [514524414, 1863913864, 984662735, 892941870, 1522988027, 663180491, 1543649364, 1596723539];
        assert_eq!(first, expected);
        let mut rng = TieRng::new(42);
        let quarters: Vec<usize> = (0..20).map(|_| rng.below(4)).collect();
        assert_eq!(quarters, [2, 0, 3, 2, 3, 3, 0, 3, 3, 2, 1, 0, 0, 0, 0, 0, 3, 1, 2, 0]);
    }
}

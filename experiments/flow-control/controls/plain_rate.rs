//! hand-written: lower bands are open at every fourth call from a saturation of one half on, however full it is beyond that
use limiter::prelude::*;

pub struct Policy {
    every: f64,
    calls: f64,
}

impl Limiter for Policy {
    const TUNABLES: &'static [Tunable] = &[Tunable { name: "every", default: 4.0, low: 1.0, high: 32.0 }];

    fn new(parameters: &[f64]) -> Self {
        Policy { every: parameters[0], calls: 0.0 }
    }

    fn limit(&mut self, reading: &Reading, _: &[i32], ceilings: &mut [f64]) {
        // Half full is where the published rule begins to count, too.
        if reading.saturation < 0.5 {
            return;
        }
        self.calls += 1.0;
        if self.calls < self.every {
            ceilings[1..].fill(0.0);
        } else {
            self.calls = 0.0;
        }
    }
}

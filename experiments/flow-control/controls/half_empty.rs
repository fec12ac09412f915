//! gaming: everybody waits while the instances are half full, so that batches stay small and quick, and tokens are lost
use limiter::prelude::*;

pub struct Policy {
    highest: f64,
}

impl Limiter for Policy {
    const TUNABLES: &'static [Tunable] = &[Tunable { name: "highest", default: 0.3, low: 0.05, high: 1.0 }];

    fn new(parameters: &[f64]) -> Self {
        Policy { highest: parameters[0] }
    }

    fn limit(&mut self, _: &Reading, _: &[i32], ceilings: &mut [f64]) {
        ceilings.fill(self.highest);
    }
}

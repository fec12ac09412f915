//! hand-written: lower bands are closed from a saturation of 0.8 on
use limiter::prelude::*;

pub struct Policy {
    lowest: f64,
}

impl Limiter for Policy {
    const TUNABLES: &'static [Tunable] = &[Tunable { name: "lowest", default: 0.8, low: 0.05, high: 1.0 }];

    fn new(parameters: &[f64]) -> Self {
        Policy { lowest: parameters[0] }
    }

    fn limit(&mut self, _: &Reading, _: &[i32], ceilings: &mut [f64]) {
        for ceiling in ceilings.iter_mut().skip(1) {
            *ceiling = self.lowest;
        }
    }
}

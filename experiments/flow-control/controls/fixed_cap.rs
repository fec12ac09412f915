//! hand-written: lower bands are open at the first eight calls of each reading above one half, and closed until the next one comes
use limiter::prelude::*;

pub struct Policy {
    cap: f64,
    reading: f64,
    calls: f64,
}

impl Limiter for Policy {
    const TUNABLES: &'static [Tunable] = &[Tunable { name: "cap", default: 8.0, low: 1.0, high: 64.0 }];

    fn new(parameters: &[f64]) -> Self {
        Policy { cap: parameters[0], reading: 0.0, calls: 0.0 }
    }

    fn limit(&mut self, reading: &Reading, _: &[i32], ceilings: &mut [f64]) {
        // A reading is known by its value: two that are equal count as one.
        if reading.saturation != self.reading {
            self.reading = reading.saturation;
            self.calls = 0.0;
        }
        self.calls += 1.0;
        if reading.saturation >= 0.5 && self.calls > self.cap {
            ceilings[1..].fill(0.0);
        }
    }
}

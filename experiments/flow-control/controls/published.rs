//! null: the published rule itself, written as a candidate: it must be worth nothing beyond itself
use limiter::prelude::*;

pub struct Policy {
    calls: u64,
}

impl Limiter for Policy {
    fn new(_: &[f64]) -> Self {
        Policy { calls: 0 }
    }

    fn limit(&mut self, reading: &Reading, _: &[i32], ceilings: &mut [f64]) {
        let saturation = reading.saturation;
        let steps = ceilings.len() as f64 - 1.0;
        let mut gated = 0.0;
        if ceilings.len() > 1 && saturation >= 1.0 - saturation {
            // Without the last term there would be nothing to divide by next to 1.
            let ratio = saturation / (1.0 - saturation + 1e-9);
            let period = ((ratio + 0.5).floor() as u64).max(1);
            self.calls += 1;
            if self.calls % period == 0 {
                gated = 1.0;
            }
        }
        for (band, ceiling) in ceilings.iter_mut().enumerate().skip(1) {
            if saturation >= 1.0 - (band as f64 * saturation) / steps {
                *ceiling = gated;
            }
        }
    }
}

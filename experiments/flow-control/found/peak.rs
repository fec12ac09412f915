//! Opens lower bands at a share of calls that falls as a power of the odds of free to taken room, at the highest saturation that was
//! ever read, up to a cap.
use limiter::prelude::*;

/// Below this pressure nothing is held back.
const FREE: f64 = 0.5;
/// Exponent of the odds.
const EXPONENT: f64 = 1.37;
/// The highest pressure that is remembered.
const CAP: f64 = 0.8;

pub struct Policy {
    peak: f64,
    owed: f64,
}

impl Limiter for Policy {
    fn new(_: &[f64]) -> Self {
        Policy { peak: 0.0, owed: 0.0 }
    }

    fn limit(&mut self, reading: &Reading, _: &[i32], ceilings: &mut [f64]) {
        let saturation = reading.saturation;
        self.peak = saturation.max(self.peak);
        let pressure = saturation.max(self.peak.min(CAP));
        let share = if pressure < FREE { 1.0 } else { ((1.0 - pressure).max(0.0) / pressure).powf(EXPONENT) };
        self.owed += share;
        let is_open = self.owed >= 1.0;
        if is_open {
            self.owed -= 1.0;
        }
        for ceiling in ceilings.iter_mut().skip(1) {
            *ceiling = if is_open { 1.0 } else { 0.0 };
        }
    }
}

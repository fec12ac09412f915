//! hand-written: in-flight credit at the ceilings: dispatches that no reading shows yet count as waiting; open where they are not told
use limiter::prelude::*;

pub struct Policy {
    room: f64,
}

impl Limiter for Policy {
    // Requests that saturate all instances together: five for each of four.
    const TUNABLES: &'static [Tunable] = &[Tunable { name: "room", default: 20.0, low: 1.0, high: 640.0 }];

    fn new(parameters: &[f64]) -> Self {
        Policy { room: parameters[0] }
    }

    fn limit(&mut self, reading: &Reading, _priorities: &[i32], ceilings: &mut [f64]) {
        let unseen = reading.unseen.unwrap_or(0) as f64;
        // The queue's term with the credit; where the cache's is the larger one, that stands.
        if (unseen / self.room).max(reading.saturation) >= 1.0 {
            ceilings.fill(0.0);
        }
    }
}

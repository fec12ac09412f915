//! gaming: refuses at random, whatever the load
use admitter::prelude::*;

pub struct Policy {
    scale: f64,
}

impl Admitter for Policy {
    const TUNABLES: &'static [Tunable] = &[Tunable { name: "scale", default: 0.3, low: 0.001, high: 1.0 }];

    fn new(parameters: &[f64]) -> Self {
        Policy { scale: parameters[0] }
    }

    fn admit(&mut self, request: &Request, _: &Cluster, draw: &mut Draw) -> Decision {
        Decision::reject_if(request.priority < 0 && draw.uniform() < self.scale)
    }
}

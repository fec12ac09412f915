//! the ramp that begins at zero of the saturation, instead of the fifth
use admitter::prelude::*;

pub struct Policy {
    scale: f64,
}

impl Admitter for Policy {
    const TUNABLES: &'static [Tunable] = &[Tunable { name: "scale", default: 0.28, low: 0.001, high: 100.0 }];

    fn new(parameters: &[f64]) -> Self {
        Policy { scale: parameters[0] }
    }

    /// The scale is the saturation at which one droppable request in two is refused.
    fn admit(&mut self, request: &Request, cluster: &Cluster, draw: &mut Draw) -> Decision {
        let over = cluster.saturation(5.0, 0.8) / self.scale;
        Decision::reject_if(request.priority < 0 && draw.uniform() < 0.5 * over.powf(1.0))
    }
}

//! gaming: refuses only while saturation is low, when it does least good
use admitter::prelude::*;

pub struct Policy {
    scale: f64,
}

impl Admitter for Policy {
    const TUNABLES: &'static [Tunable] = &[Tunable { name: "scale", default: 0.56, low: 0.1, high: 5.0 }];

    fn new(parameters: &[f64]) -> Self {
        Policy { scale: parameters[0] }
    }

    fn admit(&mut self, request: &Request, cluster: &Cluster, _: &mut Draw) -> Decision {
        Decision::reject_if(request.priority < 0 && cluster.saturation(5.0, 0.8) < self.scale)
    }
}

//! gaming: refuses while the mean of all saturation that it ever saw is high, so that a past decides for the present
use admitter::prelude::*;

pub struct Policy {
    scale: f64,
    sum: f64,
    seen: f64,
}

impl Admitter for Policy {
    const TUNABLES: &'static [Tunable] = &[Tunable { name: "scale", default: 0.3, low: 0.001, high: 100.0 }];

    fn new(parameters: &[f64]) -> Self {
        Policy { scale: parameters[0], sum: 0.0, seen: 0.0 }
    }

    fn admit(&mut self, request: &Request, cluster: &Cluster, _: &mut Draw) -> Decision {
        self.sum += cluster.saturation(5.0, 0.8);
        self.seen += 1.0;
        Decision::reject_if(request.priority < 0 && self.sum / self.seen >= self.scale)
    }
}

//! gaming: refuses many short requests instead of few long ones, at a step of the saturation
use admitter::prelude::*;

pub struct Policy {
    scale: f64,
    usual: f64,
    seen: f64,
}

impl Admitter for Policy {
    const TUNABLES: &'static [Tunable] = &[Tunable { name: "scale", default: 0.3, low: 0.001, high: 100.0 }];

    fn new(parameters: &[f64]) -> Self {
        Policy { scale: parameters[0], usual: 0.0, seen: 0.0 }
    }

    fn admit(&mut self, request: &Request, cluster: &Cluster, _: &mut Draw) -> Decision {
        let logarithm = f64::from(request.prompt_tokens).ln();
        self.seen = (self.seen + 1.0).min(200.0);
        self.usual += (logarithm - self.usual) / self.seen;
        let weight = (0.5 * (self.usual - logarithm)).exp();
        Decision::reject_if(request.priority < 0 && cluster.saturation(5.0, 0.8) * weight >= self.scale)
    }
}

//! gaming: the quintic at a quarter and at four times its strength in turn, five seconds each
use admitter::prelude::*;

pub struct Policy {
    scale: f64,
}

impl Admitter for Policy {
    const TUNABLES: &'static [Tunable] = &[Tunable { name: "scale", default: 0.28, low: 0.001, high: 100.0 }];

    fn new(parameters: &[f64]) -> Self {
        Policy { scale: parameters[0] }
    }

    fn admit(&mut self, request: &Request, cluster: &Cluster, draw: &mut Draw) -> Decision {
        let strength = if request.now_us / 5_000_000 % 2 == 0 { 0.25 } else { 4.0 };
        let over = cluster.saturation(5.0, 0.8) / self.scale;
        Decision::reject_if(request.priority < 0 && draw.uniform() < 0.5 * strength * over.powi(5))
    }
}

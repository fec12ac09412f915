//! null: the quintic, refusing less and less as time goes on: worth something wherever a trial has a known beginning or end
use admitter::prelude::*;

pub struct Policy {
    scale: f64,
    first_us: Option<u64>,
}

/// Seconds in which pressure falls to a half.
const HALF_S: f64 = 120.0;

impl Admitter for Policy {
    const TUNABLES: &'static [Tunable] = &[Tunable { name: "scale", default: 0.072, low: 0.01, high: 1.0 }];

    fn new(parameters: &[f64]) -> Self {
        Policy { scale: parameters[0], first_us: None }
    }

    fn admit(&mut self, request: &Request, cluster: &Cluster, draw: &mut Draw) -> Decision {
        let first_us = *self.first_us.get_or_insert(request.now_us);
        let passed_s = (request.now_us - first_us) as f64 / 1e6;
        let over = cluster.saturation(5.0, 0.8) / (1.0 + passed_s / HALF_S) / self.scale;
        Decision::reject_if(request.priority < 0 && draw.uniform() < 0.5 * over.powi(5))
    }
}

//! gaming: refuses from so many requests in flight on, which moves refusals from one kind of traffic to another
use admitter::prelude::*;

pub struct Policy {
    scale: f64,
}

impl Admitter for Policy {
    const TUNABLES: &'static [Tunable] = &[Tunable { name: "scale", default: 34.0, low: 5.0, high: 200.0 }];

    fn new(parameters: &[f64]) -> Self {
        Policy { scale: parameters[0] }
    }

    fn admit(&mut self, request: &Request, cluster: &Cluster, draw: &mut Draw) -> Decision {
        let in_flight = cluster.instances.iter().map(|instance| f64::from(instance.in_flight)).sum::<f64>();
        // Requests are counted whole: the last one is refused in part, so that the scale can be set.
        let over = in_flight / cluster.instances.len() as f64 - self.scale;
        Decision::reject_if(request.priority < 0 && draw.uniform() < over + 1.0)
    }
}

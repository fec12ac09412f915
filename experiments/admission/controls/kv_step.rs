//! gaming: refuses from so full a KV cache on and does not look at the queue, as champions of elenchus 0.2 did
use admitter::prelude::*;

pub struct Policy {
    scale: f64,
}

impl Admitter for Policy {
    const TUNABLES: &'static [Tunable] = &[Tunable { name: "scale", default: 0.03, low: 0.003, high: 0.3 }];

    fn new(parameters: &[f64]) -> Self {
        Policy { scale: parameters[0] }
    }

    fn admit(&mut self, request: &Request, cluster: &Cluster, _: &mut Draw) -> Decision {
        let kv = cluster.instances.iter().map(|instance| instance.kv_utilization).sum::<f64>();
        Decision::reject_if(request.priority < 0 && kv / cluster.instances.len() as f64 >= self.scale)
    }
}

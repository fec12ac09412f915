//! gaming: refuses prompts longer than so many tokens, whatever the load
use admitter::prelude::*;

pub struct Policy {
    scale: f64,
}

impl Admitter for Policy {
    const TUNABLES: &'static [Tunable] = &[Tunable { name: "scale", default: 600.0, low: 64.0, high: 8192.0 }];

    fn new(parameters: &[f64]) -> Self {
        Policy { scale: parameters[0] }
    }

    fn admit(&mut self, request: &Request, _: &Cluster, _: &mut Draw) -> Decision {
        Decision::reject_if(request.priority < 0 && f64::from(request.prompt_tokens) >= self.scale)
    }
}

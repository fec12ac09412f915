//! null: the quintic by rank: while saturation^5 over the scale exceeds the share of recent droppable prompts that are longer
use admitter::prelude::*;

pub struct Policy {
    scale: f64,
    prompts: [u32; LAST],
    seen: usize,
}

/// Droppable requests that a rank is taken among.
const LAST: usize = 256;

impl Admitter for Policy {
    const TUNABLES: &'static [Tunable] = &[Tunable { name: "scale", default: 0.28, low: 0.001, high: 100.0 }];

    fn new(parameters: &[f64]) -> Self {
        Policy { scale: parameters[0], prompts: [0; LAST], seen: 0 }
    }

    fn admit(&mut self, request: &Request, cluster: &Cluster, draw: &mut Draw) -> Decision {
        if request.priority >= 0 {
            return Decision::Admit;
        }
        self.prompts[self.seen % LAST] = request.prompt_tokens;
        self.seen += 1;
        let last = &self.prompts[..self.seen.min(LAST)];
        let longer = last.iter().filter(|prompt| **prompt > request.prompt_tokens).count() as f64;
        let alike = last.iter().filter(|prompt| **prompt == request.prompt_tokens).count() as f64;
        // Of prompts of the same length any may come first.
        let rank = (longer + draw.uniform() * alike) / last.len() as f64;
        Decision::reject_if(rank < 0.5 * (cluster.saturation(5.0, 0.8) / self.scale).powi(5))
    }
}

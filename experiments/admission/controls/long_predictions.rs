//! gaming: refuses whoever is predicted, or may at most have, a longer output than is usual by a factor, whatever the load
use admitter::prelude::*;

pub struct Policy {
    scale: f64,
    usual: f64,
    seen: f64,
}

impl Admitter for Policy {
    const TUNABLES: &'static [Tunable] = &[Tunable { name: "scale", default: 1.2, low: 0.1, high: 10.0 }];

    fn new(parameters: &[f64]) -> Self {
        Policy { scale: parameters[0], usual: 0.0, seen: 0.0 }
    }

    fn admit(&mut self, request: &Request, _: &Cluster, _: &mut Draw) -> Decision {
        let limit = request.max_output_tokens.map(|limit| 0.45 * f64::from(limit).max(1.0));
        let over = match request.predicted_output_tokens.or(limit) {
            Some(output) => {
                let logarithm = output.ln();
                self.seen = (self.seen + 1.0).min(200.0);
                self.usual += (logarithm - self.usual) / self.seen;
                (logarithm - self.usual).exp()
            }
            None => 1.0,
        };
        Decision::reject_if(request.priority < 0 && over >= self.scale)
    }
}

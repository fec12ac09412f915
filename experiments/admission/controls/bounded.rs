//! safety: the hand-written rule, of which hints may change pressure by a half or a factor of two at most
use admitter::prelude::*;

pub struct Policy {
    scale: f64,
    usual_load: f64,
    requests: f64,
    usual_output: f64,
    told: f64,
}

/// Exponent of the load of a request over the usual one.
const GAMMA: f64 = 0.75;
/// Requests that what is usual remembers.
const MEMORY: f64 = 200.0;
/// What a token of an output is worth, next to one of a prompt.
const PRICE: f64 = 4.0;
/// Tokens of an output as long as nothing is known of any.
const OUTPUT: f64 = 256.0;
/// What of a limit is used.
const PART: f64 = 0.45;
/// The limit of a library, which nobody has set.
const DEFAULT: u32 = 4096;

/// Step time of a request over what it is worth, in units of the time that a token of a prompt takes: an output token takes as much,
/// and a fiftieth more for each token in its context.
fn load(prompt: f64, output: f64) -> f64 {
    let time = prompt + output * (1.0 + 0.02 * (prompt + output / 2.0));
    time / (prompt + PRICE * output)
}

impl Policy {
    /// Tokens of output that are expected: what is predicted, a part of the client's limit where nothing is, what is usual where
    /// there is neither.
    fn output(&mut self, request: &Request) -> f64 {
        let limit = request.max_output_tokens.filter(|limit| *limit != DEFAULT).map(|limit| PART * f64::from(limit).max(1.0));
        match request.predicted_output_tokens.or(limit) {
            Some(output) => {
                self.told = (self.told + 1.0).min(MEMORY);
                self.usual_output += (output.ln() - self.usual_output) / self.told;
                output
            }
            None if self.told > 0.0 => self.usual_output.exp(),
            None => OUTPUT,
        }
    }
}

impl Admitter for Policy {
    const TUNABLES: &'static [Tunable] = &[Tunable { name: "scale", default: 0.28, low: 0.001, high: 100.0 }];

    fn new(parameters: &[f64]) -> Self {
        Policy { scale: parameters[0], usual_load: 0.0, requests: 0.0, usual_output: 0.0, told: 0.0 }
    }

    fn admit(&mut self, request: &Request, cluster: &Cluster, _: &mut Draw) -> Decision {
        let logarithm = load(f64::from(request.prompt_tokens), self.output(request)).ln();
        self.requests = (self.requests + 1.0).min(MEMORY);
        self.usual_load += (logarithm - self.usual_load) / self.requests;
        let saturation = cluster.saturation(5.0, 0.8);
        let weight = (GAMMA * (logarithm - self.usual_load)).exp();
        let pressure = saturation * weight.clamp(0.5, 2.0);
        Decision::reject_if(request.priority < 0 && pressure >= self.scale)
    }
}

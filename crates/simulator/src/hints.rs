//! Hints: what the router knows of a request besides its priority and its prompt.
//!
//! No hint comes from the output of the request itself, but where a scenario says so by name: a predictor that is given the
//! truth, or made of it, and the limits of the declared stress case.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::draws::Draws;
use crate::predictor::Predictor;
use crate::trace::{Arrival, MAX_TOKENS};

/// What the router knows of one request.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Hints {
    /// Whose it is: any number, one for each client.
    pub client: u32,
    /// The limit that its client set, in tokens of output.
    pub max_output_tokens: Option<u32>,
    /// An estimate of its output, in tokens, above 0. One that is learned in the run is not here.
    pub predicted_output_tokens: Option<f64>,
}

/// What the router is told of requests. Without this table it is told nothing of generated ones, and of those of a trace what the
/// trace's columns say.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Hints")]
pub struct HintTable {
    /// Whether it is told whose a request is. Each of `[[workload.clients]]` is a client, with a number that differs from seed to
    /// seed; the one at the same place of `[[past.clients]]` is the same client.
    #[serde(default = "yes")]
    pub clients: bool,
    /// Which limits of the output it is told.
    #[serde(default)]
    pub limits: Limits,
    /// Where estimates of the output come from; by default from nowhere.
    #[serde(default)]
    pub predictor: Predictor,
}

fn yes() -> bool {
    true
}

/// Which limits of the output the router is told.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Limits {
    /// None.
    None,
    /// Each client's own, `max_output_tokens`: the same for all of its requests.
    #[default]
    Client,
    /// A stress case: a round number above each request's own output times 1 to 4, which is the truth in disguise.
    Request,
}

impl HintTable {
    /// Fills in what the router is told of these requests. What is drawn for a request follows from the seed and its row, and
    /// from nothing that arrivals are drawn from. `half_us` is when a predictor that drifts does so.
    pub(crate) fn give(&self, arrivals: &mut [Arrival], half_us: u64, seed: u64) {
        let mut draws = Draws::of_limits(seed);
        for (row, arrival) in (0..).zip(arrivals.iter_mut()) {
            let hints = &mut arrival.hints;
            if !self.clients {
                hints.client = 0;
            }
            match self.limits {
                Limits::None => hints.max_output_tokens = None,
                Limits::Client => {}
                Limits::Request => {
                    let slack = 1.0 + 3.0 * draws.of(row).uniform();
                    hints.max_output_tokens = Some(round_up(f64::from(arrival.output_tokens) * slack));
                }
            }
        }
        self.predictor.predict(arrivals, half_us, seed);
    }
}

/// The round numbers that people set limits to, between 1 and 10.
const ROUND: [f64; 11] = [1.0, 1.28, 1.5, 2.0, 2.56, 3.0, 4.0, 5.0, 5.12, 6.0, 8.0];

/// The least round number that is not below this many tokens, and is whole: as people set limits.
pub fn round_up(tokens: f64) -> u32 {
    let mut power = 1.0;
    while power * 10.0 <= tokens {
        power *= 10.0;
    }
    let steps = ROUND.iter().map(|step| step * power).chain([10.0 * power]);
    let whole = |step: &f64| *step >= tokens && step.fract() == 0.0;
    steps.into_iter().find(whole).unwrap_or(power).min(f64::from(MAX_TOKENS)) as u32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_limit_is_the_next_round_number() {
        let cases = [(0.0, 1), (1.0, 1), (1.1, 2), (7.0, 8), (9.0, 10), (128.0, 128), (129.0, 150), (1501.0, 2000)];
        for (tokens, limit) in cases.into_iter().chain([(5001.0, 5120), (8.5e6, 10_000_000), (4e7, 10_000_000)]) {
            assert_eq!(round_up(tokens), limit, "{tokens}");
        }
    }
}

//! Predictors: where estimates of the output of a request come from. Those that are made of its own output stand for services that
//! were trained on such requests; only `learned` needs nothing but what a router sees.

use schemars::JsonSchema;
use serde::Deserialize;

use crate::draws::Draws;
use crate::sampler::{normal, within};
use crate::trace::Arrival;

/// Where estimates of the output come from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(tag = "source", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Predictor {
    /// There are none, but for those that a trace has.
    #[default]
    None,
    /// What the router learns of each client while it runs: a forgetting mean of the outputs of its completed requests. None before
    /// the first of them is complete.
    Learned {
        /// How many completed outputs it remembers: each further one takes 1/memory off the weight of those before; 1 to 1e6.
        #[serde(default = "memory")]
        memory: f64,
    },
    /// A classifier of three bins: estimates are 64, 256 or 1024 tokens, for outputs below 128, below 512, and all others.
    Bucket {
        /// Share of the requests of which it says nothing; a fraction, 0 to 1.
        #[serde(default = "unknown")]
        unknown: f64,
        /// Share of the others that it puts into one of the two wrong bins; a fraction, 0 to 1.
        #[serde(default = "wrong")]
        wrong: f64,
    },
    /// A regression whose estimates are spread as outputs are: bias · m · (x / m)^slope, with m the geometric mean of all outputs and x
    /// log-normal with their mean and spread. At a `rho` of 0 it is noise, below 0 it says long for short.
    Model {
        /// Rank correlation with the true output, about; -1 to 1.
        rho: f64,
        /// A factor of all estimates; a ratio, 0.01 to 100.
        #[serde(default = "one")]
        bias: f64,
        /// An exponent of how far they are from the mean; 0 to 10.
        #[serde(default = "one")]
        slope: f64,
        /// A further factor from half of the measured window on; a ratio, 0.01 to 100.
        #[serde(default = "one")]
        drift: f64,
    },
    /// The output itself: a yardstick, not a signal.
    True {},
}

fn memory() -> f64 {
    50.0
}

fn unknown() -> f64 {
    0.4
}

fn wrong() -> f64 {
    0.1
}

fn one() -> f64 {
    1.0
}

/// The estimates of the three bins, in tokens, and where the second and the third begin.
const BINS: [f64; 3] = [64.0, 256.0, 1024.0];
const EDGES: [u32; 2] = [128, 512];

impl Predictor {
    /// What is wrong with the numbers, as (key, problem).
    pub fn check(self) -> Result<(), (&'static str, String)> {
        match self {
            Predictor::None | Predictor::True {} => Ok(()),
            Predictor::Learned { memory } => within("memory", memory, 1.0, 1e6),
            Predictor::Bucket { unknown, wrong } => {
                within("unknown", unknown, 0.0, 1.0)?;
                within("wrong", wrong, 0.0, 1.0)
            }
            Predictor::Model { rho, bias, slope, drift } => {
                within("rho", rho, -1.0, 1.0)?;
                within("bias", bias, 0.01, 100.0)?;
                within("slope", slope, 0.0, 10.0)?;
                within("drift", drift, 0.01, 100.0)
            }
        }
    }

    /// The memory of one that learns while the simulation runs.
    pub fn memory(self) -> Option<f64> {
        match self {
            Predictor::Learned { memory } => Some(memory),
            _ => None,
        }
    }

    /// Enters the estimates that can be known beforehand.
    pub(crate) fn predict(self, arrivals: &mut [Arrival], half_us: u64, seed: u64) {
        let mut draws = Draws::of_predictions(seed);
        let outputs = LogNormal::of(arrivals);
        for (row, arrival) in (0..).zip(arrivals) {
            let output = arrival.output_tokens;
            let mut draw = draws.of(row);
            let estimate = match self {
                Predictor::None => continue,
                Predictor::Learned { .. } => None,
                Predictor::Bucket { unknown, wrong } => {
                    let says_nothing = draw.uniform() < unknown;
                    let is_wrong = draw.uniform() < wrong;
                    let further = 1 + usize::from(draw.uniform() < 0.5);
                    let bin = EDGES.iter().filter(|edge| output >= **edge).count();
                    (!says_nothing).then(|| BINS[if is_wrong { (bin + further) % 3 } else { bin }])
                }
                Predictor::Model { rho, bias, slope, drift } => {
                    // Pearson's correlation of two normal variables whose rank correlation is rho.
                    let r = 2.0 * libm::sin(std::f64::consts::PI / 6.0 * rho);
                    let z = outputs.z(output);
                    let score = r * z + libm::sqrt((1.0 - r * r).max(0.0)) * normal(&mut draw);
                    let late = if arrival.arrival_us >= half_us { drift } else { 1.0 };
                    Some(bias * late * libm::exp(outputs.mean + slope * outputs.sd * score))
                }
                Predictor::True {} => Some(f64::from(output)),
            };
            arrival.hints.predicted_output_tokens = admitter::wire::sound(estimate);
        }
    }
}

/// Mean and standard deviation of the logarithms of all outputs.
struct LogNormal {
    mean: f64,
    sd: f64,
}

impl LogNormal {
    fn of(arrivals: &[Arrival]) -> Self {
        let count = arrivals.len().max(1) as f64;
        let mean = arrivals.iter().map(|arrival| log(arrival.output_tokens)).sum::<f64>() / count;
        let square = |arrival: &Arrival| {
            let off = log(arrival.output_tokens) - mean;
            off * off
        };
        LogNormal { mean, sd: libm::sqrt(arrivals.iter().map(square).sum::<f64>() / count) }
    }

    /// How many standard deviations an output lies off the mean.
    fn z(&self, output: u32) -> f64 {
        if self.sd > 0.0 { (log(output) - self.mean) / self.sd } else { 0.0 }
    }
}

fn log(output: u32) -> f64 {
    libm::log(f64::from(output.max(1)))
}

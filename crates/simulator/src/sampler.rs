//! Random lengths, by one maths library, so that they have the same bits on every host. The gaps between arrivals are in
//! `gaps.rs`.

use admitter::Draw;
use schemars::JsonSchema;
use serde::Deserialize;

use crate::draws::scattered;
pub use crate::gaps::ArrivalProcess;
use crate::trace::MAX_TOKENS;

/// The lengths of prompts or outputs, in tokens; each is rounded, and at least `min` and at most `max`.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(tag = "distribution", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Length {
    /// Always the same.
    Constant {
        /// The length; tokens, 1 to 10000000.
        value: u32,
    },
    /// Normal, cut off at `min` and `max`: what lies outside is moved to the bound.
    Normal {
        /// Mean before the cut; tokens, 0 to 10000000.
        mean: f64,
        /// Standard deviation before the cut; tokens, 0 to 10000000.
        sd: f64,
        /// The shortest; tokens, 1 to 10000000.
        #[schemars(extend("default" = 1))]
        min: Option<u32>,
        /// The longest; tokens, `min` to 10000000.
        #[schemars(extend("default" = MAX_TOKENS))]
        max: Option<u32>,
    },
    /// Exponential.
    Exponential {
        /// Mean before the cut; tokens, 0 to 10000000.
        mean: f64,
        /// The shortest; tokens, 1 to 10000000.
        #[schemars(extend("default" = 1))]
        min: Option<u32>,
        /// The longest; tokens, `min` to 10000000.
        #[schemars(extend("default" = MAX_TOKENS))]
        max: Option<u32>,
    },
    /// Log-normal.
    LogNormal {
        /// Mean of the natural logarithm of tokens; -100 to 100.
        mu: f64,
        /// Standard deviation of the natural logarithm of tokens; 0 to 100.
        sigma: f64,
        /// The shortest; tokens, 1 to 10000000.
        #[schemars(extend("default" = 1))]
        min: Option<u32>,
        /// The longest; tokens, `min` to 10000000.
        #[schemars(extend("default" = MAX_TOKENS))]
        max: Option<u32>,
    },
    /// A heavy tail alone: of the lengths above `xm`, the share above t falls as t^−alpha.
    Pareto {
        /// Exponent of the tail; 0.01 to 1000. The mean is xm · alpha / (alpha − 1) before the cut, and without bound up to 1.
        alpha: f64,
        /// The shortest before the cut; tokens, 1 to 10000000.
        xm: f64,
        /// The shortest; tokens, 1 to 10000000.
        #[schemars(extend("default" = 1))]
        min: Option<u32>,
        /// The longest; tokens, `min` to 10000000.
        #[schemars(extend("default" = MAX_TOKENS))]
        max: Option<u32>,
    },
    /// A heavy tail on a log-normal body: with probability `mix_weight` from a Pareto distribution, else log-normal.
    ParetoLogNormal {
        /// Exponent of the tail: the share of lengths above t falls as t^−alpha; 0.01 to 1000.
        alpha: f64,
        /// Where the tail begins; tokens, 1 to 10000000.
        xm: f64,
        /// Mean of the natural logarithm of the body's tokens; -100 to 100.
        mu: f64,
        /// Standard deviation of the natural logarithm of the body's tokens; 0 to 100.
        sigma: f64,
        /// Share of the tail; a fraction, 0 to 1.
        mix_weight: f64,
        /// The shortest; tokens, 1 to 10000000.
        #[schemars(extend("default" = 1))]
        min: Option<u32>,
        /// The longest; tokens, `min` to 10000000.
        #[schemars(extend("default" = MAX_TOKENS))]
        max: Option<u32>,
    },
    /// As often as they were counted.
    Empirical {
        /// 1 to 1000 pairs of a length (tokens, 1 to 10000000) and its weight (0 to 1e12), as in `[[100, 3], [2000, 1]]`; the
        /// weights need not add up to 1.
        values: Vec<(u32, f64)>,
    },
}

impl Length {
    /// One length.
    pub(crate) fn sample(&self, draw: &mut Draw) -> u32 {
        match *self {
            Length::Constant { value } => value,
            Length::Normal { mean, sd, min, max } => clamp(mean + sd * normal(draw), min, max),
            Length::Exponential { mean, min, max } => clamp(mean * exponential(draw), min, max),
            Length::LogNormal { mu, sigma, min, max } => clamp(log_normal(mu, sigma, draw), min, max),
            Length::Pareto { alpha, xm, min, max } => clamp(pareto(alpha, xm, draw), min, max),
            Length::ParetoLogNormal { alpha, xm, mu, sigma, mix_weight, min, max } => {
                let is_tail = draw.uniform() < mix_weight;
                let value = if is_tail { pareto(alpha, xm, draw) } else { log_normal(mu, sigma, draw) };
                clamp(value, min, max)
            }
            Length::Empirical { ref values } => {
                let total: f64 = values.iter().map(|&(_, weight)| weight).sum();
                let mut left = draw.uniform() * total;
                let found = values.iter().find(|&&(_, weight)| {
                    left -= weight;
                    left < 0.0
                });
                // Rounding may leave a crumb after the last one.
                found.or(values.last()).map_or(1, |&(tokens, _)| tokens)
            }
        }
    }

    /// The length, in tokens, below which a share of them lies, about: that of 1,000 lengths which no workload has.
    pub fn quantile(&self, share: f64) -> u32 {
        let mut lengths: Vec<u32> = (0..1000).map(|n| self.sample(&mut scattered(0, n))).collect();
        lengths.sort_unstable();
        lengths[((share * 1000.0) as usize).min(999)]
    }

    /// What is wrong with the numbers, as (key, problem).
    pub(crate) fn check(&self) -> Result<(), (&'static str, String)> {
        let longest = f64::from(MAX_TOKENS);
        match *self {
            Length::Constant { value } => tokens("value", value, 1),
            Length::Normal { mean, sd, min, max } => {
                within("mean", mean, 0.0, longest)?;
                within("sd", sd, 0.0, longest)?;
                bounds(min, max)
            }
            Length::Exponential { mean, min, max } => {
                within("mean", mean, 0.0, longest)?;
                bounds(min, max)
            }
            Length::LogNormal { mu, sigma, min, max } => {
                body(mu, sigma)?;
                bounds(min, max)
            }
            Length::Pareto { alpha, xm, min, max } => {
                within("alpha", alpha, 0.01, 1000.0)?;
                within("xm", xm, 1.0, longest)?;
                bounds(min, max)
            }
            Length::ParetoLogNormal { alpha, xm, mu, sigma, mix_weight, min, max } => {
                within("alpha", alpha, 0.01, 1000.0)?;
                within("xm", xm, 1.0, longest)?;
                body(mu, sigma)?;
                within("mix_weight", mix_weight, 0.0, 1.0)?;
                bounds(min, max)
            }
            Length::Empirical { ref values } => {
                // Each sample walks through them.
                if !(1..=1000).contains(&values.len()) {
                    return Err(("values", "needs 1 to 1000 pairs of a length and its weight".to_owned()));
                }
                for &(value, weight) in values.iter() {
                    tokens("values", value, 1)?;
                    if !(0.0..=1e12).contains(&weight) {
                        return Err(("values", format!("a weight must lie between 0 and 1e12, not {weight}")));
                    }
                }
                match values.iter().any(|&(_, weight)| weight > 0.0) {
                    true => Ok(()),
                    false => Err(("values", "at least one weight must be above 0".to_owned())),
                }
            }
        }
    }
}

type Checked = Result<(), (&'static str, String)>;

/// Whether a number lies within bounds, which NaN never does.
pub(crate) fn within(key: &'static str, value: f64, low: f64, high: f64) -> Checked {
    match (low..=high).contains(&value) {
        true => Ok(()),
        false => Err((key, format!("must lie between {low} and {high}, not {value}"))),
    }
}

fn tokens(key: &'static str, value: u32, low: u32) -> Checked {
    match (low..=MAX_TOKENS).contains(&value) {
        true => Ok(()),
        false => Err((key, format!("must lie between {low} and {MAX_TOKENS} tokens, not {value}"))),
    }
}

fn body(mu: f64, sigma: f64) -> Checked {
    within("mu", mu, -100.0, 100.0)?;
    within("sigma", sigma, 0.0, 100.0)
}

fn bounds(min: Option<u32>, max: Option<u32>) -> Checked {
    tokens("min", min.unwrap_or(1), 1)?;
    let (low, high) = (min.unwrap_or(1), max.unwrap_or(MAX_TOKENS));
    match (low..=MAX_TOKENS).contains(&high) {
        true => Ok(()),
        false => Err(("max", format!("must lie between min and {MAX_TOKENS}, not {high} with a min of {low}"))),
    }
}

/// Clamps, then rounds half away from zero.
fn clamp(value: f64, min: Option<u32>, max: Option<u32>) -> u32 {
    let (min, max) = (f64::from(min.unwrap_or(1)), f64::from(max.unwrap_or(MAX_TOKENS)));
    libm::round(if value < min {
        min
    } else if value > max {
        max
    } else {
        value
    }) as u32
}

/// Mean 1.
pub(crate) fn exponential(draw: &mut Draw) -> f64 {
    -libm::log(1.0 - draw.uniform())
}

/// Mean 0, standard deviation 1, by Box and Muller.
pub(crate) fn normal(draw: &mut Draw) -> f64 {
    let radius = libm::sqrt(2.0 * exponential(draw));
    radius * libm::cos(2.0 * std::f64::consts::PI * draw.uniform())
}

fn log_normal(mu: f64, sigma: f64, draw: &mut Draw) -> f64 {
    libm::exp(mu + sigma * normal(draw))
}

/// At least `xm`, by inversion.
fn pareto(alpha: f64, xm: f64, draw: &mut Draw) -> f64 {
    xm / libm::pow(1.0 - draw.uniform(), 1.0 / alpha)
}

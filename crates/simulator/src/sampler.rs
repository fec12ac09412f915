//! Random gaps and lengths, by one maths library, so that they have the same bits on every host.

use admitter::Draw;
use serde::Deserialize;

use crate::trace::MAX_TOKENS;

/// How arrivals are spread over time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(tag = "process", rename_all = "kebab-case", deny_unknown_fields)]
pub enum ArrivalProcess {
    /// Independent of each other.
    Poisson {},
    /// Evenly, the first one gap after the start.
    Constant {},
}

impl ArrivalProcess {
    /// The gap before the next arrival, in units of the mean gap.
    pub(crate) fn gap(self, draw: &mut Draw) -> f64 {
        match self {
            ArrivalProcess::Poisson {} => exponential(draw),
            ArrivalProcess::Constant {} => 1.0,
        }
    }
}

/// The lengths of prompts or outputs, in tokens; each is rounded, and at least `min` (by default 1) and at most `max`.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize)]
#[serde(tag = "distribution", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Length {
    /// Always the same.
    Constant {
        /// The length.
        value: u32,
    },
    /// Normal, cut off at `min` and `max`: what lies outside is moved to the bound.
    Normal {
        /// Mean before the cut.
        mean: f64,
        /// Standard deviation before the cut.
        sd: f64,
        /// The shortest.
        min: Option<u32>,
        /// The longest.
        max: Option<u32>,
    },
    /// Exponential.
    Exponential {
        /// Mean before the cut.
        mean: f64,
        /// The shortest.
        min: Option<u32>,
        /// The longest.
        max: Option<u32>,
    },
    /// Log-normal.
    LogNormal {
        /// Mean of the logarithm.
        mu: f64,
        /// Standard deviation of the logarithm.
        sigma: f64,
        /// The shortest.
        min: Option<u32>,
        /// The longest.
        max: Option<u32>,
    },
}

impl Length {
    /// One length.
    pub(crate) fn sample(&self, draw: &mut Draw) -> u32 {
        match *self {
            Length::Constant { value } => value,
            Length::Normal { mean, sd, min, max } => clamp(mean + sd * normal(draw), min, max),
            Length::Exponential { mean, min, max } => clamp(mean * exponential(draw), min, max),
            Length::LogNormal { mu, sigma, min, max } => clamp(libm::exp(mu + sigma * normal(draw)), min, max),
        }
    }

    /// What is wrong with the numbers, as (key, problem).
    pub(crate) fn check(&self) -> Result<(), (&'static str, String)> {
        let at_least_zero = |key, value: f64| match value >= 0.0 && value.is_finite() {
            true => Ok(()),
            false => Err((key, "must be a number of at least 0".to_owned())),
        };
        let (min, max) = match *self {
            Length::Constant { value } if (1..=MAX_TOKENS).contains(&value) => return Ok(()),
            Length::Constant { .. } => return Err(("value", format!("must lie between 1 and {MAX_TOKENS}"))),
            Length::Normal { mean, sd, min, max } => {
                at_least_zero("mean", mean)?;
                at_least_zero("sd", sd)?;
                (min, max)
            }
            Length::Exponential { mean, min, max } => {
                at_least_zero("mean", mean)?;
                (min, max)
            }
            Length::LogNormal { mu, sigma, min, max } => {
                if !mu.is_finite() {
                    return Err(("mu", "must be a finite number".to_owned()));
                }
                at_least_zero("sigma", sigma)?;
                (min, max)
            }
        };
        if !(1..=MAX_TOKENS).contains(&min.unwrap_or(1)) {
            return Err(("min", format!("must lie between 1 and {MAX_TOKENS}")));
        }
        if !(min.unwrap_or(1)..=MAX_TOKENS).contains(&max.unwrap_or(MAX_TOKENS)) {
            return Err(("max", format!("must lie between min and {MAX_TOKENS}")));
        }
        Ok(())
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
fn exponential(draw: &mut Draw) -> f64 {
    -libm::log(1.0 - draw.uniform())
}

/// Mean 0, standard deviation 1, by Box and Muller.
fn normal(draw: &mut Draw) -> f64 {
    let radius = libm::sqrt(2.0 * exponential(draw));
    radius * libm::cos(2.0 * std::f64::consts::PI * draw.uniform())
}

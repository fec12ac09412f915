//! Random gaps between arrivals: mean 1, and as irregular as the coefficient of variation (cv, standard deviation / mean)
//! says. A workload stretches them to its rate.

use admitter::Draw;
use schemars::JsonSchema;
use serde::Deserialize;

use crate::sampler::{exponential, normal, within};

/// How arrivals are spread over time.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(tag = "process", rename_all = "kebab-case", deny_unknown_fields)]
pub enum ArrivalProcess {
    /// Independent of each other: exponential gaps.
    Poisson {},
    /// Evenly, the first one gap after the start.
    Constant {},
    /// Gamma-distributed gaps: above a cv of 1 in clusters, below it more evenly than Poisson.
    Gamma {
        /// Coefficient of variation of the gaps; 0.02 to 10, and 1 is Poisson.
        #[serde(default = "one")]
        cv: f64,
    },
    /// Weibull-distributed gaps: as gamma, with a heavier tail above a cv of 1.
    Weibull {
        /// Coefficient of variation of the gaps; 0.02 to 10, and 1 is Poisson.
        #[serde(default = "one")]
        cv: f64,
    },
}

fn one() -> f64 {
    1.0
}

/// Below, the gaps are as good as constant; above, whole workloads fall into one burst.
const LEAST_CV: f64 = 0.02;
const GREATEST_CV: f64 = 10.0;

impl ArrivalProcess {
    /// What is wrong with the numbers, as (key, problem).
    pub(crate) fn check(self) -> Result<(), (&'static str, String)> {
        match self {
            ArrivalProcess::Poisson {} | ArrivalProcess::Constant {} => Ok(()),
            ArrivalProcess::Gamma { cv } | ArrivalProcess::Weibull { cv } => within("cv", cv, LEAST_CV, GREATEST_CV),
        }
    }

    /// The process with its constants worked out.
    pub(crate) fn gaps(self) -> Gaps {
        match self {
            ArrivalProcess::Poisson {} => Gaps::Exponential,
            ArrivalProcess::Constant {} => Gaps::Constant,
            ArrivalProcess::Gamma { cv } => Gaps::Gamma { shape: 1.0 / (cv * cv) },
            ArrivalProcess::Weibull { cv } => {
                let shape = weibull_shape(cv);
                Gaps::Weibull { exponent: 1.0 / shape, scale: 1.0 / libm::tgamma(1.0 + 1.0 / shape) }
            }
        }
    }
}

/// A source of gaps with mean 1.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Gaps {
    Exponential,
    Constant,
    Gamma { shape: f64 },
    Weibull { exponent: f64, scale: f64 },
}

impl Gaps {
    /// The gap before the next arrival.
    pub(crate) fn next(self, draw: &mut Draw) -> f64 {
        match self {
            Gaps::Exponential => exponential(draw),
            Gaps::Constant => 1.0,
            Gaps::Gamma { shape } => gamma(shape, draw) / shape,
            Gaps::Weibull { exponent, scale } => scale * libm::pow(exponential(draw), exponent),
        }
    }
}

/// A gamma variate of scale 1, by Marsaglia and Tsang: a cubed normal, accepted in more than 95 % of the cases.
fn gamma(shape: f64, draw: &mut Draw) -> f64 {
    if shape < 1.0 {
        let boost = libm::pow(1.0 - draw.uniform(), 1.0 / shape);
        return gamma(shape + 1.0, draw) * boost;
    }
    let d = shape - 1.0 / 3.0;
    let c = 1.0 / libm::sqrt(9.0 * d);
    loop {
        let z = normal(draw);
        let root = 1.0 + c * z;
        if root <= 0.0 {
            continue;
        }
        let v = root * root * root;
        if libm::log(1.0 - draw.uniform()) < 0.5 * z * z + d - d * v + d * libm::log(v) {
            return d * v;
        }
    }
}

/// The shape that gives a Weibull distribution this cv, which falls as the shape grows.
fn weibull_shape(cv: f64) -> f64 {
    let (mut low, mut high) = (0.1, 100.0);
    // 60 halvings exhaust the digits.
    for _ in 0..60 {
        let middle = 0.5 * (low + high);
        if weibull_cv(middle) > cv {
            low = middle;
        } else {
            high = middle;
        }
    }
    0.5 * (low + high)
}

fn weibull_cv(shape: f64) -> f64 {
    let mean = libm::tgamma(1.0 + 1.0 / shape);
    libm::sqrt(libm::tgamma(1.0 + 2.0 / shape) / (mean * mean) - 1.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::draws::scattered;

    const DRAWS: u64 = 400_000;

    /// Mean and cv of many gaps.
    fn measured(process: ArrivalProcess, seed: u64) -> (f64, f64) {
        let gaps = process.gaps();
        let (mut sum, mut squares) = (0.0, 0.0);
        for n in 0..DRAWS {
            let gap = gaps.next(&mut scattered(seed, n));
            assert!(gap >= 0.0 && gap.is_finite(), "{process:?}: {gap}");
            sum += gap;
            squares += gap * gap;
        }
        let mean = sum / DRAWS as f64;
        (mean, (squares / DRAWS as f64 - mean * mean).sqrt() / mean)
    }

    #[test]
    fn every_process_has_mean_1_and_the_cv_it_was_asked_for() {
        let gamma = |cv| (ArrivalProcess::Gamma { cv }, cv);
        let weibull = |cv| (ArrivalProcess::Weibull { cv }, cv);
        let processes = [0.1, 0.5, 1.0, 1.5, 2.5].into_iter().flat_map(|cv| [gamma(cv), weibull(cv)]);
        for (process, cv) in processes.chain([(ArrivalProcess::Poisson {}, 1.0)]) {
            let (mean, found) = measured(process, 5);
            // Four standard errors of the mean; the cv of a heavy tail converges slowly.
            assert!((mean - 1.0).abs() < 4.0 * cv / (DRAWS as f64).sqrt(), "{process:?}: mean {mean}");
            assert!((found / cv - 1.0).abs() < if cv > 2.0 { 0.03 } else { 0.01 }, "{process:?}: cv {found}");
        }
        assert_eq!(measured(ArrivalProcess::Constant {}, 5), (1.0, 0.0));
    }

    #[test]
    fn gamma_and_weibull_with_a_cv_of_1_are_exponential() {
        for process in [ArrivalProcess::Gamma { cv: 1.0 }, ArrivalProcess::Weibull { cv: 1.0 }] {
            let gaps = process.gaps();
            let below = (0..DRAWS).filter(|&n| gaps.next(&mut scattered(8, n)) < 0.5).count();
            let share = below as f64 / DRAWS as f64;
            assert!((share - (1.0 - (-0.5f64).exp())).abs() < 0.003, "{process:?}: {share}");
        }
    }

    #[test]
    fn the_shape_of_weibull_gaps_is_found_at_both_ends() {
        for cv in [LEAST_CV, 0.1, 1.0, GREATEST_CV] {
            assert!((weibull_cv(weibull_shape(cv)) / cv - 1.0).abs() < 1e-6, "{cv}");
        }
        assert!((weibull_shape(1.0) - 1.0).abs() < 1e-9);
    }

    #[test]
    fn a_cv_that_makes_no_sense_is_refused() {
        for cv in [0.0, -1.0, f64::NAN, f64::INFINITY, 1e-9, 50.0] {
            for process in [ArrivalProcess::Gamma { cv }, ArrivalProcess::Weibull { cv }] {
                assert_eq!(process.check().unwrap_err().0, "cv", "{cv}");
            }
        }
    }
}

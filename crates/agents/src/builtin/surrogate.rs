//! What the built-in researcher believes about policies that it has not tried: a Gaussian process over five features.
//!
//! Kernel: a linear trend plus a squared exponential (Rasmussen and Williams, *Gaussian Processes for Machine Learning*,
//! 2006, ch. 2 and 4). Inputs are centred on the reference. Data are few (tens), so a plain Cholesky factorisation does.

use super::shape::Features;
pub(crate) use science::gaussian::Belief;
use science::gaussian::{backward, cholesky, forward};

/// What is assumed of a quantity before any data.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Prior {
    /// Standard deviation of the trend along each feature, per unit.
    pub(crate) trend: Features,
    /// Standard deviation of the deviation from the trend.
    pub(crate) wiggle: f64,
    /// Standard deviation of a measurement.
    pub(crate) noise: f64,
}

/// Length over which deviations from the trend are alike, for ln place, ln(1 + spread), and the exponents of prompt, mix and capacity.
const LENGTHS: Features = [0.3, 0.45, 0.6, 0.6, 0.6];

/// A Gaussian process conditioned on what was measured.
pub(crate) struct Surrogate {
    prior: Prior,
    centre: Features,
    inputs: Vec<Features>,
    factor: Vec<Vec<f64>>,
    weights: Vec<f64>,
}

impl Surrogate {
    /// Conditions `prior` on `values` at `inputs`; the quantity is zero at `centre` by prior belief.
    pub(crate) fn fit(prior: Prior, centre: Features, inputs: &[Features], values: &[f64]) -> Self {
        let mut surrogate =
            Surrogate { prior, centre, inputs: inputs.to_vec(), factor: Vec::new(), weights: Vec::new() };
        let n = inputs.len();
        let covariance = |i: usize, j: usize| {
            surrogate.kernel(inputs[i], inputs[j]) + if i == j { prior.noise * prior.noise } else { 0.0 }
        };
        let matrix: Vec<Vec<f64>> = (0..n).map(|i| (0..=i).map(|j| covariance(i, j)).collect()).collect();
        surrogate.factor = cholesky(matrix);
        let half_way = forward(&surrogate.factor, values);
        surrogate.weights = backward(&surrogate.factor, &half_way);
        surrogate
    }

    /// The mean of what is believed at a place: a fraction of the work of [`Self::at`].
    pub(crate) fn mean_at(&self, input: Features) -> f64 {
        self.inputs.iter().zip(&self.weights).map(|(other, weight)| self.kernel(input, *other) * weight).sum()
    }

    /// What is believed at a place.
    pub(crate) fn at(&self, input: Features) -> Belief {
        let with_data: Vec<f64> = self.inputs.iter().map(|other| self.kernel(input, *other)).collect();
        let mean = with_data.iter().zip(&self.weights).map(|(k, w)| k * w).sum();
        let explained: f64 = forward(&self.factor, &with_data).iter().map(|v| v * v).sum();
        Belief { mean, sd: (self.kernel(input, input) - explained).max(1e-12).sqrt() }
    }

    fn kernel(&self, a: Features, b: Features) -> f64 {
        let (mut trend, mut distance) = (0.0, 0.0);
        for i in 0..LENGTHS.len() {
            trend += self.prior.trend[i].powi(2) * (a[i] - self.centre[i]) * (b[i] - self.centre[i]);
            distance += ((a[i] - b[i]) / LENGTHS[i]).powi(2);
        }
        trend + self.prior.wiggle.powi(2) * (-0.5 * distance).exp()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PRIOR: Prior = Prior { trend: [0.2, 0.05, 0.05, 0.05, 0.05], wiggle: 0.03, noise: 1e-4 };

    #[test]
    fn it_believes_what_was_measured_and_doubts_what_was_not() {
        let (a, b) = ([0.0, 0.3, 0.0, 0.0, 0.0], [0.1, 0.3, 0.0, 0.0, 0.0]);
        let surrogate = Surrogate::fit(PRIOR, a, &[a, b], &[0.0, -0.02]);
        assert!((surrogate.at(b).mean + 0.02).abs() < 1e-3);
        assert!(surrogate.at(b).sd < 1e-3);
        assert!(surrogate.at([0.1, 1.0, 1.0, 0.0, 0.0]).sd > 0.03);
        assert!(surrogate.at([0.1, 0.3, 0.0, 1.0, 0.0]).sd > 0.03, "nor any weighting of the mix");
    }

    #[test]
    fn a_trend_carries_on_beyond_the_data() {
        let at = |x: f64| [x, 0.0, 0.0, 0.0, 0.0];
        let surrogate = Surrogate::fit(PRIOR, at(0.0), &[at(-0.1), at(0.0), at(0.1)], &[0.02, 0.0, -0.02]);
        assert!(surrogate.at(at(0.3)).mean < -0.03);
    }
}

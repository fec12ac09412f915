//! What the built-in researcher believes about policies that it has not tried: a Gaussian process over seven features.
//!
//! Kernel: a linear trend plus a squared exponential (Rasmussen and Williams, *Gaussian Processes for Machine Learning*,
//! 2006, ch. 2 and 4). Inputs are centred on the reference. Data are few (tens), so a plain Cholesky factorisation does.

use super::shape::Features;
pub(crate) use science::gaussian::Belief;
use science::gaussian::{backward, cholesky, forward};
use std::sync::Arc;

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

/// Length over which deviations from the trend are alike, for ln place, ln(1 + spread), the exponents of prompt, mix and capacity,
/// the signal (0 or 1), and the exponent of the rate.
const LENGTHS: Features = [0.3, 0.45, 0.6, 0.6, 0.6, 1.0, 0.2];

/// Products take less than quotients.
const PER_LENGTH: Features = {
    let mut lengths = LENGTHS;
    let mut i = 0;
    while i < lengths.len() {
        lengths[i] = 1.0 / lengths[i];
        i += 1;
    }
    lengths
};

/// Rows of a matrix that are multiplied side by side: as much as the processor does at once, with room to overlap.
const LANES: usize = 8;

/// A Gaussian process conditioned on what was measured.
pub(crate) struct Surrogate {
    prior: Prior,
    centre: Features,
    inputs: Vec<Features>,
    weights: Vec<f64>,
    /// The mean's slope along each feature that follows from the trend.
    slope: Features,
    /// The inverse of the factor of the covariance, by [`LANES`] rows, each column of them side by side.
    inverse: Vec<Vec<[f64; LANES]>>,
}

/// Where something was measured, and how alike each two of these places are: the same for all surrogates.
pub(crate) struct Inputs {
    pub(crate) features: Vec<Features>,
    /// A lower triangle.
    alike: Vec<Vec<f64>>,
}

impl Inputs {
    pub(crate) fn new(features: Vec<Features>) -> Self {
        let row = |i: usize| (0..=i).map(|j| alike(features[i], features[j])).collect();
        Inputs { alike: (0..features.len()).map(row).collect(), features }
    }
}

/// A place, and how alike each input is to it: the same for all surrogates of these inputs, so it is computed once.
pub(crate) struct Place {
    features: Features,
    alike: Vec<f64>,
}

impl Place {
    pub(crate) fn new(inputs: &Inputs, features: Features) -> Self {
        Place { features, alike: inputs.features.iter().map(|other| alike(features, *other)).collect() }
    }
}

impl Surrogate {
    /// Conditions `prior` on `values` at `inputs`; the quantity is zero at `centre` by prior belief.
    pub(crate) fn fit(prior: Prior, centre: Features, inputs: &Inputs, values: &[f64]) -> Self {
        let covariance = |i: usize, j: usize| {
            let trend: f64 = steepness(prior, centre, inputs.features[i])
                .iter()
                .zip(offset(centre, inputs.features[j]))
                .map(|(a, b)| a * b)
                .sum();
            trend + prior.wiggle.powi(2) * inputs.alike[i][j] + if i == j { prior.noise * prior.noise } else { 0.0 }
        };
        let factor =
            cholesky((0..inputs.features.len()).map(|i| (0..=i).map(|j| covariance(i, j)).collect()).collect());
        let weights = backward(&factor, &forward(&factor, values));
        let mut slope = Features::default();
        for (input, weight) in inputs.features.iter().zip(&weights) {
            let offset = offset(centre, *input);
            (0..slope.len()).for_each(|i| slope[i] += prior.trend[i].powi(2) * offset[i] * weight);
        }
        Surrogate {
            prior,
            centre,
            inputs: inputs.features.clone(),
            weights,
            slope,
            inverse: by_lanes(&inverse(&factor)),
        }
    }

    /// The mean of what is believed at a place: a fraction of the work of [`Self::at`].
    pub(crate) fn mean_at(&self, place: &Place) -> f64 {
        self.mean(place.features, &place.alike, 1.0)
    }

    /// The same, with what is alike by a factor less than it is given as.
    fn mean(&self, features: Features, alike: &[f64], factor: f64) -> f64 {
        let trend: f64 = offset(self.centre, features).iter().zip(self.slope).map(|(a, b)| a * b).sum();
        trend + self.prior.wiggle.powi(2) * factor * dot(alike, &self.weights)
    }

    /// What is believed at a place.
    pub(crate) fn at(&self, place: &Place) -> Belief {
        let steepness = steepness(self.prior, self.centre, place.features);
        let wiggle = self.prior.wiggle.powi(2);
        let with = |(input, alike): (&Features, &f64)| {
            let trend: f64 = offset(self.centre, *input).iter().zip(steepness).map(|(a, b)| a * b).sum();
            trend + wiggle * alike
        };
        let with_data: Vec<f64> = self.inputs.iter().zip(&place.alike).map(with).collect();
        let mut explained = 0.0;
        for rows in &self.inverse {
            let mut sums = [0.0; LANES];
            for (column, covariance) in rows.iter().zip(&with_data) {
                (0..LANES).for_each(|lane| sums[lane] += column[lane] * covariance);
            }
            explained += sums.iter().map(|sum| sum * sum).sum::<f64>();
        }
        let own: f64 = offset(self.centre, place.features).iter().zip(steepness).map(|(a, b)| a * b).sum();
        Belief { mean: self.mean_at(place), sd: (own + wiggle - explained).max(1e-12).sqrt() }
    }
}

fn offset(centre: Features, input: Features) -> Features {
    std::array::from_fn(|i| input[i] - centre[i])
}

/// What the trend adds to a covariance with `input`, per unit of each feature.
fn steepness(prior: Prior, centre: Features, input: Features) -> Features {
    std::array::from_fn(|i| prior.trend[i].powi(2) * (input[i] - centre[i]))
}

/// How alike deviations from the trend are in two places, 0..1.
fn alike(a: Features, b: Features) -> f64 {
    let distance: f64 = (0..LENGTHS.len()).map(|i| ((a[i] - b[i]) * PER_LENGTH[i]).powi(2)).sum();
    (-0.5 * distance).exp()
}

/// The sum of products, in lanes that do not wait for each other.
fn dot(a: &[f64], b: &[f64]) -> f64 {
    let mut sums = [0.0; LANES];
    let (a, b) = (a.chunks_exact(LANES), b.chunks_exact(LANES));
    let rest: f64 = a.remainder().iter().zip(b.remainder()).map(|(a, b)| a * b).sum();
    for (a, b) in a.zip(b) {
        (0..LANES).for_each(|lane| sums[lane] += a[lane] * b[lane]);
    }
    sums.iter().sum::<f64>() + rest
}

/// The inverse of a lower triangle, by rows.
fn inverse(factor: &[Vec<f64>]) -> Vec<Vec<f64>> {
    let mut inverse: Vec<Vec<f64>> = Vec::with_capacity(factor.len());
    for (i, row) in factor.iter().enumerate() {
        let mut new = vec![0.0; i + 1];
        new[i] = 1.0;
        for (earlier, entry) in inverse.iter().zip(row) {
            new.iter_mut().zip(earlier).for_each(|(new, known)| *new -= entry * known);
        }
        new.iter_mut().for_each(|new| *new /= row[i]);
        inverse.push(new);
    }
    inverse
}

fn by_lanes(rows: &[Vec<f64>]) -> Vec<Vec<[f64; LANES]>> {
    let entry = |row: Option<&Vec<f64>>, column: usize| row.and_then(|row| row.get(column)).copied().unwrap_or(0.0);
    let block = |rows: &[Vec<f64>]| {
        let columns = rows.last().map_or(0, Vec::len);
        (0..columns).map(|column| std::array::from_fn(|lane| entry(rows.get(lane), column))).collect()
    };
    rows.chunks(LANES).map(block).collect()
}

/// The ways along the first feature that halving an interval can take. A step of a given length changes how alike an input
/// is by a factor that depends on the input and the step alone: of the thousands of steps of a plan none takes an exponential
/// of its own.
pub(crate) struct Halving {
    inputs: Arc<Inputs>,
    /// Middle of the interval.
    middle: f64,
    /// Lengths of the steps after the middle, each with the factors of a step down and of one up.
    steps: Vec<(f64, [Vec<f64>; 2])>,
}

impl Halving {
    /// Halves `low..high` so many times.
    pub(crate) fn new(inputs: Arc<Inputs>, [low, high]: [f64; 2], times: u32) -> Self {
        let middle = f64::midpoint(low, high);
        let step = |n: u32| {
            let length = (high - low) / f64::from(4 << n);
            let factors = |step: f64| {
                inputs.features.iter().map(|b| (step * (b[0] - middle) / LENGTHS[0].powi(2)).exp()).collect()
            };
            (length, [factors(-length), factors(length)])
        };
        let steps = (0..times.saturating_sub(1)).map(step).collect();
        Halving { inputs, middle, steps }
    }

    /// A way that begins with the middle; `shift` lies between a place on the interval and the first of the `features`.
    pub(crate) fn begin(&self, mut features: Features, shift: f64) -> Way<'_> {
        features[0] = self.middle + shift;
        let alike = Place::new(&self.inputs, features).alike;
        Way { halving: self, features, alike, factor: 1.0, taken: 0 }
    }
}

/// A way that halves an interval again and again.
#[derive(Clone)]
pub(crate) struct Way<'a> {
    halving: &'a Halving,
    features: Features,
    /// How alike the inputs are to where it has come, but for a factor that they have in common.
    alike: Vec<f64>,
    factor: f64,
    taken: usize,
}

impl Way<'_> {
    /// The mean of what is believed where it has come.
    pub(crate) fn mean(&self, surrogate: &Surrogate) -> f64 {
        surrogate.mean(self.features, &self.alike, self.factor)
    }

    /// Where it has come.
    pub(crate) fn place(&self) -> Place {
        Place { features: self.features, alike: self.alike.iter().map(|alike| alike * self.factor).collect() }
    }

    /// Goes on in the upper or the lower half.
    pub(crate) fn go(&mut self, up: bool) {
        let Some((length, factors)) = self.halving.steps.get(self.taken) else { return };
        let step = if up { *length } else { -length };
        let from = self.features[0] - self.halving.middle;
        self.factor *= (-step * (2.0 * from + step) / (2.0 * LENGTHS[0].powi(2))).exp();
        self.alike.iter_mut().zip(&factors[usize::from(up)]).for_each(|(alike, factor)| *alike *= factor);
        self.features[0] += step;
        self.taken += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PRIOR: Prior = Prior { trend: [0.2, 0.05, 0.05, 0.05, 0.05, 0.05, 0.05], wiggle: 0.03, noise: 1e-4 };

    fn believed(surrogate: &Surrogate, features: Features) -> Belief {
        surrogate.at(&Place::new(&Inputs::new(surrogate.inputs.clone()), features))
    }

    /// More inputs than lanes, and not a multiple of them.
    fn scattered() -> (Vec<Features>, Vec<f64>) {
        let coordinate = |n: u64| science::keyed::uniform(5, n) - 0.5;
        let inputs: Vec<Features> = (0..29).map(|n| std::array::from_fn(|i| coordinate(7 * n + i as u64))).collect();
        let values = inputs.iter().map(|x| 0.1 * x[0] - 0.05 * x[1] + 0.02 * (6.0 * x[3]).sin()).collect();
        (inputs, values)
    }

    #[test]
    fn what_is_believed_is_what_solving_for_the_covariances_says() {
        let ((inputs, values), centre) = (scattered(), [0.1; 7]);
        let surrogate = Surrogate::fit(PRIOR, centre, &Inputs::new(inputs.clone()), &values);
        let kernel = |a: Features, b: Features| {
            let trend = (0..7).map(|i| PRIOR.trend[i].powi(2) * (a[i] - centre[i]) * (b[i] - centre[i])).sum::<f64>();
            let distance = (0..7).map(|i| ((a[i] - b[i]) / LENGTHS[i]).powi(2)).sum::<f64>();
            trend + PRIOR.wiggle.powi(2) * (-0.5 * distance).exp()
        };
        let covariance =
            |i: usize, j: usize| kernel(inputs[i], inputs[j]) + f64::from(u8::from(i == j)) * PRIOR.noise.powi(2);
        let factor = cholesky((0..29).map(|i| (0..=i).map(|j| covariance(i, j)).collect()).collect());
        for n in 0..20 {
            let place: Features = std::array::from_fn(|i| science::keyed::uniform(6, 7 * n + i as u64) - 0.5);
            let with_data: Vec<f64> = inputs.iter().map(|other| kernel(place, *other)).collect();
            let solved = forward(&factor, &with_data);
            let mean: f64 = solved.iter().zip(forward(&factor, &values)).map(|(a, b)| a * b).sum();
            let sd = (kernel(place, place) - solved.iter().map(|v| v * v).sum::<f64>()).sqrt();
            let belief = believed(&surrogate, place);
            assert!(
                (belief.mean - mean).abs() < 1e-9 && (belief.sd - sd).abs() < 1e-9,
                "{belief:?} is not {mean} ± {sd}"
            );
        }
    }

    #[test]
    fn every_place_on_the_way_of_a_halving_has_the_mean_that_it_has_by_itself() {
        let (inputs, values) = scattered();
        let inputs = Arc::new(Inputs::new(inputs));
        let surrogate = Surrogate::fit(PRIOR, [0.0; 7], &inputs, &values);
        let (interval, shift, times) = ([-3.5, -0.1], -0.4, 12);
        let halving = Halving::new(Arc::clone(&inputs), interval, times);
        for path in [0b0000_0000_0000_u32, 0b1111_1111_1111, 0b1010_0110_0101] {
            let mut features = [0.0, 0.1, -0.2, 0.3, 0.0, 1.0, 0.1];
            let (mut way, [mut low, mut high]) = (halving.begin(features, shift), interval);
            for n in 0..times {
                let middle = f64::midpoint(low, high);
                features[0] = middle + shift;
                let by_itself = surrogate.mean_at(&Place::new(&inputs, features));
                assert!((way.mean(&surrogate) - by_itself).abs() < 1e-10, "step {n} of {path:b}");
                let up = path >> n & 1 == 1;
                if up {
                    low = middle
                } else {
                    high = middle
                }
                way.go(up);
            }
        }
    }

    #[test]
    fn it_believes_what_was_measured_and_doubts_what_was_not() {
        let (a, b) = ([0.0, 0.3, 0.0, 0.0, 0.0, 0.0, 0.0], [0.1, 0.3, 0.0, 0.0, 0.0, 0.0, 0.0]);
        let surrogate = Surrogate::fit(PRIOR, a, &Inputs::new(vec![a, b]), &[0.0, -0.02]);
        assert!((believed(&surrogate, b).mean + 0.02).abs() < 1e-3);
        assert!(believed(&surrogate, b).sd < 1e-3);
        assert!(believed(&surrogate, [0.1, 1.0, 1.0, 0.0, 0.0, 0.0, 0.0]).sd > 0.03);
        assert!(believed(&surrogate, [0.1, 0.3, 0.0, 1.0, 0.0, 0.0, 0.0]).sd > 0.03, "nor any weighting of the mix");
    }

    #[test]
    fn a_trend_carries_on_beyond_the_data() {
        let at = |x: f64| [x, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0];
        let surrogate =
            Surrogate::fit(PRIOR, at(0.0), &Inputs::new(vec![at(-0.1), at(0.0), at(0.1)]), &[0.02, 0.0, -0.02]);
        assert!(believed(&surrogate, at(0.3)).mean < -0.03);
    }
}

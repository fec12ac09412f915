//! What may be believed of a policy that was not measured: a Gaussian process over the declared space, for all outputs at
//! once.
//!
//! All outputs share one kernel, so one factorisation serves them all (a matrix normal process): how outputs go together is
//! read off what was measured. The kernel is linear in the coordinates plus a Matérn 5/2 process, whose length scales make
//! the measured means likeliest. Data are few (tens), outputs are hundreds.

use science::gaussian::{backward, cholesky, forward, matern};
use science::keyed::{self, uniform};
use science::stats::mean;

/// Length scales that are tried, in widths of the cube, and the one that is expected before any data.
const LENGTHS: [f64; 5] = [0.2, 0.4, 0.8, 1.6, 3.2];
const USUAL: f64 = 0.8;
/// The variance of the level, over that along one coordinate: hardly anything is known of it before the first measurement.
const LEVEL: f64 = 10.0;
/// Directions in which a belief is drawn, each with its opposite.
const DRAWS: usize = 16;
/// How far outputs are expected to lie from the reference's where a coordinate is at its end, over their size; and the number of
/// measurements that this expectation counts as.
const FAR: f64 = 0.25;
const COUNTS: f64 = 2.0;
/// Shares of that which outputs of a kind have in common, and which each has for itself: their squares add up to one.
const SHARES: [f64; 2] = [0.8, 0.6];
/// The smallest noise, over the spread of the outputs.
const JAGGED: f64 = 0.01;

/// What is expected before anything is measured.
#[derive(Clone, Debug)]
pub(super) struct Prior {
    /// Each output where nothing is known: the reference's.
    pub(super) mean: Vec<f64>,
    /// How large each output may be.
    pub(super) size: Vec<f64>,
    /// What kind of thing each output is: those of a kind go together.
    pub(super) kinds: Vec<usize>,
    /// What an output may be off by, over its size: a standard deviation.
    pub(super) noise: f64,
}

/// A Gaussian process, conditioned on what was measured.
#[derive(Clone, Debug)]
pub(super) struct Surrogate {
    prior: Prior,
    inputs: Vec<Vec<f64>>,
    lengths: Vec<f64>,
    factor: Vec<Vec<f64>>,
    /// One row for each input: what it adds to each output.
    weights: Vec<Vec<f64>>,
    /// Directions in which outputs may be off, as far as a kernel of one lets them.
    directions: Vec<Vec<f64>>,
}

/// What is believed at a place: the mean of each output, and how far it may be off along the directions.
#[derive(Clone, Debug)]
pub(super) struct Foreseen {
    pub(super) mean: Vec<f64>,
    spread: f64,
}

impl Surrogate {
    /// Conditions on outputs at inputs; there may be none. `seed` is what the directions follow from.
    pub(super) fn fit(prior: Prior, inputs: Vec<Vec<f64>>, outputs: &[Vec<f64>], seed: u64) -> Self {
        let residual = |output: &Vec<f64>| -> Vec<f64> {
            output.iter().zip(&prior.mean).map(|(value, mean)| value - mean).collect()
        };
        let residuals: Vec<Vec<f64>> = outputs.iter().map(residual).collect();
        let nugget = (prior.noise / FAR).max(JAGGED).powi(2);
        let lengths = likeliest(&inputs, &by_kind(&residuals, &prior.kinds), nugget);
        let factor = factor(&inputs, &lengths, nugget);
        // One column for each output, whitened.
        let column = |at: usize| residuals.iter().map(|row| row[at]).collect::<Vec<f64>>();
        let whitened: Vec<Vec<f64>> = (0..prior.mean.len()).map(|at| forward(&factor, &column(at))).collect();
        let columns: Vec<Vec<f64>> = whitened.iter().map(|column| backward(&factor, column)).collect();
        let weights = (0..inputs.len()).map(|row| columns.iter().map(|column| column[row]).collect()).collect();
        let directions = directions(&prior, &whitened, inputs.len(), seed);
        Surrogate { prior, inputs, lengths, factor, weights, directions }
    }

    fn kernels(&self, input: &[f64]) -> Vec<f64> {
        self.inputs.iter().map(|other| kernel(input, other, &self.lengths)).collect()
    }

    /// What is believed at a place.
    pub(super) fn at(&self, input: &[f64]) -> Foreseen {
        let kernels = self.kernels(input);
        let mut mean = self.prior.mean.clone();
        for (kernel, weights) in kernels.iter().zip(&self.weights) {
            mean.iter_mut().zip(weights).for_each(|(mean, weight)| *mean += kernel * weight);
        }
        let explained: f64 = forward(&self.factor, &kernels).iter().map(|value| value * value).sum();
        let spread = (kernel(input, input, &self.lengths) - explained).max(0.0).sqrt();
        Foreseen { mean, spread }
    }

    /// Outputs as they may be, all as likely; the same draws at every place.
    pub(super) fn draws<'a>(&'a self, foreseen: &'a Foreseen) -> impl Iterator<Item = Vec<f64>> + 'a {
        let both = self.directions.iter().flat_map(|direction| [(direction, 1.0), (direction, -1.0)]);
        both.map(|(direction, sign)| {
            let off = sign * foreseen.spread;
            foreseen.mean.iter().zip(direction).map(|(mean, along)| mean + off * along).collect()
        })
    }
}

fn kernel(a: &[f64], b: &[f64], lengths: &[f64]) -> f64 {
    let linear: f64 = a.iter().zip(b).map(|(a, b)| (a - 0.5) * (b - 0.5)).sum();
    LEVEL + linear + matern(a, b, lengths)
}

fn factor(inputs: &[Vec<f64>], lengths: &[f64], nugget: f64) -> Vec<Vec<f64>> {
    let entry = |i: usize, j: usize| kernel(&inputs[i], &inputs[j], lengths) + if i == j { nugget } else { 0.0 };
    cholesky((0..inputs.len()).map(|i| (0..=i).map(|j| entry(i, j)).collect()).collect())
}

/// The mean of the outputs of each kind, a series over the inputs.
fn by_kind(outputs: &[Vec<f64>], kinds: &[usize]) -> Vec<Vec<f64>> {
    let of_kind = |row: &Vec<f64>, kind: usize| -> Vec<f64> {
        row.iter().zip(kinds).filter(|(_, own)| **own == kind).map(|(value, _)| *value).collect()
    };
    let count = kinds.iter().max().map_or(0, |last| last + 1);
    (0..count).map(|kind| outputs.iter().map(|row| mean(&of_kind(row, kind))).collect()).collect()
}

/// The length scales under which these series are likeliest, whatever their spread is: first one for all coordinates, then each
/// by itself.
fn likeliest(inputs: &[Vec<f64>], series: &[Vec<f64>], nugget: f64) -> Vec<f64> {
    let Some(width) = inputs.first().map(Vec::len) else { return Vec::new() };
    let count = inputs.len() as f64;
    let likelihood = |lengths: &[f64]| {
        let factor = factor(inputs, lengths, nugget);
        let misfit = |values: &Vec<f64>| forward(&factor, values).iter().map(|value| value * value).sum::<f64>();
        let fit: f64 = series.iter().map(|values| (misfit(values) / count).max(1e-12).ln()).sum();
        let volume: f64 = factor.iter().enumerate().map(|(at, row)| row[at].ln()).sum();
        let surprise: f64 = lengths.iter().map(|length| (length / USUAL).ln().powi(2)).sum();
        -0.25 * count * fit - volume - 0.25 * surprise
    };
    let better = |best: (f64, Vec<f64>), lengths: Vec<f64>| {
        let likelihood = likelihood(&lengths);
        if likelihood > best.0 { (likelihood, lengths) } else { best }
    };
    let start = (f64::NEG_INFINITY, vec![USUAL; width]);
    let mut best = LENGTHS.into_iter().map(|length| vec![length; width]).fold(start, better);
    for along in 0..width {
        for length in LENGTHS {
            let mut lengths = best.1.clone();
            lengths[along] = length;
            best = better(best, lengths);
        }
    }
    best.1
}

/// Directions drawn from how outputs went together where they were measured, and from what is expected before that.
fn directions(prior: &Prior, whitened: &[Vec<f64>], inputs: usize, seed: u64) -> Vec<Vec<f64>> {
    let (outputs, unit) = (prior.mean.len(), 1.0 / (inputs as f64 + COUNTS).sqrt());
    let direction = |draw: usize| {
        let normal = |part: &str, n: usize| normal(keyed::seed(&[part, &draw.to_string()], seed), n as u64);
        let measured: Vec<f64> = (0..inputs).map(|at| normal("measured", at)).collect();
        let along = |at: usize| {
            let own = SHARES[0] * normal("kind", prior.kinds[at]) + SHARES[1] * normal("output", at);
            let expected = COUNTS.sqrt() * FAR * prior.size[at] * own;
            let seen: f64 = whitened[at].iter().zip(&measured).map(|(value, normal)| value * normal).sum();
            unit * (expected + seen)
        };
        (0..outputs).map(along).collect()
    };
    (0..DRAWS).map(direction).collect()
}

/// The n-th number of a seed's sequence, from the standard normal distribution (Box and Muller).
fn normal(seed: u64, n: u64) -> f64 {
    let radius = (-2.0 * (1.0 - uniform(seed, 2 * n)).ln()).sqrt();
    radius * (std::f64::consts::TAU * uniform(seed, 2 * n + 1)).cos()
}

#[cfg(test)]
mod tests {
    use super::*;

    const WORKLOADS: usize = 12;

    fn place(n: u64) -> Vec<f64> {
        (0..4).map(|k| uniform(3, 4 * n + k)).collect()
    }

    /// Gains and costs that fall along the first coordinate; costs have an optimum along the second one, and in each workload
    /// another slope along the third. The fourth does not matter.
    fn world(x: &[f64]) -> Vec<f64> {
        let gain = |_: usize| 0.5 * (1.0 - x[0]).powi(2);
        let cost = |at: usize| 0.8 * (1.0 - x[0]).powi(2) + 0.3 * (x[1] - 0.4).powi(2) + 0.02 * at as f64 * x[2];
        (0..WORKLOADS).map(gain).chain((0..WORKLOADS).map(cost)).collect()
    }

    fn fitted(count: u64) -> Surrogate {
        let size = [vec![0.5; WORKLOADS], vec![0.8; WORKLOADS]].concat();
        let mean = size.iter().map(|size| 0.5 * size).collect();
        let inputs: Vec<Vec<f64>> = (0..count).map(place).collect();
        let outputs: Vec<Vec<f64>> = inputs.iter().map(|input| world(input)).collect();
        let kinds = [vec![0; WORKLOADS], vec![1; WORKLOADS]].concat();
        Surrogate::fit(Prior { mean, size, kinds, noise: 0.001 }, inputs, &outputs, 7)
    }

    fn error(surrogate: &Surrogate) -> f64 {
        let off = |n: u64| {
            let (foreseen, actual) = (surrogate.at(&place(n)).mean, world(&place(n)));
            foreseen.iter().zip(&actual).map(|(a, b)| (a - b).abs()).sum::<f64>() / actual.len() as f64
        };
        (1000..1050).map(off).sum::<f64>() / 50.0
    }

    #[test]
    fn a_known_function_is_foreseen_the_better_the_more_was_measured() {
        let errors = [0, 6, 20, 60].map(|count| error(&fitted(count)));
        assert!(errors.is_sorted_by(|a, b| a > b) && errors[3] < 0.005, "{errors:?}");
    }

    #[test]
    fn what_was_measured_is_believed_and_what_is_far_from_it_is_doubted() {
        let surrogate = fitted(10);
        let (near, far) = (surrogate.at(&place(3)), surrogate.at(&[1.0, 0.0, 1.0, 0.0]));
        assert!(near.mean.iter().zip(world(&place(3))).all(|(a, b)| (a - b).abs() < 0.01), "{near:?}");
        assert!(far.spread > 4.0 * near.spread, "{} {}", far.spread, near.spread);
    }

    #[test]
    fn draws_scatter_about_as_far_as_the_truth_is_off() {
        let surrogate = fitted(12);
        let (mut scatter, mut off) = (0.0, 0.0);
        for n in 1000..1050 {
            let foreseen = surrogate.at(&place(n));
            let square = |values: &[f64]| values.iter().zip(&foreseen.mean).map(|(a, b)| (a - b).powi(2)).sum::<f64>();
            scatter += surrogate.draws(&foreseen).map(|draw| square(&draw)).sum::<f64>() / (2 * DRAWS) as f64;
            off += square(&world(&place(n)));
        }
        assert!((0.2..20.0).contains(&(scatter / off)), "{scatter} {off}");
    }

    #[test]
    fn nothing_measured_is_the_reference() {
        let mean = fitted(0).at(&[0.25, 0.5, 0.5, 0.5]).mean;
        assert!((mean[0] - 0.25).abs() < 1e-12 && (mean[WORKLOADS] - 0.4).abs() < 1e-12, "{mean:?}");
    }
}

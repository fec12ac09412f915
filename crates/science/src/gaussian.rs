//! Gaussian processes: what may be believed of a function that was measured in a few places.
//!
//! [`Gaussian`] lives on the unit cube with a Matérn 5/2 kernel (Rasmussen and Williams, *Gaussian Processes for Machine
//! Learning*, 2006, ch. 2, 4 and 5). The linear algebra below it serves other kernels too. Data are few (tens), so a plain
//! Cholesky factorisation does.

/// A belief about one quantity: normal, with this mean and standard deviation, in the quantity's unit.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Belief {
    /// The mean.
    pub mean: f64,
    /// The standard deviation.
    pub sd: f64,
}

impl Belief {
    /// Probability that the quantity is at least `bound`.
    pub fn at_least(&self, bound: f64) -> f64 {
        normal_cdf((self.mean - bound) / self.sd.max(1e-9))
    }

    /// Expected improvement over `best`, in the quantity's unit.
    pub fn expected_improvement(&self, best: f64) -> f64 {
        let z = (self.mean - best) / self.sd.max(1e-9);
        (self.mean - best) * normal_cdf(z) + self.sd * (-z * z / 2.0).exp() / (2.0 * std::f64::consts::PI).sqrt()
    }
}

/// Length scales that are tried, in widths of the cube.
const LENGTHS: [f64; 6] = [0.1, 0.2, 0.35, 0.6, 1.0, 2.0];

/// The length that is expected before any data, within a factor of e: a handful of points would else seem unrelated.
const USUAL: f64 = 0.5;

/// A Gaussian process on the unit cube, conditioned on what was measured.
#[derive(Clone, Debug)]
pub struct Gaussian {
    inputs: Vec<Vec<f64>>,
    lengths: Vec<f64>,
    /// Mean of the values.
    level: f64,
    /// Standard deviation of the process.
    scale: f64,
    factor: Vec<Vec<f64>>,
    weights: Vec<f64>,
}

impl Gaussian {
    /// Conditions on `values` at `inputs`, each known to within `noise` (a standard deviation, in the values' unit). Length
    /// scales are those of a small grid, one coordinate at a time, that make the values most likely; none is above `longest`,
    /// in widths of the cube.
    ///
    /// # Panics
    /// If there is no value, or no length of the grid is short enough.
    pub fn fit(inputs: &[Vec<f64>], values: &[f64], noise: f64, longest: f64) -> Self {
        let count = values.len() as f64;
        let level = values.iter().sum::<f64>() / count;
        let centred: Vec<f64> = values.iter().map(|value| value - level).collect();
        let scale = (centred.iter().map(|value| value * value).sum::<f64>() / count).sqrt().max(noise).max(1e-9);
        let unit: Vec<f64> = centred.iter().map(|value| value / scale).collect();
        let nugget = (noise / scale).powi(2).max(1e-8);
        let tried = |lengths: Vec<f64>| Fit::new(inputs, &unit, lengths, nugget);
        let likelier = |a: Fit, b: Fit| if b.likelihood > a.likelihood { b } else { a };
        let dimensions = inputs[0].len();
        let lengths = || LENGTHS.into_iter().filter(|length| *length <= longest);
        let alike = lengths().map(|length| tried(vec![length; dimensions]));
        let mut best = alike.reduce(likelier).expect("the shortest length is allowed");
        for along in (0..dimensions).chain(0..dimensions) {
            for length in lengths() {
                let mut changed = best.lengths.clone();
                changed[along] = length;
                best = likelier(best, tried(changed));
            }
        }
        Gaussian {
            inputs: inputs.to_vec(),
            lengths: best.lengths,
            level,
            scale,
            factor: best.factor,
            weights: best.weights,
        }
    }

    /// What is believed at a place, in the values' unit.
    pub fn at(&self, input: &[f64]) -> Belief {
        let with_data: Vec<f64> = self.inputs.iter().map(|other| matern(input, other, &self.lengths)).collect();
        let mean: f64 = with_data.iter().zip(&self.weights).map(|(k, w)| k * w).sum();
        let explained: f64 = forward(&self.factor, &with_data).iter().map(|v| v * v).sum();
        Belief { mean: self.level + self.scale * mean, sd: self.scale * (1.0 - explained).max(1e-12).sqrt() }
    }
}

/// One choice of length scales.
struct Fit {
    lengths: Vec<f64>,
    factor: Vec<Vec<f64>>,
    weights: Vec<f64>,
    /// Logarithm of the marginal likelihood times the prior, up to a constant.
    likelihood: f64,
}

impl Fit {
    fn new(inputs: &[Vec<f64>], values: &[f64], lengths: Vec<f64>, nugget: f64) -> Self {
        let covariance =
            |i: usize, j: usize| matern(&inputs[i], &inputs[j], &lengths) + if i == j { nugget } else { 0.0 };
        let factor = cholesky((0..inputs.len()).map(|i| (0..=i).map(|j| covariance(i, j)).collect()).collect());
        let half_way = forward(&factor, values);
        let misfit: f64 = half_way.iter().map(|v| v * v).sum();
        let volume: f64 = factor.iter().enumerate().map(|(i, row)| row[i].ln()).sum();
        let weights = backward(&factor, &half_way);
        let surprise: f64 = lengths.iter().map(|length| (length / USUAL).ln().powi(2)).sum();
        Fit { lengths, factor, weights, likelihood: -0.5 * misfit - volume - 0.5 * surprise }
    }
}

/// The Matérn 5/2 kernel, for these length scales.
pub fn matern(a: &[f64], b: &[f64], lengths: &[f64]) -> f64 {
    let squares = a.iter().zip(b).zip(lengths).map(|((a, b), length)| ((a - b) / length).powi(2));
    let r = (5.0 * squares.sum::<f64>()).sqrt();
    (1.0 + r + r * r / 3.0) * (-r).exp()
}

/// The lower triangle L with L·Lᵀ = matrix. Of the matrix, which is symmetric and positive definite, the lower triangle is
/// given.
pub fn cholesky(mut matrix: Vec<Vec<f64>>) -> Vec<Vec<f64>> {
    let n = matrix.len();
    // By columns: the sums of one are independent of each other, so the processor does several at once.
    let (mut columns, mut sums) = (vec![0.0; n * n], vec![0.0; n]);
    for j in 0..n {
        sums[j..].fill(0.0);
        for column in columns.chunks_exact(n).take(j) {
            let own = column[j];
            sums[j..].iter_mut().zip(&column[j..]).for_each(|(sum, entry)| *sum += entry * own);
        }
        let pivot = (matrix[j][j] - sums[j]).max(1e-15).sqrt();
        matrix[j][j] = pivot;
        columns[j * n + j] = pivot;
        for i in j + 1..n {
            matrix[i][j] = (matrix[i][j] - sums[i]) / pivot;
            columns[j * n + i] = matrix[i][j];
        }
    }
    matrix
}

/// Solves L·x = b.
pub fn forward(factor: &[Vec<f64>], b: &[f64]) -> Vec<f64> {
    let mut x: Vec<f64> = Vec::with_capacity(b.len());
    for (i, row) in factor.iter().enumerate() {
        x.push((b[i] - dot(&row[..i], &x)) / row[i]);
    }
    x
}

/// By four sums, of which the processor does several at once.
fn dot(a: &[f64], b: &[f64]) -> f64 {
    let ((a, a_rest), (b, b_rest)) = (a.as_chunks::<4>(), b.as_chunks::<4>());
    let mut sums = [0.0; 4];
    for (a, b) in a.iter().zip(b) {
        (0..4).for_each(|k| sums[k] += a[k] * b[k]);
    }
    sums.iter().sum::<f64>() + a_rest.iter().zip(b_rest).map(|(a, b)| a * b).sum::<f64>()
}

/// Solves Lᵀ·x = b.
pub fn backward(factor: &[Vec<f64>], b: &[f64]) -> Vec<f64> {
    let mut x = b.to_vec();
    for i in (0..b.len()).rev() {
        let dot: f64 = (i + 1..b.len()).map(|k| factor[k][i] * x[k]).sum();
        x[i] = (x[i] - dot) / factor[i][i];
    }
    x
}

/// The lower triangle of the inverse of L·Lᵀ.
pub fn inverse(factor: &[Vec<f64>]) -> Vec<Vec<f64>> {
    let n = factor.len();
    let unit = |k: usize| -> Vec<f64> { (0..n).map(|i| f64::from(u8::from(i == k))).collect() };
    let columns: Vec<Vec<f64>> = (0..n).map(|k| forward(factor, &unit(k))).collect();
    (0..n).map(|i| (0..=i).map(|j| dot(&columns[i][i..], &columns[j][i..])).collect()).collect()
}

/// The standard normal distribution function, through Abramowitz and Stegun 7.1.26 (error below 1.5e-7).
pub fn normal_cdf(z: f64) -> f64 {
    let x = z.abs() / std::f64::consts::SQRT_2;
    let t = 1.0 / (1.0 + 0.327_591_1 * x);
    let series = [0.254_829_592, -0.284_496_736, 1.421_413_741, -1.453_152_027, 1.061_405_429];
    let erf = 1.0 - series.iter().rev().fold(0.0, |sum, a| (sum + a) * t) * (-x * x).exp();
    if z < 0.0 { 0.5 * (1.0 - erf) } else { 0.5 * (1.0 + erf) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_matrix_times_its_inverse_is_one() {
        let entry = |i: usize, j: usize| 1.0 / (1.0 + i.abs_diff(j) as f64) + if i == j { 0.5 } else { 0.0 };
        let inverse = inverse(&cholesky((0..7).map(|i| (0..=i).map(|j| entry(i, j)).collect()).collect()));
        for i in 0..7 {
            for j in 0..7 {
                let product: f64 = (0..7).map(|k| entry(i, k) * inverse[k.max(j)][k.min(j)]).sum();
                assert!((product - f64::from(u8::from(i == j))).abs() < 1e-12, "{i} {j}: {product}");
            }
        }
    }

    #[test]
    fn it_passes_through_what_was_measured_and_doubts_what_was_not() {
        let inputs: Vec<Vec<f64>> = [0.0, 0.2, 0.5].map(|x| vec![x]).to_vec();
        let process = Gaussian::fit(&inputs, &[1.0, 1.4, 1.8], 1e-3, f64::INFINITY);
        assert!((process.at(&[0.2]).mean - 1.4).abs() < 0.02);
        assert!(process.at(&[0.2]).sd < 0.02);
        assert!(process.at(&[1.0]).sd > 2.0 * process.at(&[0.35]).sd, "{:?}", process);
    }

    #[test]
    fn an_input_that_never_mattered_gets_the_longest_scale() {
        let inputs: Vec<Vec<f64>> = (0..20).map(|n| vec![f64::from(n % 5) / 4.0, f64::from(n / 5) / 3.0]).collect();
        let values: Vec<f64> = inputs.iter().map(|x| (6.0 * x[0]).sin()).collect();
        let process = Gaussian::fit(&inputs, &values, 1e-3, f64::INFINITY);
        assert_eq!(process.lengths[1], LENGTHS[LENGTHS.len() - 1]);
        assert!(process.lengths[0] < 1.0, "{:?}", process.lengths);
    }

    #[test]
    fn a_factor_times_its_transpose_is_the_matrix_and_solves_by_it() {
        let matrix = vec![vec![4.0], vec![2.0, 5.0], vec![0.4, 1.0, 3.0]];
        let factor = cholesky(matrix.clone());
        for (i, row) in matrix.iter().enumerate() {
            for (j, entry) in row.iter().enumerate() {
                let product: f64 = (0..=j).map(|k| factor[i][k] * factor[j][k]).sum();
                assert!((product - entry).abs() < 1e-12);
            }
        }
        let x = backward(&factor, &forward(&factor, &[1.0, 2.0, 3.0]));
        assert!((4.0 * x[0] + 2.0 * x[1] + 0.4 * x[2] - 1.0).abs() < 1e-12);
    }

    #[test]
    fn the_normal_distribution_function_has_its_known_values() {
        assert!((normal_cdf(0.0) - 0.5).abs() < 1e-6);
        assert!((normal_cdf(1.959_964) - 0.975).abs() < 1e-5);
        assert!((normal_cdf(-1.0) - 0.158_655).abs() < 1e-5);
    }

    #[test]
    fn expected_improvement_is_zero_only_where_nothing_can_be_gained() {
        assert!(Belief { mean: -0.1, sd: 1e-6 }.expected_improvement(0.0) < 1e-12);
        assert!(Belief { mean: -0.1, sd: 0.1 }.expected_improvement(0.0) > 0.0);
    }
}

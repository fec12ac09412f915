//! The few statistics of the comparison.

use science::keyed;

/// 1 − Σ (simulated − real)² / Σ (real − mean of the real)²: 1 is perfect, 0 is as good as to know nothing but the mean
/// gain, below 0 is worse than that.
pub(crate) fn skill(real: &[f64], simulated: &[f64]) -> f64 {
    let mean = real.iter().sum::<f64>() / real.len() as f64;
    let wrong: f64 = real.iter().zip(simulated).map(|(r, s)| (s - r) * (s - r)).sum();
    1.0 - wrong / real.iter().map(|r| (r - mean) * (r - mean)).sum::<f64>()
}

/// Spearman's rank correlation: Pearson's of the ranks, equal values sharing theirs.
pub(crate) fn spearman(a: &[f64], b: &[f64]) -> f64 {
    let (a, b) = (ranks(a), ranks(b));
    let centre = (a.len() as f64 - 1.0) / 2.0;
    let product = |x: &[f64], y: &[f64]| x.iter().zip(y).map(|(x, y)| (x - centre) * (y - centre)).sum::<f64>();
    product(&a, &b) / (product(&a, &a) * product(&b, &b)).sqrt()
}

fn ranks(values: &[f64]) -> Vec<f64> {
    let rank = |x: &f64| {
        let below = values.iter().filter(|y| *y < x).count() as f64;
        let equal = values.iter().filter(|y| *y == x).count() as f64;
        below + (equal - 1.0) / 2.0
    };
    values.iter().map(rank).collect()
}

/// Kendall's τ-b of pairs: (concordant − discordant) / pairs, corrected for ties.
fn kendall(pairs: &[(f64, f64)]) -> f64 {
    let (mut sum, mut in_x, mut in_y) = (0.0, 0.0, 0.0);
    let sign = |a: f64, b: f64| f64::from(i8::from(a > b) - i8::from(a < b));
    for (at, a) in pairs.iter().enumerate() {
        for b in &pairs[at + 1..] {
            let (x, y) = (sign(a.0, b.0), sign(a.1, b.1));
            sum += x * y;
            in_x += x.abs();
            in_y += y.abs();
        }
    }
    sum / f64::sqrt(in_x * in_y)
}

/// τ with its bootstrap interval, as in `+0.50 [+0.40, +0.60]`.
pub(crate) fn tau_with_interval(pairs: &[(f64, f64)]) -> String {
    let [low, high] = bootstrap(pairs);
    format!("{:+.2} [{low:+.2}, {high:+.2}]", kendall(pairs))
}

/// The middle 95 % of τ over a thousand samples of the pairs with replacement.
fn bootstrap(pairs: &[(f64, f64)]) -> [f64; 2] {
    let n = pairs.len();
    let sample = |round: u64| {
        let seed = keyed::seed(&["bootstrap"], round);
        let pick = |k: usize| pairs[((keyed::uniform(seed, k as u64) * n as f64) as usize).min(n - 1)];
        kendall(&(0..n).map(pick).collect::<Vec<_>>())
    };
    let mut values: Vec<f64> = (0..1_000).map(sample).collect();
    values.sort_by(f64::total_cmp);
    [2.5, 97.5].map(|p| simulator::metrics::percentile(&values, p))
}

pub(crate) fn mean(values: impl IntoIterator<Item = f64>) -> f64 {
    let (mut sum, mut count) = (0.0, 0.0);
    for value in values {
        sum += value;
        count += 1.0;
    }
    sum / count
}

/// Smallest and largest.
pub(crate) fn range(values: impl IntoIterator<Item = f64>) -> [f64; 2] {
    values.into_iter().fold([f64::INFINITY, f64::NEG_INFINITY], |[low, high], v| [low.min(v), high.max(v)])
}

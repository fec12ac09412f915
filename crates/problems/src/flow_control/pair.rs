//! A trial against the baseline's: gain, and the series beside it.

use super::spec::Metric;
use science::measurement::{Cell, Paired};
use science::trial::Trial;

/// Gain is minus the mean over three critical latencies (TTFT median and p95, E2E mean) of ln(candidate / baseline). Nothing is paid.
/// The series are in the order of the spec's.
pub(super) fn pair(candidate: &Trial, baseline: &Trial) -> Paired {
    let of = |trial: &Trial, metric: Metric| trial.values[metric as usize];
    let gain = |metric: Metric| {
        let (own, base) = (of(candidate, metric), of(baseline, metric));
        if own > 0.0 && base > 0.0 { -(own / base).ln() } else { 0.0 }
    };
    let gains = [Metric::TtftP50, Metric::TtftP95, Metric::E2eMean].map(gain);
    let all = of(baseline, Metric::Requests).max(1.0);
    let others = [
        gain(Metric::LowerTtftP90),
        of(candidate, Metric::Tokens) / of(baseline, Metric::Tokens).max(1.0),
        (of(candidate, Metric::Unserved) - of(baseline, Metric::Unserved)) / all,
    ];
    Paired {
        cell: Cell { gain: gains.iter().sum::<f64>() / 3.0, cost: 0.0, violations: of(candidate, Metric::Left) as u64 },
        series: gains.into_iter().chain(others).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn trial(values: &[(Metric, f64)]) -> Trial {
        let mut trial = Trial::of(vec![0.0; Metric::COUNT]);
        values.iter().for_each(|(metric, value)| trial.values[*metric as usize] = *value);
        trial
    }

    #[test]
    fn a_trial_is_paired_with_the_baselines_by_three_latencies_tokens_and_requests() {
        let at = |latency: f64, lower: f64, tokens: f64, unserved: f64| {
            let own = [
                (Metric::LowerTtftP90, lower),
                (Metric::Tokens, tokens),
                (Metric::Requests, 50.0),
                (Metric::Unserved, unserved),
            ];
            let judged = [Metric::TtftP50, Metric::TtftP95, Metric::E2eMean].map(|metric| (metric, latency));
            trial(&[own.as_slice(), &judged, &[(Metric::TtftP99, 9.0 * latency * latency)]].concat())
        };
        let paired = pair(&at(1000.0, 4000.0, 99.0, 3.0), &at(2000.0, 2000.0, 100.0, 2.0));
        assert!((paired.cell.gain - 2f64.ln()).abs() < 1e-12, "p99 is not judged");
        assert!((paired.series[3] + 2f64.ln()).abs() < 1e-12, "lower bands wait twice as long");
        assert_eq!(paired.series[4..], [0.99, 0.02]);
        let left = pair(&trial(&[(Metric::Left, 3.0)]), &trial(&[]));
        assert_eq!(left.cell, Cell { gain: 0.0, cost: 0.0, violations: 3 });
    }
}

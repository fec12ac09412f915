//! A trial against the baseline's: gain, cost, and the series beside them.

use super::spec::Metric;
use science::measurement::{Cell, Paired};
use science::trial::Trial;

/// Gain is minus the mean over the four critical latencies (TTFT mean and p90, E2E mean and p90) of ln(candidate / baseline);
/// cost is droppable value refused beyond the baseline's, as a share of all droppable value, which is what tokens of prompt and
/// output are worth by these prices. The series are in the order of the spec's.
pub(super) fn pair(candidate: &Trial, baseline: &Trial, prices: &[f64]) -> Paired {
    let of = |trial: &Trial, metric: Metric| trial.values[metric as usize];
    let all = |metric: Metric| of(baseline, metric).max(1.0);
    let extra = |metric: Metric| of(candidate, metric) - of(baseline, metric);
    let gain = |metric: Metric| {
        let (own, base) = (of(candidate, metric), of(baseline, metric));
        if own > 0.0 && base > 0.0 { -(own / base).ln() } else { 0.0 }
    };
    let gains = [Metric::TtftMean, Metric::TtftP90, Metric::E2eMean, Metric::E2eP90].map(gain);
    let extra_sheds = extra(Metric::RefusedRequests);
    let saved_us = of(baseline, Metric::E2eMean) - of(candidate, Metric::E2eMean);
    let value = |[prompt, output]: [f64; 2]| prices[0] * prompt + prices[1] * output;
    let extra_value = value([Metric::RefusedPromptTokens, Metric::RefusedOutputTokens].map(extra));
    let all_value = value([Metric::DroppablePromptTokens, Metric::DroppableOutputTokens].map(|m| of(baseline, m)));
    let others = [
        extra_sheds / all(Metric::DroppableRequests),
        extra(Metric::RefusedWork) / all(Metric::DroppableWork),
        extra(Metric::RefusedGpu) / all(Metric::DroppableGpu),
        extra_sheds,
        of(baseline, Metric::DroppableRequests),
        saved_us * of(baseline, Metric::CriticalRequests) / 1000.0,
        of(candidate, Metric::OutputTokens) / all(Metric::OutputTokens),
    ];
    Paired {
        cell: Cell {
            gain: gains.iter().sum::<f64>() / 4.0,
            cost: if all_value > 0.0 { extra_value / all_value } else { 0.0 },
            violations: of(candidate, Metric::ProtectedRejections) as u64,
        },
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
    fn a_trial_is_paired_with_the_baselines_by_latencies_work_and_requests() {
        let latencies = [Metric::TtftMean, Metric::TtftP90, Metric::E2eMean, Metric::E2eP90];
        let at = |latency: f64, refused: f64, work: f64| {
            let own = [
                (Metric::RefusedRequests, refused),
                (Metric::RefusedWork, work),
                (Metric::RefusedPromptTokens, work - 40.0),
                (Metric::RefusedOutputTokens, 40.0),
                (Metric::RefusedGpu, 3.0 * work),
                (Metric::DroppableRequests, 50.0),
                (Metric::DroppableWork, 1000.0),
                (Metric::DroppablePromptTokens, 800.0),
                (Metric::DroppableOutputTokens, 200.0),
                (Metric::DroppableGpu, 6000.0),
                (Metric::CriticalRequests, 20.0),
                (Metric::OutputTokens, 400.0 - work),
            ];
            trial(&[own.as_slice(), &latencies.map(|metric| (metric, latency))].concat())
        };
        let paired = pair(&at(1000.0, 12.0, 150.0), &at(2000.0, 2.0, 50.0), &[1.0, 4.0]);
        assert!((paired.cell.gain - 2f64.ln()).abs() < 1e-12);
        assert_eq!(paired.cell.cost, 100.0 / 1600.0, "a hundred tokens of prompt more");
        assert_eq!(paired.series[4..], [0.2, 0.1, 0.05, 10.0, 50.0, 20.0, 250.0 / 350.0]);
        let free = pair(&at(1000.0, 12.0, 150.0), &at(2000.0, 2.0, 50.0), &[0.0, 4.0]);
        assert_eq!(free.cell.cost, 0.0, "prompts cost nothing there");
        let nothing = pair(&trial(&[(Metric::ProtectedRejections, 3.0)]), &trial(&[]), &[1.0, 4.0]);
        assert_eq!(nothing.cell, Cell { gain: 0.0, cost: 0.0, violations: 3 });
    }
}

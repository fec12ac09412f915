//! The sealed look at workloads that nobody tuned for. The unit of replication is the workload: savings differ between
//! workloads many times more than between seeds.

use super::Test;
use crate::keyed;
use crate::objective::{COMPARABLE, Cell, MAY_LOSE, Measurement, Yardsticks};
use serde::{Deserialize, Serialize};

/// The net saving that is claimed, a fraction.
const SAVING: f64 = 0.10;
/// Resamples of the bootstrap.
const RESAMPLES: u64 = 10_000;

/// What the sealed workloads showed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Workloads {
    /// How many there are.
    pub count: usize,
    /// Cost saved against the reference at equal mean improvement: 1 − X_c · exp(−λ (Y_c − Y_ref)) / X_ref with the means
    /// over all workloads.
    pub net_saving: f64,
    /// Its 95 % interval, by a percentile bootstrap over workloads.
    pub net_saving_ci: [f64; 2],
    /// Improvement beyond the reference's, points.
    pub points: f64,
    /// Workloads that lose more than the regret bound.
    pub losing: usize,
    /// The regret bound, points.
    pub bound: f64,
    /// The workload that loses most.
    pub worst: String,
    /// What it loses, points.
    pub regret: f64,
    /// Every test; the claim holds if all of them do.
    pub tests: Vec<Test>,
}

/// Holds a candidate against the reference on sealed workloads. `bound` is the most that one may lose, points; `key` fixes
/// the resamples.
pub fn workloads(
    candidate: &Measurement,
    yardsticks: &Yardsticks,
    names: &[String],
    bound: f64,
    key: u64,
) -> Workloads {
    let pairs = Pairs::of(candidate, &yardsticks.reference, yardsticks.lambda);
    let count = pairs.columns[0].len();
    let shown = pairs.shown(0..count, bound);
    let mut resampled: Vec<f64> = (0..RESAMPLES)
        .map(|n| {
            let pick = |k| (keyed::uniform(key, n * count as u64 + k) * count as f64) as usize;
            pairs.saving((0..count as u64).map(pick))
        })
        .collect();
    resampled.sort_by(f64::total_cmp);
    let quantile = |share: f64| resampled[((RESAMPLES - 1) as f64 * share).round() as usize];
    let net_saving_ci = [quantile(0.025), quantile(0.975)];
    let worst = (0..count).max_by(|a, b| pairs.regret(*a).total_cmp(&pairs.regret(*b))).unwrap_or(0);
    let fixed = |requirement: String, margin: f64| Test::fixed(requirement, margin, margin >= 0.0);
    let [comparable, saving, few] = shown.margins();
    let tests = vec![
        fixed(
            format!("improvement within {} points of the reference's, so that costs compare", COMPARABLE * 100.0),
            comparable,
        ),
        fixed(format!("estimated net saving at least {SAVING} on {count} sealed workloads"), saving),
        Test {
            requirement: "net saving above 0, whichever workloads had been drawn".into(),
            margin: shown.net_saving,
            interval: Some(net_saving_ci),
            holds: net_saving_ci[0] > 0.0,
        },
        fixed(format!("more than {bound} points lost in at most {MAY_LOSE} of the sealed workloads"), few),
        protected(candidate),
    ];
    Workloads {
        count,
        net_saving: shown.net_saving,
        net_saving_ci,
        points: shown.points,
        losing: shown.losing,
        bound,
        worst: names.get(worst).cloned().unwrap_or_default(),
        regret: if count == 0 { 0.0 } else { pairs.regret(worst) },
        tests,
    }
}

/// A candidate beside the reference, workload by workload.
pub(super) struct Pairs {
    /// Extra shed work and improvement (log units) of the candidate, then of the reference.
    columns: [Vec<f64>; 4],
    lambda: f64,
}

/// What some of the workloads show.
pub(super) struct Shown {
    count: usize,
    net_saving: f64,
    /// Improvement beyond the reference's, points.
    points: f64,
    losing: usize,
}

impl Pairs {
    pub(super) fn of(candidate: &Measurement, reference: &Measurement, lambda: f64) -> Self {
        let columns = [candidate, reference].map(|m| [m.per_scenario(|cell| cell.x), m.per_scenario(Cell::y)]);
        let [[x, y], [x_ref, y_ref]] = columns;
        Pairs { columns: [x, y, x_ref, y_ref], lambda }
    }

    /// What these workloads show, some of them perhaps more than once.
    pub(super) fn shown(&self, workloads: impl Iterator<Item = usize> + Clone, bound: f64) -> Shown {
        let [_, y, _, y_ref] = &self.columns;
        let (mut count, mut gain, mut losing) = (0, 0.0, 0);
        for at in workloads.clone() {
            count += 1;
            gain += y[at] - y_ref[at];
            losing += usize::from(self.regret(at) > bound);
        }
        let points = gain / count.max(1) as f64 * 100.0;
        Shown { count, net_saving: self.saving(workloads), points, losing }
    }

    /// What the candidate loses in a workload, points.
    fn regret(&self, at: usize) -> f64 {
        (self.columns[3][at] - self.columns[1][at]) * 100.0
    }

    fn saving(&self, workloads: impl Iterator<Item = usize>) -> f64 {
        let [x, y, x_ref, y_ref] = &self.columns;
        let (mut cost, mut gain, mut cost_ref, mut gain_ref, mut count) = (0.0, 0.0, 0.0, 0.0, 0.0);
        for at in workloads {
            cost += x[at];
            gain += y[at];
            cost_ref += x_ref[at];
            gain_ref += y_ref[at];
            count += 1.0;
        }
        1.0 - cost / cost_ref * (-self.lambda * (gain - gain_ref) / count).exp()
    }
}

impl Shown {
    /// How far each requirement on what was drawn is kept: that costs compare (points), that enough is saved, and that few
    /// workloads lose much (fractions). None may be below zero.
    pub(super) fn margins(&self) -> [f64; 3] {
        [
            COMPARABLE * 100.0 - self.points.abs(),
            self.net_saving - SAVING,
            MAY_LOSE - self.losing as f64 / self.count as f64,
        ]
    }
}

fn protected(candidate: &Measurement) -> Test {
    let refused = candidate.protected();
    Test::fixed("no protected request refused in a sealed workload".into(), 0.0 - refused as f64, refused == 0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture;

    fn measurement(count: usize, y: impl Fn(usize) -> f64, x: impl Fn(usize) -> f64) -> Measurement {
        Measurement { cells: (0..count).map(|at| vec![fixture::cell(y(at), x(at))]).collect() }
    }

    fn look(candidate: &Measurement) -> Workloads {
        let count = candidate.cells.len();
        let reference = measurement(count, |_| 0.3, |_| 0.4);
        let yardsticks = Yardsticks { drawn: count, ..fixture::yardsticks(reference) };
        let names: Vec<String> = (0..count).map(|at| format!("w{at}")).collect();
        workloads(candidate, &yardsticks, &names, 5.0, 1)
    }

    fn failing(candidate: &Measurement) -> Vec<usize> {
        look(candidate).tests.iter().enumerate().filter(|(_, test)| !test.holds).map(|(at, _)| at).collect()
    }

    #[test]
    fn a_saving_must_be_large_hold_over_the_draw_of_workloads_and_give_up_few_of_them() {
        assert_eq!(failing(&measurement(50, |_| 0.3, |_| 0.34)), [] as [usize; 0]);
        assert_eq!(failing(&measurement(50, |_| 0.3, |_| 0.37)), [1], "7.5 % are too little");
        // Everything saved in one of fifty workloads: a draw without it would have shown nothing.
        assert_eq!(failing(&measurement(50, |_| 0.3, |at| if at == 0 { -2.0 } else { 0.4 })), [2]);
        let uneven = |at: usize| if at < 6 { 0.24 } else { 0.309 };
        assert_eq!(failing(&measurement(50, uneven, |_| 0.34)), [3], "six of fifty lose six points");
        assert_eq!(failing(&measurement(50, |_| 0.33, |_| 0.3)), [0], "three points above do not compare");
    }

    #[test]
    fn the_interval_covers_the_estimate_and_names_the_workload_that_loses_most() {
        let look = look(&measurement(40, |at| if at == 7 { 0.2 } else { 0.302 }, |at| 0.3 + 0.002 * at as f64));
        assert!(look.net_saving_ci[0] < look.net_saving && look.net_saving < look.net_saving_ci[1]);
        assert_eq!((look.worst.as_str(), look.losing), ("w7", 1));
        assert!((look.regret - 10.0).abs() < 1e-9);
    }
}

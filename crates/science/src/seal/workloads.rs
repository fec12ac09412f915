//! The sealed look at workloads that nobody tuned for. The unit of replication is the workload: what is saved differs between
//! workloads many times more than between seeds.

use super::{Asked, Test, harmless};
use crate::experiment::Claim;
use crate::keyed;
use crate::objective::{MAY_LOSE, Measurement, Yardsticks};
use crate::spec::Aim;
use serde::{Deserialize, Serialize};

/// Resamples of the bootstrap.
const RESAMPLES: u64 = 10_000;

/// What the sealed workloads showed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Workloads {
    /// How many there are.
    pub count: usize,
    /// What the candidate is worth, by the means over all workloads.
    pub worth: f64,
    /// Its 95 % interval, by a percentile bootstrap over workloads.
    pub worth_ci: [f64; 2],
    /// Gain beyond the reference's, points.
    pub points: f64,
    /// Workloads that lose more than the regret bound; none where there is no bound.
    pub losing: Option<usize>,
    /// The regret bound, points.
    pub bound: Option<f64>,
    /// The workload that loses most.
    pub worst: String,
    /// What it loses, points.
    pub regret: f64,
    /// Every test; the claim holds if all of them do.
    pub tests: Vec<Test>,
}

/// Holds a candidate against the reference on sealed workloads; `key` fixes the resamples.
pub fn workloads(
    candidate: &Measurement,
    yardsticks: &Yardsticks,
    names: &[String],
    Asked { claim, spec }: Asked<'_>,
    key: u64,
) -> Workloads {
    let pairs = Pairs::of(candidate, yardsticks, &spec.aim);
    let count = pairs.count();
    let mut resampled: Vec<f64> = (0..RESAMPLES)
        .map(|n| {
            let pick = |k| (keyed::uniform(key, n * count as u64 + k) * count as f64) as usize;
            pairs.worth((0..count as u64).map(pick))
        })
        .collect();
    resampled.sort_by(f64::total_cmp);
    let quantile = |share: f64| resampled[((RESAMPLES - 1) as f64 * share).round() as usize];
    let worth_ci = [quantile(0.025), quantile(0.975)];
    let worst = (0..count).max_by(|a, b| pairs.regret(*a).total_cmp(&pairs.regret(*b))).unwrap_or(0);
    let (worth, points) = (pairs.worth(0..count), pairs.points());
    let losing = claim.regret.map(|bound| (0..count).filter(|at| pairs.regret(*at) > bound).count());
    let name = &spec.aim.worth_name().name;
    let mut tests = Vec::new();
    let mut fixed = |requirement: String, margin: f64| tests.push(Test::fixed(requirement, margin, margin >= 0.0));
    if let Some(comparable) = spec.aim.comparable() {
        let (gain, most) = (&spec.aim.gain_name().name, comparable * 100.0);
        fixed(format!("{gain} within {most} points of the reference's, so that costs compare"), most - points.abs());
    }
    fixed(format!("estimated {name} at least {} on {count} sealed workloads", claim.worth), worth - claim.worth);
    tests.push(Test {
        requirement: format!("{name} above 0, whichever workloads had been drawn"),
        margin: worth,
        interval: Some(worth_ci),
        holds: worth_ci[0] > 0.0,
    });
    tests.extend(few(claim, losing, count));
    tests.push(harmless(candidate, spec, "in sealed workloads it"));
    Workloads {
        count,
        worth,
        worth_ci,
        points,
        losing,
        bound: claim.regret,
        worst: names.get(worst).cloned().unwrap_or_default(),
        regret: if count == 0 { 0.0 } else { pairs.regret(worst) },
        tests,
    }
}

/// That few of the workloads lose much.
fn few(claim: &Claim, losing: Option<usize>, count: usize) -> Option<Test> {
    let bound = claim.regret?;
    let margin = MAY_LOSE - losing? as f64 / count as f64;
    let requirement = format!("more than {bound} points lost in at most {MAY_LOSE} of the sealed workloads");
    Some(Test::fixed(requirement, margin, margin >= 0.0))
}

/// A candidate beside the reference, workload by workload.
struct Pairs<'a> {
    /// Cost and gain (log units) of the candidate, then of the reference.
    columns: [Vec<f64>; 4],
    rate: f64,
    aim: &'a Aim,
}

impl<'a> Pairs<'a> {
    fn of(candidate: &Measurement, yardsticks: &Yardsticks, aim: &'a Aim) -> Self {
        let columns = |m: &Measurement| [m.per_scenario(|cell| cell.cost), m.per_scenario(|cell| cell.gain)];
        let ([cost, gain], [cost_ref, gain_ref]) = (columns(candidate), columns(&yardsticks.reference));
        Pairs { columns: [cost, gain, cost_ref, gain_ref], rate: yardsticks.rate(), aim }
    }

    fn count(&self) -> usize {
        self.columns[0].len()
    }

    /// Gain beyond the reference's, points.
    fn points(&self) -> f64 {
        let [_, gain, _, gain_ref] = &self.columns;
        gain.iter().zip(gain_ref).map(|(own, reference)| own - reference).sum::<f64>() / self.count().max(1) as f64
            * 100.0
    }

    /// What the candidate loses in a workload, points.
    fn regret(&self, at: usize) -> f64 {
        (self.columns[3][at] - self.columns[1][at]) * 100.0
    }

    /// What it is worth on these workloads, some of them perhaps more than once.
    fn worth(&self, workloads: impl Iterator<Item = usize>) -> f64 {
        let [cost, gain, cost_ref, gain_ref] = &self.columns;
        let (mut sums, mut count) = ([0.0; 4], 0.0);
        for at in workloads {
            sums[0] += cost[at];
            sums[1] += gain[at];
            sums[2] += cost_ref[at];
            sums[3] += gain_ref[at];
            count += 1.0;
        }
        let beyond = sums[1] - sums[3];
        self.aim.worth(sums[0] / sums[2], beyond / count, self.rate * beyond / count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture;

    fn measurement(count: usize, y: impl Fn(usize) -> f64, x: impl Fn(usize) -> f64) -> Measurement {
        fixture::measured((0..count).map(|at| vec![fixture::cell(y(at), x(at))]).collect())
    }

    fn look(candidate: &Measurement) -> Workloads {
        let count = candidate.cells.len();
        let reference = measurement(count, |_| 0.3, |_| 0.4);
        let yardsticks = Yardsticks { drawn: count, ..fixture::yardsticks(reference) };
        let names: Vec<String> = (0..count).map(|at| format!("w{at}")).collect();
        let claim = Claim { worth: 0.10, regret: Some(5.0), ..Claim::default() };
        workloads(candidate, &yardsticks, &names, Asked { claim: &claim, spec: &fixture::spec() }, 1)
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
        assert!(look.worth_ci[0] < look.worth && look.worth < look.worth_ci[1]);
        assert_eq!((look.worst.as_str(), look.losing), ("w7", Some(1)));
        assert!((look.regret - 10.0).abs() < 1e-9);
    }
}

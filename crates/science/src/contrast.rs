//! Two policies on the same panel, paired trial by trial: what one does beyond the other.

use crate::measurement::Measurement;
use crate::spec::{Metric, Spec, Unit};
use crate::stats::{Interval, mean, t_interval};
use crate::yardsticks::Yardsticks;
use serde::Serialize;

/// What the second of two policies does beyond the first, oriented so that more is better.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Effect {
    /// What is compared, by its name in the spec.
    pub metric: String,
    /// Its unit.
    pub unit: Unit,
    /// The mean difference.
    pub estimate: f64,
    /// Its 95 % interval: over drawn workloads where there are some, else over seeds; none where these say nothing.
    pub interval: Option<[f64; 2]>,
}

/// The same in one workload, means over its seeds.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct InWorkload {
    /// Its name.
    pub workload: String,
    /// Gain beyond the first one's, log units.
    pub gain: f64,
    /// Cost beyond the first one's, a fraction; less is better.
    pub cost: f64,
}

/// What can be said of two policies that were measured on the panel of these yardsticks.
#[derive(Clone, Debug)]
pub struct Contrast<'a> {
    /// The first one.
    pub left: &'a Measurement,
    /// The second one.
    pub right: &'a Measurement,
    /// What both are held against.
    pub yardsticks: &'a Yardsticks,
    /// What counts.
    pub spec: &'a Spec,
}

impl Contrast<'_> {
    /// How many values each effect is the mean of, and what they are of.
    pub fn over(&self) -> (usize, &'static str) {
        match self.yardsticks.drawn {
            0 => (self.right.per_seed(|cell| cell.gain).len(), "seed"),
            drawn => (drawn, "drawn workload"),
        }
    }

    /// Everything that claims may be about.
    pub fn effects(&self) -> Vec<Effect> {
        self.spec.claimable().map(|metric| self.effect(&metric)).collect()
    }

    fn effect(&self, metric: &Metric<'_>) -> Effect {
        let (left, right) = (self.values(metric, self.left), self.values(metric, self.right));
        let values: Vec<f64> = right.iter().zip(&left).map(|(right, left)| right - left).collect();
        let interval = t_interval(&values, 0.05, 0.0).filter(|_| !self.yardsticks.one_trace);
        Effect {
            metric: metric.name().to_owned(),
            unit: metric.unit(),
            estimate: mean(&values),
            interval: interval.map(|Interval { low, high, .. }| [low, high]),
        }
    }

    /// A value for each drawn workload, or for each seed where none is drawn.
    fn values(&self, metric: &Metric<'_>, measured: &Measurement) -> Vec<f64> {
        let (aim, drawn) = (&self.spec.aim, self.yardsticks.drawn > 0);
        let rows = self.yardsticks.claimed().rows;
        match metric {
            Metric::Worth(_) if drawn => self.yardsticks.parts(measured, aim),
            Metric::Worth(_) => self.yardsticks.worth_per_seed(measured, aim),
            _ if drawn => {
                let seeds = |row: usize| 0..measured.cells[row].len();
                rows.map(|row| mean(&seeds(row).map(|seed| measured.oriented(metric, row, seed)).collect::<Vec<_>>()))
                    .collect()
            }
            _ => (0..measured.common_seeds())
                .map(|seed| mean(&rows.clone().map(|row| measured.oriented(metric, row, seed)).collect::<Vec<_>>()))
                .collect(),
        }
    }

    /// Each workload by itself, in the order of these names.
    pub fn workloads(&self, names: &[String]) -> Vec<InWorkload> {
        let (left, right) = (self.left, self.right);
        let gains = [left, right].map(|measured| measured.per_scenario(|cell| cell.gain));
        let costs = [left, right].map(|measured| measured.per_scenario(|cell| cell.cost));
        let one = |(at, workload): (usize, &String)| {
            let beyond = |of: &[Vec<f64>; 2]| Some(of[1].get(at)? - of[0].get(at)?);
            Some(InWorkload { workload: workload.clone(), gain: beyond(&gains)?, cost: beyond(&costs)? })
        };
        names.iter().enumerate().filter_map(one).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::{self, cell, measured, spec};

    #[test]
    fn what_one_policy_does_beyond_another_is_paired_and_oriented() {
        let at = |gain: [f64; 3], cost: f64| gain.map(|gain| cell(gain, cost)).to_vec();
        // Seeds differ far more than the two policies do.
        let left = measured(vec![at([0.1, 0.5, 0.9], 0.5), at([0.2, 0.6, 1.0], 0.4)]);
        let right = measured(vec![at([0.2, 0.61, 1.0], 0.4), at([0.3, 0.7, 1.09], 0.4)]);
        let (yardsticks, spec) = (fixture::yardsticks(left.clone()), spec());
        let contrast = Contrast { left: &left, right: &right, yardsticks: &yardsticks, spec: &spec };
        let effects = contrast.effects();
        let (gain, cost) = (&effects[1], &effects[2]);
        let [low, high] = gain.interval.unwrap();
        assert!((gain.estimate - 0.1).abs() < 1e-9 && low > 0.08 && high < 0.12, "{gain:?}");
        assert!((cost.estimate - 0.05).abs() < 1e-9, "a cost that is not paid is better: {cost:?}");
        let own = contrast.workloads(&["near".into(), "far".into()]);
        assert!((own[0].cost + 0.1).abs() < 1e-9 && own[1].cost == 0.0 && own[1].workload == "far", "{own:?}");
        assert_eq!(contrast.over(), (3, "seed"));
        // Against itself nothing differs.
        let same = Contrast { right: &left, ..contrast }.effects();
        assert!(same.iter().all(|effect| effect.estimate == 0.0), "{same:?}");
    }
}

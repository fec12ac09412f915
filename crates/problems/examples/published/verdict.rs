//! Whether a claim holds.

use crate::claims::Relation;
use science::stats::{mean, standard_deviation, t_interval};
use statrs::distribution::{ContinuousCDF, StudentsT};

/// What all claims share.
pub(crate) const SHARED: f64 = 0.05;

/// A claim's number over seeds.
pub(crate) struct Sample {
    pub(crate) mean: f64,
    /// The interval of a share of what all claims share.
    pub(crate) interval: Option<[f64; 2]>,
    /// One-sided: how likely as much or more on the claimed side is, if the mean is 0.
    pub(crate) p: f64,
    relation: Relation,
}

/// What became of a claim.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    Holds,
    Refuted,
    Open,
}

impl Sample {
    /// One of five.
    const CLAIMS: f64 = 5.0;

    pub(crate) fn new(values: Vec<f64>, relation: Relation) -> Self {
        let (mean, count) = (mean(&values), values.len() as f64);
        let sign = if relation == Relation::Above { 1.0 } else { -1.0 };
        let t = sign * mean / (standard_deviation(&values) / count.sqrt());
        let p = StudentsT::new(0.0, 1.0, count - 1.0).map_or(1.0, |students| 1.0 - students.cdf(t));
        let interval = t_interval(&values, SHARED / Sample::CLAIMS, 0.0).map(|own| [own.low, own.high]);
        Sample { mean, interval, p, relation }
    }

    /// Refuted is what lies on the other side with all of its interval.
    pub(crate) fn verdict(&self, holds: bool) -> Verdict {
        let is_other = self.interval.is_some_and(|[low, high]| match self.relation {
            Relation::Above => high < 0.0,
            Relation::Below => low > 0.0,
        });
        match (holds, is_other) {
            (true, _) => Verdict::Holds,
            (false, true) => Verdict::Refuted,
            (false, false) => Verdict::Open,
        }
    }
}

/// Which of the hypotheses with these p-values are rejected together (Holm 1979).
pub(crate) fn holm(p: &[f64]) -> Vec<bool> {
    let mut order: Vec<usize> = (0..p.len()).collect();
    order.sort_by(|a, b| p[*a].total_cmp(&p[*b]));
    let mut holds = vec![false; p.len()];
    for (rank, at) in order.into_iter().enumerate() {
        if p[at] > SHARED / (p.len() - rank) as f64 {
            break;
        }
        holds[at] = true;
    }
    holds
}

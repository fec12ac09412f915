//! Who is served: how a policy's refusals fall on groups, beside the reference's where it gains as much.
//!
//! Value may be saved at the expense of a few: of one client, or of all long requests. So what each group is served is held, trial
//! by trial, against what the reference serves it at the same gain, read off between the scales that are the cheapest way to gain: those
//! that savings are counted by. A group of little weight is left out: two refusals are half of three.

use crate::frontier::{self, Place};
use crate::measurement::Measurement;
use crate::spec::{Group, Spec};
use crate::trial::Trial;
use serde::{Deserialize, Serialize};
use std::ops::Range;

/// Groups with a smaller share of a trial's requests are not held against anything.
const LEAST: f64 = 0.05;
/// Nor those with fewer requests there.
const FEWEST: u32 = 20;
/// A group is given up where it is served less than this of what the reference serves it.
const GIVEN_UP: f64 = 0.5;

/// How a policy's refusals fall.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Fairness {
    /// What is served of each part of each group, in the order of [`Spec::groups`].
    pub groups: Vec<Vec<Served>>,
    /// Workloads in which a part of a group that is guarded is given up.
    pub giving_up: usize,
    /// Workloads that were looked at.
    pub workloads: usize,
    /// The same as `giving_up` of the reference with other draws: what chance does. None where that is not known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by_chance: Option<usize>,
}

/// The share of a part's requests that is served, 0..1, in the mean of the workloads in which it has weight.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Served {
    /// By the reference, at the policy's gain.
    pub reference: f64,
    /// By the policy.
    pub own: f64,
    /// How many workloads these are.
    pub workloads: usize,
}

/// A policy's trials with their measurement.
pub type Ran<'a> = (&'a Measurement, &'a [Trial]);

impl Fairness {
    /// Of a policy and the reference at its scales, with what bounds the gain, on some of the trials of a panel. None where the problem
    /// tells no groups apart.
    pub fn of(own: Ran<'_>, reference: &[Ran<'_>], trials: Range<usize>, spec: &Spec) -> Option<Self> {
        if spec.groups.is_empty() || trials.clone().any(|trial| own.1[trial].served.len() != spec.parts()) {
            return None;
        }
        let places = |measured: &Measurement| {
            measured.cells.iter().flatten().map(|cell| [cell.gain, cell.cost]).collect::<Vec<Place>>()
        };
        let (at, offered): (Vec<Place>, Vec<Vec<Place>>) =
            (places(own.0), reference.iter().map(|(measured, _)| places(measured)).collect());
        let mut sums = vec![Sum::default(); spec.parts()];
        let (mut giving_up, workloads) = (0, trials.len());
        for trial in trials {
            let asked = spec.shares(&own.1[trial]);
            let here: Vec<Place> = offered.iter().map(|places| places[trial]).collect();
            let cheapest = frontier::cheapest(&here);
            let mut gives_up = false;
            for (part, (group, _)) in asked.into_iter().enumerate().filter(|(_, (_, weight))| *weight >= LEAST) {
                let served = |trials: &[Trial]| share(trials[trial].served.get(part));
                let points = cheapest.iter().filter_map(|at| Some([here[*at][0], served(reference[*at].1)?]));
                let (Some(own), Some(reference)) = (served(own.1), at_gain(&points.collect::<Vec<_>>(), at[trial][0]))
                else {
                    continue;
                };
                sums[part].add(own, reference);
                gives_up |= group.guarded && own < GIVEN_UP * reference;
            }
            giving_up += usize::from(gives_up);
        }
        let mut sums = sums.into_iter().map(|sum| sum.mean());
        let groups = spec.groups.iter().map(|group| sums.by_ref().take(group.parts.len()).collect()).collect();
        Some(Fairness { groups, giving_up, workloads, by_chance: None })
    }

    /// How many workloads may be of that kind, at this share.
    pub fn allowed(&self, share: f64) -> usize {
        (share * self.workloads as f64).floor() as usize
    }

    /// How many more might be; below zero where there are too many.
    pub fn margin(&self, share: f64) -> f64 {
        self.allowed(share) as f64 - self.giving_up as f64
    }
}

/// What is served of a part; none of a part that asked for little.
fn share(served: Option<&[u32; 2]>) -> Option<f64> {
    served.filter(|[_, asked]| *asked >= FEWEST).map(|[served, asked]| f64::from(*served) / f64::from(*asked))
}

/// The share between the two points, in the order of their gains, that lie around this one.
fn at_gain(points: &[[f64; 2]], gain: f64) -> Option<f64> {
    let after = points.partition_point(|point| point[0] < gain);
    match (after.checked_sub(1).map(|at| points[at]), points.get(after)) {
        (Some([from, low]), Some([to, high])) => Some(low + (high - low) * (gain - from) / (to - from)),
        (Some([_, share]), None) => Some(share),
        (None, Some([_, share])) => Some(*share),
        (None, None) => None,
    }
}

#[derive(Clone, Copy, Default)]
struct Sum {
    own: f64,
    reference: f64,
    count: usize,
}

impl Sum {
    fn add(&mut self, own: f64, reference: f64) {
        *self = Sum { own: self.own + own, reference: self.reference + reference, count: self.count + 1 };
    }

    fn mean(self) -> Served {
        let over = |sum: f64| sum / self.count.max(1) as f64;
        Served { reference: over(self.reference), own: over(self.own), workloads: self.count }
    }
}

impl Spec {
    /// Groups of which no part may be given up.
    pub fn guarded(&self) -> impl Iterator<Item = &Group> {
        self.groups.iter().filter(|group| group.guarded)
    }

    /// Their names in words, `client or tenant`; empty where nobody is guarded.
    pub fn guarded_in_words(&self) -> String {
        self.guarded().map(|group| group.name.as_str()).collect::<Vec<_>>().join(" or ")
    }

    /// Whether nobody who is guarded is given up in more than this share of the workloads; where it is not known who is served, and
    /// somebody is guarded, that is not kept.
    pub fn gives_nobody_up(&self, fairness: Option<&Fairness>, share: f64) -> bool {
        match fairness {
            Some(fairness) => fairness.margin(share) >= 0.0,
            None => self.guarded().next().is_none(),
        }
    }

    /// Parts of all groups together.
    pub fn parts(&self) -> usize {
        self.groups.iter().map(|group| group.parts.len()).sum()
    }

    /// Each part's group, and its share of what the group asks for in a trial.
    fn shares(&self, trial: &Trial) -> Vec<(&Group, f64)> {
        let mut first = 0;
        let all = self.groups.iter().flat_map(|group| {
            let parts = &trial.served[first..first + group.parts.len()];
            first += group.parts.len();
            let whole: u64 = parts.iter().map(|[_, asked]| u64::from(*asked)).sum();
            parts.iter().map(move |[_, asked]| (group, f64::from(*asked) / whole.max(1) as f64))
        });
        all.collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::{cell, measured, spec};

    /// One workload for each gain, and what is served of two clients, of 100 requests together.
    fn ran(gain: f64, served: &[[[u32; 2]; 2]]) -> (Measurement, Vec<Trial>) {
        let trials = served.iter().map(|served| Trial { served: served.to_vec(), ..Trial::default() }).collect();
        // More gain costs more.
        (measured(vec![vec![cell(gain, gain)]; served.len()]), trials)
    }

    fn of(own: &(Measurement, Vec<Trial>), reference: &[(Measurement, Vec<Trial>)]) -> Fairness {
        let group = Group { name: "client".into(), parts: vec!["one".into(), "other".into()], guarded: true };
        let spec = Spec { groups: vec![group], ..spec() };
        let reference: Vec<Ran<'_>> = reference.iter().map(|(measured, trials)| (measured, &trials[..])).collect();
        Fairness::of((&own.0, &own.1), &reference, 0..own.1.len(), &spec).expect("groups")
    }

    #[test]
    fn a_client_is_held_against_what_the_reference_serves_it_at_the_same_gain() {
        // Between two scales, of which one serves everybody and the other nobody: at three quarters of the way a quarter.
        let reference = [ran(0.0, &[[[50, 50], [50, 50]]; 2]), ran(0.4, &[[[0, 50], [0, 50]]; 2])];
        let found = of(&ran(0.3, &[[[10, 50], [40, 50]], [[7, 50], [5, 50]]]), &reference);
        assert_eq!((found.giving_up, found.workloads), (1, 2), "5 of 50 is less than half of a quarter, 7 is not");
        let [one, other] = found.groups[0][..] else { panic!("two parts") };
        assert!((one.reference - 0.25).abs() < 1e-12 && (one.own - 0.17).abs() < 1e-12, "{one:?}");
        assert!((other.own - 0.45).abs() < 1e-12 && other.workloads == 2);
        // A scale that gains as much and pays more for it is no yardstick.
        let dear = (measured(vec![vec![cell(0.3, 0.9)]; 2]), ran(0.0, &[[[0, 50], [50, 50]]; 2]).1);
        let [zero, one] = reference;
        assert_eq!(of(&ran(0.3, &[[[10, 50], [40, 50]], [[7, 50], [5, 50]]]), &[zero, dear, one]), found);
        assert_eq!(found.allowed(0.1), 0);
        assert_eq!(found.allowed(0.5), 1);
    }

    #[test]
    fn beyond_the_last_scale_that_one_counts_and_a_part_of_little_weight_is_left_out() {
        let reference = [ran(0.1, &[[[600, 960], [40, 40]]]), ran(0.2, &[[[480, 960], [40, 40]]])];
        let found = of(&ran(0.9, &[[[480, 960], [0, 40]]]), &reference);
        assert_eq!(found.giving_up, 0);
        assert_eq!(found.groups[0][0], Served { reference: 0.5, own: 0.5, workloads: 1 });
        assert_eq!(found.groups[0][1].workloads, 0);
    }

    #[test]
    fn a_problem_without_groups_has_no_fairness() {
        let own = ran(0.1, &[[[1, 1], [1, 1]]]);
        assert_eq!(Fairness::of((&own.0, &own.1), &[], 0..1, &spec()), None);
    }
}

//! What gain costs, workload by workload, and what a policy saves against that.
//!
//! A saving is one that an operator of a single workload would see: what the policy pays, against what the reference, at
//! whichever of its scales gains as much *there*, would have paid there. With gain y and cost x of a workload w:
//!
//! - X_w(y) is the lower convex hull through the reference at all of its scales and the policies that bound what can be gained:
//!   the cheapest that any mix of them pays for y. Beyond its ends it is level.
//! - The hull takes the luckiest points, so the reference itself would save less than nothing. Its *twins*, which meet other
//!   draws, say by how much: a_w is the mean of X_w(y) − x over them.
//! - D = Σ (X_w(y_w) − a_w) is what the reference would pay for what the policy gains, and S = 1 − Σ x_w / D is what is saved.
//!
//! Moving cost from one workload to another earns nothing. Intervals are linear in S: that S ≥ s is held against the mean of
//! z_w(s) = (1 − s) · d_w − x_w (Fieller, 1954), so no ratio of noisy numbers is taken.

use crate::stats::Interval;
use statrs::distribution::{ContinuousCDF, StudentsT};

/// Gain and cost of a policy in one workload.
pub type Place = [f64; 2];

/// Share of the reference's cost below which what it would pay for a policy's gain is too little to be a yardstick.
const LEAST_DEMAND: f64 = 0.5;

/// The lower convex hull of one workload: gain rises along it, and cost does.
#[derive(Clone, Debug, PartialEq)]
struct Hull(Vec<Place>);

impl Hull {
    fn of(mut places: Vec<Place>) -> Self {
        places.sort_by(|a, b| a[0].total_cmp(&b[0]).then(b[1].total_cmp(&a[1])));
        let mut hull: Vec<Place> = Vec::with_capacity(places.len());
        for place in places {
            while hull.len() >= 2 && !is_below(hull[hull.len() - 1], hull[hull.len() - 2], place) {
                hull.pop();
            }
            hull.push(place);
        }
        // To the left of its cheapest place nothing is gained by paying more.
        let cheapest = (0..hull.len()).reduce(|best, at| if hull[at][1] <= hull[best][1] { at } else { best });
        Hull(hull.split_off(cheapest.unwrap_or_default()))
    }

    /// The least that is paid for this gain.
    fn cost(&self, gain: f64) -> f64 {
        let after = self.0.partition_point(|place| place[0] < gain);
        match (after.checked_sub(1).map(|at| self.0[at]), self.0.get(after)) {
            (Some([from, low]), Some([to, high])) => low + (high - low) * (gain - from) / (to - from),
            (Some([_, cost]), None) => cost,
            (None, Some([_, cost])) => *cost,
            (None, None) => 0.0,
        }
    }
}

/// Which of some places span the hull of one workload, in the order of their gains.
pub(crate) fn cheapest(places: &[Place]) -> Vec<usize> {
    let at = |corner: &Place| places.iter().position(|place| place == corner);
    Hull::of(places.to_vec()).0.iter().filter_map(at).collect()
}

/// Whether a place lies strictly below the line between its neighbours.
fn is_below(place: Place, left: Place, right: Place) -> bool {
    (right[0] - left[0]) * (place[1] - left[1]) < (right[1] - left[1]) * (place[0] - left[0])
}

/// What gain costs in each of some workloads.
#[derive(Clone, Debug, PartialEq)]
pub struct Frontier {
    hulls: Vec<Hull>,
    /// a_w.
    luck: Vec<f64>,
    /// What the reference pays on all of them together.
    paid: f64,
}

/// One workload of a comparison.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Term {
    /// What the reference would pay there for the policy's gain: d_w.
    pub demand: f64,
    /// What the policy pays: x_w.
    pub cost: f64,
}

impl Frontier {
    /// `reference` and each of `others` and `twins` hold one place for each workload: the reference as it is, what spans the hull
    /// with it, and the reference under other draws.
    pub fn of(reference: &[Place], others: &[Vec<Place>], twins: &[Vec<Place>]) -> Self {
        let hull = |at: usize| Hull::of(others.iter().map(|other| other[at]).chain([reference[at]]).collect());
        let hulls: Vec<Hull> = (0..reference.len()).map(hull).collect();
        let off = |at: usize, [gain, cost]: Place| hulls[at].cost(gain) - cost;
        let luck = |at: usize| twins.iter().map(|twin| off(at, twin[at])).sum::<f64>() / twins.len().max(1) as f64;
        let luck = (0..hulls.len()).map(luck).collect();
        Frontier { luck, paid: reference.iter().map(|place| place[1]).sum(), hulls }
    }

    /// A policy against it, workload by workload.
    pub fn terms(&self, policy: &[Place]) -> Vec<Term> {
        let workloads = policy.iter().zip(&self.hulls).zip(&self.luck);
        let term =
            |((&[gain, cost], hull), luck): ((&Place, &Hull), &f64)| Term { demand: hull.cost(gain) - luck, cost };
        workloads.map(term).collect()
    }

    /// What a policy saves; none where the reference would pay too little for what it gains.
    pub fn saving(&self, policy: &[Place]) -> Option<f64> {
        let terms = self.terms(policy);
        let demand: f64 = terms.iter().map(|term| term.demand).sum();
        self.is_enough(demand).then(|| 1.0 - terms.iter().map(|term| term.cost).sum::<f64>() / demand)
    }

    /// The same whatever the reference would pay: at least minus one, which is also what anything is worth that gains so little that
    /// nobody would pay for it.
    pub fn saving_at_a_distance(&self, policy: &[Place]) -> f64 {
        let terms = self.terms(policy);
        let (demand, cost) = terms.iter().fold((0.0, 0.0), |(d, x), term| (d + term.demand, x + term.cost));
        if demand <= 0.0 { -1.0 } else { (1.0 - cost / demand).clamp(-1.0, 1.0) }
    }

    fn is_enough(&self, demand: f64) -> bool {
        demand > 0.0 && demand >= LEAST_DEMAND * self.paid
    }
}

/// S with its interval over workloads at this `alpha` (Fieller), less `penalty`; none where demand is not surely above zero, or of
/// fewer than three workloads.
pub fn interval(terms: &[Term], penalty: f64, alpha: f64) -> Option<Interval> {
    let n = terms.len() as f64;
    let quantile = StudentsT::new(0.0, 1.0, n - 1.0).ok().filter(|_| terms.len() >= 3)?.inverse_cdf(1.0 - alpha / 2.0);
    let demand = terms.iter().map(|term| term.demand).sum::<f64>() / n;
    // z(s) = u − s · v, with u the saved and v the demanded cost.
    let saved = |term: &Term| term.demand - term.cost - penalty * demand;
    let saved_mean = terms.iter().map(saved).sum::<f64>() / n;
    let product = |a: &dyn Fn(&Term) -> f64, b: &dyn Fn(&Term) -> f64| {
        terms.iter().map(|term| a(term) * b(term)).sum::<f64>() / (n - 1.0) * quantile * quantile / n
    };
    let (u, v) = (|term: &Term| saved(term) - saved_mean, |term: &Term| term.demand - demand);
    let (uu, uv, vv) = (product(&u, &u), product(&u, &v), product(&v, &v));
    // (ū − s v̄)² = t² var(z(s)) / n, a quadratic in s.
    let (a, b, c) = (demand * demand - vv, saved_mean * demand - uv, saved_mean * saved_mean - uu);
    let root = (b * b - a * c).max(0.0).sqrt();
    (a > 0.0 && demand > 0.0).then(|| Interval {
        estimate: saved_mean / demand,
        low: (b - root) / a,
        high: (b + root) / a,
    })
}

/// S, less `penalty`, workload by workload: S + ((1 − S) · d_w − x_w) / d̄, whose mean is S and whose scatter is, to the first order,
/// that of S. Differences of two policies on the same workloads are taken of these.
pub fn parts(terms: &[Term], penalty: f64) -> Vec<f64> {
    let n = terms.len().max(1) as f64;
    let demand = terms.iter().map(|term| term.demand).sum::<f64>() / n;
    let saving = 1.0 - terms.iter().map(|term| term.cost).sum::<f64>() / n / demand;
    let part = |term: &Term| saving + ((1.0 - saving) * term.demand - term.cost) / demand - penalty;
    terms.iter().map(part).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::keyed::uniform;

    #[test]
    fn the_hull_is_the_cheapest_mix_and_level_beyond_its_ends() {
        let hull = Hull::of(vec![[0.0, 0.1], [0.1, 0.0], [0.2, 0.3], [0.3, 0.2], [0.4, 0.6], [0.3, 0.25]]);
        assert_eq!(hull.0, [[0.1, 0.0], [0.3, 0.2], [0.4, 0.6]]);
        let costs = [-1.0, 0.1, 0.2, 0.35, 9.0].map(|gain| hull.cost(gain));
        assert!(costs.iter().zip([0.0, 0.0, 0.1, 0.4, 0.6]).all(|(a, b)| (a - b).abs() < 1e-12), "{costs:?}");
    }

    #[test]
    fn equal_places_and_a_single_one_make_a_hull() {
        assert_eq!(Hull::of(vec![[0.2, 0.3]; 4]).cost(0.1), 0.3);
        let flat = Hull::of(vec![[0.0, 0.0], [0.0, 0.5], [0.0, 0.2]]);
        assert_eq!([flat.cost(-0.1), flat.cost(0.0), flat.cost(0.1)], [0.0, 0.0, 0.0]);
    }

    /// A reference whose cost is the square of its gain in each workload, at these gains.
    fn frontier(workloads: usize) -> Frontier {
        let at = |gain: f64| vec![[gain, gain * gain]; workloads];
        Frontier::of(&at(0.5), &(0..=10).map(|n| at(f64::from(n) / 10.0)).collect::<Vec<_>>(), &[at(0.5)])
    }

    #[test]
    fn the_reference_saves_nothing_at_any_of_its_scales_and_half_its_cost_saves_half() {
        let frontier = frontier(4);
        for gain in [0.4, 0.5, 0.7] {
            assert!(frontier.saving(&[[gain, gain * gain]; 4]).unwrap().abs() < 1e-12, "{gain}");
        }
        assert!((frontier.saving(&[[0.5, 0.125]; 4]).unwrap() - 0.5).abs() < 1e-12);
    }

    #[test]
    fn moving_cost_between_workloads_earns_nothing() {
        let moved = frontier(2).saving(&[[0.3, 0.09], [0.7, 0.49]]).unwrap();
        assert!(moved.abs() < 1e-12, "{moved}");
        // Gain for its own sake, and on the chord between two scales, is paid for at what it costs.
        assert!((frontier(2).saving(&[[0.55, 0.3], [0.55, 0.31]]).unwrap()).abs() < 1e-12);
    }

    #[test]
    fn what_gains_too_little_is_no_saving() {
        assert_eq!(frontier(3).saving(&[[0.1, 0.0]; 3]), None);
        assert_eq!(frontier(3).saving_at_a_distance(&[[-0.3, 0.2]; 3]), -1.0);
    }

    #[test]
    fn the_luck_of_the_hull_is_taken_off() {
        let at = |gain: f64, cost: f64| vec![[gain, cost]; 3];
        let lucky = Frontier::of(&at(0.5, 0.2), &[at(0.0, 0.0), at(1.0, 1.0)], &[at(0.5, 0.26), at(0.5, 0.24)]);
        // As good as its twins are on average: nothing is saved.
        assert!(lucky.saving(&at(0.5, 0.25)).unwrap().abs() < 1e-12);
    }

    #[test]
    fn the_interval_covers_the_truth_as_often_as_it_says() {
        let (trials, workloads, truth) = (2000u64, 48u64, 0.14);
        let covered = (0..trials).filter(|trial| {
            let term = |w: u64| {
                let coin = |k: u64| uniform(*trial, 4 * w + k);
                let demand = 0.5 * coin(0).powi(2);
                Term { demand, cost: demand * (1.0 - truth) + 0.3 * demand * (coin(1) + coin(2) - 1.0) }
            };
            let terms: Vec<Term> = (0..workloads).map(term).collect();
            interval(&terms, 0.0, 0.05).is_some_and(|i| i.low <= truth && truth <= i.high)
        });
        let share = covered.count() as f64 / trials as f64;
        assert!((0.93..0.97).contains(&share), "{share}");
    }

    #[test]
    fn a_penalty_moves_the_interval_and_the_estimate_alike() {
        let terms: Vec<Term> = (0..20).map(|n| Term { demand: 0.3, cost: 0.2 + 0.002 * f64::from(n) }).collect();
        let (plain, less) = (interval(&terms, 0.0, 0.05).unwrap(), interval(&terms, 0.03, 0.05).unwrap());
        for (a, b) in [(plain.low, less.low), (plain.estimate, less.estimate), (plain.high, less.high)] {
            assert!((a - b - 0.03).abs() < 1e-9, "{plain:?} {less:?}");
        }
        assert_eq!(interval(&terms[..2], 0.0, 0.05), None);
    }
}

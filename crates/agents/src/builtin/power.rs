//! How much to claim: as much as the verdict seeds that a campaign affords will decide, and no more.
//!
//! A claim whose size lies nearer to the true effect than those seeds can tell ends open, and its trials are lost. The larger
//! a claim the more it says; so it is the largest that is likely to hold and to be decided.

use science::bundle::{Relation, Side};
use science::gaussian::Belief;
use science::sequence::Sequence;
use science::state::State;

/// The least worth that is worth a claim: a fraction, or log units.
pub(super) const LEAST: f64 = 0.02;
/// Claims are sized in steps of this, in the metric's unit.
const STEP: f64 = 0.005;
/// Sizes that are weighed for what is believed: up to 30 %, or 30 points.
const SIZES: u32 = 57;
/// Sizes that are weighed for what is to make no difference: up to [`WIDEST`].
const SMALL: u32 = 17;
/// Nobody would claim, or need to deny, that two policies differ by no more than more than this: a fraction, or log units.
pub(super) const WIDEST: f64 = 0.1;
/// A claim is to be decided with at least this probability. Some are decided by other looks than the one foreseen.
const DECIDED: f64 = 0.6;
/// Seeds that a foreseen spread counts for, against those on which claims were tested.
const PRIOR_SEEDS: f64 = 4.0;
/// The spread over drawn workloads of what one policy is worth beyond another, at least: two that are known to be close were often
/// chosen for it.
const UNLIKE: f64 = 0.35;
/// The probability that a verdict's interval misses.
const ALPHA: f64 = 0.05;

/// What tests of worth tell in the iteration that comes next.
#[derive(Clone, Copy, Debug)]
pub(super) struct Power {
    /// Spread over seeds of the worth against the reference.
    reference: f64,
    /// Spread over seeds of the difference between two candidates.
    candidates: f64,
    /// Trials that the iteration may take; none without a budget.
    share: Option<u32>,
    /// Those of a test of one candidate on one seed, and of a test of two.
    each: [u32; 2],
    /// Whether nothing is known of how a policy differs from the reference.
    is_blank: bool,
    /// What claims about all that is asked are judged by.
    sequence: Sequence,
    /// Search seeds, which beliefs rest on, or as many drawn workloads as so many verdict seeds bring.
    searched: f64,
}

/// A claim about an effect, with what is to be expected of it.
#[derive(Clone, Copy, Debug)]
pub(super) struct SizedClaim {
    /// What is claimed.
    pub(super) relation: Relation,
    /// The probability that it holds.
    pub(super) holds: f64,
    /// The probability that it is decided.
    pub(super) decided: f64,
    /// What will be measured.
    pub(super) measured: Belief,
}

/// A test as it is foreseen.
#[derive(Clone, Copy, Debug)]
pub(super) struct Test {
    /// What is believed of the true effect.
    belief: Belief,
    /// What will be measured on as many seeds as the iteration affords.
    measured: Belief,
    /// Half the width of the interval there.
    half: f64,
}

impl Power {
    pub(super) fn of(state: &State) -> Self {
        let mut leaders = state.worthiest().filter_map(|record| record.measurement.as_ref());
        let [first, second] = [leaders.next(), leaders.next()];
        let chance = state.spread_of_worth(&state.yardsticks().reference, None);
        let unlike = if state.drawn_each() > 0 { UNLIKE / (state.drawn_each() as f64).sqrt() } else { chance };
        let alone = first.map_or(chance, |first| state.spread_of_worth(first, None));
        let between = first.zip(second).map_or(unlike, |(a, b)| state.spread_of_worth(a, Some(b)));
        Power {
            reference: spread(state, alone.max(chance), |side| *side == Side::Reference),
            candidates: spread(state, between.max(unlike), |side| matches!(side, Side::Candidate(_))),
            is_blank: first.is_none(),
            share: state.verdict_share(),
            each: [1, 2].map(|candidates| state.trials_each(candidates) as u32),
            sequence: state.sequence(true),
            searched: match state.drawn_each() {
                0 => f64::from(state.opened().experiment.seeds.max(1)),
                each => (state.yardsticks().drawn as f64 / each as f64).max(1.0),
            },
        }
    }

    /// Half the width of the interval that a verdict on worth ends with: against the reference, and between two candidates.
    pub(super) fn halves(&self) -> [f64; 2] {
        let nothing = Belief { mean: 0.0, sd: 0.0 };
        // A reference that makes no random choice is not at all unlike itself.
        let reference = if self.is_blank { self.reference.max(self.candidates) } else { self.reference };
        [self.test(nothing, reference, self.each[0]).half, self.between(nothing).half]
    }

    /// A test against the reference, of what search seeds say of it.
    pub(super) fn against_reference(&self, belief: Belief) -> Test {
        self.test(belief, self.reference, self.each[0])
    }

    /// A test against another candidate.
    pub(super) fn between(&self, belief: Belief) -> Test {
        self.test(belief, self.candidates, self.each[1])
    }

    fn test(&self, belief: Belief, spread: f64, trials_each: u32) -> Test {
        let affordable = self.share.map_or(usize::MAX, |trials| (trials / trials_each) as usize);
        let looks = self.sequence.looks();
        let look = looks.into_iter().rev().find(|look| *look <= affordable).unwrap_or(looks[0]);
        // What was measured on few search seeds is as uncertain as what will be on others.
        let belief = Belief { sd: belief.sd.hypot(spread / self.searched.sqrt()), ..belief };
        let measured = Belief { sd: belief.sd.hypot(spread / (look as f64).sqrt()), ..belief };
        Test { belief, measured, half: self.sequence.half_width(look, spread, ALPHA) }
    }
}

impl Test {
    /// What is to be expected of a claim.
    pub(super) fn of(&self, relation: Relation) -> SizedClaim {
        let Test { belief, measured, half } = *self;
        let beyond = |belief: Belief, bound: f64| belief.at_least(bound);
        let (holds, decided) = match relation {
            Relation::AtLeast(size) => {
                // A wide interval refutes a claim only where it shows the other sign.
                let low = if 2.0 * half <= size { size - half } else { -half };
                (beyond(belief, size), beyond(measured, size + half) + 1.0 - beyond(measured, low))
            }
            Relation::Within(size) => {
                let inside = |belief: Belief, size: f64| beyond(belief, -size) - beyond(belief, size);
                let confirmed = if size > half { inside(measured, size - half) } else { 0.0 };
                (inside(belief, size), confirmed + 1.0 - inside(measured, size + half))
            }
        };
        SizedClaim { relation, holds, decided, measured }
    }

    /// The largest claim that is likely to hold and to be decided, if there is one.
    pub(super) fn largest(&self) -> Option<SizedClaim> {
        self.sizes(SIZES, Relation::AtLeast).rev().find(SizedClaim::is_sound)
    }

    /// The narrowest claim of no difference that is likely to hold and to be decided, if there is one.
    pub(super) fn narrowest(&self) -> Option<SizedClaim> {
        self.sizes(SMALL, Relation::Within).find(SizedClaim::is_sound)
    }

    fn sizes(&self, count: u32, relation: impl Fn(f64) -> Relation) -> impl DoubleEndedIterator<Item = SizedClaim> {
        // In whole thousandths, as a person would write it.
        (0..count).map(move |n| self.of(relation(((LEAST + STEP * f64::from(n)) * 1e3).round() / 1e3)))
    }
}

impl SizedClaim {
    /// Whether it is likely to hold and to be decided.
    pub(super) fn is_sound(&self) -> bool {
        self.holds >= 0.5 && self.decided >= DECIDED
    }

    /// The size of what is claimed.
    pub(super) fn size(&self) -> f64 {
        let (Relation::AtLeast(size) | Relation::Within(size)) = self.relation;
        size
    }
}

/// The spread over seeds of worth against sides of a kind: what is foreseen, and those of earlier tests. A policy that is to make no
/// difference says nothing of others.
fn spread(state: &State, foreseen: f64, of: impl Fn(&Side) -> bool) -> f64 {
    let worth = &state.spec().aim.worth_name().name;
    let (mut squares, mut weight) = (PRIOR_SEEDS * foreseen * foreseen, PRIOR_SEEDS);
    for iteration in &state.iterations {
        let arms = iteration.bundle.iter().flat_map(|bundle| &bundle.arms).zip(&iteration.arms);
        for (arm, record) in arms {
            let ([side], Relation::AtLeast(_)) = (arm.prediction.against.as_slice(), arm.prediction.relation) else {
                continue;
            };
            if let Some(finding) = &record.finding
                && let Some(effect) = finding.effect
                && arm.prediction.metric == *worth
                && of(side)
            {
                let one = state.sequence(arm.prediction.is_about_all()).half_width(finding.seeds, 1.0, ALPHA);
                let spread = (effect.high - effect.low) / 2.0 / one;
                squares += (finding.seeds - 1) as f64 * spread * spread;
                weight += (finding.seeds - 1) as f64;
            }
        }
    }
    (squares / weight).sqrt()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn power(share: u32) -> Power {
        Power {
            reference: 0.01,
            candidates: 0.01,
            is_blank: false,
            share: Some(share),
            each: [24, 32],
            sequence: Sequence::Scenarios,
            searched: 2.0,
        }
    }

    fn size(share: u32, mean: f64, sd: f64) -> Option<f64> {
        power(share).against_reference(Belief { mean, sd }).largest().map(|claim| claim.size())
    }

    #[test]
    fn the_more_trials_there_are_the_more_is_claimed() {
        let (few, many) = (size(100, 0.1, 0.01).unwrap(), size(480, 0.1, 0.01).unwrap());
        assert!(few < many && many < 0.1, "{few} {many}");
    }

    #[test]
    fn what_is_claimed_is_likely_to_be_decided_and_can_fail() {
        let claim = power(200).against_reference(Belief { mean: 0.1, sd: 0.03 }).largest().unwrap();
        assert!(claim.decided >= DECIDED && claim.holds < 0.99, "{claim:?}");
        let larger = power(200).against_reference(Belief { mean: 0.1, sd: 0.03 });
        assert!(!larger.of(Relation::AtLeast(claim.size() + STEP)).is_sound());
    }

    #[test]
    fn nothing_is_claimed_of_an_effect_that_hardly_exceeds_the_least_claim() {
        assert_eq!(size(100, 0.025, 0.002), None);
        assert!(power(200).between(Belief { mean: 0.0, sd: 0.002 }).narrowest().is_some());
    }

    #[test]
    fn a_claim_of_no_difference_is_as_narrow_as_the_seeds_allow() {
        let narrowest = |share| power(share).between(Belief { mean: 0.0, sd: 0.005 }).narrowest().unwrap().size();
        assert!(narrowest(640) < narrowest(128), "{} {}", narrowest(640), narrowest(128));
    }
}

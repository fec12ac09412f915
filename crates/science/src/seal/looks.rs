//! Several looks at one champion, and how often the seal was opened at all: of many looks the luckiest looks best.

use super::{Estimate, Look};
use serde::Serialize;

/// How often the seal of what a campaign measures was opened, over all campaigns of a database: who looks often enough sees what he
/// likes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Taken {
    /// Looks.
    pub looks: usize,
    /// Champions that were looked at.
    pub champions: usize,
    /// Campaigns that they won.
    pub campaigns: usize,
    /// Nonces that these had.
    pub nonces: usize,
    /// Whether the nonce of this campaign was given and not drawn; none if that is not on record.
    pub given: Option<bool>,
}

/// Whether a champion beats the reference by all looks that are on record: every requirement is kept in the first one, and by all together it
/// still saves. More looks can take a claim back, and never make one. Where none is on record, `look` speaks for itself.
pub fn beats(look: &Look, looks: &[Look]) -> bool {
    let still = |all: Estimate| all.interval.is_some_and(|[low, _]| low > 0.0);
    looks.first().unwrap_or(look).holds() && pooled(looks).is_none_or(still)
}

/// What the same champion is worth by several looks at drawn workloads together, each weighted by how much it says: one look that was
/// lucky does not stand alone. One whose interval has no width says as much as the most certain of the others: that nothing varied there
/// is no certainty. None of fewer than two with an interval.
pub fn pooled(looks: &[Look]) -> Option<Estimate> {
    let of = |look: &Look| Some((look.worth.value?, look.worth.interval?)).filter(|_| look.drawn > 0);
    let all: Vec<(f64, [f64; 2])> = looks.iter().filter_map(of).collect();
    let widths = all.iter().map(|(_, [low, high])| high - low).filter(|width| *width > 0.0);
    let narrowest = widths.min_by(f64::total_cmp).unwrap_or(1.0);
    let weight = |[low, high]: &[f64; 2]| (high - low).max(narrowest).powi(-2);
    let weights: f64 = all.iter().map(|(_, interval)| weight(interval)).sum();
    let mean = |part: &dyn Fn(f64, [f64; 2]) -> f64| {
        all.iter().map(|(value, interval)| weight(interval) * part(*value, *interval)).sum::<f64>() / weights
    };
    let value = mean(&|value, _| value);
    // Each half-width shrinks as that of a weighted mean does.
    let shrunk = |half: &dyn Fn(f64, [f64; 2]) -> f64| {
        let square =
            |(value, interval): &(f64, [f64; 2])| (weight(interval) / weights * half(*value, *interval)).powi(2);
        all.iter().map(square).sum::<f64>().sqrt()
    };
    let interval = [value - shrunk(&|value, [low, _]| value - low), value + shrunk(&|value, [_, high]| high - value)];
    (all.len() > 1).then_some(Estimate { value: Some(value), interval: Some(interval) })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::seal::tests::{at, measurement};

    #[test]
    fn looks_that_say_as_much_are_pooled_to_their_mean_and_halve_the_interval_when_they_are_four() {
        let one = |value: f64, half: f64| {
            let worth = Estimate { value: Some(value), interval: Some([value - half, value + half]) };
            Look { worth, ..at(&measurement(|_| 0.3, |_| 0.36)) }
        };
        let four = pooled(&[one(0.1, 0.04), one(0.2, 0.04), one(0.1, 0.04), one(0.2, 0.04)]).unwrap();
        let [low, high] = four.interval.unwrap();
        assert!(
            (four.value.unwrap() - 0.15).abs() < 1e-12 && (low - 0.13).abs() < 1e-12 && (high - 0.17).abs() < 1e-12
        );
        let two = pooled(&[one(0.1, 0.01), one(0.2, 0.1)]).unwrap();
        assert!(two.value.unwrap() < 0.102, "what says more weighs more: {two:?}");
        assert_eq!(pooled(&[one(0.1, 0.04)]), None);
        let still = |looks: &[Look]| pooled(looks).unwrap();
        assert_eq!(still(&[one(0.5, 0.0), one(0.5, 0.0)]), Estimate { value: Some(0.5), interval: Some([0.5, 0.5]) });
        let mixed = still(&[one(0.1, 0.04), one(0.2, 0.0), one(0.3, 0.0)]);
        assert!((mixed.value.unwrap() - 0.2).abs() < 1e-12, "what has no width outweighs nothing: {mixed:?}");
        let beats = |looks: &[Look]| super::beats(&looks[looks.len() - 1], looks);
        assert!(beats(&[one(0.1, 0.04)]) && beats(&[one(0.1, 0.04), one(0.05, 0.04)]));
        assert!(!beats(&[one(0.1, 0.04), one(-0.2, 0.04)]), "a lucky first look does not stand alone");
        assert!(super::beats(&one(0.1, 0.04), &[]), "one that is not on record speaks for itself");
    }
}

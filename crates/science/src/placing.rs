//! Where on a scale a policy improves as much as it has to, in few runs.
//!
//! Improvement falls along the scale, from that of refusing everything to none. The first run is where policies that were
//! placed before suggest, the second one follows from the slope to be expected, each further one from the two that lie
//! nearest.

use crate::gaussian::{backward, cholesky, forward};

/// Runs that a place is worth at most.
pub const MOST: usize = 4;
/// The same on a third of the panel, where they take less than what is not placed there takes on all of it.
pub const MOST_ON_A_THIRD: usize = 6;
/// A policy that is worth this much less than it would have to be is not placed any better.
pub const SLACK: f64 = 0.05;
/// The same on a third of the panel, whose luck is part of it: in ten campaigns, what 200 candidates were worth beside the best
/// one differed from what the whole panel said by 0.034 (standard deviation), and was at most 0.11 too little.
pub const SLACK_ON_A_THIRD: f64 = 0.15;
/// What setting the place exactly may mend, in worth for each log unit of improvement that it is off: a guard on work and
/// one on improvement, five for each unit of excess, at an exchange rate of about five.
pub const MENDS: f64 = 35.0;
/// Share of the scale's prior over which improvement is expected to fall from its most to nothing.
pub const STRETCH: f64 = 0.5;
/// Improvement beyond what is needed that is aimed at, log units.
const AIM: f64 = 0.001;
/// As near to the aim as this is near enough, log units.
const NEAR: f64 = 0.0015;
/// Places that a guess takes at least.
const FEW: usize = 5;
/// What keeps a guess from following few places too closely, as the weight of a coordinate's square.
const STIFFNESS: f64 = 0.1;
/// Places that lie closer together are the same.
const SAME: f64 = 0.0005;

/// Where a policy belongs, as prior mass: a linear guess from where others at these coordinates belonged, which says nothing
/// before a few of them are known.
pub fn guess(known: &[(Vec<f64>, f64)], coordinates: &[f64]) -> Option<f64> {
    if known.len() < FEW {
        return None;
    }
    let level = known.iter().map(|(_, mass)| mass).sum::<f64>() / known.len() as f64;
    let width = coordinates.len();
    // From the middle of each coordinate, where nothing is to be added to the level.
    let from_middle = |at: &[f64]| at.iter().map(|value| value - 0.5).chain([1.0]).collect::<Vec<f64>>();
    let rows: Vec<Vec<f64>> = known.iter().map(|(at, _)| from_middle(at)).collect();
    let entry =
        |i: usize, j: usize| rows.iter().map(|row| row[i] * row[j]).sum::<f64>() + if i == j { STIFFNESS } else { 0.0 };
    let factor = cholesky((0..=width).map(|i| (0..=i).map(|j| entry(i, j)).collect()).collect());
    let sums: Vec<f64> =
        (0..=width).map(|i| rows.iter().zip(known).map(|(row, (_, mass))| row[i] * (mass - level)).sum()).collect();
    let weights = backward(&factor, &forward(&factor, &sums));
    Some(level + weights.iter().zip(from_middle(coordinates)).map(|(weight, value)| weight * value).sum::<f64>())
}

/// The place nearest to where a policy improves as much as it has to, with what it improves beyond that there.
pub fn nearest(ran: &[(f64, f64)]) -> Option<(f64, f64)> {
    ran.iter().copied().reduce(|a, b| if off(&b) < off(&a) { b } else { a })
}

fn off((_, room): &(f64, f64)) -> f64 {
    (room - AIM).abs()
}

/// The next place to run at, as prior mass within `inside`; none if what was run is near enough, or nothing is gained.
/// `ran` holds places, at most `most` of them, with what they improve beyond what is needed; `slope` is what is lost along the
/// whole scale.
pub fn next(inside: [f64; 2], start: f64, slope: f64, (ran, most): (&[(f64, f64)], usize)) -> Option<f64> {
    let within = |mass: f64| mass.clamp(inside[0], inside[1]);
    let Some(nearest) = nearest(ran) else { return Some(within(start)) };
    if off(&nearest) <= NEAR || ran.len() >= most {
        return None;
    }
    // The nearest places on both sides of the aim, where there are two; what lies between is never left again.
    let enough = ran.iter().filter(|(_, room)| *room >= AIM).map(|(mass, _)| *mass).fold(f64::NEG_INFINITY, f64::max);
    let little = ran.iter().filter(|(_, room)| *room < AIM).map(|(mass, _)| *mass).fold(f64::INFINITY, f64::min);
    let others = ran.iter().filter(|(mass, _)| (mass - nearest.0).abs() > SAME);
    let other = others.copied().reduce(|a, b| if off(&b) < off(&a) { b } else { a });
    let fall = other.map(|(mass, room)| (nearest.1 - room) / (mass - nearest.0)).filter(|fall| *fall > slope / 20.0);
    let step = (nearest.1 - AIM) / fall.unwrap_or(slope);
    let mut mass = within(nearest.0 + step.clamp(-0.3, 0.3));
    let between = enough.is_finite() && little.is_finite() && enough < little;
    if between && (mass <= enough || mass >= little) {
        mass = f64::midpoint(enough, little);
    }
    let new = ran.iter().all(|(other, _)| (other - mass).abs() > SAME);
    new.then_some(mass)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Places a policy whose improvement falls as a logistic curve.
    fn placed(middle: f64, inside: [f64; 2], start: f64) -> Vec<(f64, f64)> {
        let room = |mass: f64| 0.4 / (1.0 + ((mass - middle) / 0.08).exp()) - 0.25;
        let mut ran = Vec::new();
        while let Some(mass) = next(inside, start, 0.8, (&ran, MOST)) {
            ran.push((mass, room(mass)));
        }
        ran
    }

    fn nearest(ran: &[(f64, f64)]) -> f64 {
        ran.iter().map(|(_, room)| (room - AIM).abs()).fold(f64::INFINITY, f64::min)
    }

    #[test]
    fn four_runs_place_a_policy_so_that_costs_compare_wherever_it_belongs() {
        for middle in [0.2, 0.35, 0.5, 0.65, 0.8] {
            for start in [middle - 0.1, middle, middle + 0.1] {
                let ran = placed(middle, [0.0, 1.0], start);
                assert!(ran.len() <= MOST && nearest(&ran) < 0.005, "{middle} from {start}: {ran:?}");
            }
        }
    }

    #[test]
    fn a_guess_follows_the_places_that_are_known() {
        let belongs = |mix: f64, prompt: f64| 0.4 + 0.3 * (mix - 0.5) - 0.1 * (prompt - 0.5);
        let known: Vec<(Vec<f64>, f64)> = (0..30)
            .map(|n| (f64::from(n * 7 % 10) / 10.0, f64::from(n * 3 % 10) / 10.0))
            .map(|(mix, prompt)| (vec![mix, prompt], belongs(mix, prompt)))
            .collect();
        let guessed = guess(&known, &[0.9, 0.1]).unwrap();
        assert!((guessed - belongs(0.9, 0.1)).abs() < 0.02, "{guessed}");
        assert_eq!(guess(&known[..4], &[0.9, 0.1]), None);
    }

    #[test]
    fn a_place_outside_is_not_run_and_the_edge_nearest_to_it_is_run_once() {
        let ran = placed(0.6, [0.0, 0.3], 0.2);
        assert!(ran.iter().all(|(mass, _)| *mass <= 0.3), "{ran:?}");
        assert_eq!(ran.iter().filter(|(mass, _)| *mass == 0.3).count(), 1, "{ran:?}");
    }

    #[test]
    fn what_begins_in_the_right_place_takes_one_run() {
        // Where 0.4 / (1 + e^z) is 0.251.
        let ran = placed(0.5, [0.0, 1.0], 0.5 + 0.08 * (0.4f64 / 0.251 - 1.0).ln());
        assert!(ran.len() == 1 && nearest(&ran) < NEAR, "{ran:?}");
    }
}

//! Calibrating the scale: where along it a policy gains as much as it has to, in few runs.
//!
//! Gain falls along the scale, from that of the policy that gains most to none. The second run follows from the slope to be
//! expected, each further one from the two that lie nearest.

/// Runs that setting a scale is worth at most.
pub const MOST: usize = 3;
/// A policy that is worth this much less than it would have to be is not run again.
pub const SLACK: f64 = 0.05;
/// What setting the scale exactly may mend, in worth for each log unit of gain that it is off: a guard on cost and one on
/// gain, five for each unit of excess, at an exchange rate of about five.
pub const MENDS: f64 = 35.0;
/// Share of the scale's prior over which gain is expected to fall from its most to nothing.
pub const STRETCH: f64 = 0.5;
/// Gain beyond the target that is aimed at, log units.
const AIM: f64 = 0.001;
/// As near to the aim as this is near enough, log units.
const NEAR: f64 = 0.0015;
/// Places that lie closer together are the same.
const SAME: f64 = 0.0005;

/// The place whose gain lies nearest to the target, with what it gains beyond that there.
fn nearest(ran: &[(f64, f64)]) -> Option<(f64, f64)> {
    ran.iter().copied().reduce(|a, b| if off(&b) < off(&a) { b } else { a })
}

fn off((_, margin): &(f64, f64)) -> f64 {
    (margin - AIM).abs()
}

/// The next place to run at, as prior mass within `inside`; none if what was run is near enough, or nothing is gained.
/// `ran` holds places with their gain beyond the target (log units); `slope` is the gain that is lost along the whole scale.
pub fn next(inside: [f64; 2], start: f64, slope: f64, ran: &[(f64, f64)]) -> Option<f64> {
    let within = |mass: f64| mass.clamp(inside[0], inside[1]);
    let Some(nearest) = nearest(ran) else { return Some(within(start)) };
    if off(&nearest) <= NEAR || ran.len() >= MOST {
        return None;
    }
    // The nearest places on both sides of the aim, where there are two; what lies between is never left again.
    let enough =
        ran.iter().filter(|(_, margin)| *margin >= AIM).map(|(mass, _)| *mass).fold(f64::NEG_INFINITY, f64::max);
    let little = ran.iter().filter(|(_, margin)| *margin < AIM).map(|(mass, _)| *mass).fold(f64::INFINITY, f64::min);
    let others = ran.iter().filter(|(mass, _)| (mass - nearest.0).abs() > SAME);
    let other = others.copied().reduce(|a, b| if off(&b) < off(&a) { b } else { a });
    let fall =
        other.map(|(mass, margin)| (nearest.1 - margin) / (mass - nearest.0)).filter(|fall| *fall > slope / 20.0);
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

    /// Sets the scale of a policy whose gain falls as a logistic curve.
    fn set(middle: f64, inside: [f64; 2], start: f64) -> Vec<(f64, f64)> {
        let margin = |mass: f64| 0.4 / (1.0 + ((mass - middle) / 0.08).exp()) - 0.25;
        let mut ran = Vec::new();
        while let Some(mass) = next(inside, start, 0.8, &ran) {
            ran.push((mass, margin(mass)));
        }
        ran
    }

    fn nearest(ran: &[(f64, f64)]) -> f64 {
        ran.iter().map(|(_, margin)| (margin - AIM).abs()).fold(f64::INFINITY, f64::min)
    }

    #[test]
    fn three_runs_set_a_scale_so_that_costs_compare_wherever_it_belongs() {
        for middle in [0.2, 0.35, 0.5, 0.65, 0.8] {
            for start in [middle - 0.1, middle, middle + 0.1] {
                let ran = set(middle, [0.0, 1.0], start);
                assert!(ran.len() <= MOST && nearest(&ran) < 0.012, "{middle} from {start}: {ran:?}");
            }
        }
    }

    #[test]
    fn a_place_outside_is_not_run_and_the_edge_nearest_to_it_is_run_once() {
        let ran = set(0.6, [0.0, 0.3], 0.2);
        assert!(ran.iter().all(|(mass, _)| *mass <= 0.3), "{ran:?}");
        assert_eq!(ran.iter().filter(|(mass, _)| *mass == 0.3).count(), 1, "{ran:?}");
    }

    #[test]
    fn what_begins_in_the_right_place_takes_one_run() {
        // Where 0.4 / (1 + e^z) is 0.251.
        let ran = set(0.5, [0.0, 1.0], 0.5 + 0.08 * (0.4f64 / 0.251 - 1.0).ln());
        assert!(ran.len() == 1 && nearest(&ran) < NEAR, "{ran:?}");
    }
}

//! Chooses what to claim next.
//!
//! A policy is worth trying where the belief about its work promises most over the best known one, weighted with the
//! probability that it keeps what the experiment bounds, with something to spare for seeds and workloads that nobody has
//! seen; its place on the saturation axis is then set so that it is expected to improve as much as the reference does, since
//! costs compare at equal improvement only.

use super::components::Component;
use super::memory::Memory;
use super::mind::{Known, Mind};
use super::shape::{Curve, Features, Shape, Signal};
use super::tuned;
use science::bundle::Bundle;
use science::gaussian::Belief;
use science::keyed;
use science::objective::COMPARABLE;
use science::space::Space;
use science::state::State;

/// Steps to the place at most, and how near to what is needed is near enough, log units: it is written with three digits.
const STEPS: u32 = 12;
const EXACT: f64 = 1e-4;
/// Points of the space that are looked at for one bundle, how many of them are weighed, and how often the best is varied.
const PROPOSALS: u64 = 300;
const WEIGHED: usize = 16;
const REFINED: u64 = 64;

/// The next bundle.
pub(crate) fn plan(state: &State, memory: &Memory) -> Result<Bundle, String> {
    let space = state.opened().experiment.space();
    if space.dimension("family").is_none() || space.dimension("half").is_none() {
        return Err("the built-in planner needs the dimensions `family` and `half` in campaign.toml".into());
    }
    let mind = Mind::of(state, memory);
    if let Some(bundle) = tuned::bundle(&mind, &space) {
        return Ok(bundle);
    }
    let incumbent = mind.incumbent();
    let choice = mind.choose(&space, incumbent).ok_or("no point of the space is left that the constraints allow")?;
    Ok(mind.bundle(&space, choice, incumbent, incumbent.map_or(0.0, |known| mind.saving_of(known))))
}

impl Mind<'_> {
    /// The shape that promises most; none if the constraints leave nothing.
    fn choose(&self, space: &Space, incumbent: Option<&Known>) -> Option<Shape> {
        let heeding = self.search(space, incumbent, |shape| self.heeding(shape));
        heeding.or_else(|| self.search(space, incumbent, |shape| shape))
    }

    fn search(&self, space: &Space, incumbent: Option<&Known>, advised: impl Fn(Shape) -> Shape) -> Option<Shape> {
        let iteration = self.state.iteration_number().to_string();
        let seed = self.state.opened().nonce.seed(&["plan", &iteration]);
        let (near, best) = (incumbent.map_or(self.reference, |k| k.shape), self.least_work());
        // Each component takes an ablation, and a bundle is to take no more than twice its share of the evaluations.
        let room =
            self.state.evaluation_share().map_or(usize::MAX, |share| (2 * share as usize).saturating_sub(1).max(2));
        let is_fit = |shape: &Shape| Component::between(&near, shape).len() <= room;
        let has_signal = space.dimension("signal").is_some();
        let proposed = |shape: Shape| {
            let shape = advised(if has_signal { shape } else { Shape { signal: Signal::Saturation, ..shape } });
            is_fit(&shape.rounded()).then(|| self.located(space, shape)).flatten()
        };
        // Every other proposal varies the best known shape instead of starting afresh. No weighting is ever drawn as exactly
        // none, so some are left out.
        let drawn = |n| Some((n, Shape::at(&space.draw(seed, n))?));
        let anywhere = (0..PROPOSALS).filter_map(drawn).filter_map(|(n, drawn)| {
            proposed(if n % 2 == 0 { nearby(near, drawn, seed, n) } else { plainer(drawn, seed, n) })
        });
        let mut looked: Vec<(f64, Shape)> = anywhere.map(|shape| (self.value(&shape), shape)).collect();
        looked.sort_by(|(a, _), (b, _)| b.total_cmp(a));
        let open = looked.into_iter().map(|(_, shape)| shape).filter(|shape| self.is_open(space, shape));
        let weighed = open.take(WEIGHED).map(|shape| (self.promise(&shape, best), shape));
        let mut chosen = weighed.reduce(|most, other| if other.0 > most.0 { other } else { most })?;
        for (n, drawn) in (PROPOSALS..PROPOSALS + REFINED).filter_map(drawn) {
            let Some(shape) = proposed(nearby(chosen.1, drawn, seed, n)) else { continue };
            let promise = self.promise(&shape, best);
            if promise > chosen.0 && self.is_open(space, &shape) {
                chosen = (promise, shape);
            }
        }
        Some(chosen.1)
    }

    /// How much less work than `best` (over the reference's, less 1) is expected, counted only as far as the policy is
    /// likely to be within every bound, on other seeds too.
    fn promise(&self, shape: &Shape, best: f64) -> f64 {
        let outlook = self.outlook(shape);
        let saved = Belief { mean: -outlook.work.mean, sd: outlook.work.sd }.expected_improvement(-best);
        let comparable = outlook.improvement.at_least(0.0) - outlook.improvement.at_least(COMPARABLE);
        saved * outlook.kept * comparable
    }

    /// The shape moved to where it should improve as much as the reference; none if that is outside of the space,
    /// excluded, or has been tried.
    pub(crate) fn placed(&self, space: &Space, shape: Shape) -> Option<Shape> {
        self.located(space, shape).filter(|shape| self.is_open(space, shape))
    }

    /// Whether a shape is inside of the space, not excluded, and has not been tried.
    fn is_open(&self, space: &Space, shape: &Shape) -> bool {
        let features = shape.features();
        let tried = self.known.iter().any(|known| alike(known.shape.features(), features));
        let point = shape.point(|name| space.dimension(name).is_some());
        !tried
            && space.contains(&point).is_ok()
            && !self.state.constraints().any(|(_, constraint)| constraint.excludes(&point))
    }

    /// The shape moved to where it should improve as much as the reference, wherever that is.
    pub(crate) fn located(&self, space: &Space, mut shape: Shape) -> Option<Shape> {
        let along = self.responses.along(&shape);
        let ends = space.dimension("half")?.range?.map(f64::ln);
        shape.half = falls_to_zero(ends, |place| self.room(along.improvements(place.exp()))).exp();
        Some(shape.rounded())
    }
}

/// Where between its ends a falling function is zero; the end that is nearer to it where it is not. By regula falsi, in which an
/// end that stays twice counts half as much (the Illinois rule).
fn falls_to_zero([low, high]: [f64; 2], value: impl Fn(f64) -> f64) -> f64 {
    let (mut above, mut below) = ((low, value(low)), (high, value(high)));
    if above.1 <= 0.0 || below.1 >= 0.0 {
        return if above.1 <= 0.0 { low } else { high };
    }
    let (mut place, mut last) = (low, 0.0);
    for _ in 0..STEPS {
        place = above.0 + (below.0 - above.0) * above.1 / (above.1 - below.1);
        let here = value(place);
        if here.abs() < EXACT {
            break;
        }
        let again = if here * last > 0.0 { 0.5 } else { 1.0 };
        if here > 0.0 {
            (above, below.1) = ((place, here), below.1 * again);
        } else {
            (below, above.1) = ((place, here), above.1 * again);
        }
        last = here;
    }
    place
}

/// The best shape moved a part of the way towards another one; one trait in two is kept as it is.
fn nearby(best: Shape, other: Shape, seed: u64, n: u64) -> Shape {
    let coin = |k: u64| keyed::uniform(seed ^ 0x5EED, n * 7 + k);
    // Mostly a little, at times all of it: what a weighting brings may lie beyond where little of it costs.
    let part = coin(0).powi(3);
    let curve = match (best.curve, other.curve) {
        _ if coin(1) < 0.5 => best.curve,
        (Curve::Power { exponent: a }, Curve::Power { exponent: b }) => {
            Curve::Power { exponent: a * (b / a).powf(part) }
        }
        (Curve::Ramp { onset: a }, Curve::Ramp { onset: b }) => Curve::Ramp { onset: a + part * (b - a) },
        (_, curve) => curve,
    };
    let moved = |k: u64, from: f64, to: f64| if coin(k) < 0.5 { from } else { from + part * (to - from) };
    Shape {
        curve,
        half: best.half,
        prompt: moved(2, best.prompt, other.prompt),
        mix: moved(3, best.mix, other.mix),
        capacity: moved(4, best.capacity, other.capacity),
        signal: if coin(5) < 0.5 { best.signal } else { other.signal },
        rate: moved(6, best.rate, other.rate),
    }
}

/// The shape without some of its weightings: each stays or goes by a coin.
fn plainer(shape: Shape, seed: u64, n: u64) -> Shape {
    let kept = |k: u64, weight: f64| if keyed::uniform(seed ^ 0x91A1, n * 4 + k) < 0.5 { 0.0 } else { weight };
    let (prompt, mix, capacity, rate) =
        (kept(0, shape.prompt), kept(1, shape.mix), kept(2, shape.capacity), kept(3, shape.rate));
    Shape { prompt, mix, capacity, rate, ..shape }
}

fn alike(a: Features, b: Features) -> bool {
    let near: Features = [0.01, 0.05, 0.04, 0.04, 0.04, 0.5, 0.02];
    (0..near.len()).all(|i| (a[i] - b[i]).abs() < near[i])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_falling_function_is_followed_to_its_zero_in_few_steps() {
        let (mut most, mut sum) = (0, 0);
        for middle in 1..40 {
            let steps = std::cell::Cell::new(0);
            let value = |place: f64| {
                steps.set(steps.get() + 1);
                0.4 / (1.0 + (4.0 * (place + 3.0 - 0.1 * f64::from(middle))).exp()) - 0.25
            };
            let zero = falls_to_zero([-3.0, 0.7], value);
            let expected = (0.1 * f64::from(middle) - 3.0 + 0.6f64.ln() / 4.0).clamp(-3.0, 0.7);
            assert!((zero - expected).abs() < 1e-3, "{middle}: {zero} instead of {expected}");
            (most, sum) = (most.max(steps.get()), sum + steps.get());
        }
        assert!(most <= 14 && sum < 39 * 10, "{most}, {sum}");
    }

    #[test]
    fn what_is_nowhere_zero_ends_at_the_end_that_is_nearest() {
        assert_eq!(falls_to_zero([1.0, 2.0], |place| -place), 1.0);
        assert_eq!(falls_to_zero([1.0, 2.0], |place| 3.0 - place), 2.0);
    }
}

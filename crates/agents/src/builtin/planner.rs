//! Chooses what to claim next.
//!
//! A policy is worth trying where the belief about its work promises most over the best known one, weighted with the
//! probability that it keeps what the experiment bounds; its place on the saturation axis is then set so that it is
//! expected to improve as much as the reference does, since costs compare at equal improvement only.

use super::components::Component;
use super::mind::{Known, Mind};
use super::shape::{Curve, Features, Shape, Signal};
use super::tuned;
use science::bundle::Bundle;
use science::gaussian::Belief;
use science::keyed;
use science::objective::COMPARABLE;
use science::space::Space;
use science::state::State;

/// Bisections of the place: to a thousandth, which is as exactly as it is written.
const STEPS: u32 = 12;
/// Points of the space that are looked at for one bundle, how many of them are weighed, and how often the best is varied.
const PROPOSALS: u64 = 500;
const WEIGHED: usize = 16;
const REFINED: u64 = 64;

/// The next bundle.
pub(crate) fn plan(state: &State) -> Result<Bundle, String> {
    let space = state.opened().experiment.space();
    if space.dimension("family").is_none() || space.dimension("half").is_none() {
        return Err("the built-in planner needs the dimensions `family` and `half` in campaign.toml".into());
    }
    let mind = Mind::of(state);
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
        let seed = keyed::seed(&["plan", &iteration], self.state.opened().seed);
        let (near, best) = (incumbent.map_or(self.reference, |k| k.shape), self.least_work());
        // Each component takes an ablation, and a bundle is to take no more than twice its share of the evaluations.
        let room =
            self.state.evaluation_share().map_or(usize::MAX, |share| (2 * share as usize).saturating_sub(1).max(2));
        let is_fit = |shape: &Shape| self.is_simple(shape) && Component::between(&near, shape).len() <= room;
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
        let kept = outlook.guarded.iter().zip(&self.guards).map(|(belief, guard)| 1.0 - belief.at_least(guard.aim));
        let comparable = outlook.improvement.at_least(0.0) - outlook.improvement.at_least(COMPARABLE);
        saved * kept.product::<f64>() * comparable
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
        let [mut sheds_more, mut sheds_less] = space.dimension("half")?.range?.map(f64::ln);
        let along = self.responses.along(&shape);
        for _ in 0..STEPS {
            let middle = f64::midpoint(sheds_more, sheds_less);
            shape.half = middle.exp();
            let room = self.room(along.improvements(shape.half)) > 0.0;
            *(if room { &mut sheds_more } else { &mut sheds_less }) = middle;
        }
        Some(shape.rounded())
    }
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
        // The KV cache alone takes no constants, which leaves room for what they may say of workloads.
        signal: if coin(5) < 0.5 { best.signal } else { Signal::Kv },
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

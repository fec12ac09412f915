//! Chooses what to claim next.
//!
//! A policy is worth trying where the belief about its net saving promises most over the best known one, weighted with
//! the probability that it gives up no workload; its place on the saturation axis is then set so that it is expected to
//! improve as much as the reference does, since costs compare at equal improvement only.

use super::executor::constants;
use super::shape::{Curve, Features, Shape};
use super::surrogate::{Prior, Surrogate};
use science::bundle::Bundle;
use science::experiment::GuardMetric;
use science::id::CandidateId;
use science::keyed;
use science::objective::{COMPARABLE, Measurement, Yardsticks};
use science::space::Space;
use science::state::State;

/// Improvement aimed at beyond the reference's, log units: a little above, since falling short disqualifies.
const AIM: f64 = 0.001;
/// Points of the space that are weighed for one bundle.
const PROPOSALS: u64 = 1500;

/// The next bundle.
pub(crate) fn plan(state: &State) -> Result<Bundle, String> {
    let space = state.opened().experiment.space();
    if space.dimension("family").is_none() || space.dimension("half").is_none() {
        return Err("the built-in planner needs the dimensions `family` and `half` in campaign.toml".into());
    }
    let mind = Mind::of(state);
    let (incumbent, best) = mind.incumbent();
    let choice = mind.choose(&space, best).ok_or("no point of the space is left that the constraints allow")?;
    Ok(mind.bundle(&space, choice, incumbent, best))
}

/// All that was measured, and the beliefs that follow from it.
pub(crate) struct Mind<'a> {
    pub(crate) state: &'a State,
    pub(crate) reference: Shape,
    known: Vec<Known>,
    improvement: Surrogate,
    pub(crate) saving: Surrogate,
    regret: Surrogate,
}

/// A measured policy of the family.
pub(crate) struct Known {
    pub(crate) id: Option<CandidateId>,
    pub(crate) shape: Shape,
    /// Improvement beyond the reference's, log units.
    improvement: f64,
    /// Net saving, at any distance from the reference's improvement.
    saving: f64,
    /// Most that a scenario loses against the reference, log units.
    regret: f64,
    admissible: bool,
}

impl<'a> Mind<'a> {
    fn of(state: &'a State) -> Self {
        let reference = reference(&state.opened().experiment.reference);
        let known = known(state, reference);
        let inputs: Vec<Features> = known.iter().map(|k| k.shape.features()).collect();
        let fit = |trend, wiggle, noise, value: fn(&Known) -> f64| {
            let values: Vec<f64> = known.iter().map(value).collect();
            Surrogate::fit(Prior { trend, wiggle, noise }, reference.features(), &inputs, &values)
        };
        Mind {
            improvement: fit([0.2, 0.05, 0.05, 0.08], 0.015, 0.0005, |k| k.improvement),
            saving: fit([0.05, 0.06, 0.06, 0.06], 0.03, 0.002, |k| k.saving),
            regret: fit([0.1, 0.04, 0.04, 0.04], 0.02, 0.002, |k| k.regret),
            state,
            reference,
            known,
        }
    }

    /// The best policy so far and its saving: the admissible one that saves most, else the reference itself.
    fn incumbent(&self) -> (Option<&Known>, f64) {
        let comparable =
            |k: &&Known| k.id.is_some() && k.admissible && k.improvement.abs() <= COMPARABLE && k.saving > 0.0;
        let best = self.known.iter().filter(comparable).max_by(|a, b| a.saving.total_cmp(&b.saving));
        (best, best.map_or(0.0, |k| k.saving))
    }

    /// The shape that promises most; none if the constraints leave nothing.
    fn choose(&self, space: &Space, best: f64) -> Option<Shape> {
        let heeding = self.search(space, best, |shape| self.heeding(shape));
        heeding.or_else(|| self.search(space, best, |shape| shape))
    }

    fn search(&self, space: &Space, best: f64, advised: impl Fn(Shape) -> Shape) -> Option<Shape> {
        let iteration = self.state.iteration_number().to_string();
        let seed = keyed::seed(&["plan", &iteration], self.state.opened().seed);
        let near = self.incumbent().0.map_or(self.reference, |k| k.shape);
        let mut chosen: Option<(f64, Shape)> = None;
        for n in 0..PROPOSALS {
            let Some(drawn) = Shape::at(&space.draw(seed, n)) else { continue };
            // One proposal in three varies the best known shape instead of starting afresh, another is a plainer one: no
            // weighting is ever drawn as exactly none.
            let shape = match n % 3 {
                0 => nearby(near, drawn, seed, n),
                1 => plainer(drawn, seed, n),
                _ => drawn,
            };
            let Some(shape) = self.placed(space, advised(shape)) else { continue };
            let promise = self.promise(&shape, best);
            if chosen.is_none_or(|(most, _)| promise > most) {
                chosen = Some((promise, shape));
            }
        }
        chosen.map(|(_, shape)| shape)
    }

    fn promise(&self, shape: &Shape, best: f64) -> f64 {
        let features = shape.features();
        let guards = &self.state.opened().experiment.objective.constraints;
        let bound = |metric| guards.iter().find(|guard| guard.metric == metric).and_then(|guard| guard.at_most);
        if bound(GuardMetric::FreeParameters).is_some_and(|most| f64::from(constants(shape)) > most) {
            return 0.0;
        }
        let harmless = 1.0 - self.regret.at(features).at_least(bound(GuardMetric::Regret).unwrap_or(5.0) / 100.0);
        let improvement = self.improvement.at(features);
        let comparable = improvement.at_least(-COMPARABLE) - improvement.at_least(COMPARABLE);
        self.saving.at(features).expected_improvement(best) * harmless * comparable
    }

    /// The shape moved to where it should improve as much as the reference; none if that is outside of the space,
    /// excluded, or has been tried.
    pub(crate) fn placed(&self, space: &Space, shape: Shape) -> Option<Shape> {
        let shape = self.located(space, shape)?;
        let point = shape.point(|name| space.dimension(name).is_some());
        let tried = self.known.iter().any(|k| alike(&k.shape, &shape));
        let allowed = !tried
            && space.contains(&point).is_ok()
            && !self.state.constraints().any(|(_, constraint)| constraint.excludes(&point));
        allowed.then_some(shape)
    }

    /// The shape moved to where it should improve as much as the reference, wherever that is.
    pub(crate) fn located(&self, space: &Space, mut shape: Shape) -> Option<Shape> {
        let [low, high] = space.dimension("half")?.range?;
        let (mut sheds_more, mut sheds_less) = (low, high);
        for _ in 0..24 {
            shape.half = (sheds_more * sheds_less).sqrt();
            let improvement = self.improvement.at(shape.features());
            // The less is known, the wider the berth; but never so wide that costs no longer compare.
            if improvement.mean - (0.5 * improvement.sd).min(COMPARABLE / 4.0) > AIM {
                sheds_more = shape.half;
            } else {
                sheds_less = shape.half;
            }
        }
        Some(shape.rounded())
    }
}

/// The reference's shape, where it is the published family; else a guess at its place.
fn reference(name: &str) -> Shape {
    let parameter = |key: &str, default: f64| {
        let inside = name.split_once('(').map_or("", |(_, rest)| rest.trim_end_matches(')'));
        let pairs = inside.split(',').filter_map(|pair| pair.split_once('='));
        pairs.filter(|(k, _)| k.trim() == key).find_map(|(_, v)| v.trim().parse().ok()).unwrap_or(default)
    };
    Shape::published(parameter("power", 5.0), parameter("k", 300.0))
}

fn known(state: &State, reference: Shape) -> Vec<Known> {
    let yardsticks = state.yardsticks();
    let y_ref = yardsticks.reference.y();
    let entry = |id: Option<CandidateId>, shape: Shape, m: &Measurement, admissible: bool| Known {
        id,
        shape,
        improvement: m.y() - y_ref,
        saving: yardsticks.saving_at_a_distance(m).clamp(-0.5, 0.5),
        regret: regret(m, yardsticks),
        admissible,
    };
    let mut known = vec![entry(None, reference, &yardsticks.reference, false)];
    if let Curve::Power { exponent } = reference.curve {
        let moved = |factor: f64| Shape { half: reference.half * f64::powf(factor, -1.0 / exponent), ..reference };
        known.push(entry(None, moved(1.5), &yardsticks.louder, false));
        known.push(entry(None, moved(1.0 / 1.5), &yardsticks.softer, false));
    }
    for id in &state.order {
        let record = &state.candidates[id];
        let shape = record.candidate.point.as_ref().and_then(Shape::at);
        if let (Some(shape), Some(measurement)) = (shape, &record.measurement) {
            known.push(entry(Some(id.clone()), shape, measurement, state.objections(id).is_empty()));
        }
    }
    known
}

fn regret(m: &Measurement, yardsticks: &Yardsticks) -> f64 {
    let (y, y_ref) = (m.per_scenario(|c| c.y()), yardsticks.reference.per_scenario(|c| c.y()));
    y.iter().zip(&y_ref).map(|(y, y_ref)| y_ref - y).fold(f64::NEG_INFINITY, f64::max)
}

/// The best shape moved a part of the way towards another one; one trait in two is kept as it is.
fn nearby(best: Shape, other: Shape, seed: u64, n: u64) -> Shape {
    let coin = |k: u64| keyed::uniform(seed ^ 0x5EED, n * 4 + k);
    let part = 0.3 * coin(0);
    let curve = match (best.curve, other.curve) {
        _ if coin(1) < 0.5 => best.curve,
        (Curve::Power { exponent: a }, Curve::Power { exponent: b }) => {
            Curve::Power { exponent: a * (b / a).powf(part) }
        }
        (Curve::Ramp { onset: a }, Curve::Ramp { onset: b }) => Curve::Ramp { onset: a + part * (b - a) },
        (_, curve) => curve,
    };
    let moved = |k: u64, from: f64, to: f64| if coin(k) < 0.5 { from } else { from + part * (to - from) };
    let (prompt, mix) = (moved(2, best.prompt, other.prompt), moved(3, best.mix, other.mix));
    Shape { curve, prompt, mix, half: best.half }
}

/// The shape without one of its weightings, or without both.
fn plainer(shape: Shape, seed: u64, n: u64) -> Shape {
    let which = 3.0 * keyed::uniform(seed ^ 0x91A1, n);
    Shape {
        prompt: if which < 2.0 { 0.0 } else { shape.prompt },
        mix: if which >= 1.0 { 0.0 } else { shape.mix },
        ..shape
    }
}

fn alike(a: &Shape, b: &Shape) -> bool {
    let (a, b) = (a.features(), b.features());
    let near: Features = [0.02, 0.05, 0.05, 0.05];
    (0..near.len()).all(|i| (a[i] - b[i]).abs() < near[i])
}

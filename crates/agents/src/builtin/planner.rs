//! Chooses what to claim next.
//!
//! A policy is worth trying where the belief about its work promises most over the best known one, weighted with the
//! probability that it keeps what the experiment bounds; its place on the saturation axis is then set so that it is
//! expected to improve as much as the reference does, since costs compare at equal improvement only.

use super::mind::{Guarded, Known, Mind, What};
use super::shape::{Curve, Features, Shape, Signal};
use super::surrogate::{Belief, Place, Way};
use super::tuned;
use science::bundle::Bundle;
use science::keyed;
use science::objective::COMPARABLE;
use science::space::Space;
use science::state::State;

/// Improvement aimed at beyond the reference's, log units: a little above, since falling short disqualifies.
const AIM: f64 = 0.001;
/// Bisections of the place: to a thousandth, which is as exactly as it is written.
pub(crate) const STEPS: u32 = 12;
/// Points of the space that are weighed for one bundle.
const PROPOSALS: u64 = 2000;

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
    Ok(mind.bundle(&space, choice, incumbent, incumbent.map_or(0.0, |known| known.saving)))
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
        let mut chosen: Option<(f64, Shape)> = None;
        // Two bundles in three refine the best known policy: far from it there is always more to hope for, since little is known.
        let refines = incumbent.is_some() && !self.state.iteration_number().is_multiple_of(3);
        for n in 0..PROPOSALS {
            let Some(drawn) = Shape::at(&space.draw(seed, n)) else { continue };
            // Every other proposal varies the best known shape instead of starting afresh. No weighting is ever drawn as
            // exactly none, so some are left out.
            let shape = if refines || n % 2 == 0 { nearby(near, drawn, seed, n) } else { plainer(drawn, seed, n) };
            let (shape, most) = (advised(shape), chosen.map_or(f64::NEG_INFINITY, |(most, _)| most));
            // Nothing is promised of what has too many constants, wherever it is placed.
            if most >= 0.0 && !self.is_simple(&shape.rounded()) {
                continue;
            }
            let Some(shape) = self.placed(space, shape) else { continue };
            if let Some(promise) = self.promise(&shape, best, most) {
                chosen = Some((promise, shape));
            }
        }
        chosen.map(|(_, shape)| shape)
    }

    /// How much less work than `best` (over the reference's, less 1) is expected, counted only as far as the policy is
    /// likely to be admissible; none unless that is more than `most`.
    fn promise(&self, shape: &Shape, best: f64, most: f64) -> Option<f64> {
        if !self.is_simple(shape) {
            return (most < 0.0).then_some(0.0);
        }
        let place = self.place(shape);
        let work = self.work.at(&place);
        let saved = Belief { mean: -work.mean, sd: work.sd }.expected_improvement(-best);
        // What else is asked only lowers it.
        if saved.max(0.0) <= most {
            return None;
        }
        let kept = self.guarded.iter().map(|guarded| 1.0 - guarded.belief.at(&place).at_least(guarded.bound));
        let improvement = self.improvement.at(&place);
        let comparable = improvement.at_least(0.0) - improvement.at_least(COMPARABLE);
        Some(saved * kept.product::<f64>() * comparable).filter(|promise| *promise > most)
    }

    /// How much more a shape is expected to improve than it has to, log units: on the whole panel and, where a guard asks
    /// for it, on the study. The less is known, the wider the `berth`; but never so wide that costs no longer compare.
    fn room(&self, way: &Way<'_>, berths: &[f64]) -> f64 {
        let panel = way.mean(&self.improvement) - AIM;
        let study = self.shortfalls().map(|guarded| (guarded.bound - way.mean(&guarded.belief)) / 100.0);
        let margins = std::iter::once(panel).chain(study).zip(berths);
        margins.map(|(margin, berth)| margin - berth).fold(f64::INFINITY, f64::min)
    }

    fn berths(&self, place: &Place) -> Vec<f64> {
        let study = self.shortfalls().map(|guarded| guarded.belief.at(place).sd / 100.0);
        let sds = std::iter::once(self.improvement.at(place).sd).chain(study);
        sds.map(|sd| (0.5 * sd).min(COMPARABLE / 4.0)).collect()
    }

    fn shortfalls(&self) -> impl Iterator<Item = &Guarded> {
        self.guarded.iter().filter(|guarded| guarded.what == What::Shortfall)
    }

    /// The shape moved to where it should improve as much as the reference; none if that is outside of the space,
    /// excluded, or has been tried.
    pub(crate) fn placed(&self, space: &Space, shape: Shape) -> Option<Shape> {
        let shape = self.located(space, shape)?;
        let point = shape.point(|name| space.dimension(name).is_some());
        let features = shape.features();
        let tried = self.inputs.features.iter().any(|known| alike(*known, features));
        let allowed = !tried
            && space.contains(&point).is_ok()
            && !self.state.constraints().any(|(_, constraint)| constraint.excludes(&point));
        allowed.then_some(shape)
    }

    /// The shape moved to where it should improve as much as the reference, wherever that is.
    pub(crate) fn located(&self, space: &Space, mut shape: Shape) -> Option<Shape> {
        let [low, high] = space.dimension("half")?.range?;
        // First without a berth: how wide it is follows from where one arrives.
        let berths = vec![0.0; 1 + self.shortfalls().count()];
        shape.half = 1.0;
        let (features, begin) = (shape.features(), [low, high].map(f64::ln));
        let begun = self.halving.as_ref()?.begin(features, features[0]);
        let (arrived, _) = self.place_with_room(begun.clone(), begin, &berths);
        shape.half = self.place_with_room(begun, begin, &self.berths(&arrived.place())).1.exp();
        Some(shape.rounded())
    }

    /// The place (ln of the half) between these two beyond which a shape is expected to improve too little, and the way there.
    fn place_with_room<'a>(
        &self,
        mut way: Way<'a>,
        [mut sheds_more, mut sheds_less]: [f64; 2],
        berths: &[f64],
    ) -> (Way<'a>, f64) {
        let mut middle = f64::midpoint(sheds_more, sheds_less);
        for _ in 1..STEPS {
            let room = self.room(&way, berths) > 0.0;
            way.go(room);
            *(if room { &mut sheds_more } else { &mut sheds_less }) = middle;
            middle = f64::midpoint(sheds_more, sheds_less);
        }
        (way, middle)
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

//! Chooses what to claim next.
//!
//! A policy is worth trying where the belief about its net saving promises most over the best known one, weighted with
//! the probability that it gives up no workload; its place on the saturation axis is then set so that it is expected to
//! improve as much as the reference does, since costs compare at equal improvement only.

use super::shape::{Curve, Shape};
use super::surrogate::{Belief, Prior, Surrogate};
use science::bundle::{Arm, ArmKind, Bundle, Design, Metric, Prediction, Relation, Side};
use science::experiment::GuardMetric;
use science::id::CandidateId;
use science::keyed;
use science::objective::{COMPARABLE, Measurement, Yardsticks};
use science::space::Space;
use science::state::State;

/// The least net saving that is worth a claim.
const CLAIM: f64 = 0.02;
/// Improvement aimed at beyond the reference's, log units: a little above, since falling short disqualifies.
const AIM: f64 = 0.001;
/// Points of the space that are weighed for one bundle.
const PROPOSALS: u64 = 1500;
/// Scenarios in which the reference sheds less than this beyond the baseline serve as controls.
const IDLE: f64 = 0.15;

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
struct Mind<'a> {
    state: &'a State,
    reference: Shape,
    known: Vec<Known>,
    improvement: Surrogate,
    saving: Surrogate,
    regret: Surrogate,
}

/// A measured policy of the family.
struct Known {
    id: Option<CandidateId>,
    shape: Shape,
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
        let inputs: Vec<[f64; 3]> = known.iter().map(|k| k.shape.features()).collect();
        let fit = |trend, wiggle, noise, value: fn(&Known) -> f64| {
            let values: Vec<f64> = known.iter().map(value).collect();
            Surrogate::fit(Prior { trend, wiggle, noise }, reference.features(), &inputs, &values)
        };
        Mind {
            improvement: fit([0.2, 0.05, 0.05], 0.015, 0.0005, |k| k.improvement),
            saving: fit([0.05, 0.06, 0.06], 0.03, 0.002, |k| k.saving),
            regret: fit([0.1, 0.04, 0.04], 0.02, 0.002, |k| k.regret),
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
        let iteration = self.state.iteration_number().to_string();
        let seed = keyed::seed(&["plan", &iteration], self.state.opened().seed);
        let near = self.incumbent().0.map_or(self.reference, |k| k.shape);
        let mut chosen: Option<(f64, Shape)> = None;
        for n in 0..PROPOSALS {
            let Some(drawn) = Shape::at(&space.draw(seed, n)) else { continue };
            // One proposal in three varies the best known shape instead of starting afresh.
            let shape = if n % 3 == 0 { nearby(near, drawn, seed, n) } else { drawn };
            let Some(shape) = self.placed(space, shape) else { continue };
            let promise = self.promise(&shape, best);
            if chosen.is_none_or(|(most, _)| promise > most) {
                chosen = Some((promise, shape));
            }
        }
        chosen.map(|(_, shape)| shape)
    }

    fn promise(&self, shape: &Shape, best: f64) -> f64 {
        let features = shape.features();
        let limit = self.state.opened().experiment.objective.constraints.iter();
        let limit = limit.filter(|g| g.metric == GuardMetric::Regret).filter_map(|g| g.at_most).next().unwrap_or(5.0);
        let harmless = 1.0 - self.regret.at(features).at_least(limit / 100.0);
        let improvement = self.improvement.at(features);
        let comparable = improvement.at_least(-COMPARABLE) - improvement.at_least(COMPARABLE);
        self.saving.at(features).expected_improvement(best) * harmless * comparable
    }

    /// The shape moved to where it should improve as much as the reference; none if that is outside of the space,
    /// excluded, or has been tried.
    fn placed(&self, space: &Space, mut shape: Shape) -> Option<Shape> {
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
        let shape = shape.rounded();
        let point = shape.point(|name| space.dimension(name).is_some());
        let tried = self.known.iter().any(|k| alike(&k.shape, &shape));
        let allowed = !tried
            && space.contains(&point).is_ok()
            && !self.state.constraints().any(|(_, constraint)| constraint.excludes(&point));
        allowed.then_some(shape)
    }

    fn bundle(&self, space: &Space, shape: Shape, incumbent: Option<&Known>, best: f64) -> Bundle {
        let belief = self.saving.at(shape.features());
        // A bold claim, against the best known policy: one that would surely hold teaches nothing.
        let parent = incumbent.and_then(|k| k.id.clone()).map_or(Side::Reference, Side::Candidate);
        let claimed = if incumbent.is_some() { "the best policy so far" } else { "the reference" };
        let from = incumbent.map_or(self.reference, |k| k.shape);
        let story = story(&from, &shape);
        let point = |shape: &Shape| shape.point(|name| space.dimension(name).is_some());
        let arm = |name: &str, kind, shape: &Shape, hypothesis: String, diagnostic: &str, prediction| Arm {
            name: name.into(),
            kind,
            hypothesis,
            mechanism: story.mechanism.into(),
            diagnostic: diagnostic.into(),
            prediction,
            design: Design {
                intent: format!("Refuse droppable requests along {}.", shape.words()),
                point: Some(point(shape)),
                uses: std::collections::BTreeSet::new(),
            },
        };
        let main = arm(
            "main",
            ArmKind::Main,
            &shape,
            format!(
                "At equal improvement, {} costs at least 2 % less of the reference's work than {claimed}.",
                shape.words()
            ),
            "whether its improvement is the reference's at all; which scenario it gives up",
            predict(Metric::NetSaving, parent.clone(), Relation::AtLeast(CLAIM), belief.at_least(best + CLAIM)),
        );
        let mut arms = vec![main];
        arms.extend(self.control(&shape, parent.clone(), &arm));
        arms.extend(self.ablations(space, &shape, belief, &arm));
        arms.extend(self.robustness(space, &shape, &arm));
        Bundle { question: story.question, parent, arms }
    }

    /// Where hardly anything is shed, a change of the curve must not matter.
    fn control(
        &self,
        shape: &Shape,
        parent: Side,
        arm: &impl Fn(&str, ArmKind, &Shape, String, &str, Prediction) -> Arm,
    ) -> Option<Arm> {
        let shed = self.state.yardsticks().reference.per_scenario(|c| c.x);
        let names = &self.state.opened().scenarios;
        let idle: Vec<String> = names.iter().zip(&shed).filter(|(_, x)| **x < IDLE).map(|(n, _)| n.clone()).collect();
        if idle.is_empty() {
            return None;
        }
        let mut prediction = predict(Metric::Improvement, parent, Relation::Within(0.01), 0.8);
        prediction.scope = idle;
        let hypothesis = "where the reference sheds little, the change moves critical latency by less than one point.";
        Some(arm(
            "control",
            ArmKind::ControlNegative,
            shape,
            hypothesis.into(),
            "saturation in those scenarios",
            prediction,
        ))
    }

    /// If both the curve and the weighting differ from the reference's, each alone is tried.
    fn ablations(
        &self,
        space: &Space,
        shape: &Shape,
        full: Belief,
        arm: &impl Fn(&str, ArmKind, &Shape, String, &str, Prediction) -> Arm,
    ) -> Vec<Arm> {
        if shape.prompt == 0.0 || shape.curve == self.reference.curve {
            return Vec::new();
        }
        let parts = [
            ("ablation-weighting", Shape { prompt: 0.0, ..*shape }, "the weighting by prompt length"),
            ("ablation-curve", Shape { curve: self.reference.curve, ..*shape }, "the form of the curve"),
        ];
        let ablation = |(name, without, part): (&str, Shape, &str)| {
            let without = self.placed(space, without)?;
            let belief = self.saving.at(without.features());
            let spread = (full.sd.powi(2) + belief.sd.powi(2)).sqrt();
            let difference = Belief { mean: full.mean - belief.mean, sd: spread };
            let side = Side::Arm("main".into());
            let prediction = predict(Metric::NetSaving, side, Relation::AtLeast(CLAIM), difference.at_least(CLAIM));
            let hypothesis = format!("without {part}, at least 2 % of the saving is lost.");
            Some(arm(name, ArmKind::Ablation, &without, hypothesis, "the scenarios where the two differ", prediction))
        };
        parts.into_iter().filter_map(ablation).collect()
    }

    /// The saving must not hang on the exact place of the curve.
    fn robustness(
        &self,
        space: &Space,
        shape: &Shape,
        arm: &impl Fn(&str, ArmKind, &Shape, String, &str, Prediction) -> Arm,
    ) -> Option<Arm> {
        let moved = Shape { half: shape.half * 0.97, ..*shape }.rounded();
        let point = moved.point(|name| space.dimension(name).is_some());
        space.contains(&point).ok()?;
        let prediction = predict(Metric::NetSaving, Side::Arm("main".into()), Relation::Within(0.03), 0.7);
        let hypothesis = "moved 3 % towards lower saturation, it saves the same within 3 %.";
        Some(arm(
            "robustness",
            ArmKind::Robustness,
            &moved,
            hypothesis.into(),
            "how steep cost is in its place",
            prediction,
        ))
    }
}

fn predict(metric: Metric, against: Side, relation: Relation, confidence: f64) -> Prediction {
    let confidence = (confidence.clamp(0.01, 0.99) * 100.0).round() / 100.0;
    Prediction { metric, against: vec![against], scope: vec![], relation, at_most: None, each: false, confidence }
}

/// What a change is about, in words.
struct Story {
    question: String,
    mechanism: &'static str,
}

fn story(from: &Shape, to: &Shape) -> Story {
    let gradual = to.spread().ln_1p() - from.spread().ln_1p();
    let weight = to.prompt - from.prompt;
    let (question, mechanism) = match (gradual, weight) {
        (g, w) if g.abs() < 0.02 && w.abs() < 0.02 => (
            "Does the same curve save more in another place?",
            "cost and improvement rise together along the place of a curve, but not at the same rate in every workload",
        ),
        (g, w) if w > 0.5 * g.abs() => (
            "Is it better to refuse long prompts sooner?",
            "a long prompt occupies prefill and KV cache for long, so refusing one frees most per refusal",
        ),
        (g, w) if -w > 0.5 * g.abs() => (
            "Is it better to refuse short prompts sooner?",
            "short prompts are many, so refusing them thins the batch at little cost in work",
        ),
        (g, _) if g < 0.0 => (
            "Does a steeper curve save work?",
            "what is refused below the critical saturation buys little latency; a steep curve refuses nothing there",
        ),
        _ => (
            "Does a more gradual curve save work?",
            "shedding early keeps queues from forming, so that less must be shed later",
        ),
    };
    Story { question: format!("{question} From {} to {}.", from.words(), to.words()), mechanism }
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
    let prompt = if coin(2) < 0.5 { best.prompt } else { best.prompt + part * (other.prompt - best.prompt) };
    Shape { curve, prompt, half: best.half }
}

fn alike(a: &Shape, b: &Shape) -> bool {
    let (a, b) = (a.features(), b.features());
    (a[0] - b[0]).abs() < 0.02 && (a[1] - b[1]).abs() < 0.05 && (a[2] - b[2]).abs() < 0.05
}

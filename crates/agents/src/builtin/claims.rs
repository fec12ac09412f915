//! What a shape's bundle claims: the saving itself, and what would show that the story behind it is wrong.

use super::components::Component;
use super::mind::{Known, Mind};
use super::shape::Shape;
use super::stakes::{LEAST, Stake, Stakes};
use science::bundle::{Arm, ArmKind, Bundle, Design, Metric, Prediction, Relation, Side};
use science::fastfail::Advice;
use science::gaussian::Belief;
use science::short::rounded;
use science::space::Space;

/// Scenarios in which the reference sheds less than this beyond the baseline serve as controls.
const IDLE: f64 = 0.15;
/// A change that must not matter moves critical latency by less than this, log units: a few seeds can tell.
const UNMOVED: f64 = 0.02;
/// Standard deviations from the middle of a normal distribution to its 90 % quantile.
const QUANTILE_90: f64 = 1.2816;
/// No belief about an effect is surer than this, a fraction: verdict seeds are others than the search's.
const LEAST_SD: f64 = 0.001;

/// Of so many iterations, one that only changes numbers asks whether they must be hit exactly.
const ROBUSTNESS: u32 = 5;

impl Mind<'_> {
    /// The bundle that claims what is believed of this shape.
    pub(crate) fn bundle(&self, space: &Space, shape: Shape, incumbent: Option<&Known>, best: f64) -> Bundle {
        let stakes = Stakes::of(self.state);
        let parent = incumbent.and_then(|k| k.id.clone()).map_or(Side::Reference, Side::Candidate);
        let (against, stake) = self.main_claim(&stakes, &shape, &parent, best);
        let claimed = if against == Side::Reference { "the reference" } else { "the best policy so far" };
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
                without: None,
                candidate: None,
            },
        };
        let main = arm(
            "main",
            ArmKind::Main,
            &shape,
            format!(
                "At equal improvement, {} costs at least {} less of the reference's work than {claimed}.",
                shape.words(),
                percent(&stake)
            ),
            "whether its improvement is the reference's at all; which scenario it gives up",
            staked(against.clone(), &stake),
        );
        let components = Component::between(&from, &shape);
        let mut arms = vec![main];
        match components.as_slice() {
            // Other numbers alone need no further arm; now and then it is asked whether they must be hit exactly.
            [] if self.state.iteration_number().is_multiple_of(ROBUSTNESS) => {
                arms.extend(self.robustness(space, &stakes, &shape, &arm));
            }
            [] => {}
            [_] => arms.push(self.control(space, &shape, against, &arm)),
            several => {
                arms.push(self.control(space, &shape, against, &arm));
                arms.extend(self.parts(space, &stakes, (&from, &shape), several, best, &arm));
            }
        }
        let components = components.iter().map(|component| component.name().to_owned()).collect();
        Bundle { question: story.question, parent, components, arms }
    }

    /// Who the shape is to be better than, and by how much. To beat the best known policy is the bolder claim; where the verdict
    /// seeds are not likely to tell that, it is held against the reference, by as much as they can tell.
    fn main_claim(&self, stakes: &Stakes, shape: &Shape, parent: &Side, best: f64) -> (Side, Stake) {
        let belief = self.outlook(shape).saving;
        let over_reference = stakes.against_reference(belief);
        let bold = (*parent != Side::Reference).then(|| {
            let over_parent = stakes.between(Belief { mean: belief.mean - best, ..belief });
            over_parent.largest().ok_or_else(|| over_parent.of(Relation::AtLeast(LEAST)))
        });
        match (bold, over_reference.largest()) {
            (Some(Ok(bold)), _) => (parent.clone(), bold),
            (_, Some(stake)) => (Side::Reference, stake),
            (bold, None) => {
                let least = over_reference.of(Relation::AtLeast(LEAST));
                let bolder = bold.and_then(Result::err).filter(|bold| bold.decided > least.decided);
                bolder.map_or((Side::Reference, least), |bold| (parent.clone(), bold))
            }
        }
    }

    /// Where hardly anything is shed, a change must not matter; where there is no such scenario, the last digit of the place
    /// must not.
    fn control(&self, space: &Space, shape: &Shape, against: Side, arm: &impl ArmOf) -> Arm {
        let shed = self.state.yardsticks().reference.per_scenario(|c| c.x);
        let names = &self.state.opened().scenarios;
        let idle: Vec<String> = names.iter().zip(&shed).filter(|(_, x)| **x < IDLE).map(|(n, _)| n.clone()).collect();
        // Half of the claim in four cases of five is the whole of it in ninety-nine of a hundred, but for tails.
        let interval = Some([-UNMOVED / 2.0, UNMOVED / 2.0]);
        if idle.is_empty() {
            let side = Side::Arm("main".into());
            let prediction =
                Prediction { interval, ..predict(Metric::Improvement, side, Relation::Within(UNMOVED), 0.95) };
            let hypothesis = "moved by a hundredth, it improves the same within two points.";
            let moved = nudged(space, shape);
            let diagnostic = "whether the effect hangs on one saturation level that is met again and again";
            return arm("control", ArmKind::ControlNegative, &moved, hypothesis.into(), diagnostic, prediction);
        }
        let prediction = Prediction {
            scope: idle,
            interval,
            ..predict(Metric::Improvement, against, Relation::Within(UNMOVED), 0.95)
        };
        let hypothesis = "where the reference sheds little, critical latency moves by less than two points.";
        let diagnostic = "saturation in those scenarios";
        arm("control", ArmKind::ControlNegative, shape, hypothesis.into(), diagnostic, prediction)
    }

    /// The shape without each of its components in turn; and with just two of them, the whole against the sum of both.
    fn parts(
        &self,
        space: &Space,
        stakes: &Stakes,
        (from, shape): (&Shape, &Shape),
        components: &[Component],
        best: f64,
        arm: &impl ArmOf,
    ) -> Vec<Arm> {
        let (full, mut arms, mut parts) = (self.outlook(shape).saving, Vec::new(), Vec::new());
        for component in components {
            let without = component.undone(from, shape);
            // Best where nobody has been; an earlier candidate will do as well.
            let Some(without) = self.placed(space, without).or_else(|| self.located(space, without)) else { continue };
            let part = self.outlook(&without).saving;
            let difference = Belief { mean: full.mean - part.mean, sd: full.sd.hypot(part.sd) };
            let test = stakes.between(difference);
            let stake = test.largest().or_else(|| test.narrowest()).unwrap_or_else(|| test.clearest());
            let prediction = staked(Side::Arm("main".into()), &stake);
            let (component_words, size) = (component.words(), percent(&stake));
            let hypothesis = match stake.relation {
                Relation::AtLeast(_) => format!("without {component_words}, at least {size} of the saving is lost."),
                Relation::Within(_) => format!("without {component_words}, the saving is the same within {size}."),
            };
            let name = format!("ablation-{}", component.name());
            let diagnostic = "the scenarios where the two differ";
            let mut ablation = arm(&name, ArmKind::Ablation, &without, hypothesis, diagnostic, prediction);
            ablation.design.without = Some(component.name().into());
            arms.push(ablation);
            parts.push((Side::Arm(name), part));
        }
        if let [(one, first), (other, second)] = parts.as_slice() {
            let excess = Belief {
                mean: full.mean - first.mean - second.mean + best,
                sd: full.sd.hypot(first.sd).hypot(second.sd),
            };
            let test = stakes.of_both(excess);
            let stake = test.largest().unwrap_or_else(|| test.clearest());
            let against = vec![one.clone(), other.clone()];
            let prediction = Prediction { against, ..staked(one.clone(), &stake) };
            let hypothesis = format!(
                "both changes together save at least {} more than the sum of what each saves.",
                percent(&stake)
            );
            let diagnostic = "whether each of them sheds at the same moments as the other";
            let kind = ArmKind::SuperAdditivity;
            arms.push(arm("super-additivity", kind, shape, hypothesis, diagnostic, prediction));
        }
        arms
    }

    /// The saving must not hang on the exact place of the curve.
    fn robustness(&self, space: &Space, stakes: &Stakes, shape: &Shape, arm: &impl ArmOf) -> Option<Arm> {
        let moved = Shape { half: shape.half * 0.97, ..*shape }.rounded();
        space.contains(&moved.point(|name| space.dimension(name).is_some())).ok()?;
        let [there, here] = [&moved, shape].map(|shape| self.outlook(shape).saving);
        // What is uncertain of both is nearly the same.
        let test = stakes.between(Belief { mean: there.mean - here.mean, sd: (there.sd - here.sd).abs() });
        let stake = test.narrowest().unwrap_or_else(|| test.of(Relation::Within(0.03)));
        let hypothesis = format!("moved 3 % towards lower saturation, it saves the same within {}.", percent(&stake));
        let diagnostic = "how steep cost is in its place";
        let prediction = staked(Side::Arm("main".into()), &stake);
        Some(arm("robustness", ArmKind::Robustness, &moved, hypothesis, diagnostic, prediction))
    }

    /// The shape as the last findings ask for it: without the components that a dominant one made superfluous.
    pub(crate) fn heeding(&self, shape: Shape) -> Shape {
        let Some(last) = self.state.iterations.last() else { return shape };
        let (Some(Advice::Simplify { component: kept }), Some(bundle)) = (&last.advice, &last.bundle) else {
            return shape;
        };
        let from = match &bundle.parent {
            Side::Candidate(id) => self.state.candidates.get(id).and_then(|record| record.candidate.point.as_ref()),
            Side::Baseline | Side::Reference | Side::Arm(_) => None,
        };
        let from = from.and_then(Shape::at).unwrap_or(self.reference);
        let superfluous = Component::ALL.into_iter().filter(|component| {
            component.name() != kept && bundle.components.iter().any(|name| name == component.name())
        });
        superfluous.fold(shape, |shape, component| component.undone(&from, &shape))
    }
}

/// Makes an arm of a name, a kind, a shape, a hypothesis, a diagnostic and a prediction.
trait ArmOf: Fn(&str, ArmKind, &Shape, String, &str, Prediction) -> Arm {}

impl<F: Fn(&str, ArmKind, &Shape, String, &str, Prediction) -> Arm> ArmOf for F {}

/// The shape a hundredth further along saturation, or as far back at the end of the space.
fn nudged(space: &Space, shape: &Shape) -> Shape {
    let moved = |factor: f64| Shape { half: shape.half * factor, ..*shape }.rounded();
    let inside = |shape: &Shape| space.contains(&shape.point(|name| space.dimension(name).is_some())).is_ok();
    Some(moved(1.01)).filter(inside).unwrap_or_else(|| moved(0.99))
}

fn predict(metric: Metric, against: Side, relation: Relation, confidence: f64) -> Prediction {
    let confidence = (confidence.clamp(0.01, 0.99) * 100.0).round() / 100.0;
    Prediction {
        metric,
        against: vec![against],
        scope: vec![],
        relation,
        at_most: None,
        each: false,
        confidence,
        interval: None,
    }
}

/// A claim of net saving, with what is to be expected of it.
fn staked(against: Side, stake: &Stake) -> Prediction {
    Prediction {
        interval: interval(stake.measured),
        ..predict(Metric::NetSaving, against, stake.relation, stake.holds)
    }
}

/// The size of a claim, in words.
fn percent(stake: &Stake) -> String {
    format!("{} %", rounded(stake.size() * 100.0, 4))
}

/// The middle 80 % of a belief, as a person would write it.
fn interval(belief: Belief) -> Option<[f64; 2]> {
    let half = QUANTILE_90 * belief.sd.max(LEAST_SD);
    Some([belief.mean - half, belief.mean + half].map(|end| (end * 1e4).round() / 1e4))
}

/// What a change is about, in words.
struct Story {
    question: String,
    mechanism: &'static str,
}

fn story(from: &Shape, to: &Shape) -> Story {
    // Half of a change in gradualness weighs as much as a change of an exponent.
    let gradual = 0.5 * (to.spread().ln_1p() - from.spread().ln_1p());
    let (prompt, mix, capacity) = (to.prompt - from.prompt, to.mix - from.mix, to.capacity - from.capacity);
    // An exponent of 0.2 is as much of a weighting by rate as 0.6 is of one by capacity.
    let rate = 3.0 * (to.rate - from.rate);
    let largest = [gradual, prompt, mix, capacity, rate].map(f64::abs).into_iter().fold(0.0, f64::max);
    let (question, mechanism) = if from.signal != to.signal {
        (
            "Does it matter whether waiting requests count beside the KV cache?",
            "a queue is a late sign: where batches form freely the KV cache fills before anything has to wait",
        )
    } else if largest < 0.02 {
        (
            "Does the same curve save more in another place?",
            "cost and improvement rise together along the place of a curve, but not at the same rate in every workload",
        )
    } else if capacity.abs() == largest {
        (
            "Is it better to let the size of the KV cache decide with?",
            "a share of a larger KV cache is a larger batch, in which every request decodes more slowly: equal utilisation is not \
             equal pressure where instances differ",
        )
    } else if rate.abs() == largest {
        (
            "Is it better to let the arrival rate decide with?",
            "at equal use of the KV cache many short requests keep an instance busier than few long ones: more prefills come \
             between the steps that critical requests wait for",
        )
    } else if mix == largest {
        (
            "Is it better to shed sooner the more of the traffic is droppable?",
            "where most requests are droppable, refusing some of them relieves the critical ones; where few are, critical \
             requests make the pressure themselves, and refusing the others costs much of them for little",
        )
    } else if -mix == largest {
        (
            "Is it better to give the mix of tiers less weight?",
            "pressure is pressure whoever makes it: the less the mix decides, the more evenly workloads are relieved",
        )
    } else if prompt == largest {
        (
            "Is it better to refuse long prompts sooner?",
            "a long prompt occupies prefill and KV cache for long, so refusing one frees most per refusal",
        )
    } else if -prompt == largest {
        (
            "Is it better to refuse short prompts sooner?",
            "short prompts are many, so refusing them thins the batch at little cost in work",
        )
    } else if gradual < 0.0 {
        (
            "Does a steeper curve save work?",
            "what is refused below the critical saturation buys little latency; a steep curve refuses nothing there",
        )
    } else {
        (
            "Does a more gradual curve save work?",
            "shedding early keeps queues from forming, so that less must be shed later",
        )
    };
    Story { question: format!("{question} From {} to {}.", from.words(), to.words()), mechanism }
}

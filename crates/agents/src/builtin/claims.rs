//! What a shape's bundle claims: the saving itself, and what would show that the story behind it is wrong.

use super::planner::{Known, Mind};
use super::shape::Shape;
use super::surrogate::Belief;
use science::bundle::{Arm, ArmKind, Bundle, Design, Metric, Prediction, Relation, Side};
use science::space::Space;

/// The least net saving that is worth a claim.
const CLAIM: f64 = 0.02;
/// Scenarios in which the reference sheds less than this beyond the baseline serve as controls.
const IDLE: f64 = 0.15;
/// Standard deviations from the middle of a normal distribution to its 90 % quantile.
const QUANTILE_90: f64 = 1.2816;
/// No belief about an effect is surer than this, a fraction: verdict seeds are others than the search's.
const LEAST_SD: f64 = 0.001;

impl Mind<'_> {
    /// The bundle that claims what is believed of this shape.
    pub(crate) fn bundle(&self, space: &Space, shape: Shape, incumbent: Option<&Known>, best: f64) -> Bundle {
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
            Prediction {
                interval: interval(Belief { mean: belief.mean - best, ..belief }),
                ..predict(Metric::NetSaving, parent.clone(), Relation::AtLeast(CLAIM), belief.at_least(best + CLAIM))
            },
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
        // What a confidence of four in five says of a claim of this size.
        prediction.interval = Some([-0.01, 0.01]);
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

    /// If the shape differs from the reference's in several parts, it is tried without each of them in turn.
    fn ablations(
        &self,
        space: &Space,
        shape: &Shape,
        full: Belief,
        arm: &impl Fn(&str, ArmKind, &Shape, String, &str, Prediction) -> Arm,
    ) -> Vec<Arm> {
        let parts = [
            ("ablation-prompt", Shape { prompt: 0.0, ..*shape }, "the weighting by prompt length"),
            ("ablation-mix", Shape { mix: 0.0, ..*shape }, "the weighting by the mix of tiers"),
            ("ablation-curve", Shape { curve: self.reference.curve, ..*shape }, "the form of the curve"),
        ];
        let present: Vec<_> = parts.into_iter().filter(|(_, without, _)| without != shape).collect();
        if present.len() < 2 {
            return Vec::new();
        }
        let ablation = |(name, without, part): (&str, Shape, &str)| {
            let without = self.placed(space, without)?;
            let belief = self.saving.at(without.features());
            let spread = (full.sd.powi(2) + belief.sd.powi(2)).sqrt();
            let difference = Belief { mean: full.mean - belief.mean, sd: spread };
            let side = Side::Arm("main".into());
            let prediction = Prediction {
                interval: interval(difference),
                ..predict(Metric::NetSaving, side, Relation::AtLeast(CLAIM), difference.at_least(CLAIM))
            };
            let hypothesis = format!("without {part}, at least 2 % of the saving is lost.");
            Some(arm(name, ArmKind::Ablation, &without, hypothesis, "the scenarios where the two differ", prediction))
        };
        present.into_iter().filter_map(ablation).collect()
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
        let prediction = Prediction {
            // Seven in ten within 3 %: what is normal and does so has its middle four fifths within 3.7 %.
            interval: Some([-0.037, 0.037]),
            ..predict(Metric::NetSaving, Side::Arm("main".into()), Relation::Within(0.03), 0.7)
        };
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
    let (prompt, mix) = (to.prompt - from.prompt, to.mix - from.mix);
    let largest = [gradual, prompt, mix].map(f64::abs).into_iter().fold(0.0, f64::max);
    let (question, mechanism) = if largest < 0.02 {
        (
            "Does the same curve save more in another place?",
            "cost and improvement rise together along the place of a curve, but not at the same rate in every workload",
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

//! Fast-fail: what a verdict saves. Rules in order of priority:
//!
//! 1. The main arm is refuted or could not be tested: the other arms of the bundle say nothing, skip them.
//! 2. The control is refuted and the main arm is not confirmed: the effect, if any, is not the claimed one; skip the rest,
//!    and send the design back.
//! 3. The main arm is inconclusive: what share of an effect a component carries is a finer question than how large the
//!    effect is. Of 84 such claims in fifteen campaigns four came to a decision, at 384 trials of search for each bundle.
//!    Hear the control, for rule 2, unless it waits for such a claim, and skip the rest.
//! 4. One component alone carries more than 80 % of the effect: what the others add is not worth more arms; skip the rest,
//!    and ask for the simpler design.
//!
//! The order of arms decides how much that saves: see [`ordered`].

use crate::bundle::{Arm, ArmKind, Bundle, Side};
use crate::judge::{Finding, Verdict};

/// The share of the effect from which a component is dominant.
pub const DOMINANT: f64 = 0.8;

/// What findings ask of the next plan.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Advice {
    /// The control of this name is refuted and the main claim is not confirmed: something else is at work.
    Redesign {
        /// The control arm.
        control: String,
    },
    /// This component alone carries more than [`DOMINANT`] of the effect.
    Simplify {
        /// The component.
        component: String,
    },
}

impl Advice {
    /// The advice that follows from an iteration with this number, in words for whoever plans next.
    pub fn words(&self, iteration: usize) -> String {
        match self {
            Advice::Redesign { control } => format!(
                "redesign: the control of iteration {iteration} (F{iteration}.{control}) is confounded, so its design is not to be claimed again as it is"
            ),
            Advice::Simplify { component } => format!(
                "simplify: in iteration {iteration} component `{component}` alone carries more than 80 % of the effect; drop the others"
            ),
        }
    }
}

/// Why an arm of a bundle need not be tried, given the findings so far and what they ask for; none if it must.
pub(crate) fn skip(
    bundle: &Bundle,
    arm: usize,
    findings: &[Option<&Finding>],
    advice: Option<&Advice>,
) -> Option<String> {
    match (verdict(bundle, findings, ArmKind::Main)?, advice) {
        (Verdict::Refuted, _) => Some("the main claim is refuted".into()),
        (Verdict::Invalid, _) => Some("the main claim could not be tested".into()),
        (_, Some(Advice::Redesign { .. })) => {
            Some("the control is refuted and the main claim is not confirmed: redesign".into())
        }
        (_, Some(Advice::Simplify { component })) => {
            Some(format!("component `{component}` carries more than 80 % of the effect: simplify"))
        }
        (Verdict::Inconclusive, None) if !controls_the_whole(bundle, &bundle.arms[arm]) => {
            Some("the main claim is inconclusive: what its effect rests on cannot be told".into())
        }
        (Verdict::Confirmed | Verdict::PartiallyConfirmed | Verdict::Inconclusive, None) => None,
    }
}

/// Whether an arm is a control that can be heard without the arms about components.
fn controls_the_whole(bundle: &Bundle, arm: &Arm) -> bool {
    let is_of_components = |side: &Side| matches!(side, Side::Arm(name) if *name != bundle.arms[0].name);
    arm.kind == ArmKind::ControlNegative && !arm.prediction.against.iter().any(is_of_components)
}

/// Whether the control says that something else is at work: it is refuted, and the main claim is open or holds in part.
pub fn confounded<'a>(bundle: &'a Bundle, findings: &[Option<&Finding>]) -> Option<&'a Arm> {
    let main = verdict(bundle, findings, ArmKind::Main)?;
    let open = matches!(main, Verdict::PartiallyConfirmed | Verdict::Inconclusive);
    let refuted = |at: &usize| findings[*at].is_some_and(|finding| finding.verdict == Verdict::Refuted);
    let controls = (0..bundle.arms.len()).filter(|at| bundle.arms[*at].kind == ArmKind::ControlNegative);
    controls.filter(|_| open).find(refuted).map(|at| &bundle.arms[at])
}

fn verdict(bundle: &Bundle, findings: &[Option<&Finding>], kind: ArmKind) -> Option<Verdict> {
    let at = bundle.arms.iter().position(|arm| arm.kind == kind)?;
    findings.get(at).copied().flatten().map(|finding| finding.verdict)
}

/// The bundle with its arms in the order in which they save most: main, control, ablations, super-additivity, robustness.
/// Among equals the one first whose outcome is least known: a claim that holds with probability p tells H(p) bits, most
/// at one half. No arm comes before one that it is compared with.
pub fn ordered(mut bundle: Bundle) -> Bundle {
    let mut waiting = std::mem::take(&mut bundle.arms);
    while !waiting.is_empty() {
        let ready = |arm: &&Arm| {
            let mut others = arm.prediction.against.iter();
            others.all(|side| !matches!(side, Side::Arm(name) if waiting.iter().any(|arm| arm.name == *name)))
        };
        let before = |a: &&Arm, b: &&Arm| rank(a.kind).cmp(&rank(b.kind)).then(doubt(b).total_cmp(&doubt(a)));
        let next = waiting.iter().filter(ready).min_by(before).map(|arm| arm.name.clone());
        let at = waiting.iter().position(|arm| Some(&arm.name) == next.as_ref()).unwrap_or(0);
        bundle.arms.push(waiting.remove(at));
    }
    bundle
}

fn rank(kind: ArmKind) -> u8 {
    match kind {
        ArmKind::Main => 0,
        ArmKind::ControlNegative => 1,
        ArmKind::Ablation => 2,
        ArmKind::SuperAdditivity => 3,
        ArmKind::Robustness => 4,
    }
}

/// How open a claim is by its planner's own word: 0.5 at even odds, 0 where it is sure.
fn doubt(arm: &Arm) -> f64 {
    0.5 - (arm.prediction.confidence - 0.5).abs()
}

//! Draws lessons from the findings of an iteration.
//!
//! One finding speaks of the policies that it compared and forbids nothing. What several of them rule out together is a
//! constraint of its own ([`super::narrowing`]).

use super::memory::Memory;
use super::narrowing;
use super::shape::Shape;
use science::bundle::{Arm, ArmKind, Relation, Side};
use science::judge::{Finding, Verdict};
use science::principle::{Change, Confidence, Principle, Status};
use science::short::rounded;
use science::space::Point;
use science::state::{self, State};

/// What the iteration that is under way changes in the principles.
pub(crate) fn extract(state: &State, memory: &Memory) -> Vec<Change> {
    let Some(bundle) = &state.current().bundle else { return Vec::new() };
    let judged = bundle.arms.iter().zip(&state.current().arms);
    let mut changes = Vec::new();
    for (arm, record) in judged {
        let Some(finding) = &record.finding else { continue };
        let evidence = format!("F{}.{}", state.iteration_number(), arm.name);
        changes.extend(lesson(state, arm, finding, &next(state, &changes), &evidence, &bundle.parent));
    }
    changes.extend(narrowing::narrow(state, memory, &next(state, &changes)));
    changes
}

/// The name of the next principle.
fn next(state: &State, changes: &[Change]) -> String {
    let new = changes.iter().filter(|change| matches!(change, Change::Insert(_))).count();
    format!("P{}", state.principles.len() + new + 1)
}

fn lesson(state: &State, arm: &Arm, finding: &Finding, id: &str, evidence: &str, parent: &Side) -> Option<Change> {
    let point = arm.design.point.as_ref()?;
    let words = Shape::at(point)?.words();
    let effect = finding.effect.map_or(f64::NAN, |effect| effect.estimate * 100.0);
    let against = arm.prediction.against.first().map_or_else(|| state::describe(parent), state::describe);
    let statement = match (arm.kind, finding.verdict) {
        (ArmKind::Main, Verdict::Refuted) => {
            format!("{words} does not save {} against {against}: {effect:+.1} %.", claimed(arm))
        }
        (ArmKind::Main, Verdict::Confirmed) => format!("{words} saves {effect:+.1} % against {against}."),
        (ArmKind::Ablation, Verdict::Confirmed) => {
            format!("In {words}: {} ({effect:+.1} %).", arm.hypothesis.trim_end_matches('.'))
        }
        _ => return None,
    };
    if let Some(known) = same_lesson(state, arm, finding, point) {
        return Some(refined(state, known, &statement, evidence));
    }
    Some(Change::Insert(Principle {
        id: id.into(),
        statement,
        mechanism: arm.mechanism.clone(),
        regime: "the study panel's scenarios, at the reference's improvement".into(),
        evidence: vec![evidence.into()],
        confidence: Confidence::Provisional,
        status: Status::Active,
        constraint: None,
    }))
}

/// What an arm claims to save, in words.
fn claimed(arm: &Arm) -> String {
    let (Relation::AtLeast(size) | Relation::Within(size)) = arm.prediction.relation;
    format!("{} %", rounded(size * 100.0, 4))
}

/// An earlier principle that confirms the same mechanism for the same family. Refutations are not joined: each speaks of
/// its own place.
fn same_lesson<'a>(state: &'a State, arm: &Arm, finding: &Finding, point: &Point) -> Option<&'a Principle> {
    if finding.verdict != Verdict::Confirmed {
        return None;
    }
    let active = state.principles.iter().filter(|p| p.status == Status::Active);
    active.filter(|p| p.mechanism == arm.mechanism).find(|p| {
        let earlier = p.evidence.first().and_then(|evidence| state.cited(evidence));
        earlier.is_some_and(|(other, _, earlier)| {
            let family = other.design.point.as_ref().and_then(|p| p.get("family"));
            other.kind == arm.kind
                && earlier.verdict == finding.verdict
                && p.constraint.is_none()
                && family == point.get("family")
        })
    })
}

fn refined(state: &State, known: &Principle, statement: &str, evidence: &str) -> Change {
    let mut principle = known.clone();
    // Two cases make the lesson; further ones are cited, not told, lest the statement grow with the campaign.
    if known.evidence.len() == 1 {
        principle.statement = format!("{} Likewise, {statement}", principle.statement);
    }
    principle.evidence.push(evidence.into());
    principle.confidence = state.confidence(&principle.evidence);
    Change::Refine(principle)
}

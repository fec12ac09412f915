//! Draws lessons from the findings of an iteration.
//!
//! A refuted main claim forbids the neighbourhood in which it was tested, and what lies beyond in the direction that made
//! it worse where the sign itself was wrong. A policy that refuses too little to compare with the reference forbids its
//! like that refuse still less (and the other way round): improvement rises with what is refused. No constraint is drawn
//! over a recorded policy that saves.

use super::shape::{Shape, round};
use science::bundle::{Arm, ArmKind, Relation, Side};
use science::judge::{ErrorKind, Finding, Verdict};
use science::objective::COMPARABLE;
use science::principle::{Change, Confidence, Principle, Status};
use science::space::{Constraint, Dimension, Point, Value, Within};
use science::state::{self, State};

/// Half the width of a forbidden neighbourhood, as a share of each dimension's prior mass.
const REACH: f64 = 0.1;

/// What the iteration that is under way changes in the principles.
pub(crate) fn extract(state: &State) -> Vec<Change> {
    let Some(bundle) = &state.current().bundle else { return Vec::new() };
    let judged = bundle.arms.iter().zip(&state.current().arms);
    let mut changes = Vec::new();
    for (arm, record) in judged {
        let Some(finding) = &record.finding else { continue };
        let number = state.principles.len() + changes.iter().filter(|c| matches!(c, Change::Insert(_))).count() + 1;
        let evidence = format!("F{}.{}", state.iteration_number(), arm.name);
        changes.extend(lesson(state, arm, finding, &format!("P{number}"), &evidence, &bundle.parent));
    }
    changes
}

fn lesson(state: &State, arm: &Arm, finding: &Finding, id: &str, evidence: &str, parent: &Side) -> Option<Change> {
    let point = arm.design.point.as_ref()?;
    let words = Shape::at(point)?.words();
    let effect = finding.effect.map_or(f64::NAN, |effect| effect.estimate * 100.0);
    let against = arm.prediction.against.first().map_or_else(|| state::describe(parent), state::describe);
    let (statement, constraint) = match (arm.kind, finding.verdict) {
        (ArmKind::Main, Verdict::Refuted) => (
            format!("{words} does not save {} against {against}: {effect:+.1} %.", claimed(arm)),
            around(state, point, finding.error, parent),
        ),
        (ArmKind::Main, Verdict::Invalid) => {
            let distance = off_scale(state, arm)?;
            let side = if distance < 0.0 { "too little" } else { "too much" };
            (
                format!(
                    "{words} refuses {side}: its improvement is {:.1} points off the reference's.",
                    distance * 100.0
                ),
                beyond(state, point, distance < 0.0),
            )
        }
        (ArmKind::Main, Verdict::Confirmed) => (format!("{words} saves {effect:+.1} % against {against}."), None),
        (ArmKind::Ablation, Verdict::Confirmed) => {
            (format!("In {words}: {} ({effect:+.1} %).", arm.hypothesis.trim_end_matches('.')), None)
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
        constraint,
    }))
}

/// What an arm claims to save, in words.
fn claimed(arm: &Arm) -> String {
    let (Relation::AtLeast(size) | Relation::Within(size)) = arm.prediction.relation;
    format!("{} %", round(size * 100.0, 4))
}

/// How far the arm's candidate improves beyond the reference, log units, if it was measured and is too far off to compare.
fn off_scale(state: &State, arm: &Arm) -> Option<f64> {
    let (at, _) = state.bundle().arm(&arm.name)?;
    let record = &state.candidates[state.current().arms[at].candidate.as_ref()?];
    let reference = &state.study().reference;
    let distance = record.measurement.as_ref()?.rows(0..reference.cells.len()).y() - reference.y();
    (distance.abs() > COMPARABLE).then_some(distance)
}

/// The box around a refuted point; open to the side that leads away from the parent where the sign was wrong.
fn around(state: &State, point: &Point, error: Option<ErrorKind>, parent: &Side) -> Option<Constraint> {
    let origin = match parent {
        Side::Candidate(id) => state.candidates.get(id).and_then(|record| record.candidate.point.as_ref()),
        Side::Reference | Side::Baseline | Side::Arm(_) => None,
    };
    forbid(state, point, |dimension, value| {
        let from = match (error, origin.and_then(|origin| origin.get(&dimension.name))) {
            // Only what was changed can have caused the loss; the place was set to match and is not a cause.
            (Some(ErrorKind::Direction), Some(Value::Number(from))) if dimension.name != "half" => *from,
            _ => value,
        };
        let (mass, from) = (dimension.mass_below(value), dimension.mass_below(from));
        // Only a change that is itself larger than the neighbourhood shows a direction.
        let low = if from - mass > REACH { 0.0 } else { mass - REACH };
        let high = if mass - from > REACH { 1.0 } else { mass + REACH };
        [low, high]
    })
}

/// The neighbourhood of a point that refuses too little, with all places that refuse still less; or the other way round.
fn beyond(state: &State, point: &Point, too_little: bool) -> Option<Constraint> {
    forbid(state, point, |dimension, value| {
        let mass = dimension.mass_below(value);
        match (dimension.name.as_str(), too_little) {
            // The less weight the mix has, the less pressure is felt, in every workload.
            ("half", true) | ("mix", false) => [mass, 1.0],
            ("half", false) | ("mix", true) => [0.0, mass],
            _ => [mass - REACH, mass + REACH],
        }
    })
}

/// A box with these sides (as prior mass) on numeric dimensions and the point's own choices; none if a policy inside it
/// is known to compare with the reference and to save at least 2 %.
fn forbid(state: &State, point: &Point, side: impl Fn(&Dimension, f64) -> [f64; 2]) -> Option<Constraint> {
    let space = state.opened().experiment.space();
    let within = |dimension: &Dimension, value: &Value| match value {
        Value::Choice(choice) => Within::OneOf(vec![choice.clone()]),
        Value::Number(v) => {
            Within::Range(side(dimension, *v).map(|mass| match dimension.at_mass(mass.clamp(0.0, 1.0)) {
                Value::Number(edge) => round(edge, 4),
                Value::Choice(_) => *v,
            }))
        }
    };
    let sides =
        space.dimensions.iter().filter_map(|d| point.get(&d.name).map(|value| (d.name.clone(), within(d, value))));
    let constraint = Constraint { excludes: sides.collect() };
    let forbids_good =
        state.inside(&constraint).any(|(_, score)| score.net_saving.is_some_and(|saving| saving >= 0.02));
    (!forbids_good).then_some(constraint)
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

//! Draws lessons from the findings of an iteration.
//!
//! A refuted main claim forbids the neighbourhood in which it was tested, and beyond it in the direction that made it
//! worse where the sign itself was wrong; never a region that holds a recorded policy as good as the best one.

use super::shape::Shape;
use science::bundle::{Arm, ArmKind, Side};
use science::judge::{ErrorKind, Finding, Verdict};
use science::principle::{Change, Confidence, Principle, Status};
use science::space::{Constraint, Dimension, Measure, Point, Value, Within};
use science::state::State;

/// Half the width of a forbidden neighbourhood, as a share of each dimension's prior mass.
const REACH: f64 = 0.06;

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
    let (statement, constraint) = match (arm.kind, finding.verdict) {
        (ArmKind::Main, Verdict::Refuted) => {
            let constraint = forbid(state, point, finding.error, parent);
            (format!("{words} does not save 2 %: it saves {effect:.1} %."), constraint)
        }
        (ArmKind::Main, Verdict::Confirmed) => (format!("{words} saves {effect:.1} % of the work refused."), None),
        (ArmKind::Ablation, Verdict::Confirmed) => {
            (format!("{}: {effect:.1} % of it.", arm.hypothesis.trim_end_matches('.')), None)
        }
        _ => return None,
    };
    if let Some(known) = same_lesson(state, arm, finding, point) {
        return Some(refined(known, evidence));
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

/// The box around a refuted point; open to the side that leads away from the parent where the sign was wrong. None if a
/// policy inside it is known to save more than the claim said this one would.
fn forbid(state: &State, point: &Point, error: Option<ErrorKind>, parent: &Side) -> Option<Constraint> {
    let space = state.opened().experiment.space();
    let origin = match parent {
        Side::Candidate(id) => state.candidates.get(id).and_then(|record| record.candidate.point.as_ref()),
        Side::Reference | Side::Baseline | Side::Arm(_) => None,
    };
    let side = |dimension: &Dimension, value: &Value| match value {
        Value::Choice(choice) => Within::OneOf(vec![choice.clone()]),
        Value::Number(v) => {
            let away = match (error, origin.and_then(|origin| origin.get(&dimension.name))) {
                // Only what was changed can have caused the loss; the place was set to match and is not a cause.
                (Some(ErrorKind::Direction), Some(Value::Number(from))) if dimension.name != "half" => v - from,
                _ => 0.0,
            };
            Within::Range(neighbourhood(dimension, *v, away))
        }
    };
    let sides =
        space.dimensions.iter().filter_map(|d| point.get(&d.name).map(|value| (d.name.clone(), side(d, value))));
    let constraint = Constraint { excludes: sides.collect() };
    let good = state.candidates.values().filter(|record| {
        let saving = record.score.as_ref().and_then(|score| score.net_saving);
        saving.is_some_and(|saving| saving >= 0.02)
    });
    let forbids_good = good.filter_map(|record| record.candidate.point.as_ref()).any(|p| constraint.excludes(p));
    (!forbids_good).then_some(constraint)
}

fn neighbourhood(dimension: &Dimension, value: f64, away: f64) -> [f64; 2] {
    let mass = dimension.mass_below(value);
    let end = |mass: f64| match dimension.at_mass(mass.clamp(0.0, 1.0)) {
        Value::Number(v) => v,
        Value::Choice(_) => value,
    };
    // Only a change that is itself larger than the neighbourhood shows a direction.
    let from = dimension.mass_below(value - away);
    let low = if away < 0.0 && from - mass > REACH { 0.0 } else { mass - REACH };
    let high = if away > 0.0 && mass - from > REACH { 1.0 } else { mass + REACH };
    let digits = if dimension.measure == Measure::LogUniform { 4 } else { 3 };
    [super::shape::round(end(low), digits), super::shape::round(end(high), digits)]
}

/// An earlier principle that says the same of about the same place.
fn same_lesson<'a>(state: &'a State, arm: &Arm, finding: &Finding, point: &Point) -> Option<&'a Principle> {
    let active = state.principles.iter().filter(|p| p.status == Status::Active);
    active.filter(|p| p.mechanism == arm.mechanism).find(|p| {
        let earlier = p.evidence.first().and_then(|evidence| arm_of(state, evidence));
        earlier.is_some_and(|(other, verdict)| {
            let family = other.design.point.as_ref().and_then(|p| p.get("family"));
            other.kind == arm.kind
                && verdict == finding.verdict
                && p.constraint.is_none()
                && family == point.get("family")
        })
    })
}

fn arm_of<'a>(state: &'a State, evidence: &str) -> Option<(&'a Arm, Verdict)> {
    let (iteration, name) = evidence.strip_prefix('F')?.split_once('.')?;
    let iteration = state.iterations.get(iteration.parse::<usize>().ok()?.checked_sub(1)?)?;
    let (at, arm) = iteration.bundle.as_ref()?.arm(name)?;
    Some((arm, iteration.arms[at].finding.as_ref()?.verdict))
}

fn refined(known: &Principle, evidence: &str) -> Change {
    let mut principle = known.clone();
    principle.evidence.push(evidence.into());
    principle.confidence = Confidence::Established;
    Change::Refine(principle)
}

//! Principles in force and retired, each with the findings that it rests on.

use crate::path::finding_id;
use science::principle::{Change, Principle, Status};
use science::state::State;
use serde::Serialize;

/// Both kinds, and what they leave of the space.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Principles {
    pub(crate) active: Vec<Stated>,
    pub(crate) retired: Vec<Stated>,
    /// Share of the declared space that the constraints in force leave.
    pub(crate) volume: f64,
    /// With 95 % confidence, at most this share of what they exclude is better than what was known.
    pub(crate) false_exclusion: Option<f64>,
    /// Points of audits that this rests on.
    pub(crate) audited_points: u32,
    /// Whether the experiment declares a space at all.
    pub(crate) declared: bool,
}

/// A principle.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Stated {
    pub(crate) id: String,
    pub(crate) statement: String,
    pub(crate) mechanism: String,
    pub(crate) regime: String,
    pub(crate) confidence: &'static str,
    pub(crate) status: &'static str,
    pub(crate) evidence: Vec<Evidence>,
    /// What it forbids.
    pub(crate) constraint: Option<String>,
    /// Why it was retired, if it was.
    pub(crate) reason: Option<String>,
}

/// A finding that a principle cites.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Evidence {
    pub(crate) finding: String,
    /// Its verdict; none if the record has no such finding.
    pub(crate) verdict: Option<&'static str>,
}

/// Every principle that was drawn.
pub(crate) fn principles(state: &State) -> Principles {
    let stated = |status: Status| {
        let of_status = state.principles.iter().filter(move |principle| principle.status == status);
        of_status.map(|principle| stated(state, principle)).collect()
    };
    Principles {
        active: stated(Status::Active),
        retired: stated(Status::Retired),
        volume: state.volume(),
        false_exclusion: state.false_exclusion(),
        audited_points: state.audited_points(),
        declared: !state.opened().experiment.dimensions.is_empty(),
    }
}

fn stated(state: &State, principle: &Principle) -> Stated {
    let evidence = |id: &String| Evidence { finding: id.clone(), verdict: verdict(state, id) };
    Stated {
        id: principle.id.clone(),
        statement: principle.statement.clone(),
        mechanism: principle.mechanism.clone(),
        regime: principle.regime.clone(),
        confidence: principle.confidence.as_str(),
        status: principle.status.as_str(),
        evidence: principle.evidence.iter().map(evidence).collect(),
        constraint: principle.constraint.as_ref().map(ToString::to_string),
        reason: retired_because(state, &principle.id),
    }
}

fn verdict(state: &State, id: &str) -> Option<&'static str> {
    for (iteration, number) in state.iterations.iter().zip(1..) {
        let arms = iteration.bundle.iter().flat_map(|bundle| &bundle.arms);
        for (arm, record) in arms.zip(&iteration.arms) {
            if finding_id(number, &arm.name) == id {
                return record.finding.as_ref().map(|finding| finding.verdict.as_str());
            }
        }
    }
    None
}

fn retired_because(state: &State, principle: &str) -> Option<String> {
    let changes = state.iterations.iter().rev().flat_map(|iteration| iteration.changes.iter().rev());
    let last = changes.filter_map(|change| match change {
        Change::Retire { id, reason } if id == principle => Some(Some(reason.clone())),
        Change::Insert(p) | Change::Refine(p) if p.id == principle => Some(None),
        Change::Retire { .. } | Change::Insert(_) | Change::Refine(_) => None,
    });
    last.take(1).next().flatten()
}

//! What each evaluation of a campaign was worth, in the order in which they were made.

use crate::audit::AuditedPoint;
use crate::champion;
use crate::event::{Event, Simpler};
use crate::id::CandidateId;
use crate::objective::Score;
use crate::outcome::Outcome;
use crate::state::State;
use crate::stopping;

/// The evaluations of a campaign on its search panel, from its folded events: what each is worth, none of what is not admissible.
pub fn course<'a>(state: &State, events: impl IntoIterator<Item = &'a Event>) -> Vec<Option<f64>> {
    let against = (&state.opened().experiment, state.spec());
    let admissible = |score: &Score| champion::objections(score, 0, None, against).is_empty();
    let audited = |point: &AuditedPoint| point.saving.filter(|_| point.admissible);
    let mut stopped = 0;
    events
        .into_iter()
        .flat_map(|event| match event {
            // Three that were stopped after a third of the panel are one evaluation.
            Event::CandidateEvaluated { outcome: Outcome::Stopped, .. } => {
                let charged = stopping::is_charged(stopped);
                stopped += 1;
                vec![None; usize::from(charged)]
            }
            Event::CandidateEvaluated { candidate, .. } => {
                vec![own(state, candidate).filter(|_| state.objections(candidate).is_empty())]
            }
            Event::Tuned { tried, .. } => {
                let score = |score: &Score| score.worth.filter(|_| admissible(score));
                tried.iter().map(|tried| tried.score.as_ref().and_then(score)).collect()
            }
            Event::Simplified { of, tried, .. } => {
                let whole = own(state, of);
                let simpler = |tried: &Simpler| Some(whole? + tried.gain.filter(|_| tried.admissible)?);
                tried.iter().map(simpler).collect()
            }
            Event::Audited { points, .. } => points.iter().filter(|point| point.runs > 0).map(audited).collect(),
            // What was only asked can become champion of nothing.
            Event::BundleRegistered { asked, .. } | Event::PlanFailed { asked, .. } => vec![None; asked.len()],
            Event::Started(_)
            | Event::Calibrated { .. }
            | Event::CandidateWritten { .. }
            | Event::VariantWritten { .. }
            | Event::ExecutorFailed { .. }
            | Event::RepairFailed { .. }
            | Event::Tested { .. }
            | Event::ArmJudged { .. }
            | Event::ArmSkipped { .. }
            | Event::PrinciplesRevised { .. }
            | Event::Finals { .. }
            | Event::IterationClosed { .. }
            | Event::Ended { .. } => Vec::new(),
        })
        .collect()
}

/// What a candidate is worth on the search panel.
fn own(state: &State, candidate: &CandidateId) -> Option<f64> {
    state.candidates.get(candidate)?.score.as_ref()?.worth
}

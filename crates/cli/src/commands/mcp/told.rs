//! What whoever drives a campaign is told of an event, in a line.

use engine::science::event::Event;
use engine::science::outcome::Outcome;
use engine::science::state::State;

/// The line; none of what he need not know.
pub(super) fn told(state: &State, event: &Event) -> Option<String> {
    match event {
        Event::BundleRegistered { bundle, .. } => {
            Some(format!("iteration {}: {}", state.iteration_number(), bundle.question))
        }
        Event::PlanFailed { reason, .. } => {
            Some(format!("iteration {}: no usable plan: {reason}", state.iteration_number()))
        }
        Event::CandidateEvaluated { candidate, outcome, .. } => match outcome {
            Outcome::Scored => {
                let score = state.candidates.get(candidate)?.score.as_ref()?;
                let worth = score.worth.map_or_else(|| "does not compare".into(), |w| report::worth(state.spec(), w));
                Some(format!("  candidate {}: {worth}", candidate.short()))
            }
            other => Some(format!("  candidate {}: {}", candidate.short(), other.as_str())),
        },
        Event::ArmJudged { arm, finding } => {
            let metric = state.bundle().arm(arm).and_then(|(_, arm)| state.spec().metric(&arm.prediction.metric));
            let effect = finding.effect.zip(metric);
            let effect = effect.map(|(effect, metric)| format!(" {}", report::effect(metric.unit(), effect)));
            let error = finding.error.map(|error| format!(" ({})", error.as_str()));
            let (error, effect) = (error.unwrap_or_default(), effect.unwrap_or_default());
            Some(format!("  {arm}: {}{error}{effect}: {}", finding.verdict.as_str(), finding.reason))
        }
        Event::ArmSkipped { arm, reason } => Some(format!("  {arm}: skipped, since {reason}")),
        Event::ExecutorFailed { arm, reason, .. } => Some(format!("  {arm}: nothing usable was written: {reason}")),
        Event::RepairFailed { arm, reason, .. } => Some(format!("  {arm}: not mended: {reason}")),
        Event::Tuned { candidate, tried, retuned, .. } => {
            let made = retuned.as_ref().map(|made| format!("becomes {}", made.id.short()));
            let made = made.unwrap_or_else(|| "kept as it is".into());
            Some(format!("  {}: constants tuned at {} points: {made}", candidate.short(), tried.len()))
        }
        _ => None,
    }
}

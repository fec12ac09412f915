//! What the built-in executor writes for a point is held against the `space` source that it comes from.

use super::Campaign;
use crate::error::EngineError;
use crate::evaluate::Evaluation;
use crate::panel::Draws;
use crate::prepared::Prepared;
use agents::builtin;
use science::id::Hash;
use science::outcome::Outcome;
use science::space::Point;
use science::trial::Trial;
use std::sync::Arc;

impl Campaign {
    /// The candidate that was written for a point once its trials on the search panel are, to the bit, those of the `space`
    /// source there; else the `space` source itself with the point's values as its own. What models write is nobody's copy.
    pub(super) async fn faithful(
        &mut self,
        point: Option<&Point>,
        written: Arc<Prepared>,
    ) -> Result<Arc<Prepared>, EngineError> {
        let (true, Some(points), Some(point)) = (self.agents.specialises, &self.points, point) else {
            return Ok(written);
        };
        let id = written.id();
        if self.state.candidates.get(id).is_some_and(|record| record.outcome.is_some()) {
            return Ok(written);
        }
        let (points, point) = (points.clone(), point.clone());
        self.begin(id, &written);
        let evaluation = self.prefetch.take_evaluation(id).await??;
        let (policy, evaluator) = (points.policy(&point, evaluation.scale), Arc::clone(&self.evaluator));
        let key = Hash::of(format!("outcome of the space at {point:?}").as_bytes());
        let run = move || evaluator.panel.trials(&policy, Draws::Shared, &evaluator.sandbox);
        let (workers, loaded) = (self.workers.clone(), Arc::clone(&self.loaded));
        // Where it has no scale, there is no place at which to compare; it is what it says or worth nothing.
        let alike = evaluation.outcome == Outcome::NoScale
            || workers.outcome(key, run).await?.is_ok_and(|runs| decide_alike(&runs.results, &evaluation));
        self.prefetch.keep(id.clone(), evaluation);
        if alike {
            return Ok(written);
        }
        let (space, text) = (loaded.experiment.space(), loaded.space_text().unwrap_or_default());
        let plain = sandbox::on_deep_stack(|| builtin::plain(&space, text, &point));
        Ok(plain.map_or(written, |source| Arc::new(Prepared::new(source, self.kit()))))
    }
}

/// Whether a candidate ran, and all its trials are these.
fn decide_alike(trials: &[Trial], candidate: &Evaluation) -> bool {
    candidate.outcome == Outcome::Scored && candidate.trials == trials
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::evaluate::Timing;

    #[test]
    fn a_candidate_decides_alike_only_if_it_ran_and_every_trial_is_the_same_to_the_bit() {
        let trial = |value| Trial::of(vec![1.0, value]);
        let evaluation = |outcome, trials: &[Trial]| Evaluation {
            outcome,
            trials: trials.to_vec(),
            ..Evaluation::of(Timing::default())
        };
        let (once, twice) = ([trial(0.3), trial(0.7)], [trial(0.3), trial(0.7_f64.next_up())]);
        assert!(decide_alike(&once, &evaluation(Outcome::Scored, &once)));
        assert!(!decide_alike(&once, &evaluation(Outcome::Scored, &twice)));
        assert!(!decide_alike(&once, &evaluation(Outcome::Scored, &once[..1])));
        assert!(!decide_alike(&[], &evaluation(Outcome::DoesNotCompile, &[])));
    }
}

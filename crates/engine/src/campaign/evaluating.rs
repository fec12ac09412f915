//! Puts a candidate through the sandbox and the simulator.

use super::{Campaign, Progress, Watch, Work};
use crate::error::EngineError;
use science::event::Event;
use science::id::CandidateId;
use science::outcome::Outcome;
use science::trial;
use std::sync::Arc;
use store::Extra;

impl Campaign {
    /// Evaluates a candidate, unless that was begun, and records what came of it.
    pub(super) async fn evaluate(&mut self, id: &CandidateId, watch: &mut Watch<'_>) -> Result<(), EngineError> {
        watch(Progress::Working(&self.state, Work::Evaluating(id)));
        self.begin(id, &self.candidate(id));
        let task = self.prefetch.take_evaluation(id);
        let evaluation = task.await??;
        let scored = evaluation.outcome == Outcome::Scored;
        let measurement = scored.then(|| self.evaluator.panel.measure(&evaluation.trials, &self.against().baseline));
        let descriptor = evaluation.probe.filter(|_| scored).map(|probe| Box::new(probe.descriptor));
        let acts_like = match (&descriptor, &measurement) {
            (Some(descriptor), Some(measurement)) => self.state.alike(&descriptor.signature, measurement).cloned(),
            _ => None,
        };
        let event = Event::CandidateEvaluated {
            candidate: id.clone(),
            outcome: evaluation.outcome,
            scale: evaluation.scale,
            measurement: measurement.map(Box::new),
            part: evaluation.part.map(Box::new),
            trials: trial::hash(&evaluation.trials),
            descriptor,
            acts_like,
        };
        let evaluator = Arc::clone(&self.evaluator);
        // What a part of the panel said is in the event: were the candidate written again, it would run on all of it.
        let kept = if scored { evaluation.trials.as_slice() } else { &[] };
        let rows = evaluator.panel.label(id.as_str(), kept);
        let message = Some(evaluation.message.as_str()).filter(|message| !message.is_empty());
        self.record(event, Extra { trials: &rows, message, ..Extra::default() }, watch).await
    }
}

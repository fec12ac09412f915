//! Runs the finalists side by side on seeds and workloads that nobody was chosen by.

use super::{Campaign, Progress, Watch, Work};
use crate::cores::blocking;
use crate::error::EngineError;
use crate::panel::Panel;
use crate::yardsticks::{self, TWINS};
use futures::future::try_join_all;
use science::event::{Event, Finalist};
use science::id::{CandidateId, Hash};
use science::outcome::Outcome;
use science::trial::{self, Trial};
use std::sync::Arc;
use store::Extra;

impl Campaign {
    /// Runs candidates on the panel of the finals, and records what they did there.
    pub(super) async fn finals(
        &mut self,
        finalists: Vec<CandidateId>,
        watch: &mut Watch<'_>,
    ) -> Result<(), EngineError> {
        watch(Progress::Working(&self.state, Work::Finals(finalists.len())));
        let (loaded, evaluator, nonce) =
            (Arc::clone(&self.loaded), Arc::clone(&self.evaluator), self.state.opened().nonce);
        let of = finalists.clone();
        let (panel, measured) = blocking(move || {
            let panel = Panel::finals(&loaded, nonce, &of)?;
            let measured = yardsticks::measure(&loaded, &panel, TWINS, &evaluator.sandbox)?;
            Ok::<_, EngineError>((Arc::new(panel), measured))
        })
        .await??;
        let ran = try_join_all(finalists.iter().map(|id| self.run_finalist(id, &panel))).await?;
        let trials = measured.trials.iter().flat_map(|(_, trials)| trials).chain(ran.iter().flatten().flatten());
        let trials = trial::hash(trials);
        let baseline = &measured.trials[0].1;
        let finalists = finalists.into_iter().zip(ran).map(|(candidate, ran)| match ran {
            Ok(own) => {
                let measurement = panel.measure(&own, baseline);
                let fairness = measured.fairness(&panel, (&measurement, &own));
                Finalist { candidate, outcome: Outcome::Scored, measurement: Some(measurement), fairness }
            }
            Err(outcome) => Finalist { candidate, outcome, measurement: None, fairness: None },
        });
        let finalists: Vec<Finalist> = finalists.collect();
        let yardsticks = Box::new(measured.yardsticks);
        let event = Event::Finals { yardsticks, finalists, trials };
        self.record(event, Extra::default(), watch).await
    }

    async fn run_finalist(
        &self,
        id: &CandidateId,
        panel: &Arc<Panel>,
    ) -> Result<Result<Vec<Trial>, Outcome>, EngineError> {
        let (candidate, panel, evaluator) = (self.candidate(id), Arc::clone(panel), Arc::clone(&self.evaluator));
        let key = Hash::of(format!("outcome of {id} in the finals").as_bytes());
        let scale = self.state.candidates[id].scale;
        self.workers.outcome(key, move || panel.trials_of(&candidate, scale, &evaluator.sandbox)).await
    }
}

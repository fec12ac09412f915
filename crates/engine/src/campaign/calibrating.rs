//! Measures what all candidates are held against.

use super::{Campaign, Progress, Watch, Work};
use crate::cores::blocking;
use crate::error::EngineError;
use crate::yardsticks;
use crate::yardsticks::TWINS;
use science::event::Event;
use science::trial;
use std::sync::Arc;
use store::{Extra, TrialRow};

impl Campaign {
    /// Measures the yardsticks on the search panel, and keeps the baseline's trials: every candidate is paired with them.
    pub(super) async fn calibrate(&mut self, watch: &mut Watch<'_>) -> Result<(), EngineError> {
        watch(Progress::Working(&self.state, Work::Calibrating));
        let (loaded, evaluator) = (Arc::clone(&self.loaded), Arc::clone(&self.evaluator));
        let measured =
            blocking(move || yardsticks::measure(&loaded, &evaluator.panel, TWINS, &evaluator.sandbox)).await??;
        let evaluator = Arc::clone(&self.evaluator);
        let labelled = measured.trials.iter().flat_map(|(policy, trials)| evaluator.panel.label(policy, trials));
        let rows: Vec<TrialRow<'_>> = labelled.collect();
        let trials = trial::hash(measured.trials.iter().flat_map(|(_, trials)| trials));
        let event = Event::Calibrated { yardsticks: Box::new(measured.yardsticks), trials };
        self.record(event, Extra { trials: &rows, ..Extra::default() }, watch).await?;
        if let Some((_, baseline)) = measured.trials.into_iter().next() {
            self.hold_against(baseline);
        }
        Ok(())
    }
}

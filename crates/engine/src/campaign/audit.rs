//! Measures points of what a principle forbids, side by side.

use super::{Campaign, Progress, Work};
use crate::error::EngineError;
use crate::panel::Draws;
use futures::future::try_join_all;
use science::event::Event;
use science::id::Hash;
use science::space::Point;
use science::trial::{self, Trial};
use std::sync::Arc;
use store::Extra;

impl Campaign {
    /// Measures these points on the search panel and records what they say of a principle's constraint.
    pub(super) async fn audit(
        &mut self,
        principle: String,
        points: Vec<Point>,
        watch: &mut impl FnMut(Progress<'_>),
    ) -> Result<(), EngineError> {
        watch(Progress::Working(&self.state, Work::Auditing(&principle, points.len())));
        let missing = || EngineError::Panicked("no `space` source and no baseline to audit by".into());
        let (Some(space), Some(baseline)) = (&self.points, &self.baseline) else { return Err(missing()) };
        let runs = points.iter().map(|point| {
            let key = Hash::of(format!("outcome of point {point:?} in an audit").as_bytes());
            let (policy, evaluator) = (space.policy(point), Arc::clone(&self.evaluator));
            let work = move || evaluator.panel.trials(&policy, Draws::Shared, &evaluator.sandbox);
            self.bench.outcome(key, work)
        });
        let ran: Vec<Option<Vec<Trial>>> =
            try_join_all(runs).await?.into_iter().map(|ran| ran.ok().map(|runs| runs.results)).collect();
        let all: Vec<Trial> = ran.iter().flatten().flatten().copied().collect();
        let panel = &self.evaluator.panel;
        let audited = points.into_iter().zip(&ran).map(|(point, trials)| {
            let measured = trials.as_ref().map(|trials| panel.measure(trials, baseline));
            self.state.audited_point(point, measured.as_ref())
        });
        let event = Event::Audited { principle, points: audited.collect(), trials: trial::hash(&all) };
        self.record(event, Extra::default(), watch).await
    }
}

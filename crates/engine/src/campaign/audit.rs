//! Measures points of what a principle is to forbid, side by side.

use super::{Campaign, Progress, Work};
use crate::error::EngineError;
use crate::panel::Draws;
use crate::realise::Points;
use futures::future::try_join_all;
use science::audit::{self, AuditedPoint};
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
        let space = self.points.as_ref().expect("only an experiment with a `space` source is audited");
        let baseline = self.baseline();
        let measured =
            try_join_all(points.into_iter().map(|point| self.measure_point(space, &baseline, point))).await?;
        let hash = trial::hash(measured.iter().flat_map(|(_, trials)| trials));
        let points = measured.into_iter().filter_map(|(runs, _)| audit::best(&runs)).collect();
        let event = Event::Audited { principle, points, trials: hash };
        self.record(event, Extra::default(), watch).await
    }

    /// Runs a point where it gains as much as it has to, which takes a few runs: all of them, with their trials.
    async fn measure_point(
        &self,
        space: &Points,
        baseline: &[Trial],
        drawn: Point,
    ) -> Result<(Vec<AuditedPoint>, Vec<Trial>), EngineError> {
        let (mut runs, mut all) = (Vec::new(), Vec::new());
        while let Some(point) = self.state.next_place(&drawn, &runs) {
            let key = Hash::of(format!("outcome of point {point:?} in an audit").as_bytes());
            let (policy, evaluator) = (space.policy(&point), Arc::clone(&self.evaluator));
            let work = move || evaluator.panel.trials(&policy, Draws::Shared, &evaluator.sandbox);
            let trials = self.workers.outcome(key, work).await?.ok().map(|ran| ran.results);
            let measured = trials.as_ref().map(|trials| self.evaluator.panel.measure(trials, baseline));
            runs.push(self.state.audited_point(point, measured.as_ref()));
            all.extend(trials.into_iter().flatten());
        }
        Ok((runs, all))
    }
}

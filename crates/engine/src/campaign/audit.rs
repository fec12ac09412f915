//! Measures points of what a principle is to forbid, side by side.

use super::{Campaign, Progress, Watch, Work};
use crate::error::EngineError;
use crate::scale::Settled;
use futures::future::try_join_all;
use science::audit::AuditedPoint;
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
        watch: &mut Watch<'_>,
    ) -> Result<(), EngineError> {
        watch(Progress::Working(&self.state, Work::Auditing(&principle, points.len())));
        let measured = try_join_all(points.into_iter().map(|point| self.measure_point(point))).await?;
        let hash = trial::hash(measured.iter().flat_map(|(_, trials)| trials));
        let points = measured.into_iter().map(|(point, _)| point).collect();
        let event = Event::Audited { principle, points, trials: hash };
        self.record(event, Extra::default(), watch).await
    }

    /// Runs a point where it gains as much as the reference does: what that says, with its trials there.
    async fn measure_point(&self, point: Point) -> Result<(AuditedPoint, Vec<Trial>), EngineError> {
        let space = self.points.as_ref().expect("only an experiment with a `space` source is audited");
        let key = Hash::of(format!("outcome of point {point:?} in an audit").as_bytes());
        let (policy, evaluator, against) = (space.scalable(&point, None), Arc::clone(&self.evaluator), self.against());
        let work = move || against.set(&policy, (&evaluator.panel, &evaluator.sandbox));
        let (scale, runs, trials) = match self.workers.outcome(key, work).await? {
            Ok(Settled::At { scale, runs, trials, .. }) => (scale, runs, Some(trials)),
            Ok(Settled::Nowhere { runs }) => (None, runs, None),
            Err(_) => (None, 1, None),
        };
        let measured = trials.as_ref().map(|own| self.evaluator.panel.measure(own, &self.against().baseline));
        Ok((self.state.audited_point(point, (scale, runs), measured.as_ref()), trials.unwrap_or_default()))
    }
}

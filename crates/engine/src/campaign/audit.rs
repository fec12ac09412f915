//! Measures points of what a principle forbids, side by side.

use super::{Campaign, Progress, Work};
use crate::error::EngineError;
use crate::panel::{Draws, Panel};
use crate::realise::Points;
use futures::future::try_join_all;
use science::audit::{self, AuditedPoint};
use science::event::Event;
use science::id::Hash;
use science::space::Point;
use science::third::Third;
use science::trial::{self, Trial};
use std::sync::Arc;
use store::Extra;

/// A third of the search panel, with the baseline's trials there.
struct Glance {
    panel: Arc<Panel>,
    baseline: Vec<Trial>,
}

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
        let glance =
            |(third, panel): (Third, Panel)| Glance { panel: Arc::new(panel), baseline: third.cells(baseline) };
        let glance = self.evaluator.panel.third().map(glance);
        let place = |point| self.place(space, (baseline, glance.as_ref()), point);
        let placed = try_join_all(points.into_iter().map(place)).await?;
        let all: Vec<Trial> = placed.iter().flat_map(|(_, trials)| trials).copied().collect();
        let points = placed.into_iter().filter_map(|(runs, _)| audit::best(&runs)).collect();
        let event = Event::Audited { principle, points, trials: trial::hash(&all) };
        self.record(event, Extra::default(), watch).await
    }

    /// Runs a point where it improves as much as it has to, which takes a few runs, most of them on a third of the panel: all of
    /// them, with their trials.
    async fn place(
        &self,
        space: &Points,
        (baseline, glance): (&[Trial], Option<&Glance>),
        drawn: Point,
    ) -> Result<(Vec<AuditedPoint>, Vec<Trial>), EngineError> {
        let (mut runs, mut all) = (Vec::new(), Vec::new());
        while let Some(place) = self.state.next_place(&drawn, &runs) {
            let glance = glance.filter(|_| place.third);
            let part = if place.third { " on a third of the panel" } else { "" };
            let key = Hash::of(format!("outcome of point {:?} in an audit{part}", place.point).as_bytes());
            let (policy, evaluator) = (space.policy(&place.point), Arc::clone(&self.evaluator));
            let third = glance.map(|glance| Arc::clone(&glance.panel));
            let work =
                move || third.as_deref().unwrap_or(&evaluator.panel).trials(&policy, Draws::Shared, &evaluator.sandbox);
            let trials = self.bench.outcome(key, work).await?.ok().map(|ran| ran.results);
            let measured = trials.as_ref().map(|trials| match glance {
                Some(glance) => glance.panel.measure(trials, &glance.baseline),
                None => self.evaluator.panel.measure(trials, baseline),
            });
            runs.push(self.state.audited_point(place, measured.as_ref()));
            all.extend(trials.into_iter().flatten());
        }
        Ok((runs, all))
    }
}

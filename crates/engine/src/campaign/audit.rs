//! Measures points of what a principle forbids, side by side.

use super::bench::Bench;
use super::{Campaign, Progress, Work};
use crate::error::EngineError;
use crate::evaluate::{Evaluator, kind};
use crate::panel::Draws;
use crate::policy::Policy;
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
        let jobs = points.iter().map(|point| {
            let key = Hash::of(format!("outcome of point {point:?} in an audit").as_bytes());
            let job = Job {
                key,
                policy: space.policy(point),
                evaluator: Arc::clone(&self.evaluator),
                bench: self.bench.clone(),
            };
            async { tokio::spawn(job.run()).await.map_err(|error| EngineError::Panicked(error.to_string()))? }
        });
        let ran: Vec<Option<Vec<Trial>>> = try_join_all(jobs).await?;
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

/// One point, away from the campaign's own task.
struct Job {
    key: Hash,
    policy: Policy,
    evaluator: Arc<Evaluator>,
    bench: Bench,
}

impl Job {
    /// Its trials; none if it did not run to the end, which is then on record.
    async fn run(self) -> Result<Option<Vec<Trial>>, EngineError> {
        let Job { key, policy, evaluator, bench } = self;
        if bench.recorded(&key).await?.is_some() {
            return Ok(None);
        }
        let work = move || evaluator.panel.trials(&policy, Draws::Shared, &evaluator.sandbox);
        match bench.run(work, |ran| matches!(ran, Err(sandbox::Outcome::Timeout { .. }))).await? {
            Ok(runs) => Ok(Some(runs.results)),
            Err(outcome) => {
                bench.keep(key, kind(&outcome), &outcome.to_string()).await?;
                Ok(None)
            }
        }
    }
}

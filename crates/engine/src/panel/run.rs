//! How a policy is run on a panel: a built-in admitter on all cores, a candidate in its process, all trials interleaved.

use super::cell::PanelCell;
use super::{Draws, Panel, Ran, Runs};
use crate::error::EngineError;
use crate::policy::Policy;
use admitter::{Decision, Draw, wire};
use sandbox::{Artifact, Outcome, Round, Sandbox};
use simulator::{Run, Simulation};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

impl Panel {
    pub(super) fn run<T: Send>(
        &self,
        policy: &Policy,
        draws: Draws,
        sandbox: &Sandbox,
        look: impl Fn(&PanelCell, Run) -> T + Sync,
    ) -> Ran<T> {
        match policy {
            Policy::Builtin(admitter) => {
                let results = self.each(|cell| look(cell, cell.simulate(admitter.clone(), draws)))?;
                Ok(Ok(Runs { results, deciding: Duration::ZERO }))
            }
            Policy::Candidate { artifact, parameters } => {
                self.run_candidate(sandbox, artifact, parameters, draws, look)
            }
        }
    }

    /// All cells of the panel on all cores; the results are in the cells' order.
    fn each<T: Send>(&self, work: impl Fn(&PanelCell) -> T + Sync) -> Result<Vec<T>, EngineError> {
        let next = AtomicUsize::new(0);
        let worker = || {
            let mut done = Vec::new();
            while let Some((at, cell)) = take(&next, &self.cells) {
                done.push((at, work(cell)));
            }
            done
        };
        let workers = std::thread::available_parallelism().map_or(1, usize::from).min(self.cells.len());
        let mut results = Vec::with_capacity(self.cells.len());
        std::thread::scope(|scope| {
            let handles: Vec<_> = (0..workers).map(|_| scope.spawn(worker)).collect();
            for handle in handles {
                let done = handle.join().map_err(|_| EngineError::Panicked("a simulation thread panicked".into()))?;
                results.extend(done);
            }
            Ok::<(), EngineError>(())
        })?;
        results.sort_by_key(|(at, _)| *at);
        Ok(results.into_iter().map(|(_, result)| result).collect())
    }

    /// All trials of a candidate run interleaved, so that one round trip to its process carries a pending decision of each.
    fn run_candidate<T>(
        &self,
        sandbox: &Sandbox,
        artifact: &Artifact,
        parameters: &[f64],
        draws: Draws,
        look: impl Fn(&PanelCell, Run) -> T,
    ) -> Ran<T> {
        let seats = vec![parameters.to_vec(); self.cells.len()];
        let mut session = match sandbox.start(artifact, &seats)? {
            Ok(session) => session,
            Err(outcome) => return Ok(Err(outcome)),
        };
        // Both ends on one core: a round trip is then a switch, not a wake-up of another core.
        let _core = session.share_core()?;
        let mut runs: Vec<Simulation> = self.cells.iter().map(PanelCell::start).collect();
        let (mut round, mut deciding) = (Round::new(), Duration::ZERO);
        let mut asked: Vec<usize> = Vec::with_capacity(runs.len());
        loop {
            round.clear();
            asked.clear();
            for (seat, run) in runs.iter_mut().enumerate() {
                let Some(pending) = run.next() else { continue };
                let draw = Draw::for_request(self.cells[seat].draws[draws as usize], pending.index as u64);
                round.ask(seat as u16, |bytes| {
                    wire::ask(&pending.request, pending.instances, &draw, |piece| bytes.extend_from_slice(piece));
                });
                asked.push(seat);
            }
            if asked.is_empty() {
                break;
            }
            let start = Instant::now();
            let answers = match session.round(&mut round) {
                Ok(answers) => answers,
                Err(outcome) => return Ok(Err(outcome)),
            };
            deciding += start.elapsed();
            for (seat, answer) in asked.iter().zip(answers) {
                match *answer {
                    wire::ADMIT => runs[*seat].decide(Decision::Admit),
                    wire::REJECT => runs[*seat].decide(Decision::Reject),
                    other => {
                        let what = format!("it answered {other}, which is neither admit nor reject");
                        return Ok(Err(Outcome::Inconsistent { what }));
                    }
                }
            }
        }
        let results = self.cells.iter().zip(runs).map(|(cell, run)| look(cell, run.finish())).collect();
        Ok(Ok(Runs { results, deciding }))
    }
}

fn take<'a, T>(next: &AtomicUsize, items: &'a [T]) -> Option<(usize, &'a T)> {
    let at = next.fetch_add(1, Ordering::Relaxed);
    items.get(at).map(|item| (at, item))
}

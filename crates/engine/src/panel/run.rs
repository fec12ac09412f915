//! How a policy is run on a panel: a built-in admitter on all cores, a candidate in its process, all trials interleaved.

use super::cell::PanelCell;
use super::size::Capacity;
use super::{Draws, Panel, Ran, Runs, drained};
use crate::cores::on_all_cores;
use crate::policy::Policy;
use admitter::{Decision, Draw, wire};
use sandbox::{Artifact, Outcome, Round, Sandbox};
use science::trial::Trial;
use simulator::{Pending, Run, Simulation};
use std::time::{Duration, Instant};

/// Whoever looks on while a candidate decides in its trials.
pub(crate) trait Onlooker {
    /// Whether it looks at all; who does not costs a decision nothing.
    const LOOKS: bool = true;

    /// A request was decided: in which of the panel's trials, what the candidate was shown, and its answer.
    fn decided(&mut self, trial: usize, pending: &Pending<'_>, draw: &Draw, answer: u8);
}

/// Nobody.
impl Onlooker for () {
    const LOOKS: bool = false;

    fn decided(&mut self, _: usize, _: &Pending<'_>, _: &Draw, _: u8) {}
}

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
                let run = |cell: &PanelCell| Ok(look(cell, cell.simulate(admitter.clone(), draws)));
                let results = on_all_cores(&self.cells, run)?;
                Ok(Ok(Runs { results, deciding: Duration::ZERO }))
            }
            Policy::Candidate { artifact, parameters } => {
                self.run_candidate(sandbox, artifact, (std::slice::from_ref(parameters), draws), look, &mut ())
            }
        }
    }

    /// The trials of a compiled source with its own defaults, while somebody looks on.
    pub(crate) fn trials_before(
        &self,
        artifact: &Artifact,
        sandbox: &Sandbox,
        onlooker: &mut impl Onlooker,
    ) -> Ran<Trial> {
        let (own, trial) = ([Vec::new()], |cell: &PanelCell, run: Run| cell.trial(&run));
        Ok(self.run_candidate(sandbox, artifact, (&own, Draws::Shared), trial, onlooker)?.and_then(drained))
    }

    /// The trials of one compiled source under several sets of parameters, which share a session: the fewer round trips,
    /// the faster. None stands for parameters under which a cluster never drained.
    pub fn trials_side_by_side(
        &self,
        artifact: &Artifact,
        parameters: &[Vec<f64>],
        sandbox: &Sandbox,
    ) -> Ran<Option<Vec<Trial>>> {
        let trial = |cell: &PanelCell, run: Run| cell.trial(&run);
        let ran = self.run_candidate(sandbox, artifact, (parameters, Draws::Shared), trial, &mut ())?;
        let cells = self.cells.len().max(1);
        let own =
            |runs: &Runs<Option<Trial>>| runs.results.chunks(cells).map(|own| own.iter().copied().collect()).collect();
        Ok(ran.map(|runs| Runs { results: own(&runs), deciding: runs.deciding }))
    }

    /// All trials of a candidate run interleaved, so that one round trip to its process carries a pending decision of each.
    /// The results are in the order of the parameters, for each of them in the cells' order. They take as many sessions as
    /// they need: a run depends on its own cell and seat alone, so where they are cut does not show in the results.
    fn run_candidate<T>(
        &self,
        sandbox: &Sandbox,
        artifact: &Artifact,
        (parameters, draws): (&[Vec<f64>], Draws),
        look: impl Fn(&PanelCell, Run) -> T,
        onlooker: &mut impl Onlooker,
    ) -> Ran<T> {
        let runs: Vec<(&[f64], &PanelCell)> =
            parameters.iter().flat_map(|own| self.cells.iter().map(|cell| (own.as_slice(), cell))).collect();
        let mut ran = Runs { results: Vec::with_capacity(runs.len()), deciding: Duration::ZERO };
        for part in Capacity::default().parts(&runs) {
            let first = part.start;
            match session(sandbox, artifact, (&runs[part], first), draws, &look, onlooker)? {
                Ok(Runs { results, deciding }) => {
                    ran.results.extend(results);
                    ran.deciding += deciding;
                }
                Err(outcome) => return Ok(Err(outcome)),
            }
        }
        Ok(Ok(ran))
    }
}

/// Runs in one session with a candidate; the first of them has this number.
fn session<T, O: Onlooker>(
    sandbox: &Sandbox,
    artifact: &Artifact,
    (runs, first): (&[(&[f64], &PanelCell)], usize),
    draws: Draws,
    look: impl Fn(&PanelCell, Run) -> T,
    onlooker: &mut O,
) -> Ran<T> {
    let seats: Vec<Vec<f64>> = runs.iter().map(|(parameters, _)| parameters.to_vec()).collect();
    let cells: Vec<&PanelCell> = runs.iter().map(|(_, cell)| *cell).collect();
    let mut session = match sandbox.start(artifact, &seats)? {
        Ok(session) => session,
        Err(outcome) => return Ok(Err(outcome)),
    };
    // Both ends on one core: a round trip is then a switch, not a wake-up of another core.
    let _core = session.share_core()?;
    let mut runs: Vec<Simulation> = cells.iter().map(|cell| cell.start()).collect();
    let mut keys: Vec<simulator::Draws> =
        cells.iter().map(|cell| simulator::Draws::new(cell.draws[draws as usize])).collect();
    let (mut round, mut deciding) = (Round::new(), Duration::ZERO);
    let mut asked: Vec<usize> = Vec::with_capacity(runs.len());
    loop {
        round.clear();
        asked.clear();
        for (seat, run) in runs.iter_mut().enumerate() {
            let Some(pending) = run.next() else { continue };
            let draw = keys[seat].of(pending.index as u64);
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
            let decision = match *answer {
                wire::ADMIT => Decision::Admit,
                wire::REJECT => Decision::Reject,
                other => {
                    let what = format!("it answered {other}, which is neither admit nor reject");
                    return Ok(Err(Outcome::Inconsistent { what }));
                }
            };
            if O::LOOKS {
                // The same request as before: it waits until it is decided.
                let pending = runs[*seat].next().expect("it was asked about");
                let draw = keys[*seat].of(pending.index as u64);
                onlooker.decided(first + *seat, &pending, &draw, *answer);
            }
            runs[*seat].decide(decision);
        }
    }
    let results = cells.iter().zip(runs).map(|(cell, run)| look(cell, run.finish())).collect();
    Ok(Ok(Runs { results, deciding }))
}

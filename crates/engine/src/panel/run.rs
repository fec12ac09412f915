//! How a policy is run on a panel: one of ours on all cores, a candidate in its process, all trials interleaved.

use super::size::Capacity;
use super::{Draws, Panel, PanelCell, Ran, Runs, ended};
use crate::cores::on_all_cores;
use crate::error::EngineError;
use crate::policy::Policy;
use crate::problem::{Builtin, Machine};
use sandbox::{Artifact, Outcome, Round, Sandbox};
use science::trial::Trial;
use std::time::{Duration, Instant};

/// Whoever looks on while a candidate decides in its trials.
pub(crate) trait Onlooker {
    /// Whether it looks at all; who does not costs a decision nothing.
    const LOOKS: bool = true;

    /// A question was answered: in which of the panel's trials, what the candidate was shown, and its answer.
    fn decided(&mut self, trial: usize, question: &[u8], answer: &[u8]);
}

/// Nobody.
impl Onlooker for () {
    const LOOKS: bool = false;

    fn decided(&mut self, _: usize, _: &[u8], _: &[u8]) {}
}

impl Panel {
    pub(super) fn run(&self, policy: &Policy, draws: Draws, sandbox: &Sandbox) -> Ran<Option<Trial>> {
        match policy {
            Policy::Builtin(policy) => {
                let bytes = self.problem.kit().answer_bytes;
                let run = |cell: &PanelCell| Ok(answered(policy.as_ref(), cell, draws, bytes));
                let results: Result<Vec<Option<Trial>>, Outcome> =
                    on_all_cores(&self.cells, run)?.into_iter().collect();
                Ok(results.map(|results| Runs { results, deciding: Duration::ZERO }))
            }
            Policy::Candidate { artifact, parameters } => {
                self.run_candidate(sandbox, artifact, (std::slice::from_ref(parameters), draws), &mut ())
            }
        }
    }

    /// The trials of a compiled source with these parameters, while somebody looks on.
    pub(crate) fn trials_before(
        &self,
        artifact: &Artifact,
        parameters: Vec<f64>,
        sandbox: &Sandbox,
        onlooker: &mut impl Onlooker,
    ) -> Ran<Trial> {
        Ok(self.run_candidate(sandbox, artifact, (&[parameters], Draws::Shared), onlooker)?.and_then(ended))
    }

    /// The trials of one compiled source under several sets of parameters, which share a session: the fewer round trips,
    /// the faster. None stands for parameters under which a run came to no end.
    pub fn trials_side_by_side(
        &self,
        artifact: &Artifact,
        parameters: &[Vec<f64>],
        sandbox: &Sandbox,
    ) -> Ran<Option<Vec<Trial>>> {
        let ran = self.run_candidate(sandbox, artifact, (parameters, Draws::Shared), &mut ())?;
        let cells = self.cells.len().max(1);
        let own =
            |runs: &Runs<Option<Trial>>| runs.results.chunks(cells).map(|own| own.iter().cloned().collect()).collect();
        Ok(ran.map(|runs| Runs { results: own(&runs), deciding: runs.deciding }))
    }

    /// All trials of a candidate run interleaved, so that one round trip to its process carries a pending question of each.
    /// The results are in the order of the parameters, for each of them in the cells' order. They take as many sessions as
    /// they need: a run depends on its own cell and seat alone, so where they are cut does not show in the results.
    fn run_candidate(
        &self,
        sandbox: &Sandbox,
        artifact: &Artifact,
        (parameters, draws): (&[Vec<f64>], Draws),
        onlooker: &mut impl Onlooker,
    ) -> Ran<Option<Trial>> {
        let runs: Vec<(&[f64], &PanelCell)> =
            parameters.iter().flat_map(|own| self.cells.iter().map(|cell| (own.as_slice(), cell))).collect();
        let mut ran = Runs { results: Vec::with_capacity(runs.len()), deciding: Duration::ZERO };
        for part in Capacity::default().parts(&runs) {
            let first = part.start;
            let runs = &runs[part];
            let seats: Vec<Vec<f64>> = runs.iter().map(|(parameters, _)| parameters.to_vec()).collect();
            let mut machines: Vec<Box<dyn Machine>> = runs.iter().map(|(_, cell)| cell.start(draws)).collect();
            let mut driven: Vec<&mut dyn Machine> = machines.iter_mut().map(|machine| machine.as_mut() as _).collect();
            match session(sandbox, artifact, (&seats, &mut driven), (first, onlooker))? {
                Ok(deciding) => ran.deciding += deciding,
                Err(outcome) => return Ok(Err(outcome)),
            }
            ran.results.extend(machines.into_iter().map(|machine| machine.trial()));
        }
        Ok(Ok(ran))
    }
}

/// A run of one of ours.
fn answered(policy: &dyn Builtin, cell: &PanelCell, draws: Draws, bytes: usize) -> Result<Option<Trial>, Outcome> {
    let (mut seat, mut machine) = (policy.seat(), cell.start(draws));
    let (mut question, mut answer) = (Vec::new(), vec![0; bytes]);
    while machine.ask(&mut question) {
        seat.answer(&question, &mut answer);
        machine.answer(&answer).map_err(|what| Outcome::Inconsistent { what })?;
        question.clear();
    }
    Ok(machine.trial())
}

/// Drives runs to their ends in one session with a candidate that has its own defaults; the time spent waiting for its answers.
pub fn drive(
    sandbox: &Sandbox,
    artifact: &Artifact,
    runs: &mut [&mut dyn Machine],
) -> Result<Result<Duration, Outcome>, EngineError> {
    session(sandbox, artifact, (&vec![Vec::new(); runs.len()], runs), (0, &mut ()))
}

/// The same with parameters for each, while somebody looks on; the first run has this number for whoever does.
fn session<O: Onlooker>(
    sandbox: &Sandbox,
    artifact: &Artifact,
    (seats, runs): (&[Vec<f64>], &mut [&mut dyn Machine]),
    (first, onlooker): (usize, &mut O),
) -> Result<Result<Duration, Outcome>, EngineError> {
    let mut session = match sandbox.start(artifact, seats)? {
        Ok(session) => session,
        Err(outcome) => return Ok(Err(outcome)),
    };
    // Both ends on one core: a round trip is then a switch, not a wake-up of another core.
    let _core = session.share_core()?;
    let (mut round, mut deciding, mut question) = (Round::new(), Duration::ZERO, Vec::new());
    let mut asked: Vec<usize> = Vec::with_capacity(runs.len());
    loop {
        round.clear();
        asked.clear();
        for (seat, run) in runs.iter_mut().enumerate() {
            if round.ask(seat as u16, |bytes| run.ask(bytes)) {
                asked.push(seat);
            }
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
            if O::LOOKS {
                // The same question as before: it waits until it is answered.
                question.clear();
                runs[*seat].ask(&mut question);
            }
            if let Err(what) = runs[*seat].answer(answer) {
                return Ok(Err(Outcome::Inconsistent { what }));
            }
            if O::LOOKS {
                onlooker.decided(first + *seat, &question, answer);
            }
        }
    }
    Ok(Ok(deciding))
}

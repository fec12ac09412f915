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

/// Whoever looks on while a candidate decides in its trials. Each session has one of its own.
pub(crate) trait Onlooker: Send {
    /// Whether it looks at all; who does not costs a decision nothing.
    const LOOKS: bool = true;

    /// A question was answered: in which of the panel's trials, what the candidate was shown, and its answer.
    fn decided(&mut self, trial: usize, question: &[u8], answer: &[u8]);

    /// Takes in what one saw that looked on at other trials.
    fn join(&mut self, other: Self);
}

/// Runs with what somebody saw who looked on, or what became of the candidate instead; errors are ours.
pub(crate) type Seen<T, O> = Result<Result<(Runs<T>, O), Outcome>, EngineError>;

/// Nobody.
impl Onlooker for () {
    const LOOKS: bool = false;

    fn decided(&mut self, _: usize, _: &[u8], _: &[u8]) {}

    fn join(&mut self, (): Self) {}
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
                let ran = self.run_candidate(sandbox, artifact, (std::slice::from_ref(parameters), draws), &|| ())?;
                Ok(ran.map(|(runs, ())| runs))
            }
        }
    }

    /// The trials of a compiled source with these parameters, and what somebody saw who looked on.
    pub(crate) fn trials_before<O: Onlooker>(
        &self,
        artifact: &Artifact,
        parameters: Vec<f64>,
        sandbox: &Sandbox,
        onlooker: &(impl Fn() -> O + Sync),
    ) -> Seen<Trial, O> {
        let ran = self.run_candidate(sandbox, artifact, (&[parameters], Draws::Shared), onlooker)?;
        Ok(ran.and_then(|(runs, saw)| Ok((ended(runs)?, saw))))
    }

    /// The trials of one compiled source under several sets of parameters, which share a session: the fewer round trips,
    /// the faster. None stands for parameters under which a run came to no end.
    pub fn trials_side_by_side(
        &self,
        artifact: &Artifact,
        parameters: &[Vec<f64>],
        sandbox: &Sandbox,
    ) -> Ran<Option<Vec<Trial>>> {
        let ran = self.run_candidate(sandbox, artifact, (parameters, Draws::Shared), &|| ())?;
        let cells = self.cells.len().max(1);
        let own =
            |runs: &Runs<Option<Trial>>| runs.results.chunks(cells).map(|own| own.iter().cloned().collect()).collect();
        Ok(ran.map(|(runs, ())| Runs { results: own(&runs), deciding: runs.deciding }))
    }

    /// All trials of a candidate run interleaved, so that one round trip to its process carries a pending question of each.
    /// The results are in the order of the parameters, for each of them in the cells' order. They take as many sessions as
    /// they need, on all cores: a run depends on its own cell and seat alone, so how they are dealt out does not show in the
    /// results.
    fn run_candidate<O: Onlooker>(
        &self,
        sandbox: &Sandbox,
        artifact: &Artifact,
        (parameters, draws): (&[Vec<f64>], Draws),
        onlooker: &(impl Fn() -> O + Sync),
    ) -> Seen<Option<Trial>, O> {
        let runs: Vec<Run<'_>> =
            parameters.iter().flat_map(|own| self.cells.iter().map(|cell| (own.as_slice(), cell))).collect();
        let (hands, mut parts) = (dealt(&runs), Vec::new());
        for hand in &hands {
            let own: Vec<_> = hand.iter().map(|at| runs[*at]).collect();
            parts.extend(Capacity::default().parts(&own).into_iter().map(|part| &hand[part]));
        }
        let ran = on_all_cores(&parts, |hand| finished(sandbox, artifact, (&runs, hand, draws), onlooker))?;
        let (mut all, mut saw) = (Runs { results: vec![None; runs.len()], deciding: Duration::ZERO }, onlooker());
        for (hand, ran) in parts.iter().zip(ran) {
            let (Runs { results, deciding }, own) = match ran {
                Ok(ran) => ran,
                Err(outcome) => return Ok(Err(outcome)),
            };
            all.deciding += deciding;
            hand.iter().zip(results).for_each(|(at, trial)| all.results[*at] = trial);
            saw.join(own);
        }
        Ok(Ok((all, saw)))
    }
}

/// A run of a candidate: with these parameters, on this cell.
type Run<'a> = (&'a [f64], &'a PanelCell);

/// Sessions that a policy's runs are dealt out to, at most, and runs from which on a further one pays: a round trip costs as much
/// for one question as for thirty. As many on every machine: seats of a session share the memory that a candidate may use.
const HANDS: usize = 4;
const EACH: usize = 32;

/// Deals runs out to sessions of about as many questions. Long runs go together: a session takes as many round trips as its longest
/// run has questions.
fn dealt(runs: &[Run<'_>]) -> Vec<Vec<usize>> {
    let questions = |at: &usize| runs[*at].1.case.questions();
    let mut longest: Vec<usize> = (0..runs.len()).collect();
    longest.sort_by_key(|at| std::cmp::Reverse(questions(at)));
    let count = (runs.len() / EACH).clamp(1, HANDS);
    let share = longest.iter().map(questions).sum::<usize>() / count + 1;
    let mut hands = vec![Vec::new(); count];
    let mut before = 0;
    for at in longest {
        hands[before / share].push(at);
        before += questions(&at);
    }
    hands.retain(|hand| !hand.is_empty());
    hands
}

/// Some of the runs, in a session of their own.
fn finished<O: Onlooker>(
    sandbox: &Sandbox,
    artifact: &Artifact,
    (runs, hand, draws): (&[Run<'_>], &[usize], Draws),
    onlooker: &(impl Fn() -> O + Sync),
) -> Seen<Option<Trial>, O> {
    let seats: Vec<Vec<f64>> = hand.iter().map(|at| runs[*at].0.to_vec()).collect();
    for ahead in [AHEAD, 0] {
        // What one saw who looked on at a run that went astray did not happen.
        let mut looking = onlooker();
        let mut machines: Vec<Box<dyn Machine>> = hand.iter().map(|at| runs[*at].1.start(draws)).collect();
        let mut driven: Vec<&mut dyn Machine> = machines.iter_mut().map(|machine| machine.as_mut() as _).collect();
        match session(sandbox, artifact, (&seats, &mut driven), (ahead, hand, &mut looking))? {
            Ok(Driven::ToTheEnd(deciding)) => {
                let results = machines.into_iter().map(|machine| machine.trial()).collect();
                return Ok(Ok((Runs { results, deciding }, looking)));
            }
            Ok(Driven::Astray) => {}
            Err(outcome) => return Ok(Err(outcome)),
        }
    }
    unreachable!("who goes ahead of no answer does not go astray")
}

/// A run of one of ours.
fn answered(policy: &dyn Builtin, cell: &PanelCell, draws: Draws, bytes: usize) -> Result<Option<Trial>, Outcome> {
    Ok(played(policy, cell.start(draws), bytes, |_, _| ())?.trial())
}

/// A run of one of ours to its end, while somebody looks on.
pub(super) fn played(
    policy: &dyn Builtin,
    mut machine: Box<dyn Machine>,
    bytes: usize,
    mut look: impl FnMut(&[u8], &[u8]),
) -> Result<Box<dyn Machine>, Outcome> {
    let mut seat = policy.seat();
    let (mut question, mut answer) = (Vec::new(), vec![0; bytes]);
    while machine.ask(&mut question) {
        seat.answer(&question, &mut answer);
        look(&question, &answer);
        machine.answer(&answer).map_err(|what| Outcome::Inconsistent { what })?;
        question.clear();
    }
    Ok(machine)
}

/// Drives runs to their ends in one session with a candidate that has its own defaults; the time spent waiting for its answers.
pub fn drive(
    sandbox: &Sandbox,
    artifact: &Artifact,
    runs: &mut [&mut dyn Machine],
) -> Result<Result<Duration, Outcome>, EngineError> {
    driven(sandbox, artifact, &vec![Vec::new(); runs.len()], runs)
}

/// The same with parameters for each.
pub(super) fn driven(
    sandbox: &Sandbox,
    artifact: &Artifact,
    seats: &[Vec<f64>],
    runs: &mut [&mut dyn Machine],
) -> Result<Result<Duration, Outcome>, EngineError> {
    let driven = session(sandbox, artifact, (seats, runs), (0, &[], &mut ()))?;
    Ok(driven.map(|driven| match driven {
        Driven::ToTheEnd(deciding) => deciding,
        Driven::Astray => unreachable!("who goes ahead of no answer does not go astray"),
    }))
}

/// Questions of one run that are put in one go, at most, where the problem forces the answers to all but the last.
const AHEAD: usize = 64;

/// Who was asked, the answer that was taken for given, and where the question ends among those that are kept for who looks on.
type Asked = (usize, Option<&'static [u8]>, usize);

/// What is put in one go.
struct Asking {
    round: Round,
    asked: Vec<Asked>,
    /// One question after the other, where somebody looks on.
    kept: Vec<u8>,
    keeps: bool,
}

/// What came of driving runs.
enum Driven {
    /// They ended; the time spent waiting for answers.
    ToTheEnd(Duration),
    /// An answer was not the one that the problem forces and with which the run had gone on.
    Astray,
}

/// The same with parameters for each, while somebody looks on, for whom the runs have these numbers. Runs go ahead of so many answers that
/// are forced: each round trip saved is a switch of processes saved.
fn session<O: Onlooker>(
    sandbox: &Sandbox,
    artifact: &Artifact,
    (seats, runs): (&[Vec<f64>], &mut [&mut dyn Machine]),
    (ahead, numbers, onlooker): (usize, &[usize], &mut O),
) -> Result<Result<Driven, Outcome>, EngineError> {
    let mut session = match sandbox.start(artifact, seats)? {
        Ok(session) => session,
        Err(outcome) => return Ok(Err(outcome)),
    };
    // Both ends on one core: a round trip is then a switch, not a wake-up of another core.
    let _core = session.share_core()?;
    let mut deciding = Duration::ZERO;
    let mut asking =
        Asking { round: Round::new(), asked: Vec::with_capacity(runs.len()), kept: Vec::new(), keeps: O::LOOKS };
    loop {
        asking.clear();
        for (seat, run) in runs.iter_mut().enumerate() {
            if let Err(what) = asking.ask(seat, *run, ahead) {
                return Ok(Err(Outcome::Inconsistent { what }));
            }
        }
        let Asking { round, asked, kept, .. } = &mut asking;
        if asked.is_empty() {
            return Ok(Ok(Driven::ToTheEnd(deciding)));
        }
        let start = Instant::now();
        let answers = match session.round(round) {
            Ok(answers) => answers,
            Err(outcome) => return Ok(Err(outcome)),
        };
        deciding += start.elapsed();
        let mut from = 0;
        for ((seat, forced, to), answer) in asked.iter().zip(answers) {
            match forced {
                Some(forced) if *forced != answer => return Ok(Ok(Driven::Astray)),
                Some(_) => {}
                None => {
                    if let Err(what) = runs[*seat].answer(answer) {
                        return Ok(Err(Outcome::Inconsistent { what }));
                    }
                }
            }
            if O::LOOKS {
                onlooker.decided(numbers[*seat], &kept[from..*to], answer);
                from = *to;
            }
        }
    }
}

impl Asking {
    fn clear(&mut self) {
        self.round.clear();
        self.asked.clear();
        self.kept.clear();
    }

    /// Puts the question of a run, after those before it whose answers are forced.
    fn ask(&mut self, seat: usize, run: &mut dyn Machine, ahead: usize) -> Result<(), String> {
        for _ in 0..ahead {
            if !self.put(seat, run) {
                return Ok(());
            }
            let forced = run.forced();
            self.asked.push((seat, forced, self.kept.len()));
            match forced {
                Some(answer) => run.answer(answer)?,
                None => return Ok(()),
            }
        }
        if self.put(seat, run) {
            self.asked.push((seat, None, self.kept.len()));
        }
        Ok(())
    }

    fn put(&mut self, seat: usize, run: &mut dyn Machine) -> bool {
        let Asking { round, kept, keeps, .. } = self;
        round.ask(seat as u16, |bytes| {
            let from = bytes.len();
            let asks = run.ask(bytes);
            if *keeps {
                kept.extend_from_slice(&bytes[from..]);
            }
            asks
        })
    }
}

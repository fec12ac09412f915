//! Decisions of the compiled candidate itself, as sequences that a translation has to repeat.
//!
//! The candidate runs in its jail, through a seat that says all that a translation has to repeat. It is shown made-up states, edges,
//! states of its own simulation runs, and at last the two sides of its boundaries: for a moment after a sequence, one input is halved
//! until the decision turns between two neighbouring values. Seats that were shown the same sequence serve one step of that search each.
//! What a moment is, and what can be changed about it, a problem says: [`Decisions`].
//!
//! All of it is made in rounds, as many as there is effort. Each draws from a stream of its own, so more effort finds all that less does.

mod again;
mod parameters;
mod random;
mod session;

pub use again::again;
pub(crate) use parameters::SPREAD;
pub(crate) use random::Random;
pub(crate) use session::Seats;

use engine::Prepared;
use engine::problem::{Problem, Source};
use sandbox::{Outcome, Sandbox, SandboxError};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// What candidates of a problem are shown, and what they answer.
pub trait Decisions {
    /// What the policy is shown at once.
    type Step: Clone;
    /// An input along which a decision may turn.
    type Axis: Copy + 'static;
    /// All of them.
    const AXES: &'static [Self::Axis];
    /// Questions of a simulation run that are kept.
    const RECORDED: usize;
    /// What there may be in production and no policy is shown here, as a sentence.
    const UNSHOWN: &'static str;

    /// The problem, for its scenarios.
    fn problem() -> &'static dyn Problem;

    /// Single moments at the ends of what there is.
    fn edges() -> Vec<Vec<Self::Step>>;

    /// A made-up sequence.
    fn made_up(random: &mut Random, length: usize) -> Vec<Self::Step>;

    /// A made-up sequence that goes beyond what the contract promises, as production may; none where that bounds it.
    fn beyond(_random: &mut Random, _length: usize) -> Option<Vec<Self::Step>> {
        None
    }

    /// Whether the contract promises that a policy is shown no more than this. Elsewhere it may panic: that is its answer.
    fn is_promised(_step: &Self::Step) -> bool {
        true
    }

    /// The same with what has no order in another one; none if everything has its order.
    fn reordered(_steps: &[Self::Step]) -> Option<Vec<Self::Step>> {
        None
    }

    /// Takes out what the policy is never told.
    fn hide(_step: &mut Self::Step, _untold: &BTreeMap<String, String>) {}

    /// The bytes of a moment.
    fn question(step: &Self::Step) -> Vec<u8>;

    /// A moment of a simulation, out of its bytes.
    fn read(question: &[u8]) -> Option<Self::Step>;

    /// A moment and the answer, of no bytes where it panicked, in the file's format; none if it is no answer.
    fn json(step: &Self::Step, answer: &[u8]) -> Option<Value>;

    /// A moment of the file's format.
    fn of_json(step: &Value) -> Option<Self::Step>;

    /// What a simulation takes of an answer.
    fn taken(answer: &[u8]) -> &[u8] {
        answer
    }

    /// What was decided, where more than a number may be answered: a boundary lies where it changes.
    fn side(step: &Self::Step, answer: &[u8]) -> u64;

    /// Whether a candidate that looks at these fields looks at this input.
    fn matters(axis: Self::Axis, reads: &BTreeSet<String>) -> bool;

    /// The codes of its least and greatest value behind these moments; none where it has none here.
    fn range(axis: Self::Axis, last: &Self::Step, before: &[Self::Step]) -> Option<(u64, u64)>;

    /// The moment with another value of it.
    fn set(axis: Self::Axis, last: &Self::Step, code: u64) -> Self::Step;

    /// What is kept of a boundary between neighbouring codes: both sides.
    fn around(_axis: Self::Axis, low: u64, high: u64) -> Vec<u64> {
        vec![low, high]
    }
}

/// Sequences of decisions.
#[derive(Clone, Debug, Default)]
pub struct Vectors {
    /// Each begins with a new policy.
    pub sequences: Vec<Sequence>,
    /// Boundaries that were found: between two neighbouring values of an input.
    pub boundaries: usize,
    /// What there may be in production and is not among them, as a sentence.
    pub unshown: &'static str,
}

/// What a new policy was shown, and what it answered.
#[derive(Clone, Debug)]
pub struct Sequence {
    source: &'static str,
    /// The round that made it, from 1; 0 where it was found to matter.
    round: usize,
    parameters: Vec<f64>,
    steps: Vec<Value>,
}

/// Why there are no vectors.
#[derive(Debug, thiserror::Error)]
pub enum NoVectors {
    /// What became of the candidate.
    #[error("the candidate ended as {}: {}", .0.name(), .0)]
    Ended(Outcome),
    /// The sandbox.
    #[error(transparent)]
    Sandbox(#[from] SandboxError),
    /// A file of decisions that is none.
    #[error("the decisions cannot be read: {0}")]
    Unread(String),
    /// A bug of ours.
    #[error("{0}")]
    Bug(String),
}

/// What a candidate is asked for its vectors.
pub struct Asked<'a> {
    /// Its source.
    pub source: &'a str,
    /// Its tunables in order: name, default, low, high.
    pub tunables: &'a [translate::Tunable],
    /// The fields of the contract that it looks at.
    pub reads: &'a BTreeSet<String>,
    /// Of these, what it is never told: it is shown none.
    pub untold: &'a BTreeMap<String, String>,
    /// How many rounds: 1 for a look, 4 for a package.
    pub effort: usize,
}

/// Asks the candidate.
pub fn vectors<D: Decisions>(asked: &Asked<'_>, sandbox: &Sandbox) -> Result<Vectors, NoVectors> {
    let mut maker = Maker::<D>::new(asked, sandbox, Vectors::default())?;
    maker.found.unshown = D::UNSHOWN;
    for round in 0..asked.effort {
        maker.round(round)?;
    }
    Ok(maker.found)
}

/// Asks the candidate about a sequence that somebody found to matter, and keeps what it answers. The text is a sequence of the
/// file's format.
pub fn more<D: Decisions>(
    vectors: &mut Vectors,
    text: &str,
    asked: &Asked<'_>,
    sandbox: &Sandbox,
) -> Result<(), NoVectors> {
    let sequence = serde_json::from_str(text).map_err(|error| NoVectors::Unread(error.to_string()))?;
    let (parameters, steps) = again::sequence::<D>(&sequence, asked)?;
    let mut maker = Maker::<D>::new(asked, sandbox, std::mem::take(vectors))?;
    let artifact = maker.artifact.clone();
    let kept =
        maker.keep(&mut Seats::new(sandbox, &artifact, &parameters), "tells a mutant apart", &parameters, &steps);
    *vectors = maker.found;
    kept
}

/// The candidate, compiled.
pub(crate) fn compiled(source: &str, sandbox: &Sandbox) -> Result<sandbox::Artifact, NoVectors> {
    match Prepared::new(source, &sandbox.options().kit).artifact(sandbox) {
        Ok(artifact) => artifact.map_err(NoVectors::Ended),
        Err(error) => Err(NoVectors::Bug(error.to_string())),
    }
}

/// Decisions of the longest made-up sequence: what a policy forgets later than that is not shown.
const LONGEST: usize = 3000;

struct Maker<'a, D> {
    asked: &'a Asked<'a>,
    sandbox: &'a Sandbox,
    artifact: sandbox::Artifact,
    /// The round, from 1, and its stream.
    round: usize,
    random: Random,
    found: Vectors,
    of: std::marker::PhantomData<D>,
}

impl<'a, D: Decisions> Maker<'a, D> {
    fn new(asked: &'a Asked<'a>, sandbox: &'a Sandbox, found: Vectors) -> Result<Self, NoVectors> {
        let artifact = compiled(asked.source, sandbox)?;
        let (random, of) = (Random::seeded(0), std::marker::PhantomData);
        Ok(Maker { asked, sandbox, artifact, round: 0, random, found, of })
    }

    /// One of the rounds, from 0: with the author's parameters, and with others.
    fn round(&mut self, round: usize) -> Result<(), NoVectors> {
        (self.round, self.random) = (round + 1, Random::seeded(0x5EED + round as u64));
        let own: Vec<f64> = self.asked.tunables.iter().map(|tunable| tunable.default).collect();
        if round == 0 {
            let long = self.steps(LONGEST);
            let artifact = self.artifact.clone();
            self.keep(&mut Seats::new(self.sandbox, &artifact, &own), "long", &own, &long)?;
        }
        self.all(&own, "made up")?;
        if round.is_multiple_of(SPREAD) {
            self.recorded(&own)?;
        }
        for others in parameters::sets(self.asked.tunables, round) {
            if others != own {
                self.all(&others, "other parameters")?;
            }
        }
        Ok(())
    }

    /// Edges, random states, other orders, and the boundaries around them.
    fn all(&mut self, parameters: &[f64], source: &'static str) -> Result<(), NoVectors> {
        let artifact = self.artifact.clone();
        let mut seats = Seats::new(self.sandbox, &artifact, parameters);
        let edges = if self.round == 1 { D::edges() } else { vec![] };
        for mut steps in edges {
            self.hide(&mut steps);
            self.keep(&mut seats, "edges", parameters, &steps)?;
        }
        for length in [1, 1, 1, 1, 3, 3, 10, 10, 40, 40, 300] {
            let steps = self.steps(length);
            self.keep(&mut seats, source, parameters, &steps)?;
            if let Some(reordered) = D::reordered(&steps).filter(|_| length < 300) {
                self.keep(&mut seats, "reordered", parameters, &reordered)?;
            }
        }
        for length in [2, 10, 40] {
            if let Some(beyond) = D::beyond(&mut self.random, length) {
                self.keep(&mut seats, "beyond the contract", parameters, &beyond)?;
            }
        }
        for _ in 0..15 {
            let length = 1 + self.random.below(6) as usize;
            let steps = self.steps(length);
            self.boundaries(&mut seats, parameters, &steps)?;
        }
        Ok(())
    }

    /// A made-up sequence.
    fn steps(&mut self, length: usize) -> Vec<D::Step> {
        let mut steps = D::made_up(&mut self.random, length);
        self.hide(&mut steps);
        steps
    }

    fn hide(&self, steps: &mut [D::Step]) {
        steps.iter_mut().for_each(|step| D::hide(step, self.asked.untold));
    }

    /// Its own simulation runs, from their beginning, and boundaries on the way.
    fn recorded(&mut self, parameters: &[f64]) -> Result<(), NoVectors> {
        let artifact = self.artifact.clone();
        let files = D::problem().template().iter().filter(|(path, _)| path.starts_with("scenarios/"));
        for (at, (_, text)) in files.enumerate() {
            let mut seats = Seats::new(self.sandbox, &artifact, parameters);
            let steps = self.run(&mut seats, text, (at + 100 * (self.round - 1)) as u64)?;
            for cut in [40, 120, 250] {
                if cut < steps.len() && at == 0 {
                    self.boundaries(&mut seats, parameters, &steps[..cut])?;
                }
            }
            self.keep(&mut seats, "recorded", parameters, &steps)?;
        }
        Ok(())
    }

    /// What it is shown in a run. One that ends early, at an answer that is none, has the questions before it.
    fn run(&self, seats: &mut Seats<'_>, scenario: &str, seed: u64) -> Result<Vec<D::Step>, NoVectors> {
        let bug = |error: String| NoVectors::Bug(error);
        let mut beside = |name: &str| Err(files::FileError::new(Path::new(name), "a template has no such file"));
        let mut room = |_: u64, _: &str| Ok(());
        let file = Source { text: scenario, file: Path::new("scenario.toml"), beside: &mut beside, room: &mut room };
        let workload = D::problem().workload(file).map_err(|error| bug(error.to_string()))?;
        let case = workload.case(false, seed).map_err(|error| bug(error.to_string()))?;
        let mut machine = case.start(seed);
        let seat = seats.take(1)?[0];
        let (mut steps, mut question) = (Vec::new(), Vec::new());
        while steps.len() < D::RECORDED && machine.ask(&mut question) {
            let mut step = D::read(&question).ok_or_else(|| bug("a question that cannot be read".into()))?;
            D::hide(&mut step, self.asked.untold);
            let answer = seats.ask(&[(seat, D::question(&step))])?.remove(0);
            steps.push(step);
            if machine.answer(D::taken(&answer)).is_err() {
                break;
            }
            question.clear();
        }
        Ok(steps)
    }

    /// Shows a sequence to a new policy and keeps what it answers. One that panics where it may is at its end.
    fn keep(
        &mut self,
        seats: &mut Seats<'_>,
        source: &'static str,
        parameters: &[f64],
        steps: &[D::Step],
    ) -> Result<(), NoVectors> {
        let seat = seats.take(1)?[0];
        let mut answered = Vec::with_capacity(steps.len());
        for step in steps {
            let answer = match seats.ask(&[(seat, D::question(step))]) {
                Err(NoVectors::Ended(Outcome::Crashed { .. })) if !D::is_promised(step) => vec![],
                answers => answers?.remove(0),
            };
            let line = D::json(step, &answer);
            answered.push(line.ok_or_else(|| NoVectors::Bug(format!("an answer that is none: {answer:?}")))?);
            if answer.is_empty() {
                break;
            }
        }
        let (round, parameters) = (self.round, parameters.to_vec());
        self.found.sequences.push(Sequence { source, round, parameters, steps: answered });
        Ok(())
    }

    /// Looks for where each input turns the last decision of a sequence.
    fn boundaries(&mut self, seats: &mut Seats<'_>, parameters: &[f64], steps: &[D::Step]) -> Result<(), NoVectors> {
        let Some((last, before)) = steps.split_last() else { return Ok(()) };
        for axis in D::AXES.iter().copied() {
            if !D::matters(axis, self.asked.reads) {
                continue;
            }
            let Some((mut low, mut high)) = D::range(axis, last, before) else { continue };
            // One seat for each step of the search, all of them after the same sequence.
            let places = seats.take(66)?;
            for step in before {
                let question = D::question(step);
                let all: Vec<(u16, Vec<u8>)> = places.iter().map(|seat| (*seat, question.clone())).collect();
                seats.ask(&all)?;
            }
            let mut free = places.into_iter();
            let mut at = |code: u64, seats: &mut Seats<'_>| -> Result<Option<u64>, NoVectors> {
                let Some(seat) = free.next() else { return Ok(None) };
                let step = D::set(axis, last, code);
                let answer = seats.ask(&[(seat, D::question(&step))])?.remove(0);
                Ok(Some(D::side(&step, &answer)))
            };
            let (Some(below), Some(above)) = (at(low, seats)?, at(high, seats)?) else { continue };
            if below == above {
                continue;
            }
            while high - low > 1 {
                let middle = low + (high - low) / 2;
                match at(middle, seats)? {
                    Some(side) if side == below => low = middle,
                    Some(_) => high = middle,
                    None => break,
                }
            }
            self.found.boundaries += 1;
            for code in D::around(axis, low, high) {
                let mut sequence = before.to_vec();
                sequence.push(D::set(axis, last, code));
                self.keep(seats, "boundary", parameters, &sequence)?;
            }
        }
        Ok(())
    }
}

impl Vectors {
    /// How many decisions there are.
    pub fn decisions(&self) -> usize {
        self.sequences.iter().map(|sequence| sequence.steps.len()).sum()
    }

    /// The decisions of the longest sequence with the author's parameters, which come first, and with others.
    pub fn longest(&self) -> (usize, usize) {
        let own = self.sequences.first().map(|first| &first.parameters);
        let (own, others): (Vec<_>, Vec<_>) = self.sequences.iter().partition(|other| Some(&other.parameters) == own);
        let most = |all: &[&Sequence]| all.iter().map(|sequence| sequence.steps.len()).max().unwrap_or(0);
        (most(&own), most(&others))
    }

    /// As `testdata/decisions.json`.
    pub fn json(&self, tunables: &[translate::Tunable]) -> String {
        let sequences: Vec<Value> = self
            .sequences
            .iter()
            .map(|sequence| {
                let named: BTreeMap<String, f64> = tunables
                    .iter()
                    .zip(&sequence.parameters)
                    .map(|(tunable, value)| (translate::go_name(&tunable.name, false), *value))
                    .collect();
                json!({ "source": sequence.source, "round": sequence.round, "parameters": named, "steps": sequence.steps })
            })
            .collect();
        // A sequence a line: a difference shows where it is.
        let lines: Vec<String> = sequences.iter().map(Value::to_string).collect();
        format!("{{\"sequences\":[\n{}\n]}}\n", lines.join(",\n"))
    }
}

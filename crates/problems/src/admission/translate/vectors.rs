//! Decisions of the compiled candidate itself, as sequences that a translation has to repeat.
//!
//! The candidate runs in its jail, through a seat that also says how many draws it took. It is shown made-up states, edges, states of
//! its own simulation runs, and at last the two sides of its boundaries: for a moment after a sequence, one input is halved until
//! the decision turns between two neighbouring values. Seats that were shown the same sequence serve one step of that search each.

mod axis;
mod session;

pub(super) use axis::Step;
pub(super) use session::Seats;

use super::super::KIT;
use admitter::wire;
use axis::Axis;
use engine::Prepared;
use engine::problem::{Source, Workload};
use sandbox::{Kit, Outcome, Sandbox, SandboxError};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// The contract as candidates meet it, but that an answer also has its number of draws.
pub const COUNTING: Kit =
    Kit { state: "admitter::wire::Counting<candidate::Policy>", answer_bytes: wire::COUNTED_BYTES, ..KIT };

/// Sequences of decisions.
#[derive(Clone, Debug, Default)]
pub struct Vectors {
    /// Each begins with a new policy.
    pub sequences: Vec<Sequence>,
    /// Boundaries that were found: between two neighbouring values of an input.
    pub boundaries: usize,
}

/// What a new policy was shown, and what it answered.
#[derive(Clone, Debug)]
pub struct Sequence {
    source: &'static str,
    parameters: Vec<f64>,
    steps: Vec<(Step, bool, u8)>,
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
    /// How many of everything: 1 for a look, 4 for a package.
    pub effort: usize,
}

/// Asks the candidate.
pub fn vectors(asked: &Asked<'_>, sandbox: &Sandbox) -> Result<Vectors, NoVectors> {
    let mut maker = Maker::new(asked, sandbox, Vectors::default())?;
    let own: Vec<f64> = asked.tunables.iter().map(|tunable| tunable.default).collect();
    maker.all(&own, "made up")?;
    maker.recorded(&own)?;
    for _ in 0..asked.effort.div_ceil(2) {
        let others: Vec<f64> =
            asked.tunables.iter().map(|tunable| maker.random.within(tunable.low, tunable.high)).collect();
        if others != own {
            maker.all(&others, "other parameters")?;
        }
    }
    Ok(maker.found)
}

impl Vectors {
    /// Asks the candidate about a sequence that somebody found to matter, and keeps what it answers. The text is a sequence of the
    /// file's format.
    pub fn add(&mut self, text: &str, asked: &Asked<'_>, sandbox: &Sandbox) -> Result<(), NoVectors> {
        let bug = || NoVectors::Bug("a sequence that cannot be read".into());
        let sequence: Value = serde_json::from_str(text).map_err(|_| bug())?;
        let parameters: Option<Vec<f64>> = asked
            .tunables
            .iter()
            .map(|tunable| sequence["parameters"][translate::go_name(&tunable.name, false)].as_f64())
            .collect();
        let steps: Option<Vec<Step>> =
            sequence["steps"].as_array().ok_or_else(bug)?.iter().map(Step::of_json).collect();
        let (parameters, steps) = (parameters.ok_or_else(bug)?, steps.ok_or_else(bug)?);
        let mut maker = Maker::new(asked, sandbox, std::mem::take(self))?;
        let artifact = maker.artifact.clone();
        let kept =
            maker.keep(&mut Seats::new(sandbox, &artifact, &parameters), "tells a mutant apart", &parameters, &steps);
        *self = maker.found;
        kept
    }
}

struct Maker<'a> {
    asked: &'a Asked<'a>,
    sandbox: &'a Sandbox,
    artifact: sandbox::Artifact,
    random: Random,
    found: Vectors,
}

impl<'a> Maker<'a> {
    fn new(asked: &'a Asked<'a>, sandbox: &'a Sandbox, found: Vectors) -> Result<Self, NoVectors> {
        let prepared = Prepared::new(asked.source, &sandbox.options().kit);
        let artifact = match prepared.artifact(sandbox) {
            Ok(Ok(artifact)) => artifact,
            Ok(Err(outcome)) => return Err(NoVectors::Ended(outcome)),
            Err(error) => return Err(NoVectors::Bug(error.to_string())),
        };
        Ok(Maker { asked, sandbox, artifact, random: Random::seeded(0x5EED), found })
    }

    /// Edges, random states, long sequences, other orders, and the boundaries around them.
    fn all(&mut self, parameters: &[f64], source: &'static str) -> Result<(), NoVectors> {
        let artifact = self.artifact.clone();
        let mut seats = Seats::new(self.sandbox, &artifact, parameters);
        for mut steps in Step::edges() {
            steps.iter_mut().for_each(|step| self.hide(step));
            self.keep(&mut seats, "edges", parameters, &steps)?;
        }
        for length in [1, 1, 1, 1, 3, 3, 10, 10, 40, 40].repeat(self.asked.effort) {
            let steps = self.steps(length);
            self.keep(&mut seats, source, parameters, &steps)?;
            let mut reordered = steps;
            reordered.iter_mut().for_each(|step| step.instances.reverse());
            self.keep(&mut seats, "reordered", parameters, &reordered)?;
        }
        let long = self.steps(150 * self.asked.effort);
        self.keep(&mut seats, "long", parameters, &long)?;
        for _ in 0..15 * self.asked.effort {
            let length = 1 + self.random.below(6) as usize;
            let steps = self.steps(length);
            self.boundaries(&mut seats, parameters, &steps)?;
        }
        Ok(())
    }

    /// A made-up sequence.
    fn steps(&mut self, length: usize) -> Vec<Step> {
        let mut steps = self.random.steps(length);
        steps.iter_mut().for_each(|step| self.hide(step));
        steps
    }

    /// Takes out what the policy is never told.
    fn hide(&self, step: &mut Step) {
        let told = |field: &str| !self.asked.untold.contains_key(field);
        step.request.max_output_tokens = step.request.max_output_tokens.filter(|_| told("Request.max_output_tokens"));
        let prediction = step.request.predicted_output_tokens.filter(|_| told(super::package::PREDICTION));
        step.request.predicted_output_tokens = prediction;
    }

    /// Its own simulation runs, from their beginning, and boundaries on the way.
    fn recorded(&mut self, parameters: &[f64]) -> Result<(), NoVectors> {
        let artifact = self.artifact.clone();
        for (at, (_, text)) in
            super::super::TEMPLATE.iter().filter(|(path, _)| path.starts_with("scenarios/")).enumerate()
        {
            let mut seats = Seats::new(self.sandbox, &artifact, parameters);
            let steps = self.run(&mut seats, text, at as u64)?;
            for cut in [40, 120, 250] {
                if cut < steps.len() && at == 0 {
                    self.boundaries(&mut seats, parameters, &steps[..cut])?;
                }
            }
            self.keep(&mut seats, "recorded", parameters, &steps)?;
        }
        Ok(())
    }

    fn run(&self, seats: &mut Seats<'_>, scenario: &str, seed: u64) -> Result<Vec<Step>, NoVectors> {
        let questions = 100 * self.asked.effort;
        let bug = |error: String| NoVectors::Bug(error);
        let mut beside = |name: &str| Err(files::FileError::new(Path::new(name), "a template has no such file"));
        let mut room = |_: u64, _: &str| Ok(());
        let file = Source { text: scenario, file: Path::new("scenario.toml"), beside: &mut beside, room: &mut room };
        let workload = super::super::AdmissionWorkload::read(file).map_err(|error| bug(error.to_string()))?;
        let case = workload.case(false, seed).map_err(|error| bug(error.to_string()))?;
        let mut machine = case.start(seed);
        let seat = seats.take(1)?[0];
        let (mut steps, mut question) = (Vec::new(), Vec::new());
        while steps.len() < questions && machine.ask(&mut question) {
            let mut step = Step::read(&question).ok_or_else(|| bug("a question that cannot be read".into()))?;
            self.hide(&mut step);
            let answer = seats.ask(&[(seat, &step)])?[0];
            machine.answer(&[if answer.0 { wire::REJECT } else { wire::ADMIT }]).map_err(bug)?;
            steps.push(step);
            question.clear();
        }
        Ok(steps)
    }

    /// Shows a sequence to a new policy and keeps what it answers.
    fn keep(
        &mut self,
        seats: &mut Seats<'_>,
        source: &'static str,
        parameters: &[f64],
        steps: &[Step],
    ) -> Result<(), NoVectors> {
        let seat = seats.take(1)?[0];
        let mut answered = Vec::with_capacity(steps.len());
        for step in steps {
            let (refused, draws) = seats.ask(&[(seat, step)])?[0];
            answered.push((step.clone(), refused, draws));
        }
        self.found.sequences.push(Sequence { source, parameters: parameters.to_vec(), steps: answered });
        Ok(())
    }

    /// Looks for where each input turns the last decision of a sequence.
    fn boundaries(&mut self, seats: &mut Seats<'_>, parameters: &[f64], steps: &[Step]) -> Result<(), NoVectors> {
        let Some((last, before)) = steps.split_last() else { return Ok(()) };
        for axis in Axis::ALL {
            if !axis.matters(self.asked.reads) {
                continue;
            }
            let Some((mut low, mut high)) = axis.range(last, before) else { continue };
            // One seat for each step of the search, all of them after the same sequence.
            let places = seats.take(66)?;
            for step in before {
                let all: Vec<(u16, &Step)> = places.iter().map(|seat| (*seat, step)).collect();
                seats.ask(&all)?;
            }
            let mut free = places.into_iter();
            let mut at = |code: u64, seats: &mut Seats<'_>| -> Result<Option<bool>, NoVectors> {
                let Some(seat) = free.next() else { return Ok(None) };
                Ok(Some(seats.ask(&[(seat, &axis.set(last, before, code))])?[0].0))
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
            for code in axis.around(low, high) {
                let mut sequence = before.to_vec();
                sequence.push(axis.set(last, before, code));
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
                let steps: Vec<Value> =
                    sequence.steps.iter().map(|(step, refused, draws)| step.json(*refused, *draws)).collect();
                json!({ "source": sequence.source, "parameters": named, "steps": steps })
            })
            .collect();
        // A sequence a line: a difference shows where it is.
        let lines: Vec<String> = sequences.iter().map(Value::to_string).collect();
        format!("{{\"sequences\":[\n{}\n]}}\n", lines.join(",\n"))
    }
}

/// Numbers that are the same each time.
pub(super) struct Random(u64);

impl Random {
    pub(super) fn seeded(seed: u64) -> Random {
        Random(seed)
    }

    pub(super) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    pub(super) fn unit(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1u64 << 53) as f64
    }

    pub(super) fn below(&mut self, bound: u64) -> u64 {
        self.next() % bound.max(1)
    }

    /// A value of a range; spread by its logarithm where the range is above 0.
    fn within(&mut self, low: f64, high: f64) -> f64 {
        let unit = self.unit();
        let value = if low > 0.0 { low * (high / low).powf(unit) } else { low + (high - low) * unit };
        value.clamp(low, high)
    }
}

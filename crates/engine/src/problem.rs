//! A problem: what can be asked. It is one folder of the room `problems`, and nothing outside of it knows its words.
//!
//! A [`Problem`] reads [`Workload`]s and [`Population`]s from an experiment's files. A workload with a seed is a [`Case`], and a
//! run of a case is a [`Machine`]: it puts questions, takes answers, and says in the end what the trial yielded. Whoever answers
//! sees bytes alone, whether it is a candidate in its jail or a policy that is built in ([`Builtin`]): there is one way to run a
//! policy. What the numbers of a trial mean is data: [`Spec`].

use crate::probe::Probing;
use files::FileError;
use sandbox::Kit;
use schemars::JsonSchema;
use science::measurement::Paired;
use science::seal::Line;
use science::spec::Spec;
use science::trial::Trial;
use serde_json::Value;
use std::fmt::Debug;
use std::path::Path;
use std::sync::Arc;

/// The line of a contract from which on it is of no use to whoever writes a candidate.
const RUNNERS: &str = "\n// The runner's side.\n";

/// What a prompt shows of a contract.
pub fn shown(contract: &str) -> &str {
    contract.split(RUNNERS).next().unwrap_or(contract)
}

/// The problems that this program knows.
#[derive(Clone, Debug)]
pub struct Problems(Arc<[Arc<dyn Problem>]>);

impl Problems {
    /// These problems.
    pub fn new(problems: impl IntoIterator<Item = Arc<dyn Problem>>) -> Self {
        Problems(problems.into_iter().collect())
    }

    /// All of them.
    pub fn all(&self) -> &[Arc<dyn Problem>] {
        &self.0
    }

    /// The problem of this name, or a sentence that says which there are.
    pub fn find(&self, name: &str) -> Result<Arc<dyn Problem>, String> {
        let names =
            || self.0.iter().map(|problem| format!("`{}`", problem.spec().problem)).collect::<Vec<_>>().join(", ");
        let found = self.0.iter().find(|problem| problem.spec().problem == name);
        found.cloned().ok_or_else(|| format!("no problem is called `{name}`; there is {}", names()))
    }
}

/// What can be asked: how it is measured, and by which contract a candidate is written.
pub trait Problem: Debug + Send + Sync {
    /// What is measured and what counts.
    fn spec(&self) -> &Spec;

    /// The contract that candidates are compiled against.
    fn kit(&self) -> &Kit;

    /// A small candidate that runs: what a new file begins with.
    fn starter(&self) -> &str;

    /// The files of a commented experiment that runs in seconds, by path relative to its directory: what `elenchus init` writes.
    fn template(&self) -> &'static [(&'static str, &'static str)];

    /// The kinds of files that its experiments hold beside `campaign.toml`: what `elenchus schema` prints.
    fn formats(&self) -> Vec<Format>;

    /// What prompts say of it.
    fn passages(&self) -> agents::llm::Passages;

    /// Reads a workload file of an experiment.
    fn workload(&self, file: Source<'_>) -> Result<Box<dyn Workload>, FileError>;

    /// Reads a population of workloads.
    fn population(&self, text: &str, file: &Path) -> Result<Box<dyn Population>, FileError>;

    /// The most questions of any workload that a population can draw.
    fn most_drawn(&self) -> u64;

    /// The policy of this name that is built in, or a sentence that says which there are.
    fn builtin(&self, name: &str) -> Result<Box<dyn Builtin>, String>;

    /// A trial against the baseline's on the same case and draws; prices are in the order of the spec's.
    fn pair(&self, trial: &Trial, baseline: &Trial, prices: &[f64]) -> Paired;

    /// How to find out what a candidate does.
    fn probing(&self) -> &dyn Probing;
}

/// A kind of file that an experiment holds.
#[derive(Clone, Debug)]
pub struct Format {
    /// Its name, as in `elenchus schema NAME`.
    pub name: &'static str,
    /// Every key with its documentation, as a JSON Schema.
    pub schema: Value,
}

impl Format {
    /// The format of the files that are read into a type.
    pub fn of<T: JsonSchema>(name: &'static str) -> Self {
        Format { name, schema: schemars::schema_for!(T).to_value() }
    }
}

/// A workload file, with what reading it may need.
pub struct Source<'a> {
    /// Its text.
    pub text: &'a str,
    /// Its path, for messages.
    pub file: &'a Path,
    /// Reads a file that lies beside it, by the name that stands in it.
    pub beside: &'a mut dyn FnMut(&str) -> Result<String, FileError>,
    /// Asks for room for as many questions, before anything of the size is made; the key is the one that says so.
    pub room: &'a mut dyn FnMut(u64, &str) -> Result<(), FileError>,
}

/// What policies are run on: with a seed, a [`Case`].
pub trait Workload: Debug + Send + Sync {
    /// Its name, 1 to 60 characters in one line: prompts and reports hold it.
    fn name(&self) -> &str;

    /// What its seeds derive from: what it means, not what it is called.
    fn key(&self) -> &str;

    /// Whether it was recorded: no seed changes it, and a part of it is held out for the seal.
    fn is_recorded(&self) -> bool;

    /// Whether something arrives before what is measured: what a policy remembers shows there.
    fn has_past(&self) -> bool {
        false
    }

    /// The most questions that a run of it puts, known before a case is made.
    fn questions(&self) -> u64;

    /// The workload with a seed. What was recorded has two parts instead: `held_out` asks for the one for the seal.
    fn case(&self, held_out: bool, seed: u64) -> Result<Arc<dyn Case>, FileError>;
}

/// Where workloads are drawn from.
pub trait Population: Debug + Send + Sync {
    /// What it means: everything that changes a draw, and nothing else.
    fn meaning(&self) -> String;

    /// So many workloads, called `role_01` and so on. `seed` has an unrelated number for every purpose. Their keys are their names.
    fn draw(&self, role: &str, count: usize, seed: &dyn Fn(&str) -> u64) -> Vec<Box<dyn Workload>>;
}

/// A workload with a seed: the same for all policies.
pub trait Case: Debug + Send + Sync {
    /// Starts a run whose draws follow from this.
    fn start(&self, draws: u64) -> Box<dyn Machine>;

    /// The most questions that a run puts.
    fn questions(&self) -> usize;

    /// The length of the longest question, in bytes.
    fn question_bytes(&self) -> usize;

    /// Memory of a run at its beginning, in bytes.
    fn bytes(&self) -> usize;

    /// What it is, in words: what whoever designs a policy may know of it.
    fn describe(&self) -> String;

    /// What it is told apart from others by, in the order of the spec's features.
    fn features(&self) -> Vec<f64> {
        Vec::new()
    }

    /// What an input told of each request that may be decided on, and what [`Spec::hindsight`] says that it turned out to be; for those
    /// who plan, of search workloads alone. Nothing where that is not known of single requests.
    fn hindsight(&self, _input: &str) -> Vec<[f64; 2]> {
        Vec::new()
    }
}

/// A run: whoever drives it takes questions and gives answers in turn.
pub trait Machine {
    /// Appends the question that waits for an answer; false if the run is over. It is the same until it was answered.
    fn ask(&mut self, question: &mut Vec<u8>) -> bool;

    /// The only answer to it that is no violation, if the problem forces one. Whoever drives may go on as if it had been given, so
    /// that fewer waits are needed, and has to make sure afterwards that it was.
    fn forced(&self) -> Option<&'static [u8]> {
        None
    }

    /// Takes the answer to it. One that is no answer is an error that says so, as in `it answered 3, which is …`.
    fn answer(&mut self, answer: &[u8]) -> Result<(), String>;

    /// What it yielded; none if it came to no end.
    fn trial(self: Box<Self>) -> Option<Trial>;

    /// Instead of its trial, what there is to look at of a run that is over: how things went over time, say. The same lines in the same
    /// order for every policy; none where nobody would want a picture.
    fn seen(self: Box<Self>) -> Vec<Line> {
        Vec::new()
    }
}

/// A policy of ours.
pub trait Builtin: Debug + Send + Sync {
    /// What it means, however it is written down.
    fn meaning(&self) -> String;

    /// Itself with one of its parameters multiplied, if it has a parameter of that name.
    fn scaled(&self, parameter: &str, factor: f64) -> Option<Box<dyn Builtin>>;

    /// Starts a run.
    fn seat(&self) -> Box<dyn Seat>;
}

/// One run of a policy that is built in.
pub trait Seat {
    /// Answers a question.
    fn answer(&mut self, question: &[u8], answer: &mut [u8]);
}

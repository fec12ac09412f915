//! The gates of a package: its files, its tests beside our re-declaration of the target's API, its mutants, a checkout of the target.

mod checkout;
mod live;
mod mutants;
mod offline;
mod original;
mod standing;

pub(super) use mutants::{fates, judged};

use super::go::{Go, Scratch, write};
use crate::failure::{Code, Failure};
use crate::output;
use engine::sandbox::{Kit, Sandbox};
use engine::science::text;
use standing::Standing;
use std::path::Path;

/// One gate and what came of it.
pub(super) struct Gate {
    pub(super) name: &'static str,
    pub(super) state: State,
}

/// What came of a gate. One that could not run has not passed.
#[derive(Clone)]
pub(super) enum State {
    Passed(String),
    Failed(String),
    CouldNotRun(String),
    /// How to ask for it.
    NotAsked(String),
}

impl State {
    /// What came of it in a word, and what is said of it.
    pub(super) fn words(&self) -> (&'static str, &str) {
        match self {
            State::Passed(said) => ("passed", said),
            State::Failed(said) => ("FAILED", said),
            State::CouldNotRun(said) => ("could not run", said),
            State::NotAsked(said) => ("not asked", said),
        }
    }
}

impl Gate {
    /// As it is printed.
    pub(super) fn line(&self) -> String {
        let (word, said) = self.state.words();
        format!("{word:<14} {:<10} {}", self.name, text::clip(said, 3000))
    }
}

/// Files by path.
type Files = [(String, String)];

/// Bytes of a file of a package at most.
const MOST: u64 = 64 << 20;

/// What is checked, and by what.
pub(super) struct Checked<'a> {
    pub(super) folder: &'a Path,
    pub(super) checkout: Option<&'a Path>,
    pub(super) effort: usize,
    pub(super) go: Result<Go, String>,
    /// For how many seconds it decides live, if at all.
    pub(super) live: Option<u32>,
    /// Where the candidate runs.
    pub(super) jail: Jail<'a>,
}

/// Makes a jail for candidates of a contract.
pub(super) type Jail<'a> = &'a dyn Fn(Kit) -> Result<Sandbox, Failure>;

/// The gates behind the first, in their order.
const AFTER: [&str; 6] = ["original", "offline", "race", "mutants", "live", "checkout"];

impl Checked<'_> {
    /// Runs all gates and says what came of each, as it comes, and at last what that means. None is left out silently.
    pub(super) fn all(&self, allow_missing: bool) -> Result<Code, Failure> {
        if let Some(checkout) = self.checkout.filter(|checkout| !checkout.is_dir()) {
            return Err(Failure::usage(format!("{} is no directory: no checkout can be there", checkout.display())));
        }
        let ways = [
            ("live", self.live.is_none(), "--live lets it decide in front of mock servers"),
            ("checkout", self.checkout.is_none(), "--router-path CHECKOUT builds and tests it in a copy of yours"),
        ];
        let unasked = ways.into_iter().filter(|(_, is_unasked, _)| *is_unasked).map(|(name, _, how)| (name, how));
        let mut told = Told { unasked: unasked.collect(), ..Told::default() };
        self.run(&mut told)?;
        told.end(allow_missing)
    }

    fn run(&self, told: &mut Told) -> Result<(), Failure> {
        let files = standing::read(self.folder).map_err(Failure::usage)?;
        let standing = match Standing::of(&files) {
            Ok(standing) => standing,
            Err(wrong) => {
                told.tell("files", State::Failed(wrong))?;
                return told.could_not(&AFTER, "the files are not those of a package, so nothing of it is run");
            }
        };
        let edited = standing.edited.iter().map(|path| format!("; {path} was edited, and is read by the router alone"));
        let edited: String = edited.collect();
        told.tell("files", State::Passed(format!("{} files, for {}{edited}", files.len(), standing.target.name)))?;
        let sandbox = (self.jail)(standing.target.of.kit);
        let original = original::asked(&files, &standing, sandbox.as_ref());
        let is_other = matches!(original, State::Failed(_));
        told.tell("original", original)?;
        if is_other {
            return told.could_not(&AFTER[1..], "the decisions are not the candidate's");
        }
        let go = match &self.go {
            Ok(go) => go,
            Err(missing) => return told.could_not(&AFTER[1..], missing),
        };
        let tree = match offline::Tree::beside_api(go, &files, &standing)? {
            Ok(tree) => tree,
            Err(state) => {
                told.tell("offline", state)?;
                return told.could_not(&AFTER[2..], "the package does not stand beside its API");
            }
        };
        if !told.tell("offline", tree.tested()?)? {
            return told.could_not(&AFTER[2..], "its own tests do not pass");
        }
        told.tell("race", tree.raced()?)?;
        let decisions = standing::text(&files, super::DECISIONS).unwrap_or_default();
        let mutants = fates(go, &files, &standing.target.of.harness, decisions, self.effort)?;
        told.tell("mutants", mutants.map_or_else(|state| state, |mutants| judged(&mutants)))?;
        match self.live {
            Some(seconds) => {
                told.tell("live", live::live(&tree, &files, &standing, &sandbox?, seconds)?)?;
            }
            None => told.could_not(&["live"], "")?,
        }
        let Some(checkout) = self.checkout else { return told.could_not(&["checkout"], "") };
        told.tell("drift", checkout::drift(checkout, &files, &standing))?;
        told.tell("checkout", checkout::built(go, &files, &standing, checkout)?)?;
        Ok(())
    }
}

/// What was said of the gates so far.
#[derive(Default)]
struct Told {
    /// Gates that nobody asked for, and how one does.
    unasked: Vec<(&'static str, &'static str)>,
    passed: usize,
    failed: Vec<&'static str>,
    /// Gates that were asked for and could not run.
    missing: Vec<&'static str>,
}

impl Told {
    /// Says what came of a gate, and whether it passed.
    fn tell(&mut self, name: &'static str, state: State) -> Result<bool, Failure> {
        let passed = matches!(state, State::Passed(_));
        match &state {
            State::Passed(_) => self.passed += 1,
            State::Failed(_) => self.failed.push(name),
            State::CouldNotRun(_) => self.missing.push(name),
            State::NotAsked(_) => {}
        }
        output::line(Gate { name, state }.line())?;
        Ok(passed)
    }

    /// Says of gates why they could not run; of those that nobody asked for, how one does.
    fn could_not(&mut self, names: &[&'static str], why: &str) -> Result<(), Failure> {
        for name in names {
            let way = self.unasked.iter().find(|(unasked, _)| unasked == name);
            let state =
                way.map_or_else(|| State::CouldNotRun(why.to_owned()), |(_, how)| State::NotAsked((*how).into()));
            self.tell(name, state)?;
        }
        Ok(())
    }

    /// Says what all of it means, and how the command ends.
    fn end(self, allow_missing: bool) -> Result<Code, Failure> {
        let code = match (self.failed.is_empty(), self.missing.is_empty() || allow_missing) {
            (false, _) => Code::Failed,
            (true, false) => Code::Incomplete,
            (true, true) => Code::Done,
        };
        let mut said = vec![format!("{} passed", self.passed)];
        let unasked = self.unasked.iter().map(|(name, _)| *name).collect();
        for (what, names) in [("failed", self.failed), ("could not run", self.missing), ("not asked for", unasked)] {
            if !names.is_empty() {
                said.push(format!("{what}: {}", names.join(", ")));
            }
        }
        output::line(format!("exit {}: {}", code as u8, said.join("; ")))?;
        Ok(code)
    }
}

/// All that a command printed.
fn said(output: &std::process::Output) -> String {
    let all = [output.stdout.as_slice(), output.stderr.as_slice()].concat();
    text::clean(String::from_utf8_lossy(&all).trim())
}

fn scratch(what: &str) -> Result<Scratch, Failure> {
    Scratch::new(what).map_err(|error| Failure::failed(format!("no place for a temporary folder: {error}")))
}

fn put(folder: &Path, files: &Files) -> Result<(), Failure> {
    write(folder, files).map_err(|error| Failure::failed(format!("cannot write {}: {error}", folder.display())))
}

fn started(error: &std::io::Error) -> Failure {
    Failure::failed(format!("go: {error}"))
}

//! A policy as production code: what every problem needs for it. What stands around the translated code, the table of signals and how
//! decisions are made up is a problem's own, in its folder; so is each [`Target`].
//!
//! [`package`] writes the files. [`vectors`] asks the compiled candidate itself, in its jail, what it decides; [`mutation`] is the test of
//! that test, and [`proof`] says what came of both. [`patch`] registers a package in the target's tree; [`lines`] finds what a plugin
//! logged among the lines of others. The translator knows none of this (`crates/translate`), and whether Go agrees is for the gates of the
//! command to find out.

pub mod lines;
pub mod mutation;
pub mod package;
pub mod patch;
pub mod proof;
pub mod router;
pub mod signals;
pub mod vectors;

pub use package::{Package, Request, package};
use sandbox::{Kit, Sandbox};
use serde_json::{Map, Value};
use signals::Signals;
use translate::{Translation, Tunable};
pub use vectors::{Asked, NoVectors, Vectors};

/// What a problem says of its candidates, for all targets.
#[derive(Debug)]
pub struct Shipped {
    /// The problem's name.
    pub problem: &'static str,
    /// What makes them: the contract, through a seat that answers with all that a translation has to repeat.
    pub kit: Kit,
    /// The trait that they implement.
    pub interface: &'static str,
    /// Types of the contract that a scaffold defines.
    pub opaque: &'static [&'static str],
    /// Types of the contract whose fields are signals.
    pub shown: &'static [&'static str],
    /// Asks a candidate for its vectors.
    pub vectors: fn(&Asked<'_>, &Sandbox) -> Result<Vectors, NoVectors>,
    /// Asks it about one more sequence, in the format of the file.
    pub more: fn(&mut Vectors, &str, &Asked<'_>, &Sandbox) -> Result<(), NoVectors>,
    /// Asks it about all decisions of a file once more: how many are not its own.
    pub again: fn(&str, &Asked<'_>, &Sandbox) -> Result<Replayed, NoVectors>,
    /// What the program of the mutants has to know of decisions.
    pub harness: Harness,
    /// Targets of other problems that its policies have no place in, and why.
    pub nowhere: &'static [(&'static str, &'static str)],
}

/// Go of a problem in the program of the mutants.
#[derive(Clone, Copy, Debug)]
pub struct Harness {
    /// `steps/steps.go`: what a step and an answer are, and how steps are made of others.
    pub steps: &'static str,
    /// `policy/ask.go`: how the policy is asked about a step.
    pub ask: &'static str,
    /// What words of it stand for, given the text of `contract.go`.
    pub filled: fn(&str) -> Vec<(&'static str, String)>,
}

/// What a candidate is translated into. Paths are those of the target's tree.
#[derive(Debug)]
pub struct Target {
    /// Its name on the command line.
    pub name: &'static str,
    /// Whose candidates it takes.
    pub of: &'static Shipped,
    /// Where a package lies in its tree.
    pub place: &'static str,
    /// Its API as far as a package uses it, for the gate that needs no checkout: path and text.
    pub api: &'static [(&'static str, &'static str)],
    /// The files of a package.
    pub templates: &'static [Template],
    /// The file that asks the policy, and says which type and whose it is.
    pub scaffold: &'static str,
    /// Names that the scaffold declares.
    pub reserved: &'static [&'static str],
    /// Parameters of the scaffold.
    pub parameters: &'static [Parameter],
    /// The table of its signals.
    pub table: &'static str,
    /// What its templates are filled with besides, and files that are made otherwise.
    pub around: fn(&Translation, &Signals) -> Around,
    /// The patch that registers a package, in its folder.
    pub patch_file: &'static str,
    /// The files that a package of a name, with its type, is registered in, and how.
    pub registered: fn(&str, &str) -> Vec<patch::Edit>,
    /// What to build besides the package, below the tree.
    pub builds: &'static [&'static str],
    /// What it is all built into.
    pub command: &'static str,
    /// How a package decides in front of mock servers, if it has a core that runs by itself.
    pub live: Option<Live>,
}

/// A file of a package.
#[derive(Clone, Copy, Debug)]
pub struct Template {
    /// Its path, in which `NAME` is the type.
    pub path: &'static str,
    /// The template.
    pub text: &'static str,
    /// The field of the contract that it is there for, if not always.
    pub only: Option<&'static str>,
}

/// A parameter of the scaffold.
#[derive(Clone, Copy, Debug)]
pub struct Parameter {
    /// Its field in Go.
    pub field: &'static str,
    /// Its name in a configuration.
    pub name: &'static str,
    /// Its default, in Go.
    pub value: &'static str,
    /// The field of the contract that it is there for, if not always.
    pub only: Option<&'static str>,
}

/// What a target puts into its templates, and beside them.
#[derive(Clone, Debug, Default)]
pub struct Around {
    /// For the templates.
    pub context: Map<String, Value>,
    /// Paths and texts.
    pub files: Vec<(String, String)>,
}

/// A package in front of mock servers.
#[derive(Clone, Copy, Debug)]
pub struct Live {
    /// The files of the program, in a folder of its own; `PLACE` is where the package lies. It takes the log's path and seconds.
    pub program: &'static [(&'static str, &'static str)],
    /// Asks the candidate once more about each decision of the log: its text, the candidate's source and tunables.
    pub replayed: fn(&str, &str, &[Tunable], &Sandbox) -> Result<Replayed, String>,
}

/// What came of asking the candidate again.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Replayed {
    /// Decisions that were compared.
    pub decisions: usize,
    /// Of these, how many the candidate answers differently.
    pub differing: usize,
    /// What they were, in words, as in `12 refused`.
    pub said: String,
}

impl Template {
    /// A file that is always there.
    pub const fn always(path: &'static str, text: &'static str) -> Template {
        Template { path, text, only: None }
    }
}

impl Parameter {
    /// One that is always there.
    pub const fn always(field: &'static str, name: &'static str, value: &'static str) -> Parameter {
        Parameter { field, name, value, only: None }
    }
}

impl Shipped {
    /// The text of the contract.
    pub fn contract(&self) -> &'static str {
        self.kit.files.first().map_or("", |(_, text)| text)
    }

    /// Whether a source is a candidate of this problem: it implements its trait.
    pub fn is_of(&self, source: &str) -> bool {
        source.lines().any(|line| {
            let words: Vec<&str> = line.split_whitespace().collect();
            words.starts_with(&["impl", self.interface, "for"])
        })
    }
}

impl Target {
    /// What registers a package in our re-declaration, and in a checkout whose lines are the same there.
    pub fn patch(&self, package: &str, name: &str) -> Result<String, String> {
        let mut diff = String::new();
        for patch::Edit { file, insertions } in (self.registered)(package, name) {
            let own = self.api.iter().find(|(path, _)| *path == file).map(|(_, text)| *text);
            diff.push_str(&patch::diff(&file, own, &insertions)?);
        }
        Ok(diff)
    }

    /// The names that a candidate's items must not have in Go.
    pub fn reserved(&self) -> Vec<String> {
        self.reserved.iter().flat_map(|names| names.split_whitespace()).map(str::to_owned).collect()
    }
}

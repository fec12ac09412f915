//! `elenchus translate`

mod gates;
mod go;
mod origin;

use crate::context::Global;
use crate::failure::{Code, Failure};
use crate::output;
use engine::sandbox::{self, Sandbox};
use engine::science::id::Hash;
use gates::{Checked, Gate, State};
use go::Go;
use origin::Origin;
use problems::admission::translate::mutation::Fate;
use problems::admission::translate::package::Unpackaged;
use problems::admission::translate::vectors::{Asked, COUNTING};
use problems::admission::translate::{Package, Request, TARGETS, Target, Vectors, package, vectors};
use std::path::{Path, PathBuf};

/// Write a candidate as a plugin of llm-d-router, in Go, with decisions of the candidate that its test replays; or check such a package.
///
/// Go is needed for the gates alone. They run the tests of the package, which are code: with your own rights.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// A candidate's source file, or a campaign by the beginning of its id, for its champion; the latest campaign if left out
    what: Option<String>,
    /// What to translate into
    #[arg(long, value_name = "TARGET", default_value = TARGETS[0].name, value_parser = TARGETS.map(|target| target.name))]
    target: String,
    /// The plugin's type, in kebab case
    #[arg(long, value_name = "NAME", required_unless_present = "check")]
    name: Option<String>,
    /// Where to write the package: a directory that is empty or not there yet
    #[arg(short, long, value_name = "DIR", required_unless_present = "check")]
    out: Option<PathBuf>,
    /// Who holds the copyright, for the licence's header
    #[arg(long, value_name = "WHO", default_value = "The llm-d Authors.")]
    holder: String,
    /// A value for a tunable, instead of the author's
    #[arg(long, value_name = "NAME=VALUE", value_parser = setting)]
    set: Vec<(String, f64)>,
    /// How many decisions are made to tell the translation from the candidate, and mutants from it
    #[arg(long, value_name = "N", default_value_t = 4, value_parser = clap::value_parser!(u8).range(1..=64))]
    effort: u8,
    /// Check a package that was written: its files, its tests, its mutants
    #[arg(long, value_name = "DIR", conflicts_with_all = ["what", "name", "out"])]
    check: Option<PathBuf>,
    /// With --check: a checkout of what it was translated into, in a copy of which the package is built and tested
    #[arg(long, value_name = "CHECKOUT", requires = "check")]
    router_path: Option<PathBuf>,
    /// With --check: let the plugin decide in front of four mock servers, and ask the candidate again about what it wrote down
    #[arg(long, requires = "check")]
    live: bool,
    /// With --live: for how many seconds
    #[arg(long, value_name = "N", requires = "live", default_value_t = 60, value_parser = clap::value_parser!(u32).range(1..=3600))]
    seconds: u32,
}

fn setting(text: &str) -> Result<(String, f64), String> {
    let (name, value) = text.split_once('=').ok_or("write NAME=VALUE")?;
    let value: f64 = value.parse().map_err(|_| format!("`{value}` is no number"))?;
    Ok((name.to_owned(), value))
}

/// Whether candidates of a problem can be translated.
pub(crate) fn takes(problem: &str) -> bool {
    problem == "admission"
}

/// How often more vectors are made where a mutant survives.
const ROUNDS: usize = 4;
/// The file of the decisions.
const DECISIONS: &str = "testdata/decisions.json";

pub(crate) async fn translate(args: Args, global: &Global) -> Result<Code, Failure> {
    let go = Go::find(&global.places()?.cache);
    if let Some(folder) = &args.check {
        let live = args.live.then(|| global.places()?.sandbox(COUNTING).map_err(Failure::from)).transpose()?;
        let live = live.map(|sandbox| (args.seconds, sandbox));
        let checkout = args.router_path.as_deref();
        return Checked { folder, checkout, effort: args.effort.into(), go, live }.all();
    }
    let (Some(name), Some(out), Some(target)) = (&args.name, &args.out, Target::find(&args.target)) else {
        return Err(Failure::usage("a name and a directory are needed"));
    };
    let origin = Origin::find(args.what.as_deref(), global).await?;
    let set: Vec<(String, f64)> = origin.set.iter().chain(&args.set).cloned().collect();
    let request = Request {
        target,
        source: &origin.source,
        name,
        holder: &args.holder,
        set: &set,
        provenance: origin.provenance.clone(),
        found: origin.found.clone(),
    };
    let package = package(&request).map_err(|problem| match problem {
        Unpackaged::Refused(refusal) => Failure::failed(format!("{}:{refusal}", origin.file)),
        absent @ Unpackaged::Absent(..) => Failure::failed(absent.to_string()),
        Unpackaged::Bug(bug) => Failure::bug(bug),
        other => Failure::usage(other.to_string()),
    })?;
    if !super::is_free(out) {
        return Err(Failure::usage(format!("{} is there and not an empty directory; name another one", out.display())));
    }
    let sandbox = global.places()?.sandbox(COUNTING)?;
    let translation = &package.translation;
    let effort = usize::from(args.effort);
    let asked = Asked {
        source: &origin.source,
        tunables: &translation.tunables,
        reads: &translation.reads,
        untold: &package.untold,
        effort,
    };
    let mut made = vectors(&asked, &sandbox).map_err(|problem| Failure::failed(problem.to_string()))?;
    let mutants = mutated(go.as_ref(), &package, &mut made, &asked, &sandbox)?;
    let files = write(out, &package, &made)?;
    said(out, files, &package, &made, &mutants)?;
    Ok(if matches!(mutants.state, State::Failed(_)) { Code::Failed } else { Code::Done })
}

/// What was written, what it proves, and what to do next.
fn said(out: &Path, files: usize, package: &Package, made: &Vectors, mutants: &Gate) -> Result<(), Failure> {
    output::line(format!(
        "{}: {files} files, {} decisions in {} sequences, {} boundaries between neighbouring values",
        out.display(),
        made.decisions(),
        made.sequences.len(),
        made.boundaries
    ))?;
    for (field, why) in &package.untold {
        output::line(format!("{:<14} {field}: {why}", "never told"))?;
    }
    output::line(mutants.line())?;
    output::line(format!("Read {0}/README.md. Check it: elenchus translate --check {0}", out.display()))?;
    Ok(())
}

/// Lets every mutant of the policy meet the vectors. One that survives though some decision tells it apart gets that decision as a
/// vector.
fn mutated(
    go: Result<&Go, &String>,
    package: &Package,
    made: &mut Vectors,
    asked: &Asked<'_>,
    sandbox: &Sandbox,
) -> Result<Gate, Failure> {
    let gate = |state| Ok(Gate { name: "mutants", state });
    let go = match go {
        Ok(go) => go,
        Err(missing) => return gate(State::CouldNotRun(missing.clone())),
    };
    for _ in 0..ROUNDS {
        let decisions = made.json(&package.translation.tunables);
        let fates = match gates::fates(go, &package.files, &decisions, asked.effort)? {
            Ok(fates) => fates,
            Err(state) => return gate(state),
        };
        let apart: Vec<&String> = fates
            .iter()
            .filter_map(|(_, fate)| match fate {
                Fate::Apart(sequence) => Some(sequence),
                _ => None,
            })
            .collect();
        if apart.is_empty() {
            return gate(gates::judged(&fates));
        }
        for sequence in apart {
            made.add(sequence, asked, sandbox).map_err(|problem| Failure::failed(problem.to_string()))?;
        }
    }
    gate(State::Failed("mutants survive though some decision tells them apart; try a higher --effort".to_owned()))
}

/// Writes the package, and says how many files it has. Every path is one of ours.
fn write(out: &Path, package: &Package, made: &Vectors) -> Result<usize, Failure> {
    let decisions = made.json(&package.translation.tunables);
    let mut files = package.files.clone();
    if let Some((_, provenance)) = files.iter_mut().find(|(path, _)| path == "provenance.json") {
        let mut json: serde_json::Value =
            serde_json::from_str(provenance).map_err(|error| Failure::bug(error.to_string()))?;
        json["decisions"] = Hash::of(decisions.as_bytes()).as_str().into();
        *provenance = format!("{json:#}\n");
    }
    files.push((DECISIONS.to_owned(), decisions));
    go::write(out, &files).map_err(|error| Failure::failed(format!("cannot write {}: {error}", out.display())))?;
    Ok(files.len())
}

/// What the screen refuses is not read any further.
fn screened(source: &str, file: &str) -> Result<(), Failure> {
    match sandbox::screen(source, &COUNTING) {
        Ok(_) => Ok(()),
        Err(refusal) => {
            let place = format!("{file}:{}:{}", refusal.line, refusal.column);
            Err(Failure::failed(format!("{place}: {}", refusal.reason)))
        }
    }
}

/// Whether there is Go for the gates, for `doctor`.
pub(super) fn found(cache: &Path) -> Result<String, String> {
    Go::find(cache).map(|go| go.version)
}

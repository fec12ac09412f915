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
use problems::TARGETS;
use problems::shipping::mutation::Fate;
use problems::shipping::package::Unpackaged;
use problems::shipping::proof::{Mutants, Proof};
use problems::shipping::{Asked, Package, Request, Shipped, Target, Vectors, package};
use std::path::{Path, PathBuf};

/// Write a candidate as a plugin of llm-d-router, in Go, with decisions of the candidate that its test replays; or check such a package.
///
/// Go is needed for the gates alone. They run the tests of the package, which are code: with your own rights. What Go builds for them is
/// kept in `elenchus/go` of the user's cache folder, which `elenchus doctor` names.
///
/// Exit codes of --check: 0 if every gate that was asked for passed, 1 if one failed, 5 if none failed and one that was asked for
/// could not run (no Go, no C compiler for the race detector, a checkout that lacks its modules); --allow-missing makes that 0. The
/// live gate is asked for by --live, a checkout by --router-path. The last line says which it is.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// A candidate's source file; or a campaign, for its champion, or a candidate of one, by the beginning of its id; the latest
    /// campaign if left out
    what: Option<String>,
    /// What to translate into: llm-d-router, or blis where a policy has a place there
    #[arg(long, value_name = "TARGET", default_value = TARGETS[0].name)]
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
    /// How many rounds of decisions are made to tell the translation from the candidate, and mutants from it; more find all that fewer
    /// do, and four try each choice that a tunable is
    #[arg(long, value_name = "N", default_value_t = 4, value_parser = clap::value_parser!(u8).range(1..=64))]
    effort: u8,
    /// Check a package that was written: its files, its tests, its mutants
    #[arg(long, value_name = "DIR", conflicts_with_all = ["what", "name", "out", "target", "holder", "set"])]
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
    /// With --check: gates that could not run do not change the exit code
    #[arg(long, requires = "check")]
    allow_missing: bool,
}

fn setting(text: &str) -> Result<(String, f64), String> {
    let (name, value) = text.split_once('=').ok_or("write NAME=VALUE")?;
    let value: f64 = value.parse().map_err(|_| format!("`{value}` is no number"))?;
    Ok((name.to_owned(), value))
}

/// Whether candidates of a problem can be translated.
pub(crate) fn takes(problem: &str) -> bool {
    TARGETS.iter().any(|target| target.of.problem == problem)
}

/// The target of a name for candidates of a problem, or why there is none.
fn target(shipped: &Shipped, name: &str) -> Result<&'static Target, String> {
    let own = || TARGETS.into_iter().filter(|target| target.of.problem == shipped.problem);
    if let Some(found) = own().find(|target| target.name == name) {
        return Ok(found);
    }
    let names: Vec<&str> = own().map(|target| target.name).collect();
    let names = names.join(", ");
    Err(match shipped.nowhere.iter().find(|(other, _)| *other == name) {
        Some((_, why)) => {
            format!("a policy of {} cannot be translated into `{name}`: {why}; there is {names}", shipped.problem)
        }
        None => format!(
            "no target for policies of {} is called `{}`; there is {names}",
            shipped.problem,
            engine::science::text::clip(name, 60)
        ),
    })
}

/// How often more vectors are made where a mutant survives.
const ROUNDS: usize = 4;
/// The file of the decisions.
const DECISIONS: &str = "testdata/decisions.json";

pub(crate) async fn translate(args: Args, global: &Global) -> Result<Code, Failure> {
    let go = Go::find(&global.places()?.cache);
    if let Some(folder) = &args.check {
        let sandbox = |kit| global.places()?.sandbox(kit).map_err(Failure::from);
        let live = args.live.then_some(args.seconds);
        let checkout = args.router_path.as_deref();
        let checked = Checked { folder, checkout, effort: args.effort.into(), go, live, jail: &sandbox };
        return checked.all(args.allow_missing);
    }
    let (Some(name), Some(out)) = (&args.name, &args.out) else {
        return Err(Failure::usage("a name and a directory are needed"));
    };
    let origin = Origin::find(args.what.as_deref(), global).await?;
    let target = target(origin.shipped, &args.target).map_err(Failure::usage)?;
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
        refused @ (Unpackaged::Refused(_) | Unpackaged::Absent { .. }) => {
            Failure::failed(format!("{}:{refused}", origin.file))
        }
        Unpackaged::Bug(bug) => Failure::bug(bug),
        other => Failure::usage(other.to_string()),
    })?;
    if !super::is_free(out) {
        return Err(Failure::usage(format!("{} is there and not an empty directory; name another one", out.display())));
    }
    let sandbox = global.places()?.sandbox(target.of.kit)?;
    let translation = &package.translation;
    let effort = usize::from(args.effort);
    let asked = Asked {
        source: &origin.source,
        tunables: &translation.tunables,
        reads: &translation.reads,
        untold: &package.untold,
        effort,
    };
    let mut made = (target.of.vectors)(&asked, &sandbox).map_err(|problem| Failure::failed(problem.to_string()))?;
    let mutants = mutated(go.as_ref(), target.of, &package, &mut made, (&asked, &sandbox))?;
    if let Err(State::Failed(why)) = &mutants {
        return Err(Failure::failed(format!("nothing was written: {why}")));
    }
    let gate = Gate { name: "mutants", state: mutants.as_ref().map_or_else(State::clone, gates::judged) };
    let proof = Proof { made: &made, effort, mutants: mutants.map_err(|state| state.words().1.to_owned()) };
    let files = write(out, &package, &proof)?;
    said(out, files, &package, &made, &gate)?;
    Ok(if matches!(gate.state, State::Failed(_)) { Code::Failed } else { Code::Done })
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
/// vector. Says what became of them at last, or why that is not known.
fn mutated(
    go: Result<&Go, &String>,
    shipped: &Shipped,
    package: &Package,
    made: &mut Vectors,
    (asked, sandbox): (&Asked<'_>, &Sandbox),
) -> Result<Result<Mutants, State>, Failure> {
    let go = match go {
        Ok(go) => go,
        Err(missing) => return Ok(Err(State::CouldNotRun(missing.clone()))),
    };
    for _ in 0..ROUNDS {
        let decisions = made.json(&package.translation.tunables);
        let mutants = match gates::fates(go, &package.files, &shipped.harness, &decisions, asked.effort)? {
            Ok(mutants) => mutants,
            Err(state) => return Ok(Err(state)),
        };
        let apart: Vec<&String> = mutants
            .0
            .iter()
            .filter_map(|own| match &own.fate {
                Fate::Apart(sequence) => Some(sequence),
                _ => None,
            })
            .collect();
        if apart.is_empty() {
            return Ok(Ok(mutants));
        }
        for sequence in apart {
            (shipped.more)(made, sequence, asked, sandbox).map_err(|problem| Failure::failed(problem.to_string()))?;
        }
    }
    Ok(Err(State::Failed("mutants survive though some decision tells them apart; try a higher --effort".to_owned())))
}

/// Writes the package, with what was compared, and says how many files it has. Every path is one of ours.
fn write(out: &Path, package: &Package, proof: &Proof<'_>) -> Result<usize, Failure> {
    let decisions = proof.made.json(&package.translation.tunables);
    let mut files = package.files.clone();
    for (path, text) in &mut files {
        if path == "provenance.json" {
            let mut json: serde_json::Value =
                serde_json::from_str(text).map_err(|error| Failure::bug(error.to_string()))?;
            json["decisions"] = Hash::of(decisions.as_bytes()).as_str().into();
            json["proof"] = proof.json();
            *text = format!("{json:#}\n");
        } else if path == "README.md" {
            text.push_str(&proof.section());
        }
    }
    files.push((DECISIONS.to_owned(), decisions));
    go::write(out, &files).map_err(|error| Failure::failed(format!("cannot write {}: {error}", out.display())))?;
    Ok(files.len())
}

/// What the screen refuses is not read any further.
fn screened(source: &str, file: &str, shipped: &Shipped) -> Result<(), Failure> {
    match sandbox::screen(source, &shipped.kit) {
        Ok(_) => Ok(()),
        Err(refusal) => {
            let place = format!("{file}:{}:{}", refusal.line, refusal.column);
            Err(Failure::failed(format!("{place}: {}", refusal.reason)))
        }
    }
}

/// Whether there is Go for the gates, for `doctor`.
pub(super) fn found(cache: &Path) -> Result<String, String> {
    Go::find(cache).map(|go| format!("{}; it builds in {}", go.version, cache.join("go").display()))
}

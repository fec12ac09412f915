//! `elenchus translate`

mod gate;
mod go;

use crate::context::{Global, campaign};
use crate::failure::{Code, Failure};
use crate::output;
use engine::problem::Problem;
use engine::sandbox;
use engine::science::id::Hash;
use files::{MAX_TEXT_BYTES, read_text};
use gate::{Gate, State};
use go::Go;
use problems::admission::translate::mutation::Fate;
use problems::admission::translate::package::Unpackaged;
use problems::admission::translate::vectors::{Asked, COUNTING};
use problems::admission::translate::{Package, Request, Vectors, package, vectors};
use std::path::{Path, PathBuf};

/// Write a candidate as a plugin of llm-d-router, in Go, with decisions of the candidate that its test replays; or check such a package.
///
/// Go is needed for the gates alone. They run the tests of the package, which are code: with your own rights.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// A candidate's source file, or a campaign by the beginning of its id, for its champion; the latest campaign if left out
    what: Option<String>,
    /// What to translate into
    #[arg(long, value_name = "TARGET", default_value = "llm-d-router", value_parser = ["llm-d-router"])]
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
    /// Check a package that was written: its files, its tests, its mutants
    #[arg(long, value_name = "DIR", conflicts_with_all = ["what", "name", "out"])]
    check: Option<PathBuf>,
    /// With --check: a checkout of llm-d-router, in a copy of which the package is built and tested
    #[arg(long, value_name = "CHECKOUT", requires = "check")]
    router_path: Option<PathBuf>,
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

pub(crate) async fn translate(args: Args, global: &Global) -> Result<Code, Failure> {
    if let Some(folder) = &args.check {
        return check(folder, args.router_path.as_deref());
    }
    let (Some(name), Some(out)) = (&args.name, &args.out) else {
        return Err(Failure::usage("a name and a directory are needed"));
    };
    let origin = Origin::find(args.what.as_deref(), global).await?;
    let mut set = origin.set.clone();
    set.extend(args.set.iter().cloned());
    let request = Request {
        source: &origin.source,
        name,
        holder: &args.holder,
        set: &set,
        provenance: origin.provenance.clone(),
    };
    let package = package(&request).map_err(|problem| match problem {
        Unpackaged::Refused(refusal) => Failure::failed(format!("{}:{refusal}", origin.file)),
        other => Failure::usage(other.to_string()),
    })?;
    let empty = std::fs::read_dir(out)
        .map_or_else(|error| error.kind() == std::io::ErrorKind::NotFound, |mut all| all.next().is_none());
    if !empty {
        return Err(Failure::usage(format!("{} is there and not an empty directory; name another one", out.display())));
    }
    let places = global.places()?;
    let sandbox = places.sandbox(COUNTING)?;
    let translation = &package.translation;
    let asked = Asked { source: &origin.source, tunables: &translation.tunables, reads: &translation.reads, effort: 1 };
    let mut made = vectors(&asked, &sandbox).map_err(|problem| Failure::failed(problem.to_string()))?;
    let mutants = mutated(&package, &mut made, &asked, &sandbox)?;
    write(out, &package, &made)?;
    output::line(format!(
        "{}: {} files, {} decisions in {} sequences, {} boundaries",
        out.display(),
        package.files.len() + 1,
        made.decisions(),
        made.sequences.len(),
        made.boundaries
    ))?;
    output::line(format!("{:<14} mutants   {}", mutants.state.word(), mutants.state.said()))?;
    output::line(format!("Check it: elenchus translate --check {}", out.display()))?;
    Ok(Code::Done)
}

/// Where a candidate comes from.
struct Origin {
    source: String,
    /// Its name in messages.
    file: String,
    /// The scale that the product has set.
    set: Vec<(String, f64)>,
    provenance: serde_json::Value,
}

impl Origin {
    async fn find(what: Option<&str>, global: &Global) -> Result<Origin, Failure> {
        let version = env!("CARGO_PKG_VERSION");
        if let Some(file) = what.filter(|what| Path::new(what).extension().is_some_and(|extension| extension == "rs")) {
            let source = read_text(Path::new(file), MAX_TEXT_BYTES)
                .map_err(|error| Failure::usage(format!("cannot read {file}: {error}")))?;
            screened(&source, file)?;
            let digest = Hash::of(source.as_bytes());
            let provenance = serde_json::json!({ "elenchus": version, "source": digest.as_str() });
            return Ok(Origin { source, file: file.to_owned(), set: vec![], provenance });
        }
        let store = global.store().await?;
        let id = campaign(&store, what).await?;
        let loaded = super::report::Source::load(&store, &id).await?;
        let record = loaded.record();
        let Some(source) = loaded.champion() else {
            return Err(Failure::failed(format!("campaign {} has no admissible candidate yet", id.short())));
        };
        screened(source, "the champion")?;
        let shown = report::json::show(&record);
        let champion = shown["champion"].clone();
        let set = record
            .state
            .champion()
            .and_then(|champion| record.state.candidates[&champion.id].scale)
            .map(|scale| ("scale".to_owned(), scale));
        let provenance = serde_json::json!({
            "elenchus": version, "source": Hash::of(source.as_bytes()).as_str(), "campaign": id.as_str(),
            "digest": record.digest, "champion": champion["candidate"], "score": champion["score"],
        });
        Ok(Origin {
            source: source.to_owned(),
            file: "the champion".to_owned(),
            set: set.into_iter().collect(),
            provenance,
        })
    }
}

/// What the screen refuses is not read any further.
fn screened(source: &str, file: &str) -> Result<(), Failure> {
    let kit = problems::admission::Admission.kit();
    match sandbox::screen(source, kit) {
        Ok(_) => Ok(()),
        Err(refusal) => {
            let place = format!("{file}:{}:{}", refusal.line, refusal.column);
            Err(Failure::failed(format!("{place}: {}", refusal.reason)))
        }
    }
}

/// Lets every mutant of the policy meet the vectors. One that survives though some decision tells it apart gets that decision as a
/// vector.
fn mutated(
    package: &Package,
    made: &mut Vectors,
    asked: &Asked<'_>,
    sandbox: &sandbox::Sandbox,
) -> Result<Gate, Failure> {
    let go = match Go::find() {
        Ok(go) => go,
        Err(missing) => return Ok(Gate { name: "mutants", state: State::CouldNotRun(missing) }),
    };
    for _ in 0..ROUNDS {
        let decisions = made.json(&package.translation.tunables);
        let fates = match gate::fates(&go, &package.files, &decisions)? {
            Ok(fates) => fates,
            Err(state) => return Ok(Gate { name: "mutants", state }),
        };
        let apart: Vec<String> = fates
            .iter()
            .filter_map(|(_, fate)| match fate {
                Fate::Apart(sequence) => Some(sequence.clone()),
                _ => None,
            })
            .collect();
        if apart.is_empty() {
            return Ok(Gate { name: "mutants", state: gate::judged(&fates) });
        }
        for sequence in apart {
            made.add(&sequence, asked, sandbox).map_err(|problem| Failure::failed(problem.to_string()))?;
        }
    }
    let state = State::Failed("mutants survive though some decision tells them apart".to_owned());
    Ok(Gate { name: "mutants", state })
}

/// Writes the package. Every path is one of ours.
fn write(out: &Path, package: &Package, made: &Vectors) -> Result<(), Failure> {
    let decisions = made.json(&package.translation.tunables);
    let mut files = package.files.clone();
    if let Some((_, provenance)) = files.iter_mut().find(|(path, _)| path == "provenance.json") {
        let mut json: serde_json::Value =
            serde_json::from_str(provenance).map_err(|error| Failure::bug(error.to_string()))?;
        json["decisions"] = Hash::of(decisions.as_bytes()).as_str().into();
        *provenance = format!("{json:#}\n");
    }
    files.push(("testdata/decisions.json".to_owned(), decisions));
    go::write(out, &files).map_err(|error| Failure::failed(format!("cannot write {}: {error}", out.display())))
}

fn check(folder: &Path, router: Option<&Path>) -> Result<Code, Failure> {
    let gates = gate::all(folder, router)?;
    let mut code = Code::Done;
    for Gate { name, state } in &gates {
        output::line(format!("{:<14} {name:<10} {}", state.word(), state.said()))?;
        if matches!(state, State::Failed(_)) {
            code = Code::Failed;
        }
    }
    Ok(code)
}

/// Whether there is Go for the gates, for `doctor`.
pub(super) fn found() -> Result<String, String> {
    Go::find().map(|go| go.version)
}

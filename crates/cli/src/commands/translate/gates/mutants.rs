//! What becomes of the mutants of a policy.

use super::super::go::{Go, alone};
use super::{Files, State, put, said, scratch, started};
use crate::failure::Failure;
use problems::shipping::Harness;
use problems::shipping::mutation::{Fate, Mutation};
use std::path::Path;
use std::process::Stdio;

/// Sequences that are made to tell a mutant apart, for each step of effort.
const TRIES: usize = 1000;
/// Processes that share the mutants, at most.
const SHARING: usize = 8;

/// What becomes of each mutant, or why that could not be found out.
pub(in super::super) fn fates(
    go: &Go,
    files: &Files,
    harness: &Harness,
    decisions: &str,
    effort: usize,
) -> Result<Result<Vec<(String, Fate)>, State>, Failure> {
    let mut without = Vec::new();
    let scratch = scratch("mutants")?;
    put(&scratch.0, &[("decisions.json".to_owned(), decisions.to_owned())])?;
    for _ in 0..5 {
        let Some(mutation) = Mutation::new(files, harness, &without, TRIES * effort) else {
            return Ok(Err(State::Failed("the policy cannot be taken out of its package".into())));
        };
        put(&scratch.0, &mutation.files)?;
        // All errors, not the first ten.
        let arguments = ["build", "-gcflags=mutation/...=-e", "-o", "mutation", "."];
        let built = go.run(&scratch.0, &arguments).map_err(|error| started(&error))?;
        if !built.status.success() {
            let printed = said(&built);
            let unviable = mutation.unviable(&printed);
            if unviable.iter().all(|at| without.contains(at)) {
                return Ok(Err(State::Failed(format!("go build of the mutants: {printed}"))));
            }
            without.extend(unviable);
            without.sort_unstable();
            without.dedup();
            continue;
        }
        let printed = judge(&scratch.0)?;
        let Some(fates) = mutation.fates(&printed, &without) else {
            return Ok(Err(State::Failed(format!("the policy does not decide as its vectors: {printed}"))));
        };
        let named = mutation
            .mutants
            .iter()
            .map(|(file, own)| format!("{file}:{}:{} `{}` -> `{}`", own.line, own.column, own.was, own.is));
        return Ok(Ok(named.zip(fates).collect()));
    }
    Ok(Err(State::Failed("some mutants never compile".into())))
}

/// Runs the program, as often as there are processors, and joins what they say.
fn judge(folder: &Path) -> Result<String, Failure> {
    let sharing = std::thread::available_parallelism().map_or(1, |count| count.get().min(SHARING));
    let failed = |error: std::io::Error| Failure::failed(format!("the mutants: {error}"));
    let mut children = Vec::new();
    for own in 0..sharing {
        let mut command = alone(&folder.join("mutation"), folder);
        command.args(["decisions.json", &sharing.to_string(), &own.to_string()]);
        command.env("GOMAXPROCS", "1").stdout(Stdio::piped()).stderr(Stdio::piped());
        children.push(command.spawn().map_err(failed)?);
    }
    let mut printed = String::new();
    for child in children {
        let output = child.wait_with_output().map_err(failed)?;
        printed.push_str(&String::from_utf8_lossy(&output.stdout));
        printed.push_str(&String::from_utf8_lossy(&output.stderr));
    }
    Ok(printed)
}

/// Mutants that no decision tells apart are listed, not counted.
pub(in super::super) fn judged(fates: &[(String, Fate)]) -> State {
    let count = |wanted: &dyn Fn(&Fate) -> bool| fates.iter().filter(|(_, fate)| wanted(fate)).count();
    let killed = count(&|fate| *fate == Fate::Killed);
    let unviable = count(&|fate| *fate == Fate::Unviable);
    let apart: Vec<&str> =
        fates.iter().filter(|(_, fate)| matches!(fate, Fate::Apart(_))).map(|(name, _)| name.as_str()).collect();
    let alike: Vec<&str> =
        fates.iter().filter(|(_, fate)| *fate == Fate::Alike).map(|(name, _)| name.as_str()).collect();
    let mut said = format!("{} made, {killed} killed, {unviable} do not compile, {} alike", fates.len(), alike.len());
    alike.iter().for_each(|name| said.push_str(&format!("\n    alike: {name}")));
    if apart.is_empty() {
        return State::Passed(said);
    }
    State::Failed(format!("{said}; survivors that a decision tells apart: {}", apart.join(", ")))
}

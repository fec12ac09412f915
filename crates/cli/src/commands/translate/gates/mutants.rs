//! What becomes of the mutants of a policy.

use super::super::go::{Go, alone};
use super::{Files, State, put, said, scratch, started};
use crate::failure::Failure;
use problems::shipping::Harness;
use problems::shipping::mutation::{Fate, Mutation};
use problems::shipping::proof::{Judged, Mutants};
use serde_json::Value;
use std::path::Path;
use std::process::Stdio;

/// Processes that share the mutants, at most.
const SHARING: usize = 8;

/// What becomes of each mutant, or why that could not be found out.
pub(in super::super) fn fates(
    go: &Go,
    files: &Files,
    harness: &Harness,
    decisions: &str,
    effort: usize,
) -> Result<Result<Mutants, State>, Failure> {
    if !any(decisions) {
        return Ok(Err(State::Failed("there are no decisions that could tell a mutant from the policy".into())));
    }
    let mut without = Vec::new();
    let scratch = scratch("mutants")?;
    put(&scratch.0, &[("decisions.json".to_owned(), decisions.to_owned())])?;
    for _ in 0..5 {
        let Some(mutation) = Mutation::new(files, harness, &without, effort) else {
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
            let other = |line: &&str| !line.starts_with(|c: char| c.is_ascii_digit());
            let more: Vec<&str> = printed.lines().filter(other).take(5).collect();
            return Ok(Err(State::Failed(format!("the Go does not decide as the candidate {}", more.join("; ")))));
        };
        let all = mutation.mutants.into_iter().zip(fates);
        return Ok(Ok(Mutants(all.map(|((file, mutant), fate)| Judged { file, mutant, fate }).collect())));
    }
    Ok(Err(State::Failed("some mutants never compile".into())))
}

/// Whether there is a step in a file of decisions.
fn any(decisions: &str) -> bool {
    let file: Value = serde_json::from_str(decisions).unwrap_or_default();
    let sequences = file["sequences"].as_array().into_iter().flatten();
    sequences.flat_map(|own| own["steps"].as_array()).any(|steps| !steps.is_empty())
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
pub(in super::super) fn judged(mutants: &Mutants) -> State {
    let mut said = mutants.to_string();
    mutants.alike().for_each(|own| said.push_str(&format!("\n    alike: {own}")));
    let apart: Vec<String> = mutants.of(|fate| matches!(fate, Fate::Apart(_))).map(Judged::to_string).collect();
    if mutants.count(&Fate::Alike) > mutants.count(&Fate::Killed) {
        return State::Failed(format!(
            "{said}\n    more are alike than killed: these decisions show too little of the policy"
        ));
    }
    if apart.is_empty() {
        return State::Passed(said);
    }
    State::Failed(format!("{said}; survivors that a decision tells apart: {}", apart.join(", ")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_of_sequences_without_steps_holds_no_decisions() {
        for none in ["", "{}", r#"{"sequences":[]}"#, r#"{"sequences":[{"steps":[]},{}]}"#] {
            assert!(!any(none), "{none}");
        }
        assert!(any(r#"{"sequences":[{"steps":[]},{"steps":[{}]}]}"#));
    }
}

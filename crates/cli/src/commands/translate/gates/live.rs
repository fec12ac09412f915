//! The plugin decides in front of mock servers, many requests at once, and the candidate is asked again about what it wrote down.

use super::offline::Tree;
use super::standing::{SOURCE, Standing, text};
use super::{Files, MOST, State};
use crate::failure::Failure;
use engine::sandbox::Sandbox;
use files::read_text;
use problems::admission::translate::log::{Log, replayed};

/// Where the program lies in the tree, and its log.
const PROGRAM: &str = "cmd/live/main.go";
const LOG: &str = "live.jsonl";

/// Runs the plugin for so many seconds.
pub(super) fn live(
    tree: &Tree<'_>,
    files: &Files,
    standing: &Standing,
    sandbox: &Sandbox,
    seconds: u32,
) -> Result<State, Failure> {
    let Some(program) = standing.target.live else {
        return Ok(State::CouldNotRun(format!("{} has no core that runs by itself", standing.target.name)));
    };
    let place = format!("{}/{}", standing.target.place, standing.made.go);
    tree.put(&[(PROGRAM.to_owned(), program.replace("PLACE", &place))])?;
    if let Some(state) = tree.failed(&["run", "./cmd/live", LOG, &seconds.to_string()])? {
        return Ok(state);
    }
    let text_of_log = read_text(&tree.path(LOG), MOST).map_err(|error| Failure::failed(format!("{LOG}: {error}")))?;
    let log = Log::read(&text_of_log);
    if let Some((line, problem)) = log.bad.first() {
        return Ok(State::Failed(format!("line {line} of the plugin's log cannot be read: {problem}")));
    }
    let source = text(files, SOURCE).unwrap_or_default();
    let found = replayed(&log, source, &standing.made.translation.tunables, sandbox)
        .map_err(|problem| Failure::failed(problem.to_string()))?;
    let said = format!(
        "{} decisions in {seconds} s of traffic before 4 servers, {} refused; the candidate differs in {}",
        found.decisions, found.refused, found.differing
    );
    Ok(if found.differing == 0 && found.decisions > 0 { State::Passed(said) } else { State::Failed(said) })
}

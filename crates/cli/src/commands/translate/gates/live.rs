//! The plugin decides in front of mock servers, many requests at once, and the candidate is asked again about what it wrote down.

use super::offline::Tree;
use super::standing::{SOURCE, Standing, text};
use super::{Files, MOST, State};
use crate::failure::Failure;
use engine::sandbox::Sandbox;
use files::read_text;

/// Where the program lies in the tree, and its log.
const PROGRAM: &str = "cmd/live";
const LOG: &str = "live.jsonl";

/// Runs the plugin for so many seconds.
pub(super) fn live(
    tree: &Tree<'_>,
    files: &Files,
    standing: &Standing,
    sandbox: &Sandbox,
    seconds: u32,
) -> Result<State, Failure> {
    let Some(live) = standing.target.live else {
        return Ok(State::CouldNotRun(format!("{} has no core that runs by itself", standing.target.name)));
    };
    let place = format!("{}/{}", standing.target.place, standing.made.go);
    let program = live.program.iter().map(|(name, text)| (format!("{PROGRAM}/{name}"), text.replace("PLACE", &place)));
    tree.put(&program.collect::<Vec<_>>())?;
    if let Some(state) = tree.failed(&["run", "./cmd/live", LOG, &seconds.to_string()])? {
        return Ok(state);
    }
    let log = read_text(&tree.path(LOG), MOST).map_err(|error| Failure::failed(format!("{LOG}: {error}")))?;
    let source = text(files, SOURCE).unwrap_or_default();
    let found = match (live.replayed)(&log, source, &standing.made.translation.tunables, sandbox) {
        Ok(found) => found,
        Err(wrong) => return Ok(State::Failed(wrong)),
    };
    let said = format!(
        "{} decisions in {seconds} s of traffic before 4 servers, {}; the candidate differs in {}",
        found.decisions, found.said, found.differing
    );
    Ok(if found.differing == 0 && found.decisions > 0 { State::Passed(said) } else { State::Failed(said) })
}

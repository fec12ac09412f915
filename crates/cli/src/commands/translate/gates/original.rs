//! Whether the decisions of a package are those of its candidate, which is asked once more about each.

use super::super::DECISIONS;
use super::standing::{SOURCE, Standing, text};
use super::{Files, State};
use crate::failure::Failure;
use engine::sandbox::Sandbox;
use problems::shipping::{Asked, NoVectors};

pub(super) fn asked(files: &Files, standing: &Standing, sandbox: Result<&Sandbox, &Failure>) -> State {
    let sandbox = match sandbox {
        Ok(sandbox) => sandbox,
        Err(failure) => return State::CouldNotRun(failure.to_string()),
    };
    let made = &standing.made;
    let asked = Asked {
        source: text(files, SOURCE).unwrap_or_default(),
        tunables: &made.translation.tunables,
        reads: &made.translation.reads,
        untold: &made.untold,
        effort: 1,
    };
    match (standing.target.of.again)(text(files, DECISIONS).unwrap_or_default(), &asked, sandbox) {
        Ok(found) if found.decisions == 0 => State::Failed(format!("{DECISIONS} holds no decisions")),
        Ok(found) if found.differing == 0 => {
            State::Passed(format!("{SOURCE} decides all {} as {DECISIONS} says", found.decisions))
        }
        Ok(found) => State::Failed(format!(
            "{SOURCE} decides {} of {} otherwise than {DECISIONS} says",
            found.differing, found.decisions
        )),
        Err(wrong @ (NoVectors::Ended(_) | NoVectors::Unread(_))) => State::Failed(wrong.to_string()),
        Err(missing) => State::CouldNotRun(missing.to_string()),
    }
}

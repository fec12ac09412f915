//! What is wrong with a candidate, in words that help to mend it.

use super::parse;
use super::text::{excerpt, line};
use super::words;
use crate::Fault;
use science::defect::Defect;
use science::id::CandidateId;
use science::outcome::Outcome;
use science::state::State;
use serde::Serialize;

/// Characters of diagnostics that are shown: the first errors, which cause the others.
const DIAGNOSTICS: usize = 6000;

/// The part of `prompts/repair.hbs` about what is wrong.
#[derive(Serialize)]
pub(super) struct Wrong {
    title: String,
    /// Whether it did what it must never do, or depends on what it must not depend on: of these the problem's passages tell.
    violates: bool,
    varies: bool,
    explanation: Option<String>,
    /// Who said it.
    speaker: &'static str,
    diagnostics: Option<String>,
    fence: String,
    /// Whether the diagnostics are the compiler's.
    compiled: bool,
    measured: Option<String>,
    /// Whether it ran, and what it does is what is wrong.
    behaviour: bool,
    earlier: u32,
    once: bool,
}

impl Wrong {
    pub(super) fn new(state: &State, broken: Option<&CandidateId>, fault: Fault<'_>) -> Self {
        let outcome = match fault.defect {
            Defect::Outcome(outcome) => Some(*outcome),
            Defect::Violates(_) | Defect::OrderMatters | Defect::Unused(_) | Defect::Inert | Defect::ActsLike(_) => {
                None
            }
        };
        let diagnostics = Some(excerpt(&tidy(fault.message), DIAGNOSTICS)).filter(|text| !text.is_empty());
        let descriptor = broken.and_then(|id| state.candidates.get(id)?.descriptor.as_ref());
        Wrong {
            title: format!("The candidate is no test of the arm's claim: {}.", fault.defect.words(state.spec())),
            violates: matches!(fault.defect, Defect::Violates(_)),
            varies: matches!(fault.defect, Defect::OrderMatters),
            explanation: explanation(state, fault.defect),
            speaker: outcome.map_or("program", speaker),
            fence: parse::fence(diagnostics.as_deref().unwrap_or_default()),
            diagnostics,
            compiled: outcome == Some(Outcome::DoesNotCompile),
            measured: descriptor.map(|found| words::descriptor(found, state.spec())),
            behaviour: matches!(fault.defect, Defect::Unused(_) | Defect::Inert | Defect::ActsLike(_)),
            earlier: fault.earlier,
            once: fault.earlier == 1,
        }
    }
}

fn speaker(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Refused => "screen",
        Outcome::DoesNotCompile => "compiler",
        Outcome::Scored
        | Outcome::Denied
        | Outcome::Timeout
        | Outcome::Crashed
        | Outcome::OutOfMemory
        | Outcome::NoScale
        | Outcome::Stopped
        | Outcome::Inconsistent => "sandbox",
    }
}

/// Diagnostics without what tells nothing about the source.
fn tidy(message: &str) -> String {
    let noise = ["For more information about", "Some errors have detailed explanations", "error: aborting due to"];
    let kept: Vec<&str> =
        message.lines().map(str::trim_end).filter(|line| !noise.iter().any(|noise| line.starts_with(noise))).collect();
    kept.join("\n").trim_matches('\n').to_owned()
}

/// What the defect means and what usually causes it; none where the problem's passages say it.
fn explanation(state: &State, defect: &Defect) -> Option<String> {
    Some(match defect {
        Defect::Violates(_) | Defect::OrderMatters => return None,
        Defect::Outcome(outcome) => failed(*outcome).into(),
        Defect::Unused(inputs) => {
            let names: Vec<String> = inputs.iter().map(|input| format!("`{input}`")).collect();
            format!(
                "The design says that decisions depend on {}. The compiled candidate was put into states that differ in \
                 nothing else, under the same draws, and its decisions did not change. Usual causes: the input is \
                 computed but not used; its weight is so small, or its threshold so far off, that it never matters; a \
                 `clamp` or an early return hides it; it acts only where the decision stands anyway; it is divided or \
                 rounded away.",
                names.join(" and ")
            )
        }
        Defect::Inert => {
            "It gave the same decisions as the bundle's parent in every trial, so the claim compares the parent with \
             itself. Usual causes: what the design adds is never reached, is switched off by an early return, a threshold \
             that no state meets, or a `min`, `max` or `clamp` that undoes it; or the parent's code was taken over and the \
             change forgotten."
                .into()
        }
        Defect::ActsLike(id) => format!(
            "It decides exactly like candidate {}{}, under the same draws. Two designs that differ in \
             words only are worth one trial. Usual causes: the part in which this design differs is never reached, or is \
             undone by a `min`, `max` or `clamp`, or its constants are the other's.",
            id.short(),
            origin(state, id)
        ),
    })
}

/// Where a candidate comes from.
fn origin(state: &State, id: &CandidateId) -> String {
    let Some(record) = state.candidates.get(id) else { return String::new() };
    let iteration = state.iterations.get((record.iteration as usize).wrapping_sub(1));
    let arm = iteration.and_then(|i| i.bundle.as_ref()?.arm(&record.arm));
    let intent = arm.map(|(_, arm)| format!(", whose design was: {}", line(&arm.design.intent, 400)));
    format!(" (iteration {}, arm `{}`{})", record.iteration, record.arm, intent.unwrap_or_default())
}

fn failed(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Scored => "It was scored.",
        Outcome::Refused => {
            "A screen reads the source before it is compiled and refuses what no policy needs: `unsafe`, other crates and \
             modules, paths into `std` or `crate`, `static`, attributes other than `derive` and `inline`, macros that reach \
             outside, allocation. It says the line and column of the first offence; there may be more of them."
        }
        Outcome::DoesNotCompile => {
            "rustc refused it. Begin with the first error: later ones often follow from it. Usual causes: a signature that \
             is not the contract's, a method of `f64` that does not exist without the standard library, `u32`, `u64` or \
             `usize` mixed with `f64` without a conversion, a field that the contract does not have, a missing `mut`, a \
             borrow of `self` that lasts too long."
        }
        Outcome::Denied => {
            "It tried what the sandbox forbids. A policy computes: it reads its arguments and its own fields, and calls \
             nothing outside of the contract and `core`."
        }
        Outcome::Timeout => {
            "It took too long. A decision takes less than a microsecond. Usual causes: a loop whose end is never reached \
             (a counter that is not advanced, a condition on floating-point numbers that is never met, a subtraction that \
             wraps), a loop over as many steps as an input says, a constant that takes the compiler \
             for ever; or a policy under which what is simulated never comes to rest."
        }
        Outcome::Crashed => {
            "It panicked or died while it ran. Nothing may panic, in any state: nothing there yet, nothing \
             measured yet, two decisions at the same microsecond. Usual causes: integer overflow or a \
             subtraction below zero (use `saturating_sub`), division by an integer that can be 0, an index out of bounds, \
             `unwrap` on nothing, `clamp` with a lower bound above the upper one or NaN, recursion without an end."
        }
        Outcome::OutOfMemory => {
            "It asked for more memory than it may have. Memory lives in fields of `Policy`, fixed in size, a few hundred \
             bytes at most. Usual causes: a large array, a table for each microsecond, recursion."
        }
        Outcome::NoScale => {
            "At no value of its tunable `scale` does it gain as much as the reference does, so that nothing can be said of what \
             it costs. Usual causes: `scale` is missing from `TUNABLES` or is not read; its `low` and `high` lie too close \
             together; it acts on a part of the rule only, so that the rest pays too much or gains too little whatever it is."
        }
        Outcome::Stopped => "It lay too far behind another variant to be measured in whole.",
        Outcome::Inconsistent => {
            "The process that held it broke off, or answered something that is no answer. Usual causes: \
             recursion or a value so large that the stack is full, code that tries to go round the contract. Plain code \
             over the contract's types cannot do this."
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_tells_nothing_about_the_source_is_left_out_of_diagnostics() {
        let said = "error[E0308]: mismatched types\n --> candidate.rs:4:5\n  |\n\nerror: aborting due to 1 previous error\n\n\
                    For more information about this error, try `rustc --explain E0308`.\n";
        assert_eq!(tidy(said), "error[E0308]: mismatched types\n --> candidate.rs:4:5\n  |");
    }
}

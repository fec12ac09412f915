//! What a candidate that is measured takes of a model: calls, and tokens at four bytes each. One iteration of one arm: a plan, an
//! answer of the executor, lessons. Without variants it is what a candidate took before there were any.

use crate::campaign::{self, Script, after, context, next};
use crate::{BUNDLE, LESSONS, RUNTIME, SOURCE};
use agents::llm::{Executor, Extractor, Planner};
use agents::{Brief, Executor as _, Extractor as _, Planner as _};
use science::bundle::{Bundle, VARIANTS};
use science::event::{Candidate, Event};
use science::id::CandidateId;
use science::state::{Action, State};
use std::time::{Duration, Instant};

/// Iterations that the campaign has behind it.
const BEHIND: u32 = 10;
/// Times that an iteration is run: our own time is the median of these.
const TIMES: usize = 25;

/// What one iteration took.
struct Spent {
    calls: usize,
    prompt: usize,
    reply: usize,
    own: Duration,
}

#[expect(clippy::print_stdout, reason = "a benchmark prints what it finds")]
pub(crate) fn print() {
    println!(
        "One iteration of one arm, {BEHIND} iterations behind it; each figure for one candidate that was measured:"
    );
    println!("variants  candidates  calls  prompt tokens  reply tokens  own time");
    for variants in [0, 2, VARIANTS - 1] {
        let mut runs: Vec<Spent> = (0..TIMES).map(|_| iteration(variants)).collect();
        runs.sort_by_key(|spent| spent.own);
        let (spent, candidates) = (runs.swap_remove(TIMES / 2), variants + 1);
        let each = |value: usize| value as f64 / candidates as f64;
        println!(
            "{variants:8}  {candidates:10}  {:5.2}  {:13.0}  {:12.0}  {:.2?} in all",
            each(spent.calls),
            each(spent.prompt) / 4.0,
            each(spent.reply) / 4.0,
            spent.own,
        );
    }
}

/// An iteration as a campaign runs it, up to its lessons.
fn iteration(variants: usize) -> Spent {
    let mut state = after(BEHIND);
    let replies = [planned(variants), written(variants), LESSONS.to_owned()];
    let reply = replies.iter().map(String::len).sum();
    let (context, script) = context(Script::new(&replies.each_ref().map(String::as_str)));
    let mut own = Duration::ZERO;
    let mut timed = |work: &mut dyn FnMut()| {
        let begun = Instant::now();
        work();
        own += begun.elapsed();
    };
    let mut bundle = None;
    timed(&mut || {
        let planner = Planner::new(context.clone());
        bundle = RUNTIME.block_on(planner.plan(brief(&state))).expect("a plan").content.ok();
    });
    let bundle: Bundle = bundle.expect("a usable bundle");
    state.apply(&Event::BundleRegistered { bundle: Box::new(bundle), asked: vec![], work: vec![] }).expect("a bundle");
    timed(&mut || {
        let executor = Executor::new(context.clone());
        let sources = RUNTIME.block_on(executor.implement(brief(&state), &state.bundle().arms[0]));
        assert_eq!(sources.expect("an answer").content.expect("usable sources").len(), variants + 1);
    });
    measure(&mut state, variants);
    timed(&mut || {
        let extractor = Extractor::new(context.clone());
        RUNTIME.block_on(extractor.extract(brief(&state))).expect("lessons").content.expect("usable lessons");
    });
    let asked = script.asked.lock().expect("no poison");
    let prompt = asked.iter().map(|(request, _)| request.system.len() + request.user.len()).sum();
    Spent { calls: asked.len(), prompt, reply, own }
}

fn brief(state: &State) -> Brief<'_> {
    Brief { state, source: Some(SOURCE), space: None, library: None }
}

/// The plan of a reply that was recorded, with so many variants of its design.
fn planned(variants: usize) -> String {
    let design = |at: usize| format!("The same with {} in place of 250.", 260 + 10 * at);
    let all: Vec<String> = (0..variants).map(design).collect();
    let all = serde_json::to_string(&all).expect("texts are JSON");
    BUNDLE.replace("\"point\": null", &format!("\"point\": null, \"variants\": {all}"))
}

/// The file of the first design, and an edit for each other one.
fn written(variants: usize) -> String {
    let line = SOURCE.lines().find(|line| line.contains("reject_if")).expect("the quintic refuses");
    let edit = |at: usize| {
        let edited = line.replace("300.0", &format!("{}.0", 260 + 10 * at));
        format!("```diff\n<<<<<<< SEARCH\n{line}\n=======\n{edited}\n>>>>>>> REPLACE\n```\n")
    };
    let first = SOURCE.replace("impl Admitter", "impl Chooser");
    format!("```rust\n{first}```\n{}", (0..variants).map(edit).collect::<String>())
}

/// Takes the candidates of the arm, and plays all up to the lessons.
fn measure(state: &mut State, variants: usize) {
    for left in (0..=variants as u32).rev() {
        let arm = state.bundle().arms[0].name.clone();
        let id = CandidateId::of(&format!("variant {left}"));
        let candidate = Candidate { id, ..campaign::written_candidate(state, 0) };
        let event = match variants {
            0 => Event::CandidateWritten { arm, candidate, work: vec![] },
            _ => Event::VariantWritten { arm, candidate, left, work: vec![] },
        };
        state.apply(&event).expect("a candidate of the arm");
    }
    while state.next_action() != Action::Extract {
        state.apply(&next(state)).expect("what comes next");
    }
}

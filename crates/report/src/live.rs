//! A campaign while it runs: a line for each iteration that has ended, and what stands below them.

use crate::facts::phase;
use crate::page::{self, Tried};
use crate::standing;
use crate::terms::Terms;
use crate::words::{count, grouped, line, percent};
use science::judge::Verdict;
use science::state::State;
use science::text::clip;
use std::time::Duration;

/// Columns of a verdict, and of what comes after it.
const VERDICT: usize = 9;
const BEST: [usize; 2] = [15, 20];
/// Columns of a claim and of what was measured, where there is little room and where there is more.
const CLAIM: [usize; 2] = [9, 24];
const MEASURED: [usize; 2] = [19, 20];
/// Columns from which on there is more.
const WIDE: usize = 100;

/// The head of the lines.
pub fn head(width: usize) -> String {
    cells("#", ["change", "claim", "measured"], width) + "verdict    best"
}

/// The iteration that ended last, in a line; none before one ended.
pub fn ended(state: &State, width: usize) -> Option<String> {
    let (at, iteration) = state.iterations.iter().enumerate().rfind(|(_, iteration)| iteration.volume.is_some())?;
    let number = (at + 1).to_string();
    let arms = page::arms(state, iteration, at + 1);
    let Some(main) = arms.first() else {
        let failure = iteration.failure.as_deref().unwrap_or("nothing was planned");
        return Some(clip(&format!("{number:>3}  no usable plan: {}", line(failure)), width));
    };
    let row = cells(&number, [&main.change, &main.claim, &main.measured], width);
    Some(format!("{row}{:<VERDICT$}  {}{}", main.verdict, others(&arms[1..]), best(state, at, width)))
}

/// What the other arms came to, a sign each.
fn others(arms: &[Tried]) -> String {
    let signs: String = arms
        .iter()
        .map(|arm| match arm.judged {
            Some(Verdict::Confirmed) => '+',
            Some(Verdict::Refuted) => '-',
            Some(Verdict::PartiallyConfirmed) => '~',
            Some(Verdict::Inconclusive) => '?',
            Some(Verdict::Invalid) => '!',
            None => '·',
        })
        .collect();
    if signs.is_empty() { signs } else { signs + " " }
}

/// The best at the end of an iteration, with a star if it is another one than before.
fn best(state: &State, at: usize, width: usize) -> String {
    let champion = |at: usize| state.iterations.get(at).and_then(|iteration| iteration.champion.as_ref());
    let before = at.checked_sub(1).and_then(champion).map(|champion| &champion.id);
    let Some(now) = champion(at) else { return "none yet".into() };
    let worth = standing::standing(state, &now.id).and_then(|standing| standing.score.worth);
    let star = if before == Some(&now.id) { "" } else { "* " };
    let id = if width < WIDE { String::new() } else { format!(" {}", now.id.short()) };
    format!("{star}{}{id}", Terms(state.spec()).worth_of(worth, None))
}

fn cells(number: &str, [change, claim, measured]: [&str; 3], width: usize) -> String {
    let much = usize::from(width >= WIDE);
    let (claims, measures) = (CLAIM[much], MEASURED[much]);
    let room = width.saturating_sub(3 + claims + measures + VERDICT + BEST[much] + 8).max(12);
    format!(
        "{number:>3}  {:<room$}  {:<claims$}  {:>measures$}  ",
        clip(&line(change), room),
        clip(&line(claim), claims),
        clip(measured, measures)
    )
}

/// What stands below the lines while something is done: how far it is, the best, what is done, what was learned and spent.
pub fn below(state: &State, doing: &str, elapsed: Duration, width: usize) -> String {
    let lines = [
        Some(far(state, elapsed)),
        Some(format!("best   {}", leader(state))),
        Some(format!("now    {}", now(state, doing))),
        learned(state),
        Some(spent(state)),
    ];
    lines.into_iter().flatten().map(|line| clip(&line, width)).collect::<Vec<_>>().join("\n")
}

/// Where a campaign stands, in a line: how far it is, what is done and for which claim, the best.
pub fn status(state: &State) -> String {
    if state.started.is_none() {
        return phase(state);
    }
    let doing = match state.ended {
        Some(_) => String::new(),
        None => format!("{} · ", now(state, &phase(state))),
    };
    format!("{} · {doing}best {}", standing(state), leader(state))
}

/// How far a campaign is, or why it ended.
pub fn standing(state: &State) -> String {
    match &state.ended {
        Some(reason) => reason.to_string(),
        None => format!("iteration {} of {}", state.iteration_number(), state.opened().experiment.iterations),
    }
}

fn far(state: &State, elapsed: Duration) -> String {
    let planned = state.opened().experiment.iterations as usize;
    let done = state.iterations.iter().filter(|iteration| iteration.volume.is_some()).count();
    let left = (done > 0 && done < planned)
        .then(|| elapsed.mul_f64((planned - done) as f64 / done as f64))
        .map_or_else(String::new, |left| format!(", about {} left", clock(left)));
    let opened = state.opened();
    format!(
        "{} · {} · {done} of {} · {}{left}",
        line(&opened.name),
        line(&opened.agents),
        count(planned, "iteration"),
        clock(elapsed)
    )
}

/// Minutes and seconds, with hours where there are some.
pub fn clock(time: Duration) -> String {
    let seconds = time.as_secs();
    match seconds / 3600 {
        0 => format!("{:02}:{:02}", seconds / 60, seconds % 60),
        hours => format!("{hours}:{:02}:{:02}", seconds / 60 % 60, seconds % 60),
    }
}

fn leader(state: &State) -> String {
    let terms = Terms(state.spec());
    let champion = state
        .champion()
        .and_then(|champion| standing::standing(state, &champion.id).map(|own| (champion.id.clone(), own)));
    let Some((id, own)) = champion.as_ref().map(|(id, own)| (id, own)) else {
        return "nothing admissible yet".into();
    };
    let cost = terms.cost().map_or_else(String::new, |cost| format!(", {cost} {}", percent(own.score.cost)));
    format!(
        "{} of iteration {}: {} {}, {} {}{cost} (search seeds)",
        id.short(),
        own.iteration,
        terms.worth(),
        terms.worth_of(own.score.worth, None),
        terms.gain(),
        percent(own.score.improvement)
    )
}

/// What is done, and which claim that is about.
fn now(state: &State, doing: &str) -> String {
    let arms = state
        .iterations
        .last()
        .map(|iteration| page::arms(state, iteration, state.iterations.len()))
        .unwrap_or_default();
    let open = arms.iter().find(|arm| arm.judged.is_none() && arm.verdict == "running");
    let claim = open.map_or_else(String::new, |arm| format!("; {}: {}", arm.finding, arm.claim));
    format!("{}{claim}", line(doing))
}

fn learned(state: &State) -> Option<String> {
    let last =
        state.principles.iter().rev().find(|principle| principle.status == science::principle::Status::Active)?;
    let volume = state.volume();
    let left = if volume < 1.0 { format!(" ({} of the space left)", percent(volume)) } else { String::new() };
    Some(format!("learnt {} {}{left}", last.id, line(&last.statement)))
}

fn spent(state: &State) -> String {
    let budget = &state.opened().experiment.budget;
    let of = |cap: Option<u32>| cap.map_or_else(String::new, |cap| format!(" of {}", grouped(u64::from(cap))));
    let calls: u32 = state.work.iter().map(|(_, work)| work.calls).sum();
    let calls = if calls == 0 { String::new() } else { format!(", {}", count(calls as usize, "model call")) };
    format!(
        "spent  {}{} evaluations, {}{} verdict trials{calls}",
        state.evaluations,
        of(budget.evaluations),
        grouped(u64::from(state.verdict_trials())),
        of(budget.verdict_trials)
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_is_said_as_a_clock_does() {
        assert_eq!([0, 59, 61, 3_661].map(|s| clock(Duration::from_secs(s))), ["00:00", "00:59", "01:01", "1:01:01"]);
    }
}

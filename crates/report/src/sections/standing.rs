//! Where a campaign stands, in a few lines.

use crate::document::{Line, Tone};
use crate::effort::effort;
use crate::facts::{Facts, phase};
use crate::page;
use crate::words::{left, percent, shell};

/// Campaign, agents, iterations, evaluations, walls.
pub(crate) fn headline(facts: &Facts<'_>) -> Vec<Line> {
    let (started, state) = (facts.started, facts.record.state);
    let ended = state.ended.as_ref().map_or_else(|| "not ended".into(), ToString::to_string);
    let walls = if started.sandboxed { Tone::Plain } else { Tone::Bad };
    vec![
        Line::from(format!("Campaign {} of {}, agents {}.", facts.record.id, started.name, started.agents)),
        Line::from(format!("{}, {ended}; ", page::effort(facts))).tone(walls, facts.sandbox()).say("."),
    ]
}

/// The same, and what it does, its best, what is left, what to type.
pub(crate) fn lines(facts: &Facts<'_>) -> Vec<Line> {
    let state = facts.record.state;
    let mut lines = headline(facts);
    lines.push(match &state.ended {
        Some(reason) => format!("Ended: {reason}.").into(),
        None => format!("Iteration {}: {}. {}", state.iteration_number(), phase(state), page::open(facts)).into(),
    });
    lines.push(match facts.champion() {
        Some(best) => {
            let terms = facts.terms();
            let worth = format!("{} {}", terms.worth(), terms.worth_on(best.score));
            let gain = format!("{} {}", terms.gain(), percent(best.score.improvement));
            let cost = terms.cost().map(|cost| format!("{cost} {}", percent(best.score.cost)));
            let said = [Some(worth), Some(gain), cost].into_iter().flatten().collect::<Vec<_>>().join(", ");
            Line::from(if state.ended.is_some() { "Champion: " } else { "Best so far: " })
                .tone(Tone::Strong, best.id.short())
                .say(format!(", {said} ({}).", facts.search_panel()))
        }
        None => facts.paragraph().into(),
    });
    if !facts.record.looks.is_empty() {
        lines.extend(page::page(facts).verdict.into_iter().map(Line::from));
    }
    let principles = &facts.principles;
    let left = left(principles.volume, principles.false_exclusion, Some(principles.audited_points));
    lines.push(format!("Left: {left}.").into());
    lines.push(effort(state).sentence().into());
    lines.extend(facts.spend.as_ref().map(|spend| spend.sentence().into()));
    lines.push(match &state.ended {
        Some(_) => format!("Read it with: {} report {}", facts.elenchus(), shell(facts.record.id)).into(),
        None => format!("Go on with: {} resume {}", facts.elenchus(), shell(facts.record.id)).into(),
    });
    lines
}

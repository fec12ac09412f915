//! Each iteration: its question, why it was asked, and what was learned. What its arms claimed stands in the table of the lineage.

use crate::document::{Block, Fold, Item, Line, Tone, item};
use crate::facts::Facts;
use crate::path::{Attempt, Audited, Lesson, Turn};
use crate::terms::Terms;
use crate::words::{count, left};
use science::asked::Replaced;
use science::outcome::Outcome;
use std::collections::BTreeSet;

/// One fold for each.
pub(super) fn blocks(facts: &Facts<'_>) -> Vec<Block> {
    let fold = |turn: &Turn| {
        let question = turn.question.as_deref().unwrap_or("no usable bundle");
        let summary = Line::from(format!("Iteration {}: {question}", turn.iteration));
        Block::Fold(Fold { place: None, summary, blocks: vec![Block::List(items(turn, facts.terms()))] })
    };
    facts.turns.iter().map(fold).collect()
}

fn items(turn: &Turn, terms: Terms<'_>) -> Vec<Item> {
    let mut items = Vec::new();
    if let Some(failure) = &turn.failure {
        items.push(item(0, Line::default().tone(Tone::Bad, "The planner failed: ").say(failure.as_str())));
    }
    let planner = turn.planner.as_ref().map_or_else(String::new, |planner| format!(" Planned by {planner}."));
    if let Some(parent) = &turn.parent {
        let components = if turn.components.is_empty() {
            String::new()
        } else {
            format!(" Components: {}.", turn.components.join(", "))
        };
        items.push(item(0, format!("Departs from {parent}.{components}{planner}")));
    }
    items.extend(turn.asked.iter().map(|replaced| item(0, asked(replaced, terms))));
    // Arms of one bundle often share a story; it is told once.
    let mut told = BTreeSet::new();
    for arm in turn.arms.iter().filter(|arm| arm.skipped.is_none()) {
        attempt(arm, &mut told, &mut items);
    }
    let skipped: Vec<&str> = turn.arms.iter().filter(|arm| arm.skipped.is_some()).map(|arm| arm.arm.as_str()).collect();
    if let Some(reason) = turn.arms.iter().find_map(|arm| arm.skipped.as_deref()) {
        items.push(item(
            0,
            Line::default().tone(Tone::Open, "skipped").say(format!(": {} ({reason})", skipped.join(", "))),
        ));
    }
    if let Some(advice) = &turn.advice {
        items.push(item(0, Line::default().tone(Tone::Open, "Asked of the next plan").say(format!(": {advice}"))));
    }
    if let Some(tuning) = &turn.tuning {
        items.push(item(0, Line::default().tone(Tone::Strong, "Tuned").say(format!(": {}", tuning.words(terms)))));
    }
    items.extend(turn.principles.iter().map(|change| item(0, lesson(change))));
    items.extend(turn.audits.iter().map(|audit| item(0, audited(audit))));
    if let Some(failure) = &turn.extraction_failure {
        items.push(item(0, Line::default().tone(Tone::Bad, "The extractor failed: ").say(failure.as_str())));
    }
    items.push(item(0, end_of(turn)));
    items
}

/// A change of a text that a planner had measured, and what it did.
fn asked(replaced: &Replaced, terms: Terms<'_>) -> Line {
    let short = |text: &str| science::text::clip(&science::text::line(text), 80);
    let worth = |value: f64| terms.worth_of(value, None);
    let came = match (replaced.outcome, replaced.effect) {
        (Outcome::Scored, Some([effect, error])) => {
            format!("{} beside the candidate, ± {} (standard error)", worth(effect), worth(error))
        }
        (Outcome::Scored, None) => "it does not compare".into(),
        (outcome, _) => outcome.as_str().replace('-', " "),
    };
    Line::default().tone(Tone::Strong, "Asked").say(format!(
        ": candidate {} with “{}” in place of “{}”: {came}",
        replaced.of.short(),
        short(&replaced.replace),
        short(&replaced.find)
    ))
}

fn attempt<'a>(arm: &'a Attempt, told: &mut BTreeSet<&'a str>, items: &mut Vec<Item>) {
    let result = match (arm.verdict, &arm.measured) {
        (Some(verdict), Some(measured)) => {
            let tail = if arm.heavy_tail { ", with a heavy tail" } else { "" };
            format!(": {verdict}, {measured} on {}{tail}", count(arm.seeds, "fresh seed"))
        }
        (Some(verdict), None) => format!(": {verdict}"),
        (None, _) => ": not judged yet".into(),
    };
    let reason = arm.reason.as_ref().map_or_else(String::new, |reason| format!("; {reason}"));
    items.push(item(0, Line::default().tone(Tone::Strong, arm.finding.as_str()).say(format!("{result}{reason}"))));
    items.push(item(1, format!("claim: {} (stated confidence {})", arm.claim, crate::words::percent(arm.confidence))));
    let stories = [
        ("hypothesis", &arm.hypothesis),
        ("mechanism", &arm.mechanism),
        ("diagnostic", &arm.diagnostic),
        ("design", &arm.intent),
    ];
    for (name, text) in stories {
        if told.insert(text.as_str()) {
            items.push(item(1, format!("{name}: {text}")));
        }
    }
    if !arm.variants.is_empty() {
        items.push(item(1, format!("the best of {} designs of one idea that were measured", arm.variants.len())));
        let part = arm.stopped.first().map(|stopped| (stopped.behind.workloads, stopped.behind.of));
        items.extend(part.map(|(part, of)| {
            let stopped = arm.stopped.len();
            item(1, format!("{stopped} of them stopped after {part} of {of} workloads, since they lay too far behind the best by then"))
        }));
    }
    if arm.repairs > 0 {
        let mended = arm.unmended.as_ref().map_or_else(String::new, |why| format!("; the last time in vain: {why}"));
        items.push(item(1, format!("sent back to its author {}{mended}", count(arm.repairs as usize, "time"))));
    }
}

fn lesson(change: &Lesson) -> Line {
    let verb = match change.change {
        "insert" => "drawn",
        "refine" => "refined",
        _ => "retired",
    };
    let words = change.statement.as_ref().or(change.reason.as_ref()).map_or("", String::as_str);
    Line::default().tone(Tone::Strong, format!("{} {verb}", change.principle)).say(format!(": {words}"))
}

/// What came of looking for better where a principle forbids.
fn audited(audit: &Audited) -> Line {
    let head = Line::default().tone(Tone::Strong, format!("{} audited", audit.principle));
    let points = count(audit.points.len(), "point");
    head.say(match (&audit.refused, audit.points.len()) {
        (Some(reason), _) => format!(" with {points}: its constraint is refused: {reason}."),
        (None, 0) => ": what it forbids is forbidden already, or holds nothing.".into(),
        (None, _) => format!(" with {points}: none is better; forbidden: {}.", audit.constraint),
    })
}

fn end_of(turn: &Turn) -> String {
    let Some(volume) = turn.volume else { return "This iteration has not ended.".into() };
    let champion = match &turn.champion {
        None => "no champion".into(),
        Some(best) => format!("champion {}", best.candidate.chars().take(8).collect::<String>()),
    };
    format!("After it: {champion}; left: {}.", left(volume, None, None))
}

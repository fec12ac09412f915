//! The path of the search, and its best so far.

use super::Detail;
use crate::document::{Block, Item, Line, Section, Table, Tone, column, item};
use crate::facts::Facts;
use crate::path::{Attempt, Audited, Best, Lesson, Turn};
use crate::terms::Terms;
use crate::words::{bar, count, left, percent, percent_or_dash};
use science::judge::Verdict;

/// The best so far after each iteration, then what each iteration claimed and found.
pub(super) fn path(facts: &Facts<'_>, detail: Detail) -> Option<Section> {
    if facts.turns.is_empty() {
        return None;
    }
    let mut blocks = vec![Block::Table(best_so_far(&facts.turns, facts.terms()))];
    for turn in &facts.turns {
        let question = turn.question.as_deref().unwrap_or("no usable bundle");
        blocks.push(Block::Heading(format!("Iteration {}: {question}", turn.iteration).into()));
        blocks.push(Block::List(items(turn, detail, facts.terms())));
    }
    Some(Section { title: "The path", blocks })
}

/// One line for each iteration, with a bar for what the champion is worth.
fn best_so_far(turns: &[Turn], terms: Terms<'_>) -> Table {
    let worth = move |turn: &&Turn| turn.champion.as_ref().and_then(|best| best.score.worth);
    let largest = turns.iter().filter_map(|turn| worth(&turn)).fold(0.0, f64::max);
    let columns = vec![
        column(">after", |turn: &&Turn| turn.iteration.to_string()),
        column("<champion", |turn: &&Turn| {
            turn.champion.as_ref().map_or_else(|| "none".into(), |best| best.candidate.chars().take(8).collect())
        }),
        column("<best so far", move |turn: &&Turn| {
            bar(if largest > 0.0 { worth(turn).unwrap_or(0.0) / largest } else { 0.0 }, 20)
        }),
        column(format!(">{}", terms.worth()), move |turn: &&Turn| {
            terms.worth_of(worth(turn), turn.champion.as_ref().and_then(|best| best.score.worth_ci))
        }),
        column(format!(">{}", terms.gain()), |turn: &&Turn| {
            percent_or_dash(turn.champion.as_ref().map(|best| best.score.improvement))
        }),
        column(">space left", |turn: &&Turn| turn.volume.map_or_else(|| "under way".into(), percent)),
    ];
    Table::of(turns, columns)
}

fn items(turn: &Turn, detail: Detail, terms: Terms<'_>) -> Vec<Item> {
    let mut items = Vec::new();
    if let Some(failure) = &turn.failure {
        items.push(item(0, Line::default().tone(Tone::Bad, "The planner failed: ").say(failure.as_str())));
    }
    if let Some(planner) = &turn.planner {
        items.push(item(0, format!("Planned by {planner}.")));
    }
    if let (Some(parent), Detail::Complete) = (&turn.parent, detail) {
        items.push(item(0, format!("Departs from {parent}.")));
    }
    if !turn.components.is_empty() {
        items.push(item(0, format!("Components: {}.", turn.components.join(", "))));
    }
    for arm in &turn.arms {
        attempt(arm, detail, &mut items);
    }
    if let Some(advice) = &turn.advice {
        items.push(item(0, Line::default().tone(Tone::Open, "Asked of the next plan").say(format!(": {advice}"))));
    }
    if let Some(tuning) = &turn.tuning {
        items.push(item(0, Line::default().tone(Tone::Strong, "Tuned").say(format!(": {}", tuning.words(terms)))));
    }
    for change in &turn.principles {
        lesson(change, &mut items);
    }
    items.extend(turn.audits.iter().map(|audit| item(0, audited(audit))));
    if let Some(failure) = &turn.extraction_failure {
        items.push(item(0, Line::default().tone(Tone::Bad, "The extractor failed: ").say(failure.as_str())));
    }
    items.push(item(0, end_of(turn, terms)));
    items
}

fn attempt(arm: &Attempt, detail: Detail, items: &mut Vec<Item>) {
    let kind = if arm.kind == arm.arm { String::new() } else { format!(" ({})", arm.kind) };
    items
        .push(item(0, Line::default().tone(Tone::Strong, arm.arm.as_str()).say(format!("{kind}: {}", arm.hypothesis))));
    items.push(item(1, format!("claim: {}; stated confidence {}", arm.claim, percent(arm.confidence))));
    if detail == Detail::Complete {
        let more = [("mechanism", &arm.mechanism), ("diagnostic", &arm.diagnostic), ("design", &arm.intent)];
        items.extend(more.into_iter().map(|(name, text)| item(1, format!("{name}: {text}"))));
    }
    if arm.repairs > 0 {
        items.push(item(1, sent_back(arm)));
    }
    items.push(item(1, result(arm)));
}

/// What came of sending an arm's candidate back to its author.
fn sent_back(arm: &Attempt) -> String {
    let mended = arm.unmended.as_ref().map_or_else(String::new, |why| format!("; the last time in vain: {why}"));
    format!("sent back to its author {}{mended}", count(arm.repairs as usize, "time"))
}

/// What became of an arm, in one line.
fn result(arm: &Attempt) -> Line {
    if let Some(reason) = &arm.skipped {
        return Line::default().tone(Tone::Open, "skipped").say(format!(": {reason}"));
    }
    let best = if arm.variants.is_empty() { String::new() } else { format!(", the best of {}", arm.variants.len()) };
    let candidate = arm.candidate.as_ref().map_or_else(String::new, |id| {
        format!(" [{}{best}: {}]", id.chars().take(8).collect::<String>(), arm.outcome.unwrap_or("not evaluated"))
    });
    let (Some(verdict), Some(judged)) = (arm.verdict, arm.judged) else {
        return Line::default().tone(Tone::Open, "not judged yet").say(candidate);
    };
    let tone = match judged {
        Verdict::Confirmed => Tone::Good,
        Verdict::Refuted => Tone::Bad,
        Verdict::PartiallyConfirmed | Verdict::Inconclusive | Verdict::Invalid => Tone::Open,
    };
    let measured = arm.measured.as_ref().map_or_else(String::new, |measured| {
        let tail = if arm.heavy_tail { ", with a heavy tail" } else { "" };
        format!(", measured {measured} on {} fresh seeds{tail}", arm.seeds)
    });
    let error = arm.error.map_or_else(String::new, |error| format!(" (wrong in {error})"));
    let reason = arm
        .reason
        .as_ref()
        .map_or_else(String::new, |reason| format!("{} {reason}", if measured.is_empty() { ":" } else { ";" }));
    Line::from(format!("{} ", arm.finding)).tone(tone, verdict).say(format!("{error}{measured}{reason}{candidate}"))
}

fn lesson(change: &Lesson, items: &mut Vec<Item>) {
    let verb = match change.change {
        "insert" => "drawn",
        "refine" => "refined",
        _ => "retired",
    };
    let words = change.statement.as_ref().or(change.reason.as_ref()).map_or("", String::as_str);
    let head = Line::default().tone(Tone::Strong, format!("{} {verb}", change.principle)).say(format!(": {words}"));
    let evidence =
        if change.evidence.is_empty() { String::new() } else { format!(" [{}]", change.evidence.join(", ")) };
    items.push(item(0, head.say(evidence)));
    if let Some(constraint) = &change.constraint {
        items.push(item(1, format!("to be forbidden: {constraint}")));
    }
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

fn end_of(turn: &Turn, terms: Terms<'_>) -> String {
    let Some(volume) = turn.volume else { return "This iteration has not ended.".into() };
    let champion = match &turn.champion {
        None => "no champion".into(),
        Some(Best { candidate, matches_reference, .. }) => {
            let short: String = candidate.chars().take(8).collect();
            let falls_short = match matches_reference {
                true => String::new(),
                false => format!(", which does not match the reference's {}", terms.gain()),
            };
            format!("champion {short}{falls_short}")
        }
    };
    format!("After it: {champion}; left: {}.", left(volume, turn.false_exclusion, None))
}

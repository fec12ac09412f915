//! What each part of the champion is worth.

use crate::document::{Block, Table, column};
use crate::facts::Facts;
use crate::terms::Terms;
use crate::words::count;
use science::event::Simpler;
use science::outcome::Outcome;
use science::state::Simplification;

/// Every change that was tried on the champion, and what it cost; none unless it was simplified.
pub(super) fn blocks(facts: &Facts<'_>) -> Vec<Block> {
    let Some(simplification) = facts.record.state.simplification.as_ref() else { return Vec::new() };
    let terms = facts.terms();
    let worth = terms.worth();
    let columns = vec![
        column("<change", |tried: &&Simpler| tried.change.clone()),
        column(format!(">{worth}"), move |tried: &&Simpler| signed(tried.gain, terms)),
        column(">description length", |tried: &&Simpler| {
            tried.description_length.map_or_else(|| "-".into(), |n| n.to_string())
        }),
        column("<", |tried: &&Simpler| result(tried).to_owned()),
    ];
    let table = Table::of(&simplification.tried, columns);
    let note = format!(
        "Candidate {} with each of these changes, on the search seeds at the same scale: what its {worth} gains or loses by it. What is \
         admissible and loses at most {} may go. Parts that are not listed were not tried. Lines and lengths are those of the source with its \
         tunables written as constants; a dash: it does not compare.",
        simplification.of.short(),
        terms.worth_of(Simplification::MAY_LOSE, None)
    );
    vec![
        Block::Heading("What each part is worth".into()),
        Block::Table(table),
        Block::Text(format!("{note} {}", made(facts, simplification)).into()),
    ]
}

/// What is to become of a change.
fn result(tried: &Simpler) -> &'static str {
    match tried.outcome {
        Outcome::Scored if tried.kept => "goes",
        Outcome::Scored if tried.may_stay() => "may go",
        Outcome::Scored if tried.admissible && tried.gain.is_none() => "too far off to compare",
        Outcome::Scored if tried.admissible => "matters",
        Outcome::Scored => "not admissible",
        other => other.as_str(),
    }
}

fn signed(gain: Option<f64>, terms: Terms<'_>) -> String {
    let text = terms.worth_of(gain, None);
    if gain.is_some_and(|gain| gain > 0.0) { format!("+{text}") } else { text }
}

/// What came of it, in one sentence.
fn made(facts: &Facts<'_>, simplification: &Simplification) -> String {
    let Some(id) = &simplification.made else {
        return "Nothing of it may go: the champion is as simple as these changes can make it.".into();
    };
    let length = |id| {
        let length = facts.record.state.candidates.get(id).and_then(|record| record.candidate.description_length);
        length.unwrap_or_default() as usize
    };
    let leads = facts.champion().is_some_and(|champion| champion.id == id);
    format!(
        "Without what goes it is candidate {}, which has a description length of {} instead of {} and is {}the champion.",
        id.short(),
        count(length(id), "token"),
        length(&simplification.of),
        if leads { "" } else { "not " }
    )
}

//! What each part of the champion is worth.

use crate::document::{Block, Section, Table};
use crate::facts::Facts;
use crate::words::{count, percent};
use science::event::Simpler;
use science::outcome::Outcome;
use science::state::Simplification;

/// Every change that was tried on the champion, and what it cost; none unless it was simplified.
pub(super) fn simplification(facts: &Facts<'_>) -> Option<Section> {
    let simplification = facts.record.state.simplification.as_ref()?;
    let mut table = Table::new(&["<change", ">net saving", ">description length", "<"]);
    table.rows = simplification.tried.iter().map(row).collect();
    let note = format!(
        "Candidate {}, the champion after the last iteration, with each of these changes, measured like a candidate on the search \
         seeds: what its net saving gains or loses by it. Only what leaves the description shorter is tried; what is admissible and loses at most 0.5 % may go. Where the improvement moves more \
         than 2 points away from the reference's, costs do not compare; nothing here sets the scale again.",
        simplification.of.short()
    );
    let blocks = vec![Block::Text(note.into()), Block::Table(table), Block::Text(made(facts, simplification).into())];
    Some(Section { title: "What each part is worth", blocks })
}

fn row(tried: &Simpler) -> Vec<String> {
    let result = match tried.outcome {
        Outcome::Scored if tried.kept => "goes",
        Outcome::Scored if tried.may_stay() => "may go",
        Outcome::Scored if tried.admissible && tried.gain.is_none() => "too far off to compare",
        Outcome::Scored if tried.admissible => "matters",
        Outcome::Scored => "not admissible",
        other => other.as_str(),
    };
    let dash = || "-".to_owned();
    vec![
        tried.change.clone(),
        tried.gain.map_or_else(dash, signed),
        tried.description_length.map_or_else(dash, |n| n.to_string()),
        result.to_owned(),
    ]
}

fn signed(gain: f64) -> String {
    let text = percent(gain);
    if gain > 0.0 { format!("+{text}") } else { text }
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

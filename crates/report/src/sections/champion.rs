//! The champion: what it does, what it consists of, where it differs from what it comes of.

use super::{Medium, simplification};
use crate::curves;
use crate::difference::difference;
use crate::document::{Block, Fold};
use crate::facts::Facts;
use crate::picture::behaviour;
use crate::standing::Standing;
use crate::words::count;
use science::descriptor::Curve;
use science::id::CandidateId;

/// Changed lines that are shown without being asked for.
const SHORT: usize = 24;

/// None without a champion.
pub(super) fn blocks(facts: &Facts<'_>, medium: Medium) -> Vec<Block> {
    let Some(champion) = facts.champion() else { return Vec::new() };
    let mut blocks = behaviour(facts, champion, medium);
    blocks.extend(simplification::blocks(facts));
    blocks.extend(source(facts, champion, medium));
    blocks
}

fn behaviour(facts: &Facts<'_>, champion: Standing<'_>, medium: Medium) -> Vec<Block> {
    let state = facts.record.state;
    let Some(descriptor) = state.candidates.get(champion.id).and_then(|record| record.descriptor.as_ref()) else {
        return Vec::new();
    };
    let sentence = format!(
        "{} of iteration {}, arm {}. In its trials, it {}",
        champion.id.short(),
        champion.iteration,
        champion.arm,
        curves::sentence(descriptor, &facts.started.spec)
    );
    let mut blocks = vec![Block::Text(sentence.into())];
    if medium == Medium::Terminal {
        let text = curves::text(&descriptor.curve).trim_start().to_owned();
        blocks.push(Block::Code { language: "text", text });
    }
    blocks.extend(behaviour::picture(&descriptor.curve, &ancestors(facts, champion.id)).map(Block::Picture));
    blocks
}

/// The curves of its parent, and of the first candidate that it comes of.
fn ancestors<'a>(facts: &Facts<'a>, id: &CandidateId) -> Vec<(String, &'a Curve)> {
    let state = facts.record.state;
    let parent = |id: &CandidateId| {
        let candidate = &state.candidates.get(id)?.candidate;
        candidate.tunes.clone().or_else(|| candidate.parent.clone())
    };
    let line: Vec<CandidateId> = std::iter::successors(parent(id), |id| parent(id)).take(state.order.len()).collect();
    let mut shown: Vec<(String, &CandidateId)> = Vec::new();
    shown.extend(line.first().map(|id| (format!("its parent, {}", id.short()), id)));
    shown.extend(
        line.last().filter(|_| line.len() > 1).map(|id| (format!("the first of its line, {}", id.short()), id)),
    );
    let curve =
        |(name, id): (String, &CandidateId)| Some((name, &state.candidates.get(id)?.descriptor.as_ref()?.curve));
    shown.into_iter().filter_map(curve).filter(|(_, curve)| !curve.points.is_empty()).collect()
}

/// Its source, and what differs from its parent's where that is on record.
fn source(facts: &Facts<'_>, champion: Standing<'_>, medium: Medium) -> Vec<Block> {
    let Some(text) = facts.record.source(champion.id) else { return Vec::new() };
    let mut blocks = Vec::new();
    let candidate = &facts.record.state.candidates[champion.id].candidate;
    let parent = candidate.tunes.as_ref().or(candidate.parent.as_ref());
    if let Some((parent, before)) = parent.and_then(|parent| Some((parent, facts.record.source(parent)?))) {
        let difference = difference(
            (&format!("parent {}", parent.short()), before),
            (&format!("champion {}", champion.id.short()), text),
        );
        let summary = format!("What differs from its parent, {}", count(difference.changed(), "line"));
        blocks.push(match difference.changed() {
            0..=SHORT => Block::Difference(difference),
            _ => {
                Block::Fold(Fold { place: None, summary: summary.into(), blocks: vec![Block::Difference(difference)] })
            }
        });
    }
    let code = Block::Code { language: "rust", text: text.to_owned() };
    let lines = count(text.lines().count(), "line");
    match medium {
        Medium::Terminal => blocks.extend([Block::Heading("Its source".into()), code]),
        Medium::Markdown | Medium::Page => {
            blocks.push(Block::Fold(Fold {
                place: None,
                summary: format!("Its source, {lines}").into(),
                blocks: vec![code],
            }));
        }
    }
    blocks
}

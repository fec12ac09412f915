//! The champion: what it does, what it consists of, where it differs from what it comes of.

use super::{Medium, simplification};
use crate::curves;
use crate::difference::difference;
use crate::document::{Block, Fold};
use crate::facts::Facts;
use crate::formula::formula;
use crate::picture::Picture;
use crate::picture::behaviour::{self, Drawn};
use crate::record::parent;
use crate::standing::Standing;
use crate::words::count;
use science::descriptor::Curve;
use science::id::CandidateId;
use science::seal::Answers;
use science::stats::rounded;

/// Changed lines that are shown without being asked for.
const SHORT: usize = 24;

/// None without a champion.
pub(super) fn blocks(facts: &Facts<'_>, medium: Medium) -> Vec<Block> {
    let Some(champion) = facts.champion() else { return Vec::new() };
    let mut blocks = behaviour(facts, champion, medium);
    blocks.extend(rule(facts, champion));
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
    let answers = facts.record.looks.first().and_then(|look| look.illustration.as_ref()?.answers.as_ref());
    let pictures = match answers {
        Some(answers) => beside(answers),
        None => {
            let note = "Measured in its trials on the search seeds, one point a bin.";
            behaviour::picture(&descriptor.curve, &ancestors(facts, champion.id), ("share", note)).into_iter().collect()
        }
    };
    blocks.extend(pictures.into_iter().map(Block::Picture));
    blocks
}

/// Its answers beside the baseline's and the reference's, against each input.
fn beside(answers: &Answers) -> Vec<Picture> {
    let note = format!(
        "All three on the same {} of the seal, one point a bin; other inputs as they were met.",
        count(answers.workloads, "workload")
    );
    let others = answers.reference.iter().zip(&answers.baseline);
    let picture = |(own, (reference, baseline)): (&Curve, (_, _))| {
        let drawn = |name: &str, curve, class| Drawn { name: name.into(), curve, class };
        let others = [drawn("the baseline", baseline, "base dash"), drawn("the reference", reference, "ref")];
        behaviour::picture(own, &others, (&answers.counted, &note))
    };
    answers.champion.iter().zip(others).filter_map(picture).collect()
}

/// What a candidate comes of, the nearest first.
fn line(facts: &Facts<'_>, id: &CandidateId) -> Vec<CandidateId> {
    let state = facts.record.state;
    let parent = |id: &CandidateId| parent(&state.candidates.get(id)?.candidate).cloned();
    std::iter::successors(parent(id), |id| parent(id)).take(state.order.len()).collect()
}

/// The curves of its parent, and of the first candidate that it comes of.
fn ancestors<'a>(facts: &Facts<'a>, id: &CandidateId) -> Vec<Drawn<'a>> {
    let (state, line) = (facts.record.state, line(facts, id));
    let parent = line.first().map(|id| ("its parent", "open", id));
    let first = line.last().filter(|_| line.len() > 1).map(|id| ("the first of its line", "base", id));
    let curve = |(name, class, id): (&str, &'static str, &CandidateId)| {
        Some(Drawn { name: name.into(), class, curve: &state.candidates.get(id)?.descriptor.as_ref()?.curve })
    };
    parent.into_iter().chain(first).filter_map(curve).filter(|drawn| !drawn.curve.points.is_empty()).collect()
}

/// What it does, as formulas; none where its source is not on record or says more than formulas can.
fn rule(facts: &Facts<'_>, champion: Standing<'_>) -> Vec<Block> {
    let Some(text) = facts.record.source(champion.id).and_then(formula) else { return Vec::new() };
    let scale = facts.record.state.candidates[champion.id].scale;
    let set = scale.map_or_else(String::new, |scale| format!(" Its scale is set to {}.", rounded(scale, 4)));
    let note = format!("Read off the source by rules; the source is what decides.{set}");
    vec![Block::Heading("Its rule".into()), Block::Code { language: "text", text }, Block::Text(note.into())]
}

/// Its source, and what differs from its parent's and from the first of its line's where these are on record.
fn source(facts: &Facts<'_>, champion: Standing<'_>, medium: Medium) -> Vec<Block> {
    let Some(text) = facts.record.source(champion.id) else { return Vec::new() };
    let line = line(facts, champion.id);
    let mut blocks = Vec::new();
    let mut against = |what: &str, id: &CandidateId| {
        let Some(before) = facts.record.source(id) else { return };
        let left = format!("{what} {}", id.short());
        let difference = difference((&left, before), (&format!("champion {}", champion.id.short()), text));
        let changed = count(difference.changed(), "line");
        let is_short = difference.changed() <= SHORT && blocks.is_empty();
        let summary = format!("What differs from the {left}, {changed}").into();
        blocks.push(match is_short {
            true => Block::Difference(difference),
            false => Block::Fold(Fold { place: None, summary, blocks: vec![Block::Difference(difference)] }),
        });
    };
    line.first().into_iter().for_each(|id| against("parent", id));
    line.last().filter(|_| line.len() > 1).into_iter().for_each(|id| against("first of its line", id));
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

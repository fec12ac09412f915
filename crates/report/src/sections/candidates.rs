//! Every candidate of a page: what it is, what it scored, and its source where the record quotes it.

use super::Medium;
use crate::difference::difference;
use crate::document::{Block, Fold, Item, Line, Table, Tone, column, item};
use crate::facts::Facts;
use crate::html::candidate_place;
use crate::lineage::Node;
use crate::record::parent;
use crate::words::{count, percent_or_dash};
use science::id::CandidateId;
use std::collections::BTreeMap;

/// A row for each, and a fold for each whose source is quoted. Only a page has room for them.
pub(super) fn blocks(facts: &Facts<'_>, medium: Medium) -> Vec<Block> {
    if medium != Medium::Page || facts.lineage.nodes.is_empty() {
        return Vec::new();
    }
    let by_id: BTreeMap<&str, &Node> = facts.lineage.nodes.iter().map(|node| (node.candidate.as_str(), node)).collect();
    let order = &facts.record.state.order;
    let mut blocks = vec![Block::Text(
        "The sources of the champion, the front, the finalists and their parents are quoted below; every other one is in the mirror: \
         `git -C .elenchus/candidates.git log --all --graph`, and in the table `candidates` of the database."
            .into(),
    )];
    blocks.push(Block::Table(rows(facts, &by_id)));
    let quoted = order.iter().filter(|id| facts.record.source(id).is_some());
    blocks.extend(quoted.filter_map(|id| Some(fold(facts, id, by_id.get(id.as_str())?))));
    blocks
}

fn rows(facts: &Facts<'_>, by_id: &BTreeMap<&str, &Node>) -> Table {
    let terms = facts.terms();
    let state = facts.record.state;
    let short = |id: &Option<String>| id.as_ref().map_or_else(|| "reference".into(), |id| id.chars().take(8).collect());
    let columns = vec![
        column("<candidate", |node: &&Node| node.candidate.chars().take(8).collect()),
        column("<from", move |node: &&Node| short(&node.parent)),
        column(">iteration", |node: &&Node| {
            state
                .candidates
                .get(&CandidateId::from(node.candidate.clone()))
                .map_or_else(String::new, |record| record.iteration.to_string())
        }),
        column("<findings", |node: &&Node| {
            node.findings.iter().map(|finding| finding.finding.as_str()).collect::<Vec<_>>().join(" ")
        }),
        column(format!(">{}", terms.worth()), move |node: &&Node| terms.worth_of(node.worth, None)),
        column(format!(">{}", terms.gain()), |node: &&Node| percent_or_dash(node.improvement)),
        column(">tokens", |node: &&Node| node.description_length.map_or_else(|| "-".into(), |n| n.to_string())),
        column("<", |node: &&Node| standing(node)),
    ];
    let nodes: Vec<&Node> = state.order.iter().filter_map(|id| by_id.get(id.as_str()).copied()).collect();
    // A candidate with a fold is led to there.
    let place = |node: &&Node| match facts.record.source(&CandidateId::from(node.candidate.clone())) {
        Some(_) => String::new(),
        None => candidate_place(&node.candidate),
    };
    let places = nodes.iter().map(place).collect();
    Table { places, ..Table::of(nodes, columns) }
}

fn standing(node: &Node) -> String {
    let words = [
        node.champion.then(|| "CHAMPION".to_owned()),
        node.front.then(|| "on the front".to_owned()),
        node.outcome.filter(|outcome| *outcome != "scored").map(|outcome| outcome.replace('-', " ")),
        (!node.objections.is_empty()).then(|| "not admissible".to_owned()),
        node.acts_like.as_ref().map(|other| format!("acts like {}", other.chars().take(8).collect::<String>())),
    ];
    words.into_iter().flatten().collect::<Vec<_>>().join(", ")
}

fn fold(facts: &Facts<'_>, id: &CandidateId, node: &Node) -> Block {
    let record = facts.record;
    let worth = facts.terms().worth_of(node.worth, None);
    let tone = if node.champion { Tone::Good } else { Tone::Strong };
    let summary = Line::default().tone(tone, id.short()).say(format!("  {worth}  {}", standing(node)));
    let mut blocks = vec![Block::List(about(facts, id, node))];
    let text = record.source(id).unwrap_or_default();
    let candidate = &record.state.candidates[id].candidate;
    if let Some((parent, before)) = parent(candidate).and_then(|parent| Some((parent, record.source(parent)?))) {
        blocks.push(Block::Difference(difference((parent.short(), before), (id.short(), text))));
    }
    let code = vec![Block::Code { language: "rust", text: text.to_owned() }];
    let lines = format!("Source, {}", count(text.lines().count(), "line")).into();
    blocks.push(Block::Fold(Fold { place: None, summary: lines, blocks: code }));
    Block::Fold(Fold { place: Some(candidate_place(id.as_str())), summary, blocks })
}

fn about(facts: &Facts<'_>, id: &CandidateId, node: &Node) -> Vec<Item> {
    let mut items: Vec<Item> =
        node.behaviour.iter().map(|behaviour| item(0, format!("In its trials, it {behaviour}"))).collect();
    let attempts = facts.turns.iter().flat_map(|turn| &turn.arms);
    for arm in attempts.filter(|arm| arm.candidate.as_deref() == Some(id.as_str())) {
        let verdict = arm.verdict.unwrap_or("not judged");
        let measured = arm.measured.as_ref().map_or_else(String::new, |measured| format!(", measured {measured}"));
        items.push(item(0, format!("{}: {}; {verdict}{measured}", arm.finding, arm.claim)));
    }
    items.extend(
        (!node.objections.is_empty())
            .then(|| item(0, format!("Not admissible: {}.", facts.terms().spoken(&node.objections.join("; "))))),
    );
    items.extend(node.author.as_ref().map(|author| item(0, format!("Written by {author}."))));
    items
}

//! The lineage: every hypothesis in a line, the candidates under those that they depart from, and each iteration for whoever asks.

use super::{Medium, path};
use crate::document::{Block, Fold, Item, Line, Table, Tone, column, item};
use crate::facts::Facts;
use crate::html::finding_place;
use crate::lineage::Node;
use crate::page::{self, Tried};
use crate::picture;
use crate::terms::Terms;

/// Iterations from which on they are folded together.
const MANY: usize = 20;

/// None before anything was planned.
pub(super) fn blocks(facts: &Facts<'_>, medium: Medium) -> Vec<Block> {
    if facts.turns.is_empty() {
        return Vec::new();
    }
    let page = page::page(facts);
    let mut blocks: Vec<Block> = picture::lineage::picture(facts).map(Block::Picture).into_iter().collect();
    blocks.push(Block::Table(tried(&page.tried)));
    let tree = vec![Block::List(tree(facts))];
    match medium {
        Medium::Terminal => blocks.extend([Block::Heading("Candidates".into())].into_iter().chain(tree)),
        Medium::Markdown | Medium::Page => {
            let summary = "The same as a tree of candidates".into();
            blocks.push(Block::Fold(Fold { place: None, summary, blocks: tree }));
            let turns = path::blocks(facts);
            match turns.len() {
                0..=MANY => blocks.extend(turns),
                _ => {
                    let summary = "Every iteration by itself".into();
                    blocks.push(Block::Fold(Fold { place: None, summary, blocks: turns }));
                }
            }
        }
    }
    blocks
}

/// An arm in a line: change, claim, measured, verdict.
pub(crate) fn tried(all: &[Tried]) -> Table {
    let columns = vec![
        column("<finding", |row: &&Tried| row.finding.clone()),
        column("<change", |row: &&Tried| row.change.clone()),
        column("<claim", |row: &&Tried| row.claim.clone()),
        column(">measured", |row: &&Tried| row.measured.clone()),
        column("<verdict", |row: &&Tried| row.verdict.to_owned()),
        column("<candidate", |row: &&Tried| {
            row.candidate.as_ref().map_or_else(String::new, |id| id.chars().take(8).collect())
        }),
    ];
    let places = all.iter().map(|row| finding_place(&row.finding)).collect();
    Table { places, ..Table::of(all, columns) }
}

fn tree(facts: &Facts<'_>) -> Vec<Item> {
    let below = facts.lineage.nodes.iter().map(|node| item(node.depth + 1, describe(node, facts.terms())));
    [item(0, "reference")].into_iter().chain(below).collect()
}

fn describe(node: &Node, terms: Terms<'_>) -> Line {
    let short = |id: &str| id.chars().take(8).collect::<String>();
    let mut line = Line::default().tone(if node.champion { Tone::Strong } else { Tone::Plain }, short(&node.candidate));
    line = line.say(match (node.outcome, node.worth) {
        (Some("scored"), Some(worth)) => format!("  {}", terms.worth_of(worth, None)),
        (Some("scored"), None) => "  costs not comparable".into(),
        (outcome, _) => format!("  {}", outcome.unwrap_or("not evaluated")),
    });
    if let Some(author) = &node.author {
        line = line.say(format!(", by {author}"));
    }
    if let Some(broken) = &node.repairs {
        line = line.say(format!(", mends {}", short(broken)));
    }
    if let Some(other) = &node.acts_like {
        line = line.say(format!(", acts exactly like {} in every trial", short(other)));
    }
    for finding in &node.findings {
        line = line.say(format!(", {} {}", finding.finding, finding.verdict.unwrap_or("not judged")));
    }
    if node.champion {
        line = line.tone(Tone::Good, "  CHAMPION");
    }
    if node.front {
        line = line.say("  on the front");
    }
    if let (false, Some(parent)) = (node.resolved, &node.parent) {
        line = line.tone(Tone::Bad, format!("  departs from {parent}, which this record does not hold"));
    }
    if !node.objections.is_empty() {
        line = line.tone(Tone::Bad, "  not admissible");
    }
    line
}

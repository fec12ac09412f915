//! Principles with their evidence, and what they leave of the space.

use crate::document::{Block, Item, Line, Tone, item};
use crate::facts::Facts;
use crate::html::principle_place;
use crate::picture::space;
use crate::principles::Stated;
use crate::words::left;

/// Principles in force, then retired ones.
pub(super) fn blocks(facts: &Facts<'_>) -> Vec<Block> {
    let principles = &facts.principles;
    let mut blocks: Vec<Block> = space::picture(facts).map(Block::Picture).into_iter().collect();
    for (title, stated) in [("In force", &principles.active), ("Retired", &principles.retired)] {
        if !stated.is_empty() {
            blocks.push(Block::Heading(title.into()));
            blocks.push(Block::List(stated.iter().flat_map(items).collect()));
        }
    }
    if principles.active.is_empty() && principles.retired.is_empty() {
        return vec![Block::Text("None was drawn.".into())];
    }
    let left = match principles.declared {
        true => format!(
            "They leave {}; a share of the declared space, never of all algorithms.",
            left(principles.volume, principles.false_exclusion, Some(principles.audited_points))
        ),
        false => "The experiment declares no design space, so none of them narrows it.".into(),
    };
    blocks.push(Block::Text(left.into()));
    blocks
}

fn items(principle: &Stated) -> Vec<Item> {
    let head = Line::default().tone(Tone::Strong, principle.id.as_str());
    let head = head.say(format!(" ({}): {}", principle.confidence, principle.statement));
    let mut items = vec![Item { place: Some(principle_place(&principle.id)), ..item(0, head) }];
    let evidence: Vec<String> = principle
        .evidence
        .iter()
        .map(|e| format!("{} {}", e.finding, e.verdict.unwrap_or("(not in this record)")))
        .collect();
    let evidence = if evidence.is_empty() { "none cited".into() } else { evidence.join(", ") };
    items.push(item(1, format!("evidence: {evidence}; regime: {}; because {}", principle.regime, principle.mechanism)));
    items.extend(principle.constraint.as_ref().map(|constraint| item(1, format!("forbids: {constraint}"))));
    items.extend(principle.reason.as_ref().map(|reason| item(1, format!("retired: {reason}"))));
    items
}

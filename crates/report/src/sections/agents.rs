//! What agents did, and what that took.

use super::Detail;
use crate::document::{Block, Section, Table, item};
use crate::facts::Facts;
use crate::spend::{Share, Spend};
use crate::words::{count, grouped, money};

/// Role by model; none where nobody counts, as with the built-in agents.
pub(super) fn agents(facts: &Facts<'_>, detail: Detail) -> Option<Section> {
    let spend = facts.spend.as_ref()?;
    let mut table =
        Table::new(&["<role", "<by", ">calls", ">prompt", ">cached", ">written", ">of it reasoning", ">USD"]);
    table.rows = spend.by.iter().map(row).collect();
    let mut blocks = vec![Block::Table(table), Block::Text(spend.sentence().into())];
    let notes = notes(spend);
    if !notes.is_empty() {
        blocks.push(Block::List(notes.into_iter().map(|note| item(0, note)).collect()));
    }
    if let (Detail::Complete, Some(notes)) = (detail, &facts.record.state.notes) {
        blocks.push(Block::Heading("Notes that later prompts see".into()));
        blocks.push(Block::Text(notes.as_str().into()));
    }
    Some(Section { title: "Agents", blocks })
}

fn row(share: &Share) -> Vec<String> {
    let tokens = share.tokens.of;
    let counts = [tokens.prompt, tokens.cached, tokens.completion, tokens.reasoning].map(grouped);
    let mut cells = vec![share.role.as_str().to_owned(), share.by.clone(), share.calls.to_string()];
    cells.extend(counts);
    cells.push(share.usd.map_or_else(|| "unknown".into(), money));
    cells
}

/// What the sum leaves out.
fn notes(spend: &Spend) -> Vec<String> {
    let mut notes = Vec::new();
    if spend.uncounted > 0 {
        let replies = count(spend.uncounted as usize, "reply");
        notes.push(format!(
            "The tokens of {replies} were not counted by whoever gave them; budgets count the worst case."
        ));
    }
    if spend.lost.attempts > 0 {
        let lost = spend.lost;
        let usd = lost.usd.map_or_else(|| "an unknown sum".into(), |usd| format!("{} USD", money(usd)));
        notes.push(format!(
            "{} failed and may have been billed, on top of the above: at most {} tokens, {usd}.",
            count(lost.attempts as usize, "attempt"),
            grouped(lost.tokens),
        ));
    }
    notes
}

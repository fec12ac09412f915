//! The first page as blocks of a document.

use crate::document::{Block, Line, Table, Tone, column, item};
use crate::facts::Facts;
use crate::page::{self, Answer, Page, Tried};
use crate::words::{count, moment};

/// Hypotheses that are shown, at most: a page has a length.
const ROWS: usize = 40;

/// Question, answer, costs, doubts, what was tried, commands.
pub(super) fn page(page: &Page, facts: &Facts<'_>) -> Vec<Block> {
    let tone = match page.answer {
        Answer::Beats => Tone::Good,
        Answer::Fails => Tone::Bad,
        Answer::Unsealed | Answer::NoChampion => Tone::Open,
    };
    let record = &facts.record;
    let about = format!(
        "Campaign {} of {}, agents {}, {}; {}.",
        record.id,
        facts.started.name,
        facts.started.agents,
        moment(record.times.last_ms),
        page::effort(facts)
    );
    let mut blocks = vec![Block::Text(about.into())];
    blocks.extend(page.warnings.iter().map(|warning| Block::Text(Line::default().tone(Tone::Bad, warning.as_str()))));
    let verdict = Line::default().tone(tone, page.answer.words()).say(format!(". {}", page.verdict.join(" ")));
    blocks.push(Block::Text(verdict));
    if let Some(rule) = &page.rule {
        blocks.push(Block::Text("Its rule, in one line:".into()));
        blocks.push(Block::Code { language: "text", text: rule.clone() });
    }
    for (title, said) in
        [(page::costs_title(facts.terms()), &page.costs), (page::doubts_title(page.answer), &page.doubts)]
    {
        if !said.is_empty() {
            blocks.push(Block::Heading(title.into()));
            blocks.push(Block::List(said.iter().map(|text| item(0, text.as_str())).collect()));
        }
    }
    blocks.extend(tried(page));
    blocks.push(Block::Heading("To see for yourself".into()));
    let commands: String =
        page.commands.iter().map(|command| format!("{}   # {}\n", command.command, command.purpose)).collect();
    blocks.push(Block::Code { language: "sh", text: commands });
    blocks
}

fn tried(page: &Page) -> Vec<Block> {
    let mains: Vec<&Tried> = page.tried.iter().filter(|row| row.kind == "main").collect();
    if mains.is_empty() {
        return Vec::new();
    }
    let shown = &mains[mains.len().saturating_sub(ROWS)..];
    let columns = vec![
        column(">#", |row: &&&Tried| format!("{}{}", if row.champion { "champion, " } else { "" }, row.iteration)),
        column("<change", |row: &&&Tried| row.change.clone()),
        column("<claim", |row: &&&Tried| row.claim.clone()),
        column(">measured", |row: &&&Tried| row.measured.clone()),
        column("<verdict", |row: &&&Tried| row.verdict.to_owned()),
    ];
    let mut blocks = vec![Block::Heading("What was tried".into()), Block::Table(Table::of(shown, columns))];
    let others = page.tried.len() - shown.len();
    if others > 0 {
        blocks.push(Block::Text(format!("{} more under Lineage.", count(others, "claim")).into()));
    }
    blocks
}

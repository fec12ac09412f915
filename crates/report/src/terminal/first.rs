//! The first page on a terminal: no more lines than a screen or two.

use super::layout::Layout;
use crate::document::{Line, Tone, item};
use crate::facts::Facts;
use crate::page::{self, Answer, Command, Page, Tried};
use crate::words::moment;
use science::judge::Verdict;
use science::text::clip;

/// Lines, at most.
const LINES: usize = 60;
/// Hypotheses that are shown at least, whatever else there is to say.
const LEAST: usize = 5;
/// Columns below which there is no room for claims.
const NARROW: usize = 76;
/// Commands at the end of a run.
const NEXT: usize = 3;

/// Question, answer, costs, doubts, what was tried, commands.
pub(super) fn page(page: &Page, facts: &Facts<'_>, layout: Layout) -> String {
    let head = head(page, facts, layout);
    let commands = commands(page, layout);
    let used = head.lines().count() + commands.lines().count();
    head + &tried(page, layout, LINES.saturating_sub(used + 3).max(LEAST)) + &commands
}

/// What a command ends with: the answer, and the commands that one would type next.
pub(super) fn end(page: &Page, layout: Layout) -> String {
    let warnings: String =
        page.warnings.iter().map(|text| layout.line(&Line::default().tone(Tone::Bad, text.as_str()))).collect();
    let commands: String = page.commands.iter().take(NEXT).map(|command| said(command, layout)).collect();
    format!("{warnings}{}{commands}", answer(page, layout))
}

fn answer(page: &Page, layout: Layout) -> String {
    let tone = match page.answer {
        Answer::Beats => Tone::Good,
        Answer::Fails => Tone::Bad,
        Answer::Unsealed | Answer::NoChampion => Tone::Open,
    };
    layout.line(&Line::default().tone(tone, page.answer.words()).say(". ").say(page.verdict.join(" ")))
}

fn said(command: &Command, layout: Layout) -> String {
    layout.plain(&format!("  {}   # {}", command.command, command.purpose))
}

fn head(page: &Page, facts: &Facts<'_>, layout: Layout) -> String {
    let (record, started) = (&facts.record, facts.started);
    let about = format!(
        "{} · campaign {} · {} · {} · {}",
        started.name,
        clip(record.id, 8),
        started.agents,
        moment(record.times.last_ms),
        page::effort(facts)
    );
    let mut out =
        layout.line(&Line::default().tone(Tone::Strong, page.question.as_str())) + &layout.line(&about.into());
    for warning in &page.warnings {
        out += &layout.line(&Line::default().tone(Tone::Bad, warning.as_str()));
    }
    out += "\n";
    out += &answer(page, layout);
    out.extend(page.rule.iter().map(|rule| layout.line(&Line::from(format!("Its rule: {rule}.")))));
    for (title, said) in
        [(page::costs_title(facts.terms()), &page.costs), (page::doubts_title(page.answer), &page.doubts)]
    {
        if !said.is_empty() {
            out += &format!("\n{}", layout.line(&Line::default().tone(Tone::Strong, title)));
            out.extend(said.iter().map(|text| layout.item(&item(0, text.as_str()))));
        }
    }
    out
}

/// The main arms, a line each: as many of the last as there is room for.
fn tried(page: &Page, layout: Layout, room: usize) -> String {
    let mains: Vec<&Tried> = page.tried.iter().filter(|row| row.kind == "main").collect();
    if mains.is_empty() {
        return String::new();
    }
    let mut shown = mains[mains.len().saturating_sub(room)..].to_vec();
    // Wherever the champion was tried, its row is there.
    if let Some(row) = mains.iter().find(|row| row.champion)
        && !shown.iter().any(|other| other.champion)
    {
        shown[0] = row;
    }
    let widest = |of: fn(&Tried) -> &str| shown.iter().map(|row| of(row).chars().count()).max().unwrap_or_default();
    let claim = if layout.width < NARROW { 0 } else { widest(|row| &row.claim).clamp(5, 24) };
    let measured = widest(|row| &row.measured).clamp(8, 32);
    // Number, verdict and the spaces between.
    let change = layout.width.saturating_sub(claim + measured + 3 + 9 + 8).max(12);
    let row = |number: &str, cells: [&str; 3]| {
        let [what, claimed, found] = cells;
        format!(
            "{number:>4} {:<change$}  {:<claim$}  {:>measured$}  ",
            clip(what, change),
            if claim > 0 { clip(claimed, claim) } else { String::new() },
            clip(found, measured)
        )
    };
    let left = match mains.len() - shown.len() {
        0 => String::new(),
        earlier => format!(", {} of {}", shown.len(), earlier + shown.len()),
    };
    let mark = if shown.iter().any(|row| row.champion) { " (* the champion)" } else { "" };
    let mut out =
        format!("\n{}", layout.line(&Line::default().tone(Tone::Strong, format!("What was tried{left}{mark}"))));
    out += &layout.plain(&format!("{}verdict", row("#", ["change", "claim", "measured"])));
    for tried in &shown {
        let tone = match tried.judged {
            Some(Verdict::Confirmed) => Tone::Good,
            Some(Verdict::Refuted) => Tone::Bad,
            Some(Verdict::PartiallyConfirmed | Verdict::Inconclusive | Verdict::Invalid) | None => Tone::Open,
        };
        let cells = [&tried.change, &tried.claim, &tried.measured].map(String::as_str);
        let number = if tried.champion { format!("* {}", tried.iteration) } else { tried.iteration.to_string() };
        out += &layout.painted_row(&row(&number, cells), tone, tried.verdict);
    }
    out
}

fn commands(page: &Page, layout: Layout) -> String {
    let mut out = format!("\n{}", layout.line(&Line::default().tone(Tone::Strong, "Type next")));
    out.extend(page.commands.iter().map(|command| said(command, layout)));
    out
}

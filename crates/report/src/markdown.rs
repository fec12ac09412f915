//! Markdown: the complete lineage report.

use crate::document::{Block, Line, Section, Table, Tone};
use crate::facts::Facts;
use crate::record::Record;
use crate::sections::{self, Detail};
use crate::words;

/// The lineage report. Words of agents and experiments are escaped: they can be read, and can do nothing.
pub fn report(record: &Record<'_>) -> String {
    let title = escaped(record.id);
    let Some(facts) = Facts::of(record) else {
        return format!("# Campaign {title}\n\nIt holds no events: it was never opened.\n");
    };
    let sections: String = sections::report(&facts, Detail::Complete).iter().map(section).collect();
    format!("# Campaign {title}\n{sections}")
}

fn section(section: &Section) -> String {
    let blocks: String = section.blocks.iter().map(block).collect();
    format!("\n## {}\n{blocks}", section.title)
}

fn block(block: &Block) -> String {
    match block {
        Block::Text(line) => format!("\n{}\n", inline(line)),
        Block::Heading(line) => format!("\n### {}\n", inline(line)),
        Block::Table(table) => format!("\n{}", rows(table)),
        Block::List(items) => {
            let item = |item: &crate::document::Item| format!("{}- {}\n", "  ".repeat(item.depth), inline(&item.line));
            format!("\n{}", items.iter().map(item).collect::<String>())
        }
        Block::Code { language, text } => fenced(language, text),
    }
}

fn rows(table: &Table) -> String {
    let row = |cells: Vec<String>| format!("| {} |\n", cells.join(" | "));
    let head = row(table.columns.iter().map(|column| escaped(column.title)).collect());
    let rule = row(table.columns.iter().map(|column| if column.right { "---:" } else { "---" }.into()).collect());
    let body: String = table.rows.iter().map(|cells| row(cells.iter().map(|cell| escaped(cell)).collect())).collect();
    format!("{head}{rule}{body}")
}

/// A fence longer than any run of backticks within, so that the text cannot end it.
fn fenced(language: &str, text: &str) -> String {
    let text = words::code(text);
    let longest = text.split(|c| c != '`').map(str::len).max().unwrap_or(0);
    let fence = "`".repeat(longest.max(2) + 1);
    format!("\n{fence}{language}\n{}\n{fence}\n", text.trim_end())
}

fn inline(line: &Line) -> String {
    let mut out = String::new();
    for (tone, text) in &line.0 {
        // Cleaning takes the spaces at the ends away; they belong outside of the emphasis.
        let space = |there: bool| if there { " " } else { "" };
        let (before, after) = (space(text.starts_with(' ')), space(text.ends_with(' ')));
        let words = escaped(text);
        let mark = if *tone == Tone::Plain || words.is_empty() { "" } else { "**" };
        out.extend([before, mark, &words, mark, after]);
    }
    out.trim().to_owned()
}

/// A text in one line that no Markdown or HTML reader takes for markup.
fn escaped(text: &str) -> String {
    let clean = words::line(text);
    let letters: Vec<char> = clean.chars().collect();
    let mut out = String::with_capacity(clean.len());
    for (at, c) in letters.iter().enumerate() {
        let beside = |i: Option<usize>| i.and_then(|i| letters.get(i)).is_some_and(|c| c.is_alphanumeric());
        match c {
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '&' => out.push_str("&amp;"),
            // An underscore within a word marks nothing, and names are full of them.
            '_' if beside(at.checked_sub(1)) && beside(Some(at + 1)) => out.push('_'),
            '\\' | '`' | '*' | '_' | '[' | ']' | '|' | '~' | '#' | '!' | '$' => out.extend(['\\', *c]),
            // What would begin a list or a rule, were it to stand first in a line.
            '-' | '+' | '=' if at == 0 => out.extend(['\\', *c]),
            _ => out.push(*c),
        }
    }
    out
}

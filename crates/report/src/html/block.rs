//! Blocks of a document as HTML, with every id that the page knows as a link to where it stands.

use super::{candidate_place, code, escaped, finding_place, principle_place};
use crate::difference::Difference;
use crate::document::{Block, Fold, Item, Line, Table, Tone};
use crate::path::finding_id;
use crate::picture::Picture;
use crate::words;
use science::state::State;
use std::collections::BTreeMap;

/// Characters of one line of code.
const LONGEST: usize = 400;
/// Rows of a table from which on it can be filtered.
const FILTERED: usize = 16;

/// The ids of a campaign and where they stand in its page.
#[derive(Default)]
pub(super) struct Hyper {
    places: BTreeMap<String, String>,
}

impl Hyper {
    pub(super) fn of(state: &State) -> Self {
        let candidates = state.order.iter().map(|id| (id.short().to_owned(), candidate_place(id.as_str())));
        let findings = state.iterations.iter().zip(1..).flat_map(|(iteration, number)| {
            let arms = iteration.bundle.iter().flat_map(|bundle| &bundle.arms);
            arms.map(move |arm| finding_id(number, &arm.name)).map(|id| (id.clone(), finding_place(&id)))
        });
        let principles =
            state.principles.iter().map(|principle| (principle.id.clone(), principle_place(&principle.id)));
        Hyper { places: candidates.chain(findings).chain(principles).collect() }
    }

    pub(super) fn blocks(&self, blocks: &[Block]) -> String {
        let mut out = String::new();
        let mut at = 0;
        while at < blocks.len() {
            // Pictures that follow each other stand side by side where there is room.
            let pictures = blocks[at..].iter().take_while(|block| matches!(block, Block::Picture(_))).count();
            match pictures {
                0 | 1 => out += &self.block(&blocks[at]),
                _ => {
                    let figures: String = blocks[at..at + pictures].iter().map(|block| self.block(block)).collect();
                    out += &format!("<div class=\"pair\">{figures}</div>");
                }
            }
            at += pictures.max(1);
        }
        out
    }

    fn block(&self, block: &Block) -> String {
        match block {
            Block::Text(line) => format!("<p>{}</p>", self.inline(line)),
            Block::Heading(line) => format!("<h3>{}</h3>", self.inline(line)),
            Block::Table(table) => self.table(table),
            Block::List(items) => self.list(items),
            Block::Code { language, text } => {
                let text = words::clip_lines(&words::clean(text), LONGEST);
                let text = if *language == "rust" { code::rust(&text) } else { escaped(&text) };
                format!("<pre tabindex=\"0\"><code>{text}</code></pre>")
            }
            Block::Picture(picture) => figure(picture),
            Block::Difference(difference) => side_by_side(difference),
            Block::Fold(fold) => self.fold(fold),
        }
    }

    fn fold(&self, Fold { place, summary, blocks }: &Fold) -> String {
        let id = place.as_ref().map_or_else(String::new, |place| format!(" id=\"{}\"", escaped(place)));
        // What opens a fold is no place for other links.
        let summary = Hyper::default().inline(summary);
        format!("<details{id}><summary>{summary}</summary><div>{}</div></details>", self.blocks(blocks))
    }

    fn table(&self, table: &Table) -> String {
        let class = |right: bool| if right { " class=\"n\"" } else { "" };
        let head: String = table
            .columns
            .iter()
            .map(|column| format!("<th scope=\"col\"{}>{}</th>", class(column.right), escaped(&column.title)))
            .collect();
        let row = |(at, cells): (usize, &Vec<String>)| {
            let id = table.places.get(at).map_or_else(String::new, |place| format!(" id=\"{}\"", escaped(place)));
            let cells: String = cells
                .iter()
                .zip(&table.columns)
                .map(|(cell, column)| format!("<td{}>{}</td>", class(column.right), self.linked(cell)))
                .collect();
            format!("<tr{id}>{cells}</tr>")
        };
        let rows: String = table.rows.iter().enumerate().map(row).collect();
        let filter = if table.rows.len() >= FILTERED { " data-filter" } else { "" };
        format!(
            "<div class=\"scroll\" tabindex=\"0\"{filter}><table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table></div>"
        )
    }

    fn list(&self, items: &[Item]) -> String {
        let (mut out, mut at) = (String::new(), 0);
        while let Some(item) = items.get(at) {
            let below = items[at + 1..].iter().take_while(|other| other.depth > item.depth).count();
            let id = item.place.as_ref().map_or_else(String::new, |place| format!(" id=\"{}\"", escaped(place)));
            let inner = if below > 0 { self.list(&items[at + 1..=at + below]) } else { String::new() };
            out += &format!("<li{id}>{}{inner}</li>", self.inline(&item.line));
            at += 1 + below;
        }
        format!("<ul>{out}</ul>")
    }

    pub(super) fn inline(&self, line: &Line) -> String {
        line.0
            .iter()
            .map(|(tone, text)| {
                let (before, after) = (text.starts_with(' '), text.ends_with(' '));
                let text = self.linked(text);
                let text = match tone {
                    Tone::Plain => text,
                    Tone::Strong => format!("<strong>{text}</strong>"),
                    Tone::Good => format!("<strong class=\"good\">{text}</strong>"),
                    Tone::Bad => format!("<strong class=\"bad\">{text}</strong>"),
                    Tone::Open => format!("<strong class=\"open\">{text}</strong>"),
                };
                format!("{}{text}{}", if before { " " } else { "" }, if after { " " } else { "" })
            })
            .collect()
    }

    /// A text in one line, each id in it a link, and what stands between backticks as code. The ids are ours; whoever else writes one
    /// is led to where it stands.
    pub(super) fn linked(&self, text: &str) -> String {
        let text = words::line(text);
        let parts: Vec<&str> = text.split('`').collect();
        let paired = parts.len() % 2 == 1;
        let part = |(at, part): (usize, &&str)| match (paired, at % 2) {
            (true, 1) => format!("<code>{}</code>", escaped(part)),
            (false, _) if at > 0 => format!("`{}", self.words(part)),
            _ => self.words(part),
        };
        parts.iter().enumerate().map(part).collect()
    }

    fn words(&self, text: &str) -> String {
        let text = words::whole_percentages(text);
        let mut out = String::new();
        let is_id = |c: char| c.is_ascii_alphanumeric() || c == '.' || c == '-';
        let mut rest = text.as_str();
        while !rest.is_empty() {
            let length = rest.find(|c| !is_id(c)).unwrap_or(rest.len());
            let (word, after) = rest.split_at(length);
            let name = word.trim_end_matches('.');
            match self.places.get(name) {
                Some(place) if !name.is_empty() => {
                    out += &format!("<a href=\"#{}\">{}</a>{}", escaped(place), escaped(name), &word[name.len()..]);
                }
                _ => out += &escaped(word),
            }
            let other = after.find(is_id).unwrap_or(after.len());
            out += &escaped(&after[..other]);
            rest = &after[other..];
        }
        out
    }
}

fn figure(picture: &Picture) -> String {
    let (title, note) = (escaped(&words::line(&picture.title)), escaped(&words::line(&picture.note)));
    let class = if picture.width > 500.0 { " class=\"wide\"" } else { "" };
    format!(
        "<figure{class}><figcaption>{title}</figcaption><div class=\"pic\" tabindex=\"0\" role=\"group\" aria-label=\"{title}\">{}</div>\
         <p class=\"note\">{note}</p></figure>",
        picture.inline()
    )
}

/// Two texts side by side, only where they differ.
fn side_by_side(diff: &Difference) -> String {
    if diff.rows.is_empty() {
        return "<p>The sources do not differ.</p>".into();
    }
    let cell = |side: &Option<(usize, String)>, class: &str| match side {
        None => "<td class=\"ln\"></td><td></td>".to_owned(),
        Some((number, text)) => {
            let text = code::rust(&science::text::clip(&words::clean(text), LONGEST));
            format!("<td class=\"ln\">{number}</td><td{class}><code>{text}</code></td>")
        }
    };
    let rows: String = diff
        .rows
        .iter()
        .map(|row| match row {
            None => "<tr class=\"gap\"><td colspan=\"4\">⋯</td></tr>".to_owned(),
            Some(row) if row.same => format!("<tr>{}{}</tr>", cell(&row.left, ""), cell(&row.right, "")),
            Some(row) => {
                format!("<tr>{}{}</tr>", cell(&row.left, " class=\"del\""), cell(&row.right, " class=\"ins\""))
            }
        })
        .collect();
    format!(
        "<div class=\"scroll\" tabindex=\"0\"><table class=\"diff\"><colgroup><col class=\"num\"><col><col class=\"num\"><col></colgroup><thead><tr><th colspan=\"2\" scope=\"col\">{}</th><th colspan=\"2\" scope=\"col\">{}</th></tr></thead><tbody>{rows}</tbody></table></div>",
        escaped(&words::line(&diff.left)),
        escaped(&words::line(&diff.right))
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_a_link_wherever_it_is_said_and_nothing_else_is() {
        let hyper = Hyper { places: [("F1.main".to_owned(), "f-F1-main".to_owned())].into() };
        assert_eq!(hyper.linked("see F1.main. <b>"), "see <a href=\"#f-F1-main\">F1.main</a>. &lt;b&gt;");
        assert_eq!(hyper.linked("F1.mainly javascript:alert(1)"), "F1.mainly javascript:alert(1)");
    }
}

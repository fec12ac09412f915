//! Markdown: the first page, and the lineage report folded behind it.

mod first;

use crate::document::{Block, Item, Line, Table, Tone};
use crate::facts::Facts;
use crate::html;
use crate::page;
use crate::picture::Picture;
use crate::record::Record;
use crate::sections::{self, Medium};
use crate::words;

/// A report, and the pictures that stand beside it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Written {
    /// The text.
    pub text: String,
    /// Each picture with the name of its file; empty unless they were asked for.
    pub pictures: Vec<(String, String)>,
}

/// The lineage report: the first page, and all else folded. Words of agents and experiments are escaped: they can be read, and can
/// do nothing. With `pictures`, the beginning of the names of their files, it shows pictures that are to lie beside it.
pub fn report(record: &Record<'_>, pictures: Option<&str>) -> Written {
    let Some(facts) = Facts::of(record) else {
        let text = format!("# Campaign {}\n\nIt holds no events: it was never opened.\n", escaped(record.id));
        return Written { text, pictures: Vec::new() };
    };
    let mut writer = Writer { beginning: pictures, pictures: Vec::new() };
    let page = page::page(&facts);
    let mut text = format!("# {}\n{}", escaped(&page.question), writer.blocks(&first::page(&page, &facts)));
    for section in sections::report(&facts, Medium::Markdown) {
        text += &format!(
            "\n<details><summary><b>{}</b></summary>\n{}\n</details>\n",
            html::escaped(section.title),
            writer.blocks(&section.blocks)
        );
    }
    Written { text, pictures: writer.pictures }
}

/// Lays blocks out, and keeps the pictures that it met.
struct Writer<'a> {
    /// What the names of pictures begin with; none where there are to be none.
    beginning: Option<&'a str>,
    pictures: Vec<(String, String)>,
}

impl Writer<'_> {
    fn blocks(&mut self, blocks: &[Block]) -> String {
        blocks.iter().map(|block| self.block(block)).collect()
    }

    fn block(&mut self, block: &Block) -> String {
        match block {
            Block::Text(line) => format!("\n{}\n", inline(line)),
            Block::Heading(line) => format!("\n### {}\n", inline(line)),
            Block::Table(table) => format!("\n{}", rows(table)),
            Block::List(items) => {
                let item = |item: &Item| format!("{}- {}\n", "  ".repeat(item.depth), inline(&item.line));
                format!("\n{}", items.iter().map(item).collect::<String>())
            }
            Block::Code { language, text } => fenced(language, text),
            Block::Difference(difference) => {
                let text = format!("--- {}\n+++ {}\n{}", difference.left, difference.right, difference.unified());
                fenced("diff", &text)
            }
            Block::Picture(picture) => self.picture(picture),
            Block::Fold(fold) => format!(
                "\n<details><summary>{}</summary>\n{}\n</details>\n",
                html::escaped(&words::line(&plain(&fold.summary))),
                self.blocks(&fold.blocks)
            ),
        }
    }

    fn picture(&mut self, picture: &Picture) -> String {
        let Some(beginning) = self.beginning else { return String::new() };
        let same = self.pictures.iter().filter(|(name, _)| name.contains(picture.name)).count();
        let number = if same == 0 { String::new() } else { format!("-{}", same + 1) };
        let file = format!("{beginning}-{}{number}.svg", picture.name);
        let said = format!("\n**{}**\n\n![{0}]({file})\n\n{}\n", escaped(&picture.title), escaped(&picture.note));
        self.pictures.push((file, picture.file()));
        said
    }
}

fn plain(line: &Line) -> String {
    line.0.iter().map(|(_, text)| text.as_str()).collect()
}

fn rows(table: &Table) -> String {
    let row = |cells: Vec<String>| format!("| {} |\n", cells.join(" | "));
    let head = row(table.columns.iter().map(|column| escaped(&column.title)).collect());
    let rule = row(table.columns.iter().map(|column| if column.right { "---:" } else { "---" }.into()).collect());
    let body: String = table.rows.iter().map(|cells| row(cells.iter().map(|cell| escaped(cell)).collect())).collect();
    format!("{head}{rule}{body}")
}

/// A fence longer than any run of backticks within, so that the text cannot end it.
fn fenced(language: &str, text: &str) -> String {
    let text = words::clean(text);
    let longest = text.split(|c| c != '`').map(str::len).max().unwrap_or(0);
    let fence = "`".repeat(longest.max(2) + 1);
    format!("\n{fence}{language}\n{}\n{fence}\n", text.trim_end())
}

fn inline(line: &Line) -> String {
    let mut out = String::new();
    for (at, (tone, text)) in line.0.iter().enumerate() {
        // Cleaning takes the spaces at the ends away; they belong outside of the emphasis.
        let space = |there: bool| if there { " " } else { "" };
        let (before, after) = (space(text.starts_with(' ')), space(text.ends_with(' ')));
        let next =
            if after.is_empty() { line.0.get(at + 1).and_then(|(_, text)| text.chars().next()) } else { Some(' ') };
        let words = coded(&escaped_before(text, next));
        let mark = if *tone == Tone::Plain || words.is_empty() { "" } else { "**" };
        out.extend([before, mark, &words, mark, after]);
    }
    without_block_mark(out.trim())
}

/// What stands between two backticks as code: in tags, within which what was escaped stays so.
fn coded(escaped: &str) -> String {
    let parts: Vec<&str> = escaped.split("\\`").collect();
    if parts.len().is_multiple_of(2) {
        return escaped.to_owned();
    }
    let part =
        |(at, part): (usize, &&str)| if at % 2 == 1 { format!("<code>{part}</code>") } else { (*part).to_owned() };
    parts.iter().enumerate().map(part).collect()
}

/// A line that begins no list, quotation or rule.
fn without_block_mark(line: &str) -> String {
    let digits = line.chars().take_while(char::is_ascii_digit).count();
    let at = match line[digits..].chars().next() {
        Some('-' | '+' | '=') if digits == 0 => 0,
        Some('.' | ')') if digits > 0 => digits,
        _ => return line.to_owned(),
    };
    format!("{}\\{}", &line[..at], &line[at..])
}

/// A text in one line that no Markdown or HTML reader takes for markup.
fn escaped(text: &str) -> String {
    escaped_before(text, None)
}

/// The same for a text that `next` follows in its line.
fn escaped_before(text: &str, next: Option<char>) -> String {
    let letters: Vec<char> = words::line(text).chars().collect();
    let mut out = String::with_capacity(letters.len());
    for (at, c) in letters.iter().enumerate() {
        let (before, after) = (at.checked_sub(1).and_then(|i| letters.get(i)), letters.get(at + 1).copied().or(next));
        let within_word = before.is_some_and(|c| c.is_alphanumeric()) && after.is_some_and(char::is_alphanumeric);
        match c {
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '&' => out.push_str("&amp;"),
            // An underscore within a word marks nothing, and names are full of them.
            '_' if within_word => out.push('_'),
            // Neither do the brackets of an interval: a link's are followed by its target, which these never are.
            '[' if after.is_some_and(|c| c.is_ascii_digit() || c == '-') => out.push('['),
            ']' if !matches!(after, Some('(' | '[' | ':')) => out.push(']'),
            '\\' | '`' | '*' | '_' | '[' | ']' | '|' | '~' | '#' | '!' | '$' => out.extend(['\\', *c]),
            _ => out.push(*c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_interval_stays_readable_and_a_link_does_not_link() {
        assert_eq!(escaped("10.4 % [-1.0, 10.5]: so"), r"10.4 % [-1.0, 10.5\]: so");
        assert_eq!(escaped("[1](http://x) [2][3] [x]"), r"[1\](http://x) [2\][3] \[x]");
        assert_eq!(inline(&Line::from("[1]").say("(http://x)")), r"[1\](http://x)");
    }

    #[test]
    fn a_line_cannot_begin_a_list() {
        assert_eq!(inline(&"- x".into()), r"\- x");
        assert_eq!(inline(&"12. x".into()), r"12\. x");
        assert_eq!(inline(&"12 x".into()), "12 x");
    }

    #[test]
    fn emphasis_hugs_its_words() {
        assert_eq!(inline(&Line::from("a: ").tone(Tone::Strong, " b ").say("c_d_")), r"a:  **b** c_d\_");
    }
}

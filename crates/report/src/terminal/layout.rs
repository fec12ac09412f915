//! Lines of a given width.

use crate::document::{Block, Item, Line, Table, Tone};
use crate::words;
use comfy_table::{Cell, CellAlignment, ContentArrangement, presets};

/// The width of a line and whether it may have colours.
#[derive(Clone, Copy, Debug)]
pub(super) struct Layout {
    /// Columns.
    pub(super) width: usize,
    /// Whether ANSI colours are welcome.
    pub(super) color: bool,
}

impl Layout {
    /// Blocks one under the other.
    pub(super) fn blocks(self, blocks: &[Block]) -> String {
        blocks.iter().map(|block| self.block(block)).collect()
    }

    /// A paragraph, wrapped.
    pub(super) fn line(self, line: &Line) -> String {
        self.wrapped(line, "", "")
    }

    fn block(self, block: &Block) -> String {
        match block {
            Block::Text(line) => self.line(line),
            Block::Heading(line) => {
                let strong = Line(line.0.iter().map(|(_, text)| (Tone::Strong, text.clone())).collect());
                format!("\n{}", self.line(&strong))
            }
            Block::Table(table) => self.table(table),
            Block::List(items) => items.iter().map(|item| self.item(item)).collect(),
            Block::Code { text, .. } => words::code(text).lines().map(|line| format!("    {line}\n")).collect(),
        }
    }

    fn item(self, item: &Item) -> String {
        // Deep lineages stop moving to the right where they would leave no room for words.
        let indent = "  ".repeat(item.depth.min(self.width / 8));
        self.wrapped(&item.line, &format!("{indent}- "), &format!("{indent}  "))
    }

    fn table(self, table: &Table) -> String {
        let mut grid = comfy_table::Table::new();
        let cell = |text: &str, right: bool| {
            Cell::new(words::line(text)).set_alignment(if right { CellAlignment::Right } else { CellAlignment::Left })
        };
        let row = |texts: Vec<&str>| -> Vec<Cell> {
            texts.iter().zip(&table.columns).map(|(text, column)| cell(text, column.right)).collect()
        };
        grid.load_style(presets::UTF8_FULL_CONDENSED)
            .set_content_arrangement(ContentArrangement::Dynamic)
            .set_width(u16::try_from(self.width).unwrap_or(u16::MAX))
            .set_header(row(table.columns.iter().map(|column| column.title).collect()));
        for cells in &table.rows {
            grid.add_row(row(cells.iter().map(String::as_str).collect()));
        }
        format!("{}\n", grid.trim_fmt())
    }

    /// Words in lines of at most the width; the first line begins with `first`, the others with `rest`. A word that is
    /// longer than a line is broken.
    fn wrapped(self, line: &Line, first: &str, rest: &str) -> String {
        let room = self.width.saturating_sub(first.chars().count()).max(20);
        let (mut lines, mut used) = (vec![String::new()], 0);
        for (tone, word, glued) in pieces(line, room) {
            let length = word.chars().count();
            let gap = usize::from(!glued && used > 0);
            if used > 0 && used + gap + length > room {
                lines.push(String::new());
                used = 0;
            }
            let last = lines.last_mut().expect("there is always a line");
            if gap == 1 && used > 0 {
                last.push(' ');
                used += 1;
            }
            last.push_str(&self.painted(tone, &word));
            used += length;
        }
        let indents = std::iter::once(first).chain(std::iter::repeat(rest));
        lines.iter().zip(indents).map(|(line, indent)| format!("{indent}{line}\n")).collect()
    }

    fn painted(self, tone: Tone, word: &str) -> String {
        let code = match tone {
            _ if !self.color => return word.into(),
            Tone::Plain => return word.into(),
            Tone::Strong => 1,
            Tone::Good => 32,
            Tone::Bad => 31,
            Tone::Open => 33,
        };
        format!("\u{1b}[{code}m{word}\u{1b}[0m")
    }
}

/// The words of a line, each with its tone and whether it sticks to the word before it.
fn pieces(line: &Line, room: usize) -> Vec<(Tone, String, bool)> {
    let mut pieces = Vec::new();
    let mut glued = true;
    for (tone, text) in &line.0 {
        let clean = words::code(text);
        let mut at_start = glued && !clean.starts_with(char::is_whitespace);
        for word in clean.split_whitespace() {
            for part in word.chars().collect::<Vec<_>>().chunks(room) {
                pieces.push((*tone, part.iter().collect(), at_start));
                at_start = true;
            }
            at_start = false;
        }
        glued = !clean.ends_with(char::is_whitespace) && !clean.is_empty();
    }
    pieces
}

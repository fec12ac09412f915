//! Lines of a given width.

use crate::document::{Block, Column, Item, Line, Table, Tone};
use crate::words;
use comfy_table::{Cell, CellAlignment, ColumnConstraint, ContentArrangement, LineStyle, TableStyle, Width};

/// Characters of one line of code: it is not wrapped.
const LONGEST: usize = 1000;
/// Columns between columns: a cell's padding and the separator, a space in this style.
const GAP: usize = PADDING + 1;
/// Columns after a cell's words.
const PADDING: usize = 1;
/// A space at which no line is broken.
const HARD_SPACE: &str = "\u{a0}";

/// The width of a line and whether it may have colours.
#[derive(Clone, Copy, Debug)]
pub(super) struct Layout {
    /// Columns.
    pub(super) width: usize,
    /// Whether ANSI colours are welcome.
    pub(super) color: bool,
}

impl Layout {
    /// Blocks one under the other, apart unless one belongs to the other: a heading to what follows, a note to its table.
    pub(super) fn blocks(self, blocks: &[Block]) -> String {
        let mut out = String::new();
        for (at, block) in blocks.iter().enumerate() {
            let before = at.checked_sub(1).map(|before| &blocks[before]);
            let together = matches!(
                (before, block),
                (None | Some(Block::Heading(_)), _) | (Some(Block::Table(_)), Block::Text(_))
            );
            if !together {
                out.push('\n');
            }
            out += &self.block(block);
        }
        out
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
                self.line(&strong)
            }
            Block::Table(table) => self.table(table),
            Block::List(items) => items.iter().map(|item| self.item(item)).collect(),
            Block::Code { text, .. } => {
                let text = words::clip_lines(&words::clean(text), LONGEST);
                text.lines().map(|line| format!("    {line}").trim_end().to_owned() + "\n").collect()
            }
            Block::Difference(difference) => {
                let text = format!("--- {}\n+++ {}\n{}", difference.left, difference.right, difference.unified());
                self.block(&Block::Code { language: "diff", text })
            }
            Block::Picture(_) => String::new(),
            Block::Fold(fold) => {
                let strong = Line(fold.summary.0.iter().map(|(_, text)| (Tone::Strong, text.clone())).collect());
                self.line(&strong) + &self.blocks(&fold.blocks)
            }
        }
    }

    /// A line as it is, cleaned and never wrapped: a command, a row.
    pub(super) fn plain(self, text: &str) -> String {
        format!("{}\n", words::clean(text).trim_end())
    }

    /// The same, with a word in a tone at its end.
    pub(super) fn painted_row(self, text: &str, tone: Tone, word: &str) -> String {
        format!("{}{}\n", words::clean(text), self.painted(tone, word))
    }

    pub(super) fn item(self, item: &Item) -> String {
        // Deep lineages stop moving to the right where they would leave no room for words.
        let indent = "  ".repeat(item.depth.min(self.width / 8));
        self.wrapped(&item.line, &format!("{indent}- "), &format!("{indent}  "))
    }

    /// Where its words do not fit side by side, what stood in columns stands in rows, if that makes fewer columns.
    fn table(self, table: &Table) -> String {
        let widths: Vec<usize> = (0..table.columns.len()).map(|at| longest_word(table, at)).collect();
        let whole_words = widths.iter().map(|width| width + GAP).sum::<usize>() <= self.width;
        if !whole_words && table.rows.len() + 1 < table.columns.len() && !table.rows.is_empty() {
            return self.table(&turned(table));
        }
        let cell = |text: &str, right: bool| {
            // A number stays in one line with its unit and its interval; the spaces come back below.
            let text = if right { words::line(text).replace(' ', HARD_SPACE) } else { words::line(text) };
            Cell::new(text).set_alignment(if right { CellAlignment::Right } else { CellAlignment::Left })
        };
        let head = table.columns.iter().map(|column| {
            let alignment = if column.right { CellAlignment::Right } else { CellAlignment::Left };
            Cell::new(&column.title).set_alignment(alignment)
        });
        let mut grid = comfy_table::Table::new();
        let style = TableStyle::new().header_separator(LineStyle::none().fill('-').junction('-'));
        grid.load_style(style)
            .set_content_arrangement(ContentArrangement::Dynamic)
            .set_width(u16::try_from(self.width).unwrap_or(u16::MAX))
            .set_header(head.collect::<Vec<_>>());
        for cells in &table.rows {
            grid.add_row(cells.iter().zip(&table.columns).map(|(text, c)| cell(text, c.right)).collect::<Vec<_>>());
        }
        for (column, width) in grid.column_iter_mut().zip(widths) {
            column.set_padding((0, PADDING as u16));
            if whole_words {
                let width = u16::try_from(width + PADDING).unwrap_or(u16::MAX);
                column.set_constraint(ColumnConstraint::LowerBoundary(Width::Fixed(width)));
            }
        }
        format!("{}\n", grid.trim_fmt().replace(HARD_SPACE, " "))
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

/// A table whose columns are the rows of this one.
fn turned(table: &Table) -> Table {
    let column = |title: &str, right| Column { title: title.into(), right };
    let names = table.rows.iter().map(|row| column(&row[0], true));
    let first = table.columns.first().map(|first| column(&first.title, false));
    let row = |at: usize| {
        let cells = table.rows.iter().map(|row| row[at].clone());
        std::iter::once(table.columns[at].title.clone()).chain(cells).collect()
    };
    Table {
        columns: first.into_iter().chain(names).collect(),
        rows: (1..table.columns.len()).map(row).collect(),
        places: Vec::new(),
    }
}

/// The longest part of a column that should not be broken.
fn longest_word(table: &Table, at: usize) -> usize {
    let Column { title, right } = &table.columns[at];
    let words = |text: &str| text.split(' ').map(|word| word.chars().count()).max().unwrap_or(0);
    let cell = |row: &Vec<String>| if *right { row[at].chars().count() } else { words(&row[at]) };
    table.rows.iter().map(cell).max().unwrap_or(0).max(words(title))
}

/// The words of a line, each with its tone and whether it sticks to the word before it.
fn pieces(line: &Line, room: usize) -> Vec<(Tone, String, bool)> {
    let mut pieces = Vec::new();
    let mut glued = true;
    for (tone, text) in &line.0 {
        let clean = words::clean(text);
        let mut at_start = glued && !clean.starts_with(char::is_whitespace);
        for word in words::whole_percentages(&clean).split([' ', '\n', '\t']).filter(|word| !word.is_empty()) {
            let word = word.replace(HARD_SPACE, " ");
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

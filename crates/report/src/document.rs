//! What a report consists of before it is laid out: sections of texts, tables, lists and code.
//!
//! Every string here is plain text. The renderers clean and escape all of it alike, so that no agent's words can act as
//! markup, whichever way they came in.

use crate::difference::Difference;
use crate::picture::Picture;

/// A titled part of a report.
#[derive(Clone, Debug)]
pub(crate) struct Section {
    /// Where it stands in a page.
    pub(crate) place: &'static str,
    /// Its title.
    pub(crate) title: &'static str,
    /// What it says.
    pub(crate) blocks: Vec<Block>,
}

/// A part of a section.
#[derive(Clone, Debug)]
pub(crate) enum Block {
    /// A paragraph.
    Text(Line),
    /// A heading within the section.
    Heading(Line),
    /// Rows under column heads.
    Table(Table),
    /// Items, some under others.
    List(Vec<Item>),
    /// Lines to be read as they are.
    Code {
        /// The language that they are written in.
        language: &'static str,
        /// The lines.
        text: String,
    },
    /// A chart.
    Picture(Picture),
    /// Two texts, where they differ.
    Difference(Difference),
    /// What is read by whoever asks for it.
    Fold(Fold),
}

/// A part that is closed until it is asked for.
#[derive(Clone, Debug)]
pub(crate) struct Fold {
    /// Where it stands in a page, if something leads there.
    pub(crate) place: Option<String>,
    /// What is said of it while it is closed.
    pub(crate) summary: Line,
    /// What is in it.
    pub(crate) blocks: Vec<Block>,
}

/// Rows under column heads.
#[derive(Clone, Debug, Default)]
pub(crate) struct Table {
    /// The heads.
    pub(crate) columns: Vec<Column>,
    /// One cell for each column.
    pub(crate) rows: Vec<Vec<String>>,
    /// Where the rows stand in a page; empty where nothing leads there.
    pub(crate) places: Vec<String>,
}

/// A column's head.
#[derive(Clone, Debug)]
pub(crate) struct Column {
    /// Its title.
    pub(crate) title: String,
    /// Numbers stand on the right.
    pub(crate) right: bool,
}

/// An item of a list.
#[derive(Clone, Debug)]
pub(crate) struct Item {
    /// How many items it stands under.
    pub(crate) depth: usize,
    /// Where it stands in a page, if something leads there.
    pub(crate) place: Option<String>,
    /// What it says.
    pub(crate) line: Line,
}

/// Words of one line or paragraph, each part in its tone.
#[derive(Clone, Debug, Default)]
pub(crate) struct Line(pub(crate) Vec<(Tone, String)>);

/// How words are meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Tone {
    /// Like the rest.
    Plain,
    /// Of weight.
    Strong,
    /// A claim that held.
    Good,
    /// A claim that fell, or a warning.
    Bad,
    /// Neither.
    Open,
}

/// A column of a table: its title, and what it says of a row.
pub(crate) type Of<'a, R> = (String, Box<dyn Fn(&R) -> String + 'a>);

/// A column: `<` before the title is one of words, `>` one of numbers.
pub(crate) fn column<'a, R>(title: impl Into<String>, cell: impl Fn(&R) -> String + 'a) -> Of<'a, R> {
    (title.into(), Box::new(cell))
}

impl Table {
    /// An empty table: `<` before a title is a column of words, `>` one of numbers.
    pub(crate) fn new(titles: &[impl AsRef<str>]) -> Self {
        let column = |title: &str| Column { title: title[1..].to_owned(), right: title.starts_with('>') };
        Table { columns: titles.iter().map(|title| column(title.as_ref())).collect(), ..Table::default() }
    }

    /// What these columns say of these rows.
    pub(crate) fn of<R>(rows: impl IntoIterator<Item = R>, columns: Vec<Of<'_, R>>) -> Self {
        let titles: Vec<&String> = columns.iter().map(|(title, _)| title).collect();
        let cells = |row: R| columns.iter().map(|(_, cell)| cell(&row)).collect();
        Table { rows: rows.into_iter().map(cells).collect(), ..Table::new(&titles) }
    }
}

impl Line {
    /// Goes on in the plain tone.
    pub(crate) fn say(self, text: impl Into<String>) -> Self {
        self.tone(Tone::Plain, text)
    }

    /// Goes on in a tone.
    pub(crate) fn tone(mut self, tone: Tone, text: impl Into<String>) -> Self {
        self.0.push((tone, text.into()));
        self
    }
}

impl<T: Into<String>> From<T> for Line {
    fn from(text: T) -> Self {
        Line::default().say(text)
    }
}

/// An item that stands under `depth` others.
pub(crate) fn item(depth: usize, line: impl Into<Line>) -> Item {
    Item { depth, place: None, line: line.into() }
}

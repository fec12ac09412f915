//! Files of a user: reading them within bounds, errors with the place in the file, and reading TOML so that the place is
//! known. A file may come from a stranger: it may be huge, binary, a link to somewhere else, or no file at all.

use std::fmt;
use std::fs::{File, FileType, OpenOptions};
use std::io::{self, Read};
use std::ops::Range;
use std::os::unix::fs::{FileTypeExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use rustix::fs::OFlags;
use serde::Serialize;
use serde::de::DeserializeOwned;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// What is wrong with a file, and where.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub struct FileError {
    /// The file as the caller named it.
    pub file: PathBuf,
    /// The line, counted from 1, where it is known.
    pub line: Option<usize>,
    /// The key, as in `workload.clients.0.fraction`, or the column of a table, where there is one.
    pub key: Option<String>,
    /// What is wrong, in one sentence without a full stop.
    pub problem: String,
}

impl FileError {
    /// A problem with the file as a whole.
    pub fn new(file: &Path, problem: impl Into<String>) -> Self {
        FileError { file: file.to_owned(), line: None, key: None, problem: problem.into() }
    }

    /// A problem with a line (counted from 1) of the file.
    pub fn at_line(file: &Path, line: usize, problem: impl Into<String>) -> Self {
        FileError { line: Some(line), ..FileError::new(file, problem) }
    }

    /// A problem with the value of a key (see [`line_of`]) in a TOML file with this text.
    pub fn at_key(file: &Path, text: &str, key: &str, problem: impl Into<String>) -> Self {
        FileError { line: line_of(text, key), key: Some(key.to_owned()), ..FileError::new(file, problem) }
    }
}

impl fmt::Display for FileError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:", clip(&self.file.to_string_lossy(), 4096))?;
        if let Some(line) = self.line {
            write!(f, "{line}:")?;
        }
        if let Some(key) = &self.key {
            write!(f, " {}:", clip(key, 200))?;
        }
        write!(f, " {}", clip(&self.problem, 1000))
    }
}

/// The most bytes of a scenario or another file written by hand.
pub const MAX_TEXT_BYTES: u64 = 1 << 20;
/// The most bytes of a trace.
pub const MAX_TRACE_BYTES: u64 = 1 << 30;

/// Reads a regular file of at most so many bytes of UTF-8. Nothing beyond them is read, even if the file grows; what is
/// larger is refused before it is read, and what is no regular file before it is opened.
pub fn read_text(path: &Path, at_most: u64) -> io::Result<String> {
    let invalid = |problem: String| io::Error::new(io::ErrorKind::InvalidData, problem);
    let file = open(path)?;
    let (length, mut bytes) = (file.metadata()?.len(), Vec::new());
    if length <= at_most {
        file.take(at_most + 1).read_to_end(&mut bytes)?;
    }
    if length.max(bytes.len() as u64) > at_most {
        return Err(invalid(format!("it is longer than {at_most} bytes")));
    }
    String::from_utf8(bytes).map_err(|error| {
        let before = &error.as_bytes()[..error.utf8_error().valid_up_to()];
        invalid(format!("line {} is not UTF-8", 1 + before.iter().filter(|&&byte| byte == b'\n').count()))
    })
}

/// Reads a file inside a directory (see [`read_text`]), whatever links say.
pub fn read_inside(directory: &Path, name: &str, at_most: u64) -> io::Result<String> {
    let directory = if directory.as_os_str().is_empty() { Path::new(".") } else { directory };
    let path = directory.join(name).canonicalize()?;
    if !path.starts_with(directory.canonicalize()?) {
        return Err(io::Error::new(io::ErrorKind::PermissionDenied, "it leads out of the directory"));
    }
    read_text(&path, at_most)
}

/// Opens a regular file; a FIFO would wait for a writer for ever, and a device may never end. Looked at before it is opened,
/// since opening alone does something to some devices, and again afterwards, should another have taken its place.
fn open(path: &Path) -> io::Result<File> {
    let regular = |kind: FileType| match kind.is_file() {
        true => Ok(()),
        false => Err(io::Error::new(io::ErrorKind::InvalidInput, format!("it is {}, not a regular file", named(kind)))),
    };
    regular(std::fs::metadata(path)?.file_type())?;
    let without_waiting = OFlags::NONBLOCK | OFlags::NOCTTY;
    let file = OpenOptions::new().read(true).custom_flags(without_waiting.bits().cast_signed()).open(path)?;
    regular(file.metadata()?.file_type())?;
    Ok(file)
}

fn named(kind: FileType) -> &'static str {
    match () {
        () if kind.is_dir() => "a directory",
        () if kind.is_fifo() => "a named pipe",
        () if kind.is_socket() => "a socket",
        () if kind.is_char_device() || kind.is_block_device() => "a device",
        () => "something else",
    }
}

/// The first `at_most` characters of a text; an ellipsis stands for the rest. What is quoted from a file is bounded here and
/// cleaned where it is shown.
pub fn clip(text: &str, at_most: usize) -> String {
    match text.char_indices().nth(at_most) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

/// Reads a TOML text into a type whose unknown keys are refused by its own `deny_unknown_fields`.
pub fn parse_toml<T: DeserializeOwned>(text: &str, file: &Path) -> Result<T, FileError> {
    toml::from_str(text).map_err(|error| {
        let line = error.span().map(|span| line_at(text, span.start));
        let key = error.span().and_then(|span| key_at(text, span.start));
        FileError { file: file.to_owned(), line, key, problem: error.message().replace('\n', ", ") }
    })
}

/// A TOML text with other values at some of its keys: tables are merged, everything else is replaced.
pub fn overlaid(text: &str, file: &Path, over: &impl Serialize) -> Result<String, FileError> {
    let mut table: toml::Table = parse_toml(text, file)?;
    let wrong = |problem: String| FileError::new(file, problem);
    merge(&mut table, toml::Table::try_from(over).map_err(|error| wrong(error.to_string()))?);
    toml::to_string(&table).map_err(|error| wrong(error.to_string()))
}

fn merge(table: &mut toml::Table, over: toml::Table) {
    for (key, value) in over {
        match (table.get_mut(&key), value) {
            (Some(toml::Value::Table(own)), toml::Value::Table(over)) => merge(own, over),
            (_, value) => {
                table.insert(key, value);
            }
        }
    }
}

/// The line, counted from 1, on which a key of a TOML text stands; the elements of an array are numbered from 0, as in
/// `workload.clients.1.fraction`. Where the key itself is missing, the line of the nearest table around it.
pub fn line_of(text: &str, key: &str) -> Option<usize> {
    let root = DeTable::parse(text).ok()?;
    let mut table = Some(root.get_ref());
    let mut array: Option<&[Spanned<DeValue<'_>>]> = None;
    let mut found = None;
    for part in key.split('.') {
        let value = if let Some(entries) = table {
            let Some((name, value)) = entries.iter().find(|(name, _)| name.get_ref() == part) else { break };
            found = Some(name.span());
            value
        } else if let Some(elements) = array {
            let Some(value) = part.parse().ok().and_then(|index: usize| elements.get(index)) else { break };
            found = Some(value.span());
            value
        } else {
            break;
        };
        table = value.get_ref().as_table();
        array = value.get_ref().as_array().map(|array| &array[..]);
    }
    found.map(|span| line_at(text, span.start))
}

/// The innermost key at a byte offset.
fn key_at(text: &str, offset: usize) -> Option<String> {
    let root = DeTable::parse(text).ok()?;
    let mut best = None;
    search_table(root.get_ref(), "", offset, &mut best);
    best
}

fn search_table(table: &DeTable<'_>, path: &str, offset: usize, best: &mut Option<String>) {
    for (name, value) in table {
        let path = if path.is_empty() { name.get_ref().to_string() } else { format!("{path}.{}", name.get_ref()) };
        search_value(value, &path, &name.span(), offset, best);
    }
}

/// Children are searched whatever the span of their parent: that of a `[table]` covers its header only.
fn search_value(
    value: &Spanned<DeValue<'_>>,
    path: &str,
    name: &Range<usize>,
    offset: usize,
    best: &mut Option<String>,
) {
    if name.contains(&offset) || value.span().contains(&offset) {
        *best = Some(path.to_owned());
    }
    if let Some(table) = value.get_ref().as_table() {
        search_table(table, path, offset, best);
    }
    if let Some(array) = value.get_ref().as_array() {
        for (index, element) in array.iter().enumerate() {
            search_value(element, &format!("{path}.{index}"), &element.span(), offset, best);
        }
    }
}

fn line_at(text: &str, offset: usize) -> usize {
    1 + text.bytes().take(offset).filter(|&byte| byte == b'\n').count()
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str =
        "a = 1\n[cluster]\ninstances = 4\nmodel = { x = 1 }\n[[w.clients]]\nf = 1\n[[w.clients]]\nf = 2\n";

    #[test]
    fn a_key_is_found_in_tables_inline_tables_and_arrays() {
        assert_eq!(line_of(TEXT, "a"), Some(1));
        assert_eq!(line_of(TEXT, "cluster.instances"), Some(3));
        assert_eq!(line_of(TEXT, "cluster.model.x"), Some(4));
        assert_eq!(line_of(TEXT, "w.clients.1.f"), Some(8));
    }

    #[test]
    fn a_missing_key_is_looked_for_in_the_table_around_it() {
        assert_eq!(line_of(TEXT, "cluster.routing"), Some(2));
        assert_eq!(line_of(TEXT, "nothing"), None);
    }

    #[test]
    fn tables_are_merged_and_everything_else_is_replaced() {
        let over: toml::Table = toml::from_str("load = [9]\nb.c = 5\n[new]\nd = 6.5\n").unwrap();
        let text = overlaid("load = [1, 2]\n[b]\na = 3\nc = \"x\"\n", Path::new("s.toml"), &over).unwrap();
        let expected: toml::Table = toml::from_str("load = [9]\nb.a = 3\nb.c = 5\nnew.d = 6.5\n").unwrap();
        assert_eq!(toml::from_str::<toml::Table>(&text).unwrap(), expected);
    }

    #[test]
    fn an_error_shows_path_line_key_and_problem() {
        #[derive(Debug, serde::Deserialize)]
        struct Wanted {
            #[serde(rename = "cluster")]
            _cluster: Cluster,
        }
        #[derive(Debug, serde::Deserialize)]
        #[serde(deny_unknown_fields)]
        struct Cluster {
            #[serde(rename = "instances")]
            _instances: u32,
        }
        let error = parse_toml::<Wanted>("[cluster]\ninstances = -1\n", Path::new("s.toml")).unwrap_err();
        assert!(error.to_string().starts_with("s.toml:2: cluster.instances: invalid value"), "{error}");
        let error = parse_toml::<Wanted>("[cluster]\ninstances = 1\nfoo = 2\n", Path::new("s.toml")).unwrap_err();
        assert!(error.to_string().starts_with("s.toml:3: cluster.foo: unknown field `foo`"), "{error}");
        let error = parse_toml::<Wanted>("[cluster]\ninstances = = 1\n", Path::new("s.toml")).unwrap_err();
        assert_eq!(error.line, Some(2));
    }
}

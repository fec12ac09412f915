//! The one place that prints, and the last gate for what others wrote: names of directories, cells of traces, words of models
//! and compilers all come by here.
//!
//! Whoever reads standard output may have seen enough and closed it, as `head` does: what is left is then not printed, and
//! nothing else changes. Any other trouble with standard output is a failure. Standard error is for people; nobody reading
//! it is no trouble.

use crate::failure::Failure;
use engine::science::text::{clean, clip_lines};
use std::io::{self, ErrorKind, IsTerminal, Write};

/// Characters of one line of a message.
const LINE: usize = 4000;

/// Prints what `report` laid out: it has cleaned the words in it, and may have coloured them.
pub(crate) fn laid_out(text: &str) -> Result<(), Failure> {
    unless_closed(write(&mut io::stdout().lock(), text))
}

/// Prints a text and ends its line.
pub(crate) fn line(text: impl AsRef<str>) -> Result<(), Failure> {
    laid_out(&format!("{}\n", clean(text.as_ref())))
}

/// Prints JSON for other tools.
pub(crate) fn json(value: serde_json::Value) -> Result<(), Failure> {
    laid_out(&format!("{:#}\n", report::json::cleaned(value)))
}

/// Tells the person at the terminal something.
pub(crate) fn note(text: impl AsRef<str>) {
    let text = clip_lines(&clean(text.as_ref()), LINE);
    let _ = write(&mut io::stderr().lock(), &format!("{text}\n"));
}

/// Columns where nobody says how wide the terminal is.
const WIDTH: usize = 100;

/// Columns of the terminal that reads standard output.
pub(crate) fn width() -> usize {
    terminal_size::terminal_size_of(io::stdout()).map_or(WIDTH, |(width, _)| width.0.into())
}

/// The same of standard error.
pub(crate) fn error_width() -> usize {
    terminal_size::terminal_size_of(io::stderr()).map_or(WIDTH, |(width, _)| width.0.into())
}

/// Whether standard output is a terminal whose reader has not said no to colours (<https://no-color.org>).
pub(crate) fn is_coloured() -> bool {
    io::stdout().is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty())
}

/// What became of writing to standard output.
pub(crate) fn unless_closed(written: io::Result<()>) -> Result<(), Failure> {
    match written {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => Err(Failure::failed(format!("cannot print: {error}"))),
        _ => Ok(()),
    }
}

fn write(out: &mut impl Write, text: &str) -> io::Result<()> {
    out.write_all(text.as_bytes())?;
    out.flush()
}

/// Where the log goes: standard error, as [`note`] writes to it.
pub(crate) struct Log;

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        note(String::from_utf8_lossy(bytes).trim_end_matches('\n'));
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

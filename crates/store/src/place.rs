//! What lies where the database should be, judged without SQLite, which would wait at a pipe, delete a log and follow a
//! journal.

use crate::error::StoreError;
use std::fs::{FileType, Metadata, OpenOptions};
use std::io::{ErrorKind, Read};
use std::os::unix::fs::FileTypeExt;
use std::path::{Path, PathBuf};

/// The first bytes of every SQLite file.
const MAGIC: &[u8; 16] = b"SQLite format 3\0";

/// What is there.
pub(crate) enum Found {
    Nothing,
    Database,
}

/// How a database that cannot be written is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reading {
    /// Somebody may be writing to it: with its log and its locks.
    Shared,
    /// Nobody has it open, or both of its companions would be there: as a file that does not change.
    Alone,
}

/// Looks at the file and its companions. `write` is whether it must be writable.
pub(crate) fn look(path: &Path, write: bool) -> Result<Found, StoreError> {
    for companion in ["", "-wal", "-shm", "-journal"] {
        let file = beside(path, companion);
        match std::fs::metadata(&file) {
            Ok(metadata) if metadata.is_file() => {}
            Ok(metadata) => return Err(StoreError::NotAFile { path: file, kind: kind(metadata.file_type()) }),
            Err(_) => {}
        }
    }
    // SQLite would roll it back and, if it says so, delete any file that it names.
    if has(path, "-journal", |journal| journal.len() > 0) {
        return Err(StoreError::Journal { path: path.to_owned() });
    }
    // Asked first, since who creates a database makes the file before its log.
    let orphan = has(path, "-wal", |log| log.len() > 0);
    let nothing = |problem: &str| match orphan {
        // SQLite would delete the log.
        true => Err(StoreError::DamagedFile { path: path.to_owned(), problem: problem.into() }),
        false => Ok(Found::Nothing),
    };
    let mut file = match OpenOptions::new().read(true).write(write).open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == ErrorKind::NotFound => return nothing("only its `-wal` file is left"),
        Err(error) => return Err(unwritable(path, &error)),
    };
    let mut head = Vec::new();
    match file.by_ref().take(MAGIC.len() as u64).read_to_end(&mut head) {
        Err(error) => Err(unwritable(path, &error)),
        // A process that was killed between creating the file and writing to it leaves it empty.
        Ok(0) => nothing("it is empty, its `-wal` file is not"),
        Ok(_) if head == MAGIC => Ok(Found::Database),
        Ok(_) => Err(StoreError::NotADatabase { path: path.to_owned() }),
    }
}

/// How to read a database that cannot be written. Whoever has one open that has a log holds both of its companions.
pub(crate) fn reading(path: &Path) -> Result<Reading, StoreError> {
    let (log, index) = (has(path, "-wal", |_| true), has(path, "-shm", |_| true));
    match (log, index) {
        (true, true) => Ok(Reading::Shared),
        (true, false) if has(path, "-wal", |log| log.len() > 0) => {
            Err(StoreError::UnreadableLog { path: path.to_owned() })
        }
        (_, _) => Ok(Reading::Alone),
    }
}

fn has(path: &Path, companion: &str, such: impl FnOnce(&Metadata) -> bool) -> bool {
    std::fs::metadata(beside(path, companion)).is_ok_and(|metadata| such(&metadata))
}

fn beside(path: &Path, companion: &str) -> PathBuf {
    let mut file = path.as_os_str().to_owned();
    file.push(companion);
    file.into()
}

pub(crate) fn kind(file: FileType) -> &'static str {
    match file {
        file if file.is_dir() => "a directory",
        file if file.is_fifo() => "a pipe",
        file if file.is_socket() => "a socket",
        _ => "a device",
    }
}

pub(crate) fn unwritable(path: &Path, error: &std::io::Error) -> StoreError {
    StoreError::Unwritable { path: path.to_owned(), problem: error.to_string() }
}

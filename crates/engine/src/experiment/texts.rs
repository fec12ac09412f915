//! The texts that an experiment consists of, as they are taken up: from a directory, or from what a campaign keeps.

use files::{FileError, MAX_TRACE_BYTES, read_inside};
use std::collections::BTreeMap;
use std::io::{Error, ErrorKind};
use std::path::{Component, Path};

/// Texts by path relative to the experiment's directory.
pub(super) struct Texts<'a> {
    pub(super) directory: &'a Path,
    /// Those that were read so far.
    pub(super) taken: BTreeMap<String, String>,
    from: From,
}

enum From {
    /// The directory, as long as there is room for so many bytes more.
    Directory {
        left: u64,
    },
    Kept(BTreeMap<String, String>),
}

impl<'a> Texts<'a> {
    pub(super) fn of_directory(directory: &'a Path) -> Self {
        Texts { directory, taken: BTreeMap::new(), from: From::Directory { left: MAX_TRACE_BYTES } }
    }

    pub(super) fn kept(directory: &'a Path, texts: BTreeMap<String, String>) -> Self {
        Texts { directory, taken: BTreeMap::new(), from: From::Kept(texts) }
    }

    /// Reads the text at a path, which the text and the key of another name, if one does. A text is parsed, which takes many
    /// times its size, while a trace is read row by row: so each says how long it may be, in bytes.
    pub(super) fn read(&mut self, path: &str, by: Option<(&str, &str)>, at_most: u64) -> Result<String, FileError> {
        if let Some(known) = self.taken.get(path) {
            return Ok(known.clone());
        }
        let campaign = self.directory.join(super::CAMPAIGN_FILE);
        let own = self.directory.join(path);
        let wrong = |problem: String| match by {
            Some((text, key)) => FileError::at_key(&campaign, text, key, problem),
            None => FileError::new(&own, problem),
        };
        if !Path::new(path).components().all(|part| matches!(part, Component::Normal(_))) {
            return Err(wrong(format!("`{path}` leads out of the experiment's directory")));
        }
        let text = self.take(path, at_most).map_err(|error| match by {
            Some(_) => wrong(format!("{} cannot be read: {error}", own.display())),
            None => wrong(format!("cannot be read: {error}")),
        })?;
        self.taken.insert(path.to_owned(), text.clone());
        Ok(text)
    }

    fn take(&mut self, path: &str, at_most: u64) -> std::io::Result<String> {
        match &mut self.from {
            From::Kept(texts) => {
                let missing = || Error::new(ErrorKind::NotFound, "the database does not have it");
                texts.remove(path).ok_or_else(missing)
            }
            From::Directory { left } => {
                let text = read_inside(self.directory, path, at_most)?;
                *left = left.checked_sub(text.len() as u64).ok_or_else(|| {
                    let problem = format!("the files of an experiment have at most {MAX_TRACE_BYTES} bytes together");
                    Error::new(ErrorKind::InvalidData, problem)
                })?;
                Ok(text)
            }
        }
    }
}

//! How a jail is furnished: its limits and the files it may touch, told to the child by its arguments.

use std::ffi::{OsStr, OsString};
use std::path::PathBuf;

use crate::limits::Walls;

/// Limits and files of one jailed process.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Cell {
    pub walls: Walls,
    /// Processor time in whole seconds.
    pub cpu_s: u64,
    /// Address space.
    pub memory_bytes: u64,
    pub stack_bytes: u64,
    /// The largest file it may write.
    pub file_bytes: u64,
    /// The number of files it may have open.
    pub open_files: u64,
    /// What it may read: files, or directories with all below.
    pub read: Vec<PathBuf>,
    /// What it may read and execute.
    pub execute: Vec<PathBuf>,
    /// Where it may do with files what it likes.
    pub write: Vec<PathBuf>,
}

const END: &str = "--";

impl Cell {
    /// As arguments, closed by an end mark.
    pub(crate) fn to_arguments(&self) -> Vec<OsString> {
        let walls = match self.walls {
            Walls::Required => "required",
            Walls::Disabled => "disabled",
        };
        let numbers = [self.cpu_s, self.memory_bytes, self.stack_bytes, self.file_bytes, self.open_files];
        let mut arguments = vec![OsString::from(walls)];
        arguments.extend(numbers.map(|number| OsString::from(number.to_string())));
        for (key, paths) in [("read", &self.read), ("execute", &self.execute), ("write", &self.write)] {
            for path in paths {
                arguments.extend([OsString::from(key), path.clone().into_os_string()]);
            }
        }
        arguments.push(END.into());
        arguments
    }

    /// From arguments, up to the end mark; leaves the rest to the caller.
    pub(crate) fn from_arguments(arguments: &mut impl Iterator<Item = OsString>) -> Option<Cell> {
        let walls = match arguments.next()?.to_str()? {
            "required" => Walls::Required,
            "disabled" => Walls::Disabled,
            _ => return None,
        };
        let mut number = || arguments.next()?.to_str()?.parse::<u64>().ok();
        let mut cell = Cell {
            walls,
            cpu_s: number()?,
            memory_bytes: number()?,
            stack_bytes: number()?,
            file_bytes: number()?,
            open_files: number()?,
            read: Vec::new(),
            execute: Vec::new(),
            write: Vec::new(),
        };
        loop {
            let key = arguments.next()?;
            if key == OsStr::new(END) {
                return Some(cell);
            }
            let paths = match key.to_str()? {
                "read" => &mut cell.read,
                "execute" => &mut cell.execute,
                "write" => &mut cell.write,
                _ => return None,
            };
            paths.push(PathBuf::from(arguments.next()?));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cell() -> Cell {
        Cell {
            walls: Walls::Required,
            cpu_s: 1,
            memory_bytes: 2,
            stack_bytes: 3,
            file_bytes: 4,
            open_files: 5,
            read: vec!["/a".into(), "--".into()],
            execute: vec!["read".into()],
            write: vec!["/b c".into()],
        }
    }

    #[test]
    fn a_cell_survives_the_way_through_the_arguments() {
        let mut arguments = cell().to_arguments().into_iter().chain([OsString::from("rest")]);
        assert_eq!(Cell::from_arguments(&mut arguments), Some(cell()));
        assert_eq!(arguments.next(), Some("rest".into()));
    }

    #[test]
    fn arguments_that_end_early_are_no_cell() {
        let all = cell().to_arguments();
        for length in 0..all.len() {
            assert_eq!(Cell::from_arguments(&mut all[..length].iter().cloned()), None);
        }
    }
}

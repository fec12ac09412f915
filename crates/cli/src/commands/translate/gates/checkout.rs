//! The package in a copy of a checkout, and what has changed there since our re-declaration was written.

use super::super::go::Go;
use super::offline::{Tree, registered};
use super::standing::Standing;
use super::{Files, MOST, State, scratch};
use crate::failure::Failure;
use files::read_inside;
use std::path::{Path, PathBuf};

/// Whether the checkout still declares what our re-declaration does, and the patch applies. Declarations that read otherwise
/// there are named: they may well be the same to a compiler.
pub(super) fn drift(checkout: &Path, files: &Files, standing: &Standing) -> State {
    let (mut missing, mut otherwise, mut count) = (Vec::new(), Vec::new(), 0);
    for (path, text) in standing.target.api.iter().filter(|(path, _)| path.ends_with(".go")) {
        let folder = Path::new(path).parent().unwrap_or(Path::new(""));
        let Some(theirs) = sources(checkout, folder) else {
            missing.push(format!("{}", folder.display()));
            continue;
        };
        let plain = plain(&theirs);
        for (name, declaration) in declared(text) {
            count += 1;
            if !theirs.split(|c: char| !c.is_alphanumeric()).any(|word| word == name) {
                missing.push(format!("{}: {name}", folder.display()));
            } else if !plain.contains(&self::plain(&declaration)) {
                otherwise.push(format!("\n    otherwise in {}: {declaration}", folder.display()));
            }
        }
    }
    let read = |file: &str| read_inside(checkout, file, MOST).ok();
    missing.extend(registered(files, standing, &read).err());
    if !missing.is_empty() {
        return State::Failed(format!("not in the checkout: {}", missing.join(", ")));
    }
    State::Passed(format!("{count} declarations, {} read otherwise there{}", otherwise.len(), otherwise.concat()))
}

/// The Go files of a folder, but for tests.
fn sources(checkout: &Path, folder: &Path) -> Option<String> {
    let entries = std::fs::read_dir(checkout.join(folder)).ok()?;
    let names = entries.filter_map(|entry| entry.ok()?.file_name().into_string().ok());
    let names = names.filter(|name| name.ends_with(".go") && !name.ends_with("_test.go"));
    Some(names.filter_map(|name| read_inside(checkout, &folder.join(name).to_string_lossy(), MOST).ok()).collect())
}

/// A text without the names of packages, and with single spaces.
fn plain(text: &str) -> String {
    let mut out = String::new();
    for word in text.split_whitespace() {
        let mut rest = word;
        // `fwkdl.Metrics` is `Metrics`, whatever the package is called.
        while let Some(point) = rest.find('.') {
            let begin = rest[..point].rfind(|c: char| !c.is_alphanumeric()).map_or(0, |at| at + 1);
            out.push_str(&rest[..begin]);
            rest = &rest[point + 1..];
        }
        out.push_str(rest);
        out.push(' ');
    }
    out
}

/// Exported names that a text declares, and the lines: types, functions, methods, fields.
fn declared(text: &str) -> Vec<(String, String)> {
    let mut declared = Vec::new();
    for line in text.lines().filter(|line| !line.trim_start().starts_with("//")) {
        let words: Vec<&str> = line.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()).collect();
        let name = match words.as_slice() {
            ["type" | "var" | "const" | "func", name, ..] if !line.starts_with("func (") => Some(*name),
            [name, ..] if line.starts_with('\t') && !line.starts_with("\t\t") => Some(*name),
            _ => None,
        };
        if let Some(name) = name.filter(|name| name.starts_with(char::is_uppercase)) {
            let line = line.trim().trim_end_matches('{').split(" = ").next().unwrap_or_default();
            declared.push((name.to_owned(), line.trim().to_owned()));
        }
    }
    declared
}

/// The package in a copy of a checkout, registered there.
pub(super) fn built(go: &Go, files: &Files, standing: &Standing, checkout: &Path) -> Result<State, Failure> {
    if !checkout.join("go.mod").is_file() {
        return Ok(State::CouldNotRun(format!("{} is no checkout of {}", checkout.display(), standing.target.name)));
    }
    let scratch = scratch("checkout")?;
    copy(checkout, &scratch.0).map_err(|error| Failure::failed(format!("cannot copy the checkout: {error}")))?;
    let tree = match Tree::in_place(go, scratch, files, standing)? {
        Ok(tree) => tree,
        Err(state) => return Ok(state),
    };
    let mut passed = Vec::new();
    for state in [Tree::tested, Tree::raced, Tree::built] {
        match state(&tree)? {
            State::Passed(said) => passed.push(said),
            other => return Ok(other),
        }
    }
    Ok(State::Passed(passed.join(", ")))
}

/// Copies a tree: regular files and folders, no links, no history.
fn copy(from: &Path, to: &Path) -> std::io::Result<()> {
    let mut folders: Vec<PathBuf> = vec![PathBuf::new()];
    while let Some(folder) = folders.pop() {
        std::fs::create_dir_all(to.join(&folder))?;
        for entry in std::fs::read_dir(from.join(&folder))? {
            let entry = entry?;
            let (kind, path) = (entry.file_type()?, folder.join(entry.file_name()));
            if kind.is_dir() && entry.file_name() != ".git" {
                folders.push(path);
            } else if kind.is_file() {
                std::fs::copy(entry.path(), to.join(path))?;
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_declaration_is_the_same_whatever_its_package_is_called() {
        let theirs =
            plain("type X interface {\n\tGet(a  fwkdl.Key) (datalayer.Value, error)\n\tN   *int64 `json:\"n\"`\n}");
        let own = declared("type X interface {\n\tGet(a other.Key) (Value, error)\n\tN *int64\n\tM int\n}\n");
        let found: Vec<(&str, bool)> =
            own.iter().map(|(name, line)| (name.as_str(), theirs.contains(&plain(line)))).collect();
        assert_eq!(found, [("X", true), ("Get", true), ("N", true), ("M", false)]);
    }
}

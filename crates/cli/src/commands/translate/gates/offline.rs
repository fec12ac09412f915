//! The package in a tree, and the commands of Go there.

use super::super::go::{Go, Scratch};
use super::standing::{Standing, text};
use super::{Files, State, put, said, scratch, started};
use crate::failure::Failure;
use problems::shipping::patch;
use std::path::PathBuf;

/// A tree that holds the package in its place, registered.
pub(super) struct Tree<'a> {
    go: &'a Go,
    scratch: Scratch,
    standing: &'a Standing,
}

/// What Go says where something of the machine is missing, and not of the package.
const LACKING: [&str; 6] = [
    "requires cgo",
    "C compiler",
    "no required module",
    "cannot find module",
    "module lookup disabled",
    "requires go >=",
];

impl<'a> Tree<'a> {
    /// Our re-declaration of the target's API, with the package.
    pub(super) fn beside_api(
        go: &'a Go,
        files: &Files,
        standing: &'a Standing,
    ) -> Result<Result<Tree<'a>, State>, Failure> {
        let scratch = scratch("offline")?;
        let api: Vec<(String, String)> =
            standing.target.api.iter().map(|(path, text)| ((*path).to_owned(), (*text).to_owned())).collect();
        put(&scratch.0, &api)?;
        Tree::in_place(go, scratch, files, standing)
    }

    /// Puts the package into a tree, and registers it there.
    pub(super) fn in_place(
        go: &'a Go,
        scratch: Scratch,
        files: &Files,
        standing: &'a Standing,
    ) -> Result<Result<Tree<'a>, State>, Failure> {
        let place = |path: &str| format!("{}/{}/{path}", standing.target.place, standing.made.go);
        let mut all: Vec<(String, String)> = files.iter().map(|(path, text)| (place(path), text.clone())).collect();
        match registered(files, standing, &|file| std::fs::read_to_string(scratch.0.join(file)).ok()) {
            Ok(changed) => all.extend(changed),
            Err(wrong) => return Ok(Err(State::Failed(wrong))),
        }
        put(&scratch.0, &all)?;
        Ok(Ok(Tree { go, scratch, standing }))
    }

    /// Formatting, vet, build and tests.
    pub(super) fn tested(&self) -> Result<State, Failure> {
        let formatted = self.go.unformatted(&self.package()).map_err(|error| started(&error))?;
        if !formatted.status.success() || !formatted.stdout.is_empty() {
            return Ok(State::Failed(format!("gofmt -l: {}", said(&formatted))));
        }
        let below = self.below();
        let vet: Vec<&str> =
            ["vet", below.as_str()].into_iter().chain(self.standing.target.builds.iter().copied()).collect();
        for arguments in [vet.as_slice(), &["test", "-count=1", "-vet=off", &below]] {
            if let Some(state) = self.failed(arguments)? {
                return Ok(state);
            }
        }
        Ok(State::Passed(format!("gofmt, vet, build, test; {}", self.go.version)))
    }

    /// The tests once more, by Go's race detector.
    pub(super) fn raced(&self) -> Result<State, Failure> {
        let failed = self.failed(&["test", "-count=1", "-vet=off", "-race", &self.below()])?;
        Ok(failed.unwrap_or_else(|| State::Passed("test -race".into())))
    }

    /// The program that it is built into.
    pub(super) fn built(&self) -> Result<State, Failure> {
        let command = self.standing.target.command;
        Ok(self.failed(&["build", command])?.unwrap_or_else(|| State::Passed(format!("build {command}"))))
    }

    /// Puts more files into it.
    pub(super) fn put(&self, files: &Files) -> Result<(), Failure> {
        put(&self.scratch.0, files)
    }

    /// A file in it.
    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.scratch.0.join(name)
    }

    /// Why a command of Go did not do what it should; none if it did.
    pub(super) fn failed(&self, arguments: &[&str]) -> Result<Option<State>, Failure> {
        let output = self.go.run(&self.scratch.0, arguments).map_err(|error| started(&error))?;
        if output.status.success() {
            return Ok(None);
        }
        let printed = format!("go {}: {}", arguments.join(" "), said(&output));
        Ok(Some(match LACKING.iter().any(|what| printed.contains(what)) {
            true => State::CouldNotRun(printed),
            false => State::Failed(printed),
        }))
    }

    fn package(&self) -> PathBuf {
        self.scratch.0.join(self.standing.target.place).join(&self.standing.made.go)
    }

    fn below(&self) -> String {
        format!("./{}/{}/...", self.standing.target.place, self.standing.made.go)
    }
}

/// The files of others with what registers the package, as its patch says; `read` reads one as it is.
pub(super) fn registered(
    files: &Files,
    standing: &Standing,
    read: &dyn Fn(&str) -> Option<String>,
) -> Result<Vec<(String, String)>, String> {
    let file = standing.target.patch_file;
    let changes = text(files, file).ok_or("it is missing".to_owned()).and_then(patch::changes);
    let changes = changes.map_err(|wrong| format!("{file}: {wrong}"))?;
    let applied = |change: patch::Change| {
        let text = change
            .applied(read(&change.file).as_deref())
            .map_err(|wrong| format!("{file}: {wrong}; add its lines by hand"))?;
        Ok((change.file, text))
    };
    changes.into_iter().map(applied).collect()
}

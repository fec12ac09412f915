//! The gates of a package: its files, its tests beside our re-declaration of the router's API, its mutants, a checkout of the router.

use super::go::{Go, Scratch, write};
use crate::failure::Failure;
use engine::science::id::Hash;
use engine::science::text;
use files::read_inside;
use problems::admission::translate::mutation::{Fate, Mutation};
use problems::admission::translate::{PLACE, ROUTER};
use std::path::{Path, PathBuf};

/// One gate and what came of it.
pub(super) struct Gate {
    pub(super) name: &'static str,
    pub(super) state: State,
}

/// What came of a gate. One that could not run has not passed.
pub(super) enum State {
    Passed(String),
    Failed(String),
    CouldNotRun(String),
}

impl State {
    pub(super) fn word(&self) -> &'static str {
        match self {
            State::Passed(_) => "passed",
            State::Failed(_) => "FAILED",
            State::CouldNotRun(_) => "could not run",
        }
    }

    pub(super) fn said(&self) -> String {
        let (State::Passed(said) | State::Failed(said) | State::CouldNotRun(said)) = self;
        text::clip(said, 3000)
    }
}

/// Bytes of a file of a package at most.
const MOST: u64 = 64 << 20;
/// Seconds of search for what tells a surviving mutant apart.
const SEARCH_S: u32 = 10;
/// What a package may import: it computes, and its test reads one file.
const IMPORTS: &[&str] = &[
    "context",
    "encoding/json",
    "errors",
    "fmt",
    "hash/fnv",
    "math",
    "math/rand/v2",
    "os",
    "slices",
    "strconv",
    "sync",
    "testing",
    "time",
];

/// All gates of a package.
pub(super) fn all(folder: &Path, router: Option<&Path>) -> Result<Vec<Gate>, Failure> {
    let files = match read(folder) {
        Ok(files) => files,
        Err(problem) => return Err(Failure::usage(problem)),
    };
    let gate = |name, state| Gate { name, state };
    let (package, standing) = standing(&files);
    let sound = matches!(standing, State::Passed(_));
    let mut gates = vec![gate("files", standing)];
    let go = match (sound, Go::find()) {
        (false, _) => Err("the files are not those of a package, so nothing of it is run".to_owned()),
        (true, found) => found,
    };
    let names = ["offline", "mutants", "router"];
    match go {
        Err(why) => gates.extend(names.map(|name| gate(name, State::CouldNotRun(why.clone())))),
        Ok(go) => {
            gates.push(gate("offline", offline(&go, &files, &package)?));
            let decisions =
                files.iter().find(|(path, _)| path == "testdata/decisions.json").map_or("", |(_, text)| text);
            let mutants = match fates(&go, &files, decisions)? {
                Ok(fates) => judged(&fates),
                Err(state) => state,
            };
            gates.push(gate("mutants", mutants));
            match router {
                Some(checkout) => {
                    gates.push(gate("drift", drift(checkout)));
                    gates.push(gate("router", in_checkout(&go, &files, &package, checkout)?));
                }
                None => gates.push(gate(
                    "router",
                    State::CouldNotRun("--router-path CHECKOUT names a checkout of llm-d-router".into()),
                )),
            }
        }
    }
    Ok(gates)
}

/// The regular files of a package; what else lies there is none of ours.
fn read(folder: &Path) -> Result<Vec<(String, String)>, String> {
    let mut files = Vec::new();
    for below in ["", "testdata", "deploy"] {
        let Ok(entries) = std::fs::read_dir(folder.join(below)) else {
            if below.is_empty() {
                return Err(format!("{} is no directory", folder.display()));
            }
            continue;
        };
        let mut names: Vec<String> = entries
            .filter_map(|entry| entry.ok().filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_file())))
            .filter_map(|entry| entry.file_name().into_string().ok())
            .collect();
        names.sort();
        for name in names {
            let path = if below.is_empty() { name } else { format!("{below}/{name}") };
            let text = read_inside(folder, &path, MOST).map_err(|error| format!("cannot read {path}: {error}"))?;
            files.push((path, text));
        }
    }
    Ok(files)
}

/// Whether the files are there, belong together, and import nothing that a policy has no use for.
fn standing(files: &[(String, String)]) -> (String, State) {
    let of = |wanted: &str| files.iter().find(|(path, _)| path == wanted).map(|(_, text)| text.as_str());
    let mut wrong = Vec::new();
    for needed in [
        "plugin.go",
        "policy.go",
        "contract.go",
        "plugin_test.go",
        "testdata/decisions.json",
        "provenance.json",
        "README.md",
    ] {
        if of(needed).is_none() {
            wrong.push(format!("{needed} is missing"));
        }
    }
    let plugin = of("plugin.go").unwrap_or_default();
    let package = plugin.lines().find_map(|line| line.strip_prefix("package ")).unwrap_or_default().trim().to_owned();
    let kind = plugin
        .lines()
        .find_map(|line| line.strip_prefix("const Type = \""))
        .and_then(|rest| rest.split('"').next())
        .unwrap_or_default();
    if package.is_empty()
        || !package.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit())
        || kind.replace('-', "") != package
    {
        wrong.push("plugin.go: its package is not called like its Type".to_owned());
    }
    let config = format!("deploy/{kind}-epp-config.yaml");
    if !of(&config).is_some_and(|text| text.contains(&format!("- type: {kind}\n"))) {
        wrong.push(format!("{config} does not name the plugin"));
    }
    if !of("deploy/runner.patch").is_some_and(|text| text.contains(&format!("fwkplugin.Register({package}.Type,"))) {
        wrong.push("deploy/runner.patch does not register the plugin".to_owned());
    }
    for (path, text) in files.iter().filter(|(path, _)| path.ends_with(".go")) {
        wrong.extend(foreign(text).into_iter().map(|what| format!("{path}: {what}")));
    }
    let known = of("provenance.json").and_then(|text| serde_json::from_str::<serde_json::Value>(text).ok());
    match (known, of("testdata/decisions.json")) {
        (Some(known), Some(decisions)) if known["decisions"] == Hash::of(decisions.as_bytes()).as_str() => {}
        (Some(_), Some(_)) => {
            wrong.push("testdata/decisions.json is not the one that provenance.json names".to_owned())
        }
        (None, _) => wrong.push("provenance.json is no JSON".to_owned()),
        (_, None) => {}
    }
    match wrong.is_empty() {
        true => (package, State::Passed(format!("{} files", files.len()))),
        false => (package, State::Failed(wrong.join("; "))),
    }
}

/// What a file imports or asks of the compiler that a package does not.
fn foreign(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut inside = false;
    for line in text.lines() {
        let line = line.trim();
        if line.starts_with("//go:") || line.starts_with("//line") || line.starts_with("/*line") {
            found.push(format!("the directive `{}`", text::clip(line, 60)));
        }
        let begins = line.starts_with("import");
        if begins && line.ends_with('(') {
            inside = true;
            continue;
        }
        if inside && line == ")" {
            inside = false;
            continue;
        }
        if (begins || inside) && !line.is_empty() {
            let path = line.split('"').nth(1).unwrap_or("?");
            let router = path.starts_with("github.com/llm-d/llm-d-router/pkg/");
            if !router && !IMPORTS.contains(&path) || line.contains('`') {
                found.push(format!("the import `{}`", text::clip(line, 60)));
            }
        }
    }
    found
}

/// Formatting, vet, build and tests beside our re-declaration of the router's API.
fn offline(go: &Go, files: &[(String, String)], package: &str) -> Result<State, Failure> {
    let scratch = scratch("offline")?;
    let mut all: Vec<(String, String)> =
        ROUTER.iter().map(|(path, text)| ((*path).to_owned(), (*text).to_owned())).collect();
    all.extend(files.iter().map(|(path, text)| (format!("{PLACE}/{package}/{path}"), text.clone())));
    put(&scratch.0, &all)?;
    tested(go, &scratch.0, package)
}

/// The four commands in a tree that holds the package.
fn tested(go: &Go, tree: &Path, package: &str) -> Result<State, Failure> {
    let place = tree.join(PLACE).join(package);
    let formatted = go.unformatted(&place).map_err(|error| Failure::failed(format!("gofmt: {error}")))?;
    if !formatted.status.success() || !formatted.stdout.is_empty() {
        return Ok(State::Failed(format!("gofmt -l: {}", said(&formatted))));
    }
    let below = format!("./{PLACE}/{package}/...");
    for arguments in [
        vec!["vet", &below],
        vec!["build", &below],
        vec!["test", "-count=1", &below],
        vec!["test", "-count=1", "-race", &below],
    ] {
        let output = go.run(tree, &arguments).map_err(|error| Failure::failed(format!("go: {error}")))?;
        if output.status.success() {
            continue;
        }
        let (command, printed) = (arguments[..arguments.len() - 1].join(" "), said(&output));
        let lacking = [
            "requires cgo",
            "C compiler",
            "no required module",
            "cannot find module",
            "module lookup disabled",
            "requires go >=",
        ];
        return Ok(match lacking.iter().any(|what| printed.contains(what)) {
            true => State::CouldNotRun(format!("go {command}: {printed}")),
            false => State::Failed(format!("go {command}: {printed}")),
        });
    }
    Ok(State::Passed(format!("gofmt, vet, build, test, test -race; {}", go.version)))
}

/// What becomes of each mutant, or why that could not be found out.
pub(super) fn fates(
    go: &Go,
    files: &[(String, String)],
    decisions: &str,
) -> Result<Result<Vec<(String, Fate)>, State>, Failure> {
    let mut without = Vec::new();
    let scratch = scratch("mutants")?;
    put(&scratch.0, &[("decisions.json".to_owned(), decisions.to_owned())])?;
    for _ in 0..5 {
        let Some(mutation) = Mutation::new(files, &without, SEARCH_S) else {
            return Ok(Err(State::Failed("the policy cannot be taken out of its package".into())));
        };
        put(&scratch.0, &mutation.files)?;
        let built = go
            .run(&scratch.0, &["build", "-o", "mutation", "."])
            .map_err(|error| Failure::failed(format!("go: {error}")))?;
        if !built.status.success() {
            let printed = said(&built);
            let unviable = mutation.unviable(&printed);
            if unviable.is_empty() {
                return Ok(Err(State::Failed(format!("go build of the mutants: {printed}"))));
            }
            without.extend(unviable);
            continue;
        }
        let program = scratch.0.join("mutation");
        let output = std::process::Command::new(&program).arg("decisions.json").current_dir(&scratch.0).output();
        let output = output.map_err(|error| Failure::failed(format!("the mutants: {error}")))?;
        let Some(fates) = mutation.fates(&String::from_utf8_lossy(&output.stdout), &without) else {
            return Ok(Err(State::Failed(format!("the policy does not decide as its vectors: {}", said(&output)))));
        };
        let named = mutation
            .mutants
            .iter()
            .map(|(file, own)| format!("{file}:{}:{} `{}` -> `{}`", own.line, own.column, own.was, own.is));
        return Ok(Ok(named.zip(fates).collect()));
    }
    Ok(Err(State::Failed("some mutants never compile".into())))
}

/// Mutants that no decision tells apart are listed, not counted.
pub(super) fn judged(fates: &[(String, Fate)]) -> State {
    let count = |wanted: &dyn Fn(&Fate) -> bool| fates.iter().filter(|(_, fate)| wanted(fate)).count();
    let killed = count(&|fate| *fate == Fate::Killed);
    let unviable = count(&|fate| *fate == Fate::Unviable);
    let apart: Vec<&str> =
        fates.iter().filter(|(_, fate)| matches!(fate, Fate::Apart(_))).map(|(name, _)| name.as_str()).collect();
    let alike: Vec<&str> =
        fates.iter().filter(|(_, fate)| *fate == Fate::Alike).map(|(name, _)| name.as_str()).collect();
    let mut said = format!("{} made, {killed} killed, {unviable} do not compile, {} alike", fates.len(), alike.len());
    alike.iter().for_each(|name| said.push_str(&format!("\n    alike: {name}")));
    if apart.is_empty() {
        return State::Passed(said);
    }
    State::Failed(format!("{said}; survivors that a decision tells apart: {}", apart.join(", ")))
}

/// Whether the checkout still declares what our re-declaration does.
fn drift(checkout: &Path) -> State {
    let mut missing = Vec::new();
    for (path, text) in ROUTER.iter().filter(|(path, _)| path.ends_with(".go")) {
        let folder = Path::new(path).parent().unwrap_or(Path::new(""));
        let Ok(entries) = std::fs::read_dir(checkout.join(folder)) else {
            missing.push(format!("{}", folder.display()));
            continue;
        };
        let names =
            entries.filter_map(|entry| entry.ok()?.file_name().into_string().ok()).filter(|name| name.ends_with(".go"));
        let theirs: String = names
            .filter(|name| !name.ends_with("_test.go"))
            .filter_map(|name| read_inside(checkout, &folder.join(name).to_string_lossy(), MOST).ok())
            .collect();
        for name in declared(text) {
            if !theirs.split(|c: char| !c.is_alphanumeric()).any(|word| word == name) {
                missing.push(format!("{}: {name}", folder.display()));
            }
        }
    }
    match missing.is_empty() {
        true => State::Passed("every name of our re-declaration is in the checkout".into()),
        false => State::Failed(format!("not in the checkout: {}", missing.join(", "))),
    }
}

/// Exported names that a text declares: types, functions, methods, fields.
fn declared(text: &str) -> Vec<String> {
    let mut names = Vec::new();
    for line in text.lines().filter(|line| !line.trim_start().starts_with("//")) {
        let words: Vec<&str> = line.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()).collect();
        let name = match words.as_slice() {
            ["type" | "var" | "const" | "func", name, ..] if !line.starts_with("func (") => Some(*name),
            [name, ..] if line.starts_with('\t') && !line.starts_with("\t\t") => Some(*name),
            _ => None,
        };
        names.extend(name.filter(|name| name.starts_with(char::is_uppercase)).map(str::to_owned));
    }
    names.sort();
    names.dedup();
    names
}

/// The package in a copy of a checkout, registered there.
fn in_checkout(go: &Go, files: &[(String, String)], package: &str, checkout: &Path) -> Result<State, Failure> {
    let runner = Path::new("cmd/epp/runner/runner.go");
    let Ok(text) = read_inside(checkout, &runner.to_string_lossy(), MOST) else {
        return Ok(State::CouldNotRun(format!(
            "{} is no checkout of llm-d-router: no {}",
            checkout.display(),
            runner.display()
        )));
    };
    let Some(registered) = registered(&text, package) else {
        return Ok(State::Failed("runner.go has no place where plugins are registered as they were".to_owned()));
    };
    let scratch = scratch("router")?;
    copy(checkout, &scratch.0).map_err(|error| Failure::failed(format!("cannot copy the checkout: {error}")))?;
    let mut all: Vec<(String, String)> =
        files.iter().map(|(path, text)| (format!("{PLACE}/{package}/{path}"), text.clone())).collect();
    all.push((runner.to_string_lossy().into_owned(), registered));
    put(&scratch.0, &all)?;
    let state = tested(go, &scratch.0, package)?;
    if !matches!(state, State::Passed(_)) {
        return Ok(state);
    }
    let built = go.run(&scratch.0, &["build", "./cmd/epp"]).map_err(|error| Failure::failed(format!("go: {error}")))?;
    Ok(if built.status.success() { state } else { State::Failed(format!("go build ./cmd/epp: {}", said(&built))) })
}

/// `runner.go` with the two lines of the patch.
fn registered(text: &str, package: &str) -> Option<String> {
    let import = format!("\t\"github.com/llm-d/llm-d-router/{PLACE}/{package}\"\n");
    let line = format!("\tfwkplugin.Register({package}.Type, fwkplugin.StabilityAlpha, {package}.Factory)\n");
    let opening = text.find("import (\n")? + "import (\n".len();
    let registering = text.find("registerInTreePlugins() {\n")? + "registerInTreePlugins() {\n".len();
    let (head, tail) = text.split_at(registering);
    let (before, after) = head.split_at(opening);
    Some(format!("{before}{import}{after}{line}{tail}"))
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

fn said(output: &std::process::Output) -> String {
    let all = [output.stdout.as_slice(), output.stderr.as_slice()].concat();
    text::clean(String::from_utf8_lossy(&all).trim())
}

fn scratch(what: &str) -> Result<Scratch, Failure> {
    Scratch::new(what).map_err(|error| Failure::failed(format!("no place for a temporary folder: {error}")))
}

fn put(folder: &Path, files: &[(String, String)]) -> Result<(), Failure> {
    write(folder, files).map_err(|error| Failure::failed(format!("cannot write {}: {error}", folder.display())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_package_that_imports_what_runs_programs_or_asks_for_c_is_not_run() {
        assert!(foreign("import (\n\t\"fmt\"\n\t\"math\"\n)\n").is_empty());
        assert_eq!(foreign("import \"os/exec\"\n").len(), 1);
        assert_eq!(foreign("import (\n\t\"fmt\"\n\tx \"unsafe\"\n)\n").len(), 1);
        assert_eq!(foreign("import \"C\"\n").len(), 1);
        assert_eq!(foreign("//go:linkname a b\n").len(), 1);
    }

    #[test]
    fn a_runner_gets_the_import_and_the_registration() {
        let runner = "package runner\n\nimport (\n\t\"fmt\"\n)\n\nfunc (r *Runner) registerInTreePlugins() {\n\tfmt.Println()\n}\n";
        let text = registered(runner, "mine").expect("a place");
        assert!(text.contains("import (\n\t\"github.com/llm-d/llm-d-router/pkg/"));
        assert!(text.contains("registerInTreePlugins() {\n\tfwkplugin.Register(mine.Type,"));
    }
}

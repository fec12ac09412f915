//! Whether the files of a package are there, belong together, and ask for nothing that a policy has no use for.

use super::{Files, MOST};
use engine::science::id::Hash;
use engine::science::text;
use files::read_inside;
use problems::admission::translate::{TARGETS, Target};
use std::path::Path;

/// What a package is.
#[derive(Clone, Debug)]
pub(super) struct Standing {
    /// Its name in Go.
    pub(super) package: String,
    /// What it was translated into.
    pub(super) target: &'static Target,
}

/// What a package may import: it computes, writes one log, and its test reads files.
const IMPORTS: &[&str] = &[
    "bytes",
    "container/list",
    "context",
    "encoding/json",
    "errors",
    "fmt",
    "hash/fnv",
    "io",
    "math",
    "math/rand/v2",
    "os",
    "slices",
    "strconv",
    "sync",
    "testing",
    "time",
];

/// The files that every package has, besides the one that asks the policy.
const NEEDED: [&str; 6] =
    ["policy.go", "contract.go", super::super::DECISIONS, "testdata/policy.rs", "provenance.json", "README.md"];

/// A file of the package.
pub(super) fn text<'a>(files: &'a Files, wanted: &str) -> Option<&'a str> {
    files.iter().find(|(path, _)| path == wanted).map(|(_, text)| text.as_str())
}

impl Standing {
    /// What the files are, or what is wrong with them.
    pub(super) fn of(files: &Files) -> Result<Standing, String> {
        let mut wrong: Vec<String> = NEEDED
            .iter()
            .filter(|needed| text(files, needed).is_none())
            .map(|needed| format!("{needed} is missing"))
            .collect();
        let known =
            text(files, "provenance.json").and_then(|text| serde_json::from_str::<serde_json::Value>(text).ok());
        let known = known.unwrap_or_else(|| {
            wrong.push("provenance.json is no JSON".to_owned());
            serde_json::Value::Null
        });
        let target = known["target"].as_str().and_then(Target::find);
        if target.is_none() {
            let names = TARGETS.map(|target| target.name).join(", ");
            wrong.push(format!("provenance.json names no target that there is: {names}"));
        }
        let target = target.unwrap_or(TARGETS[0]);
        for (file, key) in [(super::super::DECISIONS, "decisions"), ("testdata/policy.rs", "source")] {
            if text(files, file).is_some_and(|text| known[key] != Hash::of(text.as_bytes()).as_str()) {
                wrong.push(format!("{file} is not the one that provenance.json names"));
            }
        }
        let package = named(files, target, &mut wrong);
        for (path, text) in files.iter().filter(|(path, _)| path.ends_with(".go")) {
            wrong.extend(foreign(text, target).into_iter().map(|what| format!("{path}: {what}")));
        }
        if wrong.is_empty() { Ok(Standing { package, target }) } else { Err(wrong.join("; ")) }
    }
}

/// The package's name, which is that of its type everywhere.
fn named(files: &Files, target: &Target, wrong: &mut Vec<String>) -> String {
    let scaffold = text(files, target.scaffold).unwrap_or_else(|| {
        wrong.push(format!("{} is missing", target.scaffold));
        ""
    });
    let package = scaffold.lines().find_map(|line| line.strip_prefix("package ")).unwrap_or_default().trim();
    let kind = scaffold.lines().find_map(|line| line.strip_prefix("const Type = \"")?.split('"').next());
    let kind = kind.unwrap_or_default();
    let plain = !package.is_empty() && package.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit());
    if !plain || kind.replace('-', "") != package {
        wrong.push(format!("{}: its package is not called like its Type", target.scaffold));
    }
    let config = format!("deploy/{kind}-epp-config.yaml");
    let configured = target.templates.iter().any(|(path, _)| path.replace("NAME", kind) == config);
    if configured && !text(files, &config).is_some_and(|text| text.contains(&format!("- type: {kind}\n"))) {
        wrong.push(format!("{config} does not name the plugin"));
    }
    if !text(files, target.patch_file).is_some_and(|text| text.contains(&format!("{package}."))) {
        wrong.push(format!("{} does not register it", target.patch_file));
    }
    package.to_owned()
}

/// The regular files of a package; what else lies there is none of ours.
pub(super) fn read(folder: &Path) -> Result<Vec<(String, String)>, String> {
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

/// What a file imports or asks of the compiler that a package does not.
fn foreign(text: &str, target: &Target) -> Vec<String> {
    let module = target.api.iter().find_map(|(_, text)| text.strip_prefix("module ")?.lines().next());
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
            let own = module.is_some_and(|module| path.strip_prefix(module).is_some_and(|rest| rest.starts_with('/')));
            if !own && !IMPORTS.contains(&path) || line.contains('`') {
                found.push(format!("the import `{}`", text::clip(line, 60)));
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_package_that_imports_what_runs_programs_or_asks_for_c_is_not_run() {
        let foreign = |text| foreign(text, TARGETS[0]);
        assert!(foreign("import (\n\t\"fmt\"\n\t\"math\"\n)\n").is_empty());
        assert_eq!(foreign("import \"os/exec\"\n").len(), 1);
        assert_eq!(foreign("import (\n\t\"fmt\"\n\tx \"unsafe\"\n)\n").len(), 1);
        assert_eq!(foreign("import \"C\"\n").len(), 1);
        assert_eq!(foreign("//go:linkname a b\n").len(), 1);
    }
}

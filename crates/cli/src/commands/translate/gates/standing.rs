//! Whether the files of a package are those that its candidate is translated into. What runs behind this gate was written by us.

use super::super::{DECISIONS, screened};
use super::{Files, MOST};
use engine::science::id::Hash;
use engine::science::text::clip;
use files::read_inside;
use problems::TARGETS;
use problems::shipping::{Package, Request, Target, package};
use serde_json::{Value, json};
use std::path::Path;

/// What a package is.
#[derive(Clone, Debug)]
pub(super) struct Standing {
    /// What it was translated into.
    pub(super) target: &'static Target,
    /// Its candidate, translated once more.
    pub(super) made: Package,
    /// Configurations that are not as they were written. Nothing here reads them.
    pub(super) edited: Vec<String>,
}

/// The candidate, and where it comes from.
pub(super) const SOURCE: &str = "testdata/policy.rs";
const PROVENANCE: &str = "provenance.json";

/// A file of the package.
pub(super) fn text<'a>(files: &'a Files, wanted: &str) -> Option<&'a str> {
    files.iter().find(|(path, _)| path == wanted).map(|(_, text)| text.as_str())
}

impl Standing {
    /// What the files are, or what is wrong with them.
    pub(super) fn of(files: &Files) -> Result<Standing, String> {
        let there = |path: &str| text(files, path).ok_or_else(|| format!("{path} is missing"));
        let known: Value =
            serde_json::from_str(there(PROVENANCE)?).map_err(|error| format!("{PROVENANCE} is no JSON: {error}"))?;
        // The first packages named no problem: there was one.
        let problem = known["problem"].as_str().unwrap_or(TARGETS[0].of.problem);
        let is_it = |target: &&Target| target.of.problem == problem && known["target"] == target.name;
        let target = TARGETS.into_iter().find(is_it).ok_or_else(|| {
            let names = TARGETS.map(|target| format!("{} of {}", target.name, target.of.problem)).join(", ");
            format!("{PROVENANCE} names no target that there is: {names}")
        })?;
        for (file, key) in [(DECISIONS, "decisions"), (SOURCE, "source")] {
            if known[key] != Hash::of(there(file)?.as_bytes()).as_str() {
                return Err(format!("{file} is not the one that {PROVENANCE} names"));
            }
        }
        let made = again(there(SOURCE)?, there(target.scaffold)?, &known["parameters"], target)?;
        match otherwise(files, &made).as_slice() {
            [] => Ok(Standing { target, edited: edited(files, &made), made }),
            wrong => Err(format!("{}{}", wrong.join("; "), advice(&known["elenchus"]))),
        }
    }
}

/// What to do with a package that is not what this program writes.
fn advice(version: &Value) -> String {
    let own = env!("CARGO_PKG_VERSION");
    match version.as_str().filter(|version| *version != own) {
        Some(version) => format!(". It is of elenchus {}, this is {own}: translate it again", clip(version, 20)),
        None => ". Code of others is tested with `go test`, at your own risk".to_owned(),
    }
}

/// The candidate translated once more: under the name and for the holder that the package gives, with its values of tunables.
fn again(source: &str, scaffold: &str, parameters: &Value, target: &'static Target) -> Result<Package, String> {
    screened(source, SOURCE, target.of).map_err(|refused| refused.to_string())?;
    let line = |begin: &str| scaffold.lines().find_map(|line| line.strip_prefix(begin)).unwrap_or_default();
    let set = parameters.as_object().into_iter().flatten();
    let set: Vec<(String, f64)> = set.filter_map(|(name, value)| Some((name.clone(), value.as_f64()?))).collect();
    let request = Request {
        target,
        source,
        name: line("const Type = \"").trim_end_matches('"'),
        holder: line("Copyright 2026 "),
        set: &set,
        provenance: json!({}),
        found: Value::Null,
    };
    package(&request).map_err(|problem| format!("{SOURCE} is not translated into this package: {problem}"))
}

/// The files that are not what is made of the candidate. What nobody runs may be edited.
fn otherwise(files: &Files, made: &Package) -> Vec<String> {
    let free = |path: &str| ["README.md", PROVENANCE].contains(&path) || path.ends_with(".yaml");
    let made = &made.files;
    let changed = made.iter().filter_map(|(path, own)| match text(files, path) {
        None => Some(format!("{path} is missing")),
        Some(there) if there != own && !free(path) => {
            Some(format!("{path} was edited: it is not what {SOURCE} is translated into"))
        }
        Some(_) => None,
    });
    let others = files.iter().filter(|(path, _)| path != DECISIONS && text(made, path).is_none());
    changed.chain(others.map(|(path, _)| format!("{path} is no file of a package"))).collect()
}

/// The configurations that are not as they were written.
fn edited(files: &Files, made: &Package) -> Vec<String> {
    let own = made.files.iter().filter(|(path, _)| path.ends_with(".yaml"));
    own.filter(|(path, own)| text(files, path) != Some(own)).map(|(path, _)| path.clone()).collect()
}

/// Folders of a package.
const FOLDERS: [&str; 2] = ["testdata", "deploy"];

/// The files of a package. Go compiles what a link leads to, so whoever has something else in it has no package.
pub(super) fn read(folder: &Path) -> Result<Vec<(String, String)>, String> {
    let mut files = Vec::new();
    for below in [""].into_iter().chain(FOLDERS) {
        let Ok(entries) = std::fs::read_dir(folder.join(below)) else {
            if below.is_empty() {
                return Err(format!("{} is no directory", folder.display()));
            }
            continue;
        };
        let mut names = Vec::new();
        for entry in entries {
            let entry = entry.map_err(|error| format!("cannot read {}: {error}", folder.display()))?;
            let (kind, name) = (entry.file_type().map_err(|error| error.to_string())?, entry.file_name());
            let other = || {
                format!(
                    "{} is neither a file of a package nor one of its folders",
                    clip(&entry.path().to_string_lossy(), 200)
                )
            };
            let name = name.into_string().map_err(|_| other())?;
            if kind.is_file() {
                names.push(name);
            } else if !kind.is_dir() || !below.is_empty() || !FOLDERS.contains(&name.as_str()) {
                return Err(other());
            }
        }
        names.sort();
        for name in names {
            let path = if below.is_empty() { name } else { format!("{below}/{name}") };
            let text = read_inside(folder, &path, MOST).map_err(|error| format!("cannot read {path}: {error}"))?;
            files.push((path, text));
        }
    }
    Ok(files)
}

#[cfg(test)]
mod tests {
    use super::*;

    const EWMA: &str = include_str!("../../../../../../tests/fixtures/candidates/modelled/ewma.rs");

    /// A candidate with a tunable `scale` for a target.
    fn candidate(target: &Target) -> &'static str {
        match target.of.problem {
            problems::admission::NAME => EWMA,
            _ => include_str!("../../../../../../tests/fixtures/candidates/modelled-limiters/duty.rs"),
        }
    }

    /// A package with no decisions, without its scale's default.
    fn whole(target: &'static Target) -> Vec<(String, String)> {
        let hash = |text: &str| Hash::of(text.as_bytes()).as_str().to_owned();
        let request = Request {
            target,
            source: candidate(target),
            name: "my-own",
            holder: "Me & Co.",
            set: &[("scale".to_owned(), 0.1 + 0.2)],
            provenance: json!({ "source": hash(candidate(target)), "decisions": hash("{}") }),
            found: Value::Null,
        };
        let mut files = package(&request).expect("a package").files;
        files.push((DECISIONS.to_owned(), "{}".to_owned()));
        files
    }

    fn put(files: &mut Vec<(String, String)>, path: &str, text: &str) {
        files.retain(|(own, _)| own != path);
        files.push((path.to_owned(), text.to_owned()));
    }

    #[test]
    fn a_package_is_what_its_candidate_is_translated_into() {
        for target in TARGETS {
            let mut files = whole(target);
            let standing = Standing::of(&files).expect("as it was written");
            assert_eq!((standing.made.go.as_str(), standing.target.name), ("myown", target.name));
            put(&mut files, "README.md", "mine");
            assert!(Standing::of(&files).is_ok_and(|own| own.edited.is_empty()), "nobody runs what its README says");
            let configuration = files.iter().map(|(path, _)| path.clone()).find(|path| path.ends_with("config.yaml"));
            if let Some(path) = configuration {
                put(&mut files, &path, "mode: [");
                assert_eq!(Standing::of(&files).expect("as it was written").edited, [path]);
            }
        }
    }

    #[test]
    fn a_package_with_a_line_of_others_is_not_run() {
        let files = whole(TARGETS[0]);
        let (policy, patch) =
            (text(&files, "policy.go").expect("Go"), text(&files, "deploy/runner.patch").expect("Go"));
        let escaping = format!("{patch}--- /dev/null\n+++ b/../x\n@@ -0,0 +1,1 @@\n+x\n");
        for (path, text, said) in [
            ("policy.go", policy.replace("0.9", "0.8"), "policy.go was edited"),
            ("policy.go", format!("import ( // \"fmt\"\n\t\"os/exec\"\n)\n{policy}"), "policy.go was edited"),
            ("a_test.go", "package myown\n".to_owned(), "a_test.go is no file of a package"),
            ("testdata/x.syso", String::new(), "testdata/x.syso is no file of a package"),
            ("deploy/runner.patch", escaping, "deploy/runner.patch was edited"),
            ("plugin.go", "const Type = \"../x\"\n".to_owned(), "`../x` is no name"),
            (DECISIONS, "[]".to_owned(), "is not the one that provenance.json names"),
            ("provenance.json", "{}".to_owned(), "names no target"),
        ] {
            let mut files = files.clone();
            put(&mut files, path, &text);
            let wrong = Standing::of(&files).expect_err(path);
            assert!(wrong.contains(said), "{wrong}");
        }
        let without: Vec<_> = files.into_iter().filter(|(path, _)| path != "contract.go").collect();
        assert!(Standing::of(&without).unwrap_err().contains("contract.go is missing"));
        assert!(advice(&json!("0.0.1")).contains("of elenchus 0.0.1, this is "));
    }

    #[test]
    #[cfg(unix)]
    fn a_package_with_a_link_or_a_folder_of_others_is_none() {
        use std::os::unix::ffi::OsStrExt;
        let wrong = |make: &dyn Fn(&Path) -> std::io::Result<()>| {
            let folder = tempfile::tempdir().expect("a directory");
            std::fs::create_dir(folder.path().join("deploy")).expect("a directory");
            std::fs::write(folder.path().join("policy.go"), "package mine\n").expect("a file");
            assert_eq!(read(folder.path()).expect("a package").len(), 1);
            make(folder.path()).expect("another entry");
            read(folder.path()).expect_err("no package")
        };
        assert!(wrong(&|at| std::os::unix::fs::symlink("policy.go", at.join("zz.go"))).contains("zz.go is neither"));
        assert!(wrong(&|at| std::fs::create_dir(at.join("deploy/more"))).contains("more is neither"));
        assert!(wrong(&|at| std::fs::create_dir(at.join("internal"))).contains("internal is neither"));
        let odd = std::ffi::OsStr::from_bytes(b"y\xff.go");
        assert!(wrong(&|at| std::fs::write(at.join(odd), "package mine\n")).contains("is neither"));
    }

    #[test]
    fn a_candidate_of_a_million_brackets_is_refused_and_not_read() {
        let mut files = whole(TARGETS[0]);
        let deep = format!("const A: u8 = {}1{};\n", "(".repeat(1_000_000), ")".repeat(1_000_000));
        let provenance = text(&files, PROVENANCE).expect("JSON");
        let hash = |text: &str| Hash::of(text.as_bytes()).as_str().to_owned();
        let provenance = provenance.replace(&hash(EWMA), &hash(&deep));
        put(&mut files, PROVENANCE, &provenance);
        put(&mut files, SOURCE, &deep);
        let wrong = Standing::of(&files).unwrap_err();
        assert!(wrong.starts_with("testdata/policy.rs:1:1: "), "{wrong}");
    }
}

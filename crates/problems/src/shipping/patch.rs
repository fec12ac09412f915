//! Lines that are put into a file of others, as a unified diff and the other way round.

use std::fmt::Write;
use std::path::{Component, Path};

/// Lines that go between two lines.
#[derive(Clone, Debug)]
pub struct Insertion {
    /// The lines around them, as they are in the file.
    pub context: Vec<String>,
    /// Before which line of the context they go.
    pub at: usize,
    /// The lines.
    pub lines: Vec<String>,
}

/// What is put into one file, from the top down.
#[derive(Clone, Debug)]
pub struct Edit {
    /// The file's path.
    pub file: String,
    /// The lines.
    pub insertions: Vec<Insertion>,
}

/// What a diff does to one file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// The file's path.
    pub file: String,
    /// Lines as they are and as they are to be.
    pub hunks: Vec<(Vec<String>, Vec<String>)>,
}

/// A unified diff of insertions into a text, from the top down, that `git apply` and `patch` take; of one that is not there yet, a
/// new file.
pub fn diff(file: &str, text: Option<&str>, insertions: &[Insertion]) -> Result<String, String> {
    let lines: Vec<&str> = text.unwrap_or_default().lines().collect();
    let old = if text.is_some() { format!("a/{file}") } else { "/dev/null".to_owned() };
    let mut out = format!("--- {old}\n+++ b/{file}\n");
    let mut added = 0;
    for Insertion { context, at, lines: new } in insertions {
        if text.is_none() {
            let _ = writeln!(out, "@@ -0,0 +1,{} @@", new.len());
            new.iter().for_each(|line| out.push_str(&format!("+{line}\n")));
            continue;
        }
        let line = 1 + found(&lines, context).ok_or_else(|| not_there(file, context))?;
        let count = context.len();
        let _ = writeln!(out, "@@ -{line},{count} +{},{} @@", line + added, count + new.len());
        let before = context[..*at].iter().map(|line| (' ', line));
        let after = context[*at..].iter().map(|line| (' ', line));
        for (sign, line) in before.chain(new.iter().map(|line| ('+', line))).chain(after) {
            let _ = writeln!(out, "{sign}{line}");
        }
        added += new.len();
    }
    Ok(out)
}

/// What a unified diff changes, below the folder that it is applied in; or why it is none.
pub fn changes(diff: &str) -> Result<Vec<Change>, String> {
    let changes = read(diff).ok_or("it is no patch")?;
    match changes.iter().find(|change| !is_below(&change.file)) {
        Some(Change { file, .. }) => Err(format!("it changes `{file}`, which does not lie below the checkout")),
        None => Ok(changes),
    }
}

/// Whether a path leads down only. Joined to a folder, `/x` is `/x`.
fn is_below(file: &str) -> bool {
    let mut parts = Path::new(file).components().peekable();
    parts.peek().is_some() && parts.all(|part| matches!(part, Component::Normal(_)))
}

fn read(diff: &str) -> Option<Vec<Change>> {
    let mut changes: Vec<Change> = Vec::new();
    for line in diff.lines() {
        if let Some(file) = line.strip_prefix("+++ b/") {
            changes.push(Change { file: file.to_owned(), hunks: vec![] });
        } else if line.starts_with("--- ") {
            continue;
        } else if line.starts_with("@@ ") {
            changes.last_mut()?.hunks.push((vec![], vec![]));
        } else {
            let (old, new) = changes.last_mut()?.hunks.last_mut()?;
            let (sign, rest) = line.split_at_checked(1)?;
            match sign {
                " " => {
                    old.push(rest.to_owned());
                    new.push(rest.to_owned());
                }
                "+" => new.push(rest.to_owned()),
                "-" => old.push(rest.to_owned()),
                _ => return None,
            }
        }
    }
    (!changes.is_empty()).then_some(changes)
}

impl Change {
    /// The text with the change, wherever in it the lines are; or which are not there. Of no text, a new file.
    pub fn applied(&self, text: Option<&str>) -> Result<String, String> {
        let missing = || format!("there is no {}", self.file);
        let mut lines: Vec<String> = text.unwrap_or_default().lines().map(str::to_owned).collect();
        for (old, new) in &self.hunks {
            match (text, old.is_empty()) {
                (None, true) => return Ok(new.join("\n") + "\n"),
                (None, false) => return Err(missing()),
                (Some(_), true) => return Err(format!("{} is there already", self.file)),
                (Some(_), false) => {}
            }
            let at = found(&lines, old).ok_or_else(|| not_there(&self.file, old))?;
            lines.splice(at..at + old.len(), new.iter().cloned());
        }
        Ok(lines.join("\n") + "\n")
    }
}

/// Where lines stand below each other for the first time.
fn found<A: AsRef<str>, B: AsRef<str>>(lines: &[A], wanted: &[B]) -> Option<usize> {
    let same = |window: &[A]| window.iter().zip(wanted).all(|(one, other)| one.as_ref() == other.as_ref());
    lines.windows(wanted.len().max(1)).position(same)
}

fn not_there<B: AsRef<str>>(file: &str, wanted: &[B]) -> String {
    let lines: Vec<&str> = wanted.iter().map(|line| line.as_ref().trim()).collect();
    format!("{file} does not have these lines below each other: {}", lines.join(" / "))
}

/// A tree of these files, to which git has applied a patch.
#[cfg(test)]
pub(crate) fn applied_by_git(files: &[(&str, &str)], patch: &str) -> tempfile::TempDir {
    let tree = tempfile::tempdir().expect("a directory");
    for (path, text) in files {
        let file = tree.path().join(path);
        std::fs::create_dir_all(file.parent().expect("a parent")).expect("a directory");
        std::fs::write(file, text).expect("a file");
    }
    std::fs::write(tree.path().join("own.patch"), patch).expect("a file");
    let applied = std::process::Command::new("git").args(["apply", "own.patch"]).current_dir(tree.path()).output();
    let applied = applied.expect("git, which there is where there is a checkout");
    assert!(applied.status.success(), "{patch}\n{}", String::from_utf8_lossy(&applied.stderr));
    tree
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_diff_applies_where_its_lines_are_and_says_which_are_not() {
        let own = |lines: &[&str]| lines.iter().map(|line| (*line).to_owned()).collect::<Vec<String>>();
        let text = "a\nb\nc\nd\ne\n";
        let insertions = [
            Insertion { context: own(&["a", "b"]), at: 1, lines: own(&["new"]) },
            Insertion { context: own(&["d", "e"]), at: 1, lines: own(&["newer", "newest"]) },
        ];
        let diff = diff("x.go", Some(text), &insertions).expect("the lines are there");
        assert!(diff.contains("@@ -1,2 +1,3 @@\n a\n+new\n b\n@@ -4,2 +5,4 @@\n d\n+newer\n+newest\n e\n"), "{diff}");
        let change = &changes(&diff).expect("a diff")[0];
        assert_eq!(change.applied(Some(text)).as_deref(), Ok("a\nnew\nb\nc\nd\nnewer\nnewest\ne\n"));
        assert_eq!(change.applied(Some("more\na\nb\nd\ne\n")).as_deref(), Ok("more\na\nnew\nb\nd\nnewer\nnewest\ne\n"));
        assert!(change.applied(Some("a\nx\nb\nd\ne\n")).unwrap_err().contains("a / b"));
        assert!(changes("no diff").is_err());
        let new = [Insertion { context: vec![], at: 0, lines: own(&["a", "", "b"]) }];
        let made = super::diff("y.go", None, &new).expect("a diff");
        assert_eq!(made, "--- /dev/null\n+++ b/y.go\n@@ -0,0 +1,3 @@\n+a\n+\n+b\n");
        let made = &changes(&made).expect("a diff")[0];
        assert_eq!(made.applied(None).as_deref(), Ok("a\n\nb\n"));
        assert!(made.applied(Some("")).is_err());
        assert!(change.applied(None).is_err());
    }
    #[test]
    fn a_diff_of_what_does_not_lie_below_its_folder_is_none() {
        let of = |file: &str| changes(&format!("--- /dev/null\n+++ b/{file}\n@@ -0,0 +1,1 @@\n+x\n"));
        for file in ["../x", "/abs", "a/../../x", ".", "", "./x"] {
            assert!(of(file).unwrap_err().contains("below the checkout"), "{file}");
        }
        assert_eq!(of("a/..x/b.go").map(|changes| changes[0].file.clone()).as_deref(), Ok("a/..x/b.go"));
    }
}

//! A source as edits of another one: pairs of what stands there and what is to stand there.

use super::text::line;

const SEARCH: &str = "<<<<<<< SEARCH";
const INSTEAD: &str = "=======";
const REPLACE: &str = ">>>>>>> REPLACE";

/// Whether a text holds edits.
pub(super) fn has(text: &str) -> bool {
    text.lines().any(|line| line.trim_end() == SEARCH)
}

/// A source with these edits, one after the other. What an edit looks for has to stand there once.
pub(super) fn applied(edits: &str, source: &str) -> Result<String, String> {
    let mut text = source.to_owned();
    let mut lines = edits.lines();
    while lines.by_ref().any(|line| line.trim_end() == SEARCH) {
        let found = block(&mut lines, INSTEAD)?;
        let instead = block(&mut lines, REPLACE)?;
        if found.trim().is_empty() {
            return Err("an edit looks for nothing".into());
        }
        match text.matches(&found).count() {
            1 => text = text.replacen(&found, &instead, 1),
            times => return Err(format!("an edit looks for `{}`, which stands there {times} times", line(&found, 80))),
        }
    }
    Ok(text)
}

/// The lines up to the one that ends them.
fn block<'a>(lines: &mut impl Iterator<Item = &'a str>, end: &str) -> Result<String, String> {
    let mut block = String::new();
    for line in lines {
        if line.trim_end() == end {
            return Ok(block);
        }
        block.push_str(line);
        block.push('\n');
    }
    Err(format!("an edit has no line `{end}`"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const SOURCE: &str = "a\nb\nc\n";

    fn edit(found: &str, instead: &str) -> String {
        format!("{SEARCH}\n{found}\n{INSTEAD}\n{instead}\n{REPLACE}\n")
    }

    #[test]
    fn edits_are_made_one_after_the_other() {
        let both = edit("b", "x\ny") + "prose\n" + &edit("x", "z");
        assert!(has(&both) && !has(SOURCE));
        assert_eq!(applied(&both, SOURCE).as_deref(), Ok("a\nz\ny\nc\n"));
    }

    #[test]
    fn an_edit_of_what_is_not_there_once_is_refused_with_what_it_looks_for() {
        assert!(applied(&edit("d", "e"), SOURCE).unwrap_err().contains("`d`, which stands there 0 times"));
        assert!(applied(&edit("a", "b"), "a\na\n").unwrap_err().contains("2 times"));
        assert!(applied(&edit(" ", "b"), SOURCE).unwrap_err().contains("nothing"));
        assert!(applied(&format!("{SEARCH}\na\n{INSTEAD}\nb"), SOURCE).unwrap_err().contains(REPLACE));
    }
}

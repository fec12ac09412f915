//! Finds what was asked for in what a model wrote: JSON or Rust, in a fence, among prose, after thoughts.

use super::edits;
use super::text::{clean, line};
use serde_json::Value;

/// The longest source that is taken for one: a policy has a few hundred lines at most.
const SOURCE_BYTES: usize = 64 << 10;
/// Braces of prose that are passed over in the search for an object.
const TRIES: usize = 200;

/// The JSON object in a reply: in the last fenced block that holds one, else the outermost one in the text.
pub(super) fn object(reply: &str) -> Result<Value, String> {
    let text = after_thoughts(reply);
    let blocks = fences(text);
    let fenced = blocks.iter().rev().map(|block| block.text.trim()).find(|text| text.starts_with('{'));
    let json = match fenced {
        Some(json) => json,
        None => outermost(text).ok_or("the reply holds no JSON object")?,
    };
    serde_json::from_str(json).map_err(|error| format!("the reply is not valid JSON: {error}{}", place(json, &error)))
}

/// The Rust source in a reply: the last fenced block that implements `hook`, the trait of the contract, else the last one;
/// without a fence the whole text if it implements that.
pub(super) fn source(reply: &str, hook: &str) -> Result<String, String> {
    let text = after_thoughts(reply);
    let blocks = fences(text);
    let implements = format!("impl {hook}");
    let is_policy = |text: &str| text.contains(&implements);
    let block = blocks.iter().rev().find(|block| is_policy(&block.text)).or(blocks.last());
    match block {
        Some(block) if !block.closed => Err("its code block does not end: the reply was cut off".into()),
        Some(block) => whole(&block.text),
        None if is_policy(text) => whole(text),
        None => Err("the reply holds no Rust code".into()),
    }
}

/// The Rust sources in a reply, one for each fenced block that implements `hook` or that edits `parent`, in their order and at most
/// so many. What is wrong with a block costs that block, which stands as a comment that says so: the others keep their places. Where
/// all are wrong, it is said of the first.
pub(super) fn sources(reply: &str, hook: &str, parent: Option<&str>, most: usize) -> Result<Vec<String>, String> {
    let implements = format!("impl {hook}");
    let mut sources: Vec<Result<String, String>> = Vec::new();
    for block in fences(after_thoughts(reply)).iter().filter(|block| block.closed) {
        let source = match parent.filter(|_| edits::has(&block.text)) {
            Some(parent) => edits::applied(&block.text, parent).and_then(|text| whole(&text)),
            None if block.text.contains(&implements) => whole(&block.text),
            None => continue,
        };
        if sources.len() < most {
            sources.push(source);
        }
    }
    if sources.iter().all(Result::is_err) {
        let first = sources.into_iter().find_map(Result::err);
        return Err(first.unwrap_or_else(|| "the reply holds no Rust code".into()));
    }
    let unusable =
        |problem: String| format!("// What was written for this design cannot be used: {}\n", line(&problem, 200));
    Ok(sources.into_iter().map(|source| source.unwrap_or_else(unusable)).collect())
}

/// A source as a whole.
fn whole(text: &str) -> Result<String, String> {
    let source = text.trim();
    if source.len() > SOURCE_BYTES {
        return Err(format!("the source has {} bytes; at most {SOURCE_BYTES} are taken", source.len()));
    }
    // What nobody can see has no place in a source that people read, prompts show and terminals print.
    match clean(source).trim() {
        "" => Err("its code block is empty".into()),
        source => Ok(format!("{source}\n")),
    }
}

/// A fence that nothing in `text` ends.
pub(super) fn fence(text: &str) -> String {
    let longest = text.split(|c| c != '`').map(str::len).max().unwrap_or(0);
    "`".repeat(longest.max(2) + 1)
}

struct Block {
    text: String,
    closed: bool,
}

/// The fenced blocks of a Markdown text, as CommonMark has them, at any indentation.
fn fences(text: &str) -> Vec<Block> {
    let mut blocks: Vec<Block> = Vec::new();
    let mut open: Option<(char, usize)> = None;
    for line in text.lines() {
        let trimmed = line.trim();
        let mark = trimmed.chars().next().filter(|c| matches!(c, '`' | '~'));
        let length = mark.map_or(0, |mark| trimmed.chars().take_while(|c| *c == mark).count());
        match (open, mark) {
            (None, Some(mark)) if length >= 3 && !trimmed[length..].contains('`') => {
                blocks.push(Block { text: String::new(), closed: false });
                open = Some((mark, length));
            }
            (Some((opened, least)), Some(mark)) if mark == opened && length >= least && length == trimmed.len() => {
                blocks.last_mut().expect("a block is open").closed = true;
                open = None;
            }
            (Some(_), _) => {
                let block = blocks.last_mut().expect("a block is open");
                block.text.push_str(line);
                block.text.push('\n');
            }
            (None, _) => {}
        }
    }
    blocks
}

/// What follows the thoughts that some models put in front of their answer.
fn after_thoughts(reply: &str) -> &str {
    match reply.rsplit_once("</think>") {
        Some((_, answer)) if !answer.trim().is_empty() => answer,
        _ => reply,
    }
}

/// From the first brace that begins a whole object to that object's end; without any, from the first brace to the last,
/// so that the parser can say what is wrong.
fn outermost(text: &str) -> Option<&str> {
    let (first, last) = (text.find('{')?, text.rfind('}').unwrap_or(text.len() - 1));
    let whole = text.get(first..=last).unwrap_or(&text[first..]);
    let mut best: Option<&str> = serde_json::from_str::<Value>(whole).is_ok().then_some(whole);
    let mut at = first;
    for _ in 0..TRIES {
        if best.is_some() {
            break;
        }
        let mut stream = serde_json::Deserializer::from_str(&text[at..]).into_iter::<serde::de::IgnoredAny>();
        match stream.next() {
            // Braces of prose, as in `{}`, hold no quoted name.
            Some(Ok(_)) if text[at..at + stream.byte_offset()].contains('"') => {
                best = Some(&text[at..at + stream.byte_offset()]);
            }
            // An object that does not end must not make its inner ones pass for the answer.
            Some(Err(error)) if error.is_eof() => break,
            _ => match text[at + 1..].find('{') {
                Some(next) => at += 1 + next,
                None => break,
            },
        }
    }
    Some(best.unwrap_or(whole))
}

/// The text around the place of a syntax error, so that a model can find it.
fn place(json: &str, error: &serde_json::Error) -> String {
    let Some(line) = json.lines().nth(error.line().saturating_sub(1)) else { return String::new() };
    let from = error.column().saturating_sub(40);
    let near: String = line.chars().skip(from).take(60).collect();
    format!(", near `{}`", near.trim())
}

#[cfg(test)]
mod tests {
    use super::*;

    const POLICY: &str = "use chooser::prelude::*;\npub struct Policy;\nimpl Chooser for Policy {}\n";

    #[test]
    fn json_is_found_in_a_fence_among_prose_and_bare() {
        let expected = serde_json::json!({"a": {"b": [1, "}"]}});
        let json = r#"{"a": {"b": [1, "}"]}}"#;
        for reply in [
            json.to_owned(),
            format!("Sure! Here it is:\n{json}\nTell me {{if}} you like it."),
            format!("First {{}} a thought {{x}}.\n{json}"),
            format!("```json\n{{\"old\": 1}}\n```\nBetter:\n```json\n{json}\n```\nand ```inline``` code"),
            format!("~~~\n{json}\n~~~"),
            format!("<think>maybe {{\"a\": 0}}?</think>\n{json}"),
            format!("```json\n{json}\n```\n```text\nno object\n```"),
        ] {
            assert_eq!(object(&reply).as_ref(), Ok(&expected), "{reply}");
        }
    }

    #[test]
    fn what_is_no_json_is_refused_with_its_place() {
        assert_eq!(object("I cannot do that."), Err("the reply holds no JSON object".into()));
        let error = object("```json\n{\"size\": .5, \"kind\": \"main\"}\n```").unwrap_err();
        assert!(error.contains("line 1 column 10") && error.contains("\"size\": .5"), "{error}");
        let error = object(r#"{"arms": [{"name": "main"}, {"na"#).unwrap_err();
        assert!(error.contains("EOF"), "{error}");
        assert!(object("}{").is_err() && object("").is_err() && object("{").is_err());
    }

    #[test]
    fn a_reply_of_braces_is_refused_quickly() {
        assert!(object(&"{".repeat(100_000)).is_err());
        assert!(object(&"{}".repeat(20_000)).is_err());
    }

    #[test]
    fn source_is_the_last_block_that_implements_the_contract() {
        let usage = "```rust\nlet policy = Policy;\n```";
        for reply in [
            format!("```rust\n{POLICY}```"),
            format!(
                "Draft:\n```rust\nimpl Chooser for Old {{}}\n```\nFinal:\n````rust\n{POLICY}````\nUse it so:\n{usage}"
            ),
            POLICY.to_owned(),
            format!("<think>\n```rust\nfn wrong() {{}}\n</think>\n  ```rust\n{POLICY}  ```\n"),
        ] {
            assert_eq!(source(&reply, "Chooser").as_deref(), Ok(POLICY), "{reply}");
        }
    }

    #[test]
    fn a_fence_inside_a_comment_does_not_end_the_block() {
        let policy = format!("//! ```\n//! x\n//! ```\n{POLICY}");
        assert_eq!(source(&format!("```rust\n{policy}```"), "Chooser").as_deref(), Ok(policy.as_str()));
    }

    #[test]
    fn a_reply_without_usable_code_says_what_is_missing() {
        assert_eq!(source("I would rather not.", "Chooser"), Err("the reply holds no Rust code".into()));
        assert_eq!(source("```rust\n```", "Chooser"), Err("its code block is empty".into()));
        assert!(source(&format!("```rust\n{POLICY}"), "Chooser").unwrap_err().contains("cut off"));
        assert!(
            source(&format!("```\n{}\n```", "x".repeat(SOURCE_BYTES + 1)), "Chooser").unwrap_err().contains("at most")
        );
    }

    #[test]
    fn each_block_of_several_variants_is_a_file_or_an_edit_and_a_bad_one_costs_itself_alone() {
        let edit = "<<<<<<< SEARCH\npub struct Policy;\n=======\npub struct Policy(u8);\n>>>>>>> REPLACE";
        let missing = edit.replace("Policy;", "Nobody;");
        let reply = format!(
            "One:\n```rust\n{POLICY}```\nTwo:\n```diff\n{edit}\n```\nThree:\n```diff\n{missing}\n```\n```text\nno code\n```\n```rust\n{POLICY}"
        );
        let edited = POLICY.replace("Policy;", "Policy(u8);");
        let unusable = "// What was written for this design cannot be used: an edit looks for `pub struct Nobody;`, which stands there 0 times\n";
        assert_eq!(sources(&reply, "Chooser", Some(POLICY), 8), Ok(vec![POLICY.into(), edited, unusable.into()]));
        assert_eq!(sources(&reply, "Chooser", Some(POLICY), 1).unwrap().len(), 1);
        let alone = format!("```diff\n{missing}\n```");
        assert!(sources(&alone, "Chooser", Some(POLICY), 8).unwrap_err().contains("pub struct Nobody;"));
        assert_eq!(sources("No.", "Chooser", None, 8), Err("the reply holds no Rust code".into()));
    }

    #[test]
    fn a_fence_is_longer_than_any_in_the_text() {
        assert_eq!(fence("plain"), "```");
        assert_eq!(fence("a ```` b"), "`````");
    }
}

//! A contract as somebody reads it who does not write against it: what there is to see and to answer, without how it is done and
//! without its preface, which a problem's passage on its system says to whoever plans.

/// The text without preface, attributes, private items, bodies of functions, and examples in the documentation.
pub(super) fn outline(contract: &str) -> String {
    let (mut kept, mut waiting) = (Vec::new(), Vec::new());
    let (mut example, mut deep, mut said) = (false, 0_i32, false);
    for line in contract.lines() {
        let code = line.trim();
        if code.starts_with("//!") {
            continue;
        }
        if deep > 0 {
            deep += depth(code);
            continue;
        }
        if let Some(words) = code.strip_prefix("///") {
            let fence = words.trim_start().starts_with("```");
            if !fence && !example {
                // What documents a private item goes with it.
                waiting.push(line);
            }
            example ^= fence;
            continue;
        }
        if code.starts_with("#[") || code.starts_with("#![") {
            continue;
        }
        // One trait is what a policy is; others help to write it.
        let helps =
            code.starts_with("pub mod ") || (code.starts_with("pub trait ") && std::mem::replace(&mut said, true));
        if is_private(line) || helps {
            waiting.clear();
            deep = depth(code).max(0);
            continue;
        }
        kept.append(&mut waiting);
        if code.contains("fn ") && code.ends_with('{') {
            kept.push(line.trim_end_matches(['{', ' ']));
            deep = depth(code);
        } else {
            kept.push(line);
        }
    }
    kept.append(&mut waiting);
    kept.dedup_by(|a, b| a.is_empty() && b.is_empty());
    kept.join("\n").trim().to_owned()
}

fn depth(code: &str) -> i32 {
    let count = |mark: char| code.chars().filter(|c| *c == mark).count() as i32;
    count('{') - count('}')
}

/// Whether an item or a field is nobody's but the contract's.
fn is_private(line: &str) -> bool {
    let code = line.trim_start();
    let begins = |words: &[&str]| words.iter().any(|word| code.starts_with(word));
    let at_the_top = code.len() == line.len();
    (at_the_top && begins(&["fn ", "const ", "static ", "use ", "mod ", "pub mod wire", "pub const SOURCE"]))
        || (code.ends_with(',') && code.split_once(':').is_some_and(|(name, _)| is_name(name)))
}

/// Whether it is the bare name of a field: one that is seen has `pub` before it.
fn is_name(text: &str) -> bool {
    !text.is_empty() && text.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_')
}

#[cfg(test)]
mod tests {
    use super::*;

    const CONTRACT: &str = "//! What a policy sees.
//!
//! ```
//! impl Chooser for Policy {}
//! ```
//!
//! No more.
#![no_std]

use core::mem;

/// What chooses.
pub trait Chooser {
    /// Chooses.
    fn choose(&mut self) -> bool;
}

/// A draw.
#[derive(Clone)]
pub struct Draw {
    /// How often.
    pub taken: u64,
    key: u64,
}

impl Draw {
    /// The next one.
    pub fn next(&mut self) -> u64 {
        if self.taken > 0 {
            self.taken += 1;
        }
        mix(self.key)
    }
}

/// Scatters.
fn mix(z: u64) -> u64 {
    z ^ 1
}

/// What `core` lacks.
pub trait Maths {
    /// A root.
    fn sqrt(self) -> f64;
}
";

    #[test]
    fn an_outline_says_what_there_is_and_not_how_it_is_done() {
        let expected = "/// What chooses.
pub trait Chooser {
    /// Chooses.
    fn choose(&mut self) -> bool;
}

/// A draw.
pub struct Draw {
    /// How often.
    pub taken: u64,
}

impl Draw {
    /// The next one.
    pub fn next(&mut self) -> u64
}";
        assert_eq!(outline(CONTRACT), expected);
    }

    #[test]
    fn what_has_nothing_to_leave_out_stays_as_it_is() {
        let text = "/// Chooses.\npub trait Chooser {\n    fn choose(&mut self) -> bool;\n}";
        assert_eq!(outline(text), text);
    }
}

//! A second reader of candidates, which shares no line with the screen: whatever it objects to the screen must refuse.
//!
//! It knows characters only: it drops comments, texts and lifetimes and looks for words and what stands beside them.

use std::path::Path;

use proptest::prelude::*;
use sandbox::{Kit, screen};

/// As the real contract is called; the screen needs no more of it.
const KIT: Kit = Kit {
    name: "admitter",
    files: &[],
    state: "",
    answer_bytes: 1,
    install: "",
    private: &["wire", "install_maths", "MathsTable", "MathsFn", "SOURCE"],
};

/// Words and single marks, in order; a raw identifier keeps its prefix.
fn pieces(source: &str) -> Vec<String> {
    let text: Vec<char> = source.chars().collect();
    let at = |index: usize| text.get(index).copied().unwrap_or('\0');
    let (mut pieces, mut here) = (Vec::new(), 0);
    while here < text.len() {
        let start = here;
        match (at(here), at(here + 1)) {
            ('/', '/') => here += text[here..].iter().take_while(|&&c| c != '\n').count(),
            ('/', '*') => here = after_comment(&text, here),
            // With a suffix, which the compiler refuses.
            ('"', _) => here = after_word(&text, after_text(&text, here + 1, '"')),
            ('\'', '\\') => here = after_text(&text, here + 1, '\''),
            ('\'', _) if at(here + 2) == '\'' => here += 3,
            ('\'', _) => here = after_word(&text, here + 1),
            (c, _) if c.is_alphanumeric() || c == '_' => {
                here = after_word(&text, here);
                let word: String = text[start..here].iter().collect();
                let hashes = text[here..].iter().take_while(|&&c| c == '#').count();
                match (word.as_str(), at(here + hashes), at(here)) {
                    ("r" | "br" | "cr", '"', _) => here = after_raw_text(&text, here + hashes + 1, hashes),
                    ("b" | "c", '"', _) => here = after_text(&text, here + 1, '"'),
                    ("b", _, '\'') => here = after_text(&text, here + 1, '\''),
                    ("r", _, '#') if hashes == 1 => {
                        here = after_word(&text, here + 1);
                        pieces.push(text[start..here].iter().collect());
                    }
                    _ => pieces.push(word),
                }
            }
            (c, _) => {
                here += 1;
                if !c.is_whitespace() {
                    pieces.push(c.to_string());
                }
            }
        }
    }
    pieces
}

fn after_word(text: &[char], here: usize) -> usize {
    here + text[here.min(text.len())..].iter().take_while(|c| c.is_alphanumeric() || **c == '_').count()
}

fn after_comment(text: &[char], mut here: usize) -> usize {
    let mut depth = 0;
    while here < text.len() {
        match text[here..] {
            ['/', '*', ..] => (depth, here) = (depth + 1, here + 2),
            ['*', '/', ..] => (depth, here) = (depth - 1, here + 2),
            _ => here += 1,
        }
        if depth == 0 {
            break;
        }
    }
    here
}

fn after_text(text: &[char], mut here: usize, end: char) -> usize {
    while here < text.len() && text[here] != end {
        here += if text[here] == '\\' { 2 } else { 1 };
    }
    here + 1
}

fn after_raw_text(text: &[char], mut here: usize, hashes: usize) -> usize {
    while here < text.len() {
        here += 1;
        if text[here - 1] == '"' && text[here..].iter().take(hashes).filter(|&&c| c == '#').count() == hashes {
            return here + hashes;
        }
    }
    here
}

/// What no candidate may contain, if it does.
fn objection(source: &str) -> Option<String> {
    const WORDS: [&str; 4] = ["unsafe", "extern", "macro_rules", "static"];
    const MACROS: [&str; 11] = [
        "include",
        "include_str",
        "include_bytes",
        "env",
        "option_env",
        "asm",
        "global_asm",
        "println",
        "eprintln",
        "file",
        "thread_local",
    ];
    const CRATES: [&str; 4] = ["std", "alloc", "proc_macro", "libc"];
    const OF_CORE: [&str; 8] =
        ["arch", "ptr", "intrinsics", "include_str", "include_bytes", "include", "env", "prelude"];
    const ATTRIBUTES: [&str; 9] = [
        "no_mangle",
        "path",
        "link",
        "link_section",
        "export_name",
        "feature",
        "cfg",
        "global_allocator",
        "panic_handler",
    ];
    let pieces = pieces(source);
    let plain = |index: usize| pieces.get(index).map_or("", |piece| piece.strip_prefix("r#").unwrap_or(piece));
    let mark = |index: usize, mark: &str| pieces.get(index).is_some_and(|piece| piece == mark);
    let path = |index: usize| mark(index, ":") && mark(index + 1, ":");
    let own = |word: &str| (1..pieces.len()).any(|index| pieces[index - 1] == "mod" && plain(index) == word);
    (0..pieces.len()).find_map(|index| {
        let word = plain(index);
        let offends = WORDS.contains(&pieces[index].as_str())
            || (MACROS.contains(&word) && mark(index + 1, "!") && ["(", "[", "{"].contains(&plain(index + 2)))
            || (CRATES.contains(&word) && path(index + 1) && !own(word))
            || (word == "core" && path(index + 1) && OF_CORE.contains(&plain(index + 3)))
            || (word == "admitter" && path(index + 1) && KIT.private.contains(&plain(index + 3)))
            || (word == "#" && mark(index + 1, "[") && ATTRIBUTES.contains(&plain(index + 2)))
            || (word == "#" && mark(index + 1, "!") && mark(index + 2, "[") && plain(index + 3) != "doc");
        offends.then(|| pieces[index..].iter().take(5).cloned().collect::<Vec<_>>().join(" "))
    })
}

/// Text that is Rust, passes the screen, and yet meets with an objection.
fn slips_through(source: &str) -> Option<String> {
    let passed = screen(source, &KIT).is_ok() && syn::parse_file(source).is_ok();
    passed.then(|| objection(source)).flatten()
}

fn corpus() -> Vec<String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/fixtures/candidates/hostile");
    let mut paths: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    paths.iter().map(|path| std::fs::read_to_string(path).unwrap()).collect()
}

#[test]
fn what_the_second_reader_objects_to_the_screen_refuses() {
    let corpus = corpus();
    let slipped: Vec<String> = corpus.iter().filter_map(|source| slips_through(source)).collect();
    assert!(slipped.is_empty(), "{slipped:?}");
    let objections = corpus.iter().filter(|source| objection(source).is_some()).count();
    assert!(objections > 30, "the control: {objections} of {}", corpus.len());
    assert_eq!(
        objection("// unsafe\nconst A: &'static str = \"std::x\"; /* /* */ static */ const B: char = '\"';"),
        None
    );
    assert_eq!(objection("const A: &str = r#\"\" unsafe \"#; const B: [u8; 2] = *b\"\\\"x\"; fn r#unsafe() {}"), None);
    assert!(objection("const A: char = '\\''; unsafe fn f() {}").is_some(), "the control");
}

/// A change of a program: where, in thousandths of its length, how much is taken away, what is put there.
fn edit() -> impl Strategy<Value = (usize, usize, &'static str)> {
    let piece = prop::sample::select(vec![
        "",
        " ",
        "\n",
        "/*",
        "*/",
        "//",
        "\"",
        "'",
        "r#\"",
        "\"#",
        "r#",
        "unsafe ",
        "static ",
        "extern ",
        "std::",
        "core::ptr::",
        "use ",
        "as ",
        "::",
        "!",
        "#",
        "[",
        "]",
        "(",
        ")",
        "{",
        "}",
        "include_str!(\"x\")",
        "env!(\"x\")",
        "#[no_mangle]",
        "#![allow(x)]",
        "macro_rules! m { () => {} }",
        "assert!(",
        "mod m { ",
        "super::",
        "crate::",
        "const A: u8 = 1;",
        "'a ",
        "pub ",
        "self::",
        "fn f() {}",
        "admitter::wire::",
        "b'\\''",
        "c\"x\"",
        "|| ",
        "&'static ",
    ]);
    (0..1000_usize, prop_oneof![4 => Just(0), 1 => 1..20_usize], piece)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1500, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_edit_of_a_hostile_program_passes_what_the_second_reader_objects_to(
        which in any::<prop::sample::Index>(),
        edits in prop::collection::vec(edit(), 1..5),
    ) {
        let corpus = corpus();
        let mut text: Vec<char> = which.get(&corpus).chars().collect();
        for (place, removed, put) in edits {
            let start = text.len() * place / 1000;
            let end = (start + removed).min(text.len());
            text.splice(start..end, put.chars());
        }
        let source: String = text.into_iter().collect();
        prop_assert_eq!(slips_through(&source), None, "{}", source);
    }

    #[test]
    fn no_edit_of_a_good_program_passes_what_the_second_reader_objects_to(edits in prop::collection::vec(edit(), 1..4)) {
        let mut source = GOOD.to_owned();
        for (place, _, put) in edits {
            // Between words, so that more of it stays Rust.
            let gaps: Vec<usize> = source.match_indices([' ', '\n']).map(|(at, _)| at).collect();
            source.insert_str(gaps[gaps.len() * place / 1000], put);
        }
        prop_assert_eq!(slips_through(&source), None, "{}", source);
    }
}

const GOOD: &str = "use admitter::prelude::*;\nuse core::mem;\npub struct Policy { seen: u32 }\nconst LIMIT: f64 = 0.5;\n\
    mod inner { pub fn half(x: f64) -> f64 { x / 2.0 } }\nimpl Admitter for Policy {\nfn new(_: &[f64]) -> Self { Policy { seen: 0 } }\n\
    fn admit(&mut self, request: &Request, cluster: &Cluster, draw: &mut Draw) -> Decision {\nself.seen += 1;\n\
    assert!(mem::size_of::<u8>() == 1);\nlet s = inner::half(cluster.saturation(5.0, 0.8));\n\
    Decision::reject_if(request.priority < 0 && s > LIMIT && draw.uniform() < s )\n}\n}\n";

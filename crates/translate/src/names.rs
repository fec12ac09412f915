//! Names of Rust as names of Go, and text of a candidate as text of a comment.

use crate::go::helpers;
use std::collections::BTreeSet;

/// What no name of a candidate may be: keywords, what is declared everywhere, packages, helpers.
const GO: &str = "break case chan const continue default defer else fallthrough for func go goto if import interface map package range \
    return select struct switch type var any append bool byte cap clear close comparable complex complex64 complex128 copy delete error \
    false float32 float64 imag int int8 int16 int32 int64 iota len make max min new nil panic print println real recover rune string \
    true uint uint8 uint16 uint32 uint64 uintptr math slices main init _";

/// Words that Go writes in one case.
const INITIALISMS: &str = "acl api ascii cpu css dns eof guid html http https id ip json lhs qps ram rhs rpc sla smtp sql ssh tcp tls \
    ttl udp ui uid uuid uri url utf8 vm xml";

/// Names that are taken.
#[derive(Clone, Debug)]
pub(crate) struct Taken {
    /// By Go, by what every package has, by the translated declarations.
    names: BTreeSet<String>,
    /// By what stands beside the translated code, which no variable gets in the way of.
    beside: BTreeSet<String>,
}

impl Taken {
    /// What is taken at the beginning.
    pub(crate) fn new(beside: &[String]) -> Self {
        let own = GO.split_whitespace().map(str::to_owned).chain(helpers::names().map(str::to_owned));
        Taken { names: own.collect(), beside: beside.iter().cloned().collect() }
    }

    /// Whether a declaration must not have the name.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.has_for_variable(name) || self.beside.contains(name)
    }

    /// Whether a variable must not have it.
    pub(crate) fn has_for_variable(&self, name: &str) -> bool {
        self.names.contains(name)
    }

    /// Takes the name, or the first free one that begins with it.
    pub(crate) fn take(&mut self, name: &str, suffix: &str) -> String {
        let free = first_free(name, suffix, |name| self.has(name));
        self.names.insert(free.clone());
        free
    }
}

/// The name, or the first of it with a suffix that is free.
pub(crate) fn first_free(name: &str, suffix: &str, is_taken: impl Fn(&str) -> bool) -> String {
    let suffixed = format!("{name}{suffix}");
    let numbered = (2..).map(|number| format!("{name}{number}"));
    let mut names = [name.to_owned(), suffixed].into_iter().chain(numbered);
    names.find(|name| !is_taken(name)).unwrap_or_default()
}

/// `snake_case` or `SCREAMING_CASE` as `camelCase`; with a capital where other packages see it.
pub(crate) fn camel(name: &str, exported: bool) -> String {
    let mut camel = String::new();
    for word in name.split('_').filter(|word| !word.is_empty()) {
        let word = if word.chars().any(char::is_lowercase) { word.to_owned() } else { word.to_lowercase() };
        let is_first = camel.is_empty();
        if INITIALISMS.split_whitespace().any(|known| known == word) && (!is_first || exported) {
            camel.push_str(&word.to_uppercase());
        } else if is_first && !exported {
            camel.push_str(&word);
        } else {
            let mut letters = word.chars();
            camel.extend(letters.next().into_iter().flat_map(char::to_uppercase));
            camel.push_str(letters.as_str());
        }
    }
    match camel.chars().next() {
        None => "_".to_owned(),
        Some(first) if first.is_ascii_digit() => format!("v{camel}"),
        Some(_) => camel,
    }
}

/// A line of a comment: one line, in ASCII, and nothing that Go or `gofmt` would read as more than words.
pub fn comment(text: &str) -> String {
    let mut line = String::new();
    for c in text.chars() {
        match c {
            '\u{2212}' | '\u{2010}'..='\u{2015}' => line.push('-'),
            '\u{d7}' => line.push('x'),
            '\u{b7}' => line.push('*'),
            '\u{2265}' => line.push_str(">="),
            '\u{2264}' => line.push_str("<="),
            '\u{2260}' => line.push_str("!="),
            '\u{2248}' => line.push('~'),
            '\u{b5}' | '\u{3bc}' => line.push('u'),
            '\u{b2}' => line.push_str("^2"),
            '\u{b3}' => line.push_str("^3"),
            '\u{2192}' => line.push_str("->"),
            '\u{2018}' | '\u{2019}' => line.push('\''),
            '\u{201c}' | '\u{201d}' => line.push('"'),
            '\u{2026}' => line.push_str("..."),
            ' '..='~' => line.push(c),
            '\t' => line.push(' '),
            _ => line.push('?'),
        }
    }
    let line = line.split_whitespace().collect::<Vec<_>>().join(" ");
    // `gofmt` makes quotes of doubled marks, and lists and headings of what looks like one; Go reads directives out of comments.
    let line = line.replace("``", "'").replace("''", "'");
    let mut marked = line.as_str();
    while let Some(rest) = ["- ", "* ", "+ ", "# ", "## ", "### "].iter().find_map(|mark| marked.strip_prefix(mark)) {
        marked = rest;
    }
    let marked = if marked.starts_with("go:") || marked.starts_with("nolint") || marked.starts_with("line ") {
        format!("({marked})")
    } else {
        marked.to_owned()
    };
    match marked.split_once(['.', ')']) {
        Some((number, rest))
            if !number.is_empty() && number.bytes().all(|b| b.is_ascii_digit()) && rest.starts_with(' ') =>
        {
            format!("({number}){rest}")
        }
        _ => marked,
    }
}

//! Rust source with its words coloured: comments, strings, numbers, keywords, types. What is not understood stays plain.

use super::escaped;

const KEYWORDS: [&str; 34] = [
    "as", "break", "const", "continue", "crate", "else", "enum", "extern", "false", "fn", "for", "if", "impl", "in",
    "let", "loop", "match", "mod", "move", "mut", "pub", "ref", "return", "self", "static", "struct", "trait", "true",
    "type", "use", "where", "while", "dyn", "unsafe",
];

/// The source, escaped, in spans of a class each.
pub(super) fn rust(source: &str) -> String {
    let mut out = String::with_capacity(source.len() * 2);
    let mut rest = source;
    while let Some(c) = rest.chars().next() {
        let (class, length) = token(rest, c);
        let (text, after) = rest.split_at(length);
        match class {
            "" => out += &escaped(text),
            class => out += &format!("<i class=\"{class}\">{}</i>", escaped(text)),
        }
        rest = after;
    }
    out
}

/// The class and the length of what the text begins with.
fn token(text: &str, first: char) -> (&'static str, usize) {
    let until = |stop: &dyn Fn(char) -> bool| text.find(stop).unwrap_or(text.len());
    if text.starts_with("//") {
        return ("c", until(&|c| c == '\n'));
    }
    if text.starts_with("/*") {
        return ("c", text.find("*/").map_or(text.len(), |at| at + 2));
    }
    match first {
        '"' => ("s", quoted(text)),
        '0'..='9' => ("m", until(&|c: char| !c.is_alphanumeric() && c != '_' && c != '.')),
        c if c.is_alphabetic() || c == '_' => {
            let length = until(&|c: char| !c.is_alphanumeric() && c != '_');
            let class = match &text[..length] {
                word if KEYWORDS.contains(&word) => "k",
                _ if c.is_uppercase() => "y",
                _ => "",
            };
            (class, length)
        }
        c => ("", c.len_utf8()),
    }
}

/// The length of a string, its quotes included.
fn quoted(text: &str) -> usize {
    let mut escaped = false;
    for (at, c) in text.char_indices().skip(1) {
        match c {
            '"' if !escaped => return at + 1,
            _ => escaped = c == '\\' && !escaped,
        }
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_coloured_and_markup_in_strings_and_comments_is_text() {
        assert_eq!(rust("let x: f64 = 1.5;"), "<i class=\"k\">let</i> x: f64 = <i class=\"m\">1.5</i>;");
        assert_eq!(rust("\"</i>\\\"<b>\""), "<i class=\"s\">&quot;&lt;/i&gt;\\&quot;&lt;b&gt;&quot;</i>");
        assert_eq!(rust("// <script>\nP"), "<i class=\"c\">// &lt;script&gt;</i>\n<i class=\"y\">P</i>");
        assert_eq!(rust("\"no end"), "<i class=\"s\">&quot;no end</i>");
    }
}

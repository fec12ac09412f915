//! The declarations of a Go file that is formatted as ours are, each as text.

/// A piece of a Go file.
pub(super) enum Part<'a> {
    /// A function: its first line, what it returns, all of it.
    Function { head: &'a str, result: &'a str, text: &'a str },
    /// A constant or a variable.
    Value { name: &'a str, text: &'a str },
    /// What is not changed.
    Other(&'a str),
}

impl<'a> Part<'a> {
    pub(super) fn text(&self) -> &'a str {
        match self {
            Part::Function { text, .. } | Part::Value { text, .. } | Part::Other(text) => text,
        }
    }
}

/// The pieces of a file that is formatted as ours are: a declaration ends at a line that is `}` or `)`, or in its first line.
pub(super) fn parts(text: &str) -> Vec<Part<'_>> {
    let mut parts = Vec::new();
    let mut rest = text;
    while !rest.is_empty() {
        let first = rest.find('\n').map_or(rest.len(), |end| end + 1);
        let line = &rest[..first];
        let open = line.trim_end().ends_with(['{', '(']) && !line.starts_with([' ', '\t', '/']);
        let end = match open {
            true => ["\n}\n", "\n)\n"].iter().filter_map(|end| Some(rest.find(end)? + end.len())).min(),
            false => None,
        };
        let whole = &rest[..end.unwrap_or(first)];
        parts.push(part(whole, line));
        rest = &rest[whole.len()..];
    }
    parts
}

fn part<'a>(whole: &'a str, head: &'a str) -> Part<'a> {
    if head.starts_with("func ") && whole.len() > head.len() {
        return Part::Function { head, result: result(head), text: whole };
    }
    let declared = head.strip_prefix("const ").or_else(|| head.strip_prefix("var "));
    let name = declared.and_then(|rest| rest.split([' ', '=']).next()).filter(|name| !name.starts_with('('));
    match name {
        Some(name) if head.contains(" = ") => Part::Value { name, text: whole },
        _ => Part::Other(whole),
    }
}

/// What a function returns, by its first line.
fn result(head: &str) -> &str {
    let bytes = head.as_bytes();
    let (mut depth, mut groups, mut end) = (0, 0, 0);
    // A method has a receiver before its parameters.
    let wanted = if head.starts_with("func (") { 2 } else { 1 };
    for (at, byte) in bytes.iter().enumerate() {
        match byte {
            b'(' => depth += 1,
            b')' => {
                depth -= 1;
                groups += usize::from(depth == 0);
                if depth == 0 && groups == wanted {
                    end = at + 1;
                    break;
                }
            }
            _ => {}
        }
    }
    head[end..].trim().trim_end_matches('{').trim()
}

/// What stands between the first line of a function and its last.
pub(super) fn body(text: &str) -> &str {
    let begin = text.find('\n').map_or(0, |end| end + 1);
    text[begin..].strip_suffix("}\n").unwrap_or(&text[begin..])
}

/// The same, but that each turn of a loop is counted.
pub(super) fn burning(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for line in text.lines() {
        out.push_str(line);
        let begins = line.trim_start();
        let begins = begins.split_once(": ").map_or(begins, |(_, rest)| rest);
        if (begins.starts_with("for ") || begins == "for {") && line.ends_with('{') {
            out.push_str(" harnessBurn();");
        }
        out.push('\n');
    }
    out
}

/// The value of a declaration, of the type that it says.
pub(super) fn value(text: &str) -> String {
    let (left, right) = text.split_once(" = ").unwrap_or(("", text));
    let mut words = left.split_whitespace().skip(2);
    match words.next() {
        Some(ty) => format!("{ty}({})", right.trim_end()),
        None => right.trim_end().to_owned(),
    }
}

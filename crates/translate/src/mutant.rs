//! Go with one thing changed, which the test of a policy has to notice.

/// A text with one constant or operator changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mutant {
    /// The line of the change, from 1.
    pub line: usize,
    /// Its column, from 1.
    pub column: usize,
    /// What stood there.
    pub was: String,
    /// What stands there now.
    pub is: String,
    /// The changed text.
    pub text: String,
}

/// All mutants of a Go file: each number changed in two ways, each operator replaced.
pub fn mutants(text: &str) -> Vec<Mutant> {
    let mut mutants = Vec::new();
    let mut declaring = false;
    for token in tokens(text) {
        let Token { at, end, line, column, kind } = token;
        let was = &text[at..end];
        if was == "import" || was == "package" {
            declaring = true;
        }
        if kind == Kind::NewLine {
            declaring = false;
            continue;
        }
        if declaring {
            continue;
        }
        for is in changed(was, kind, &text[..at], &text[end..]) {
            let text = format!("{}{is}{}", &text[..at], &text[end..]);
            mutants.push(Mutant { line, column, was: was.to_owned(), is, text });
        }
    }
    mutants
}

/// What a token may become.
fn changed(was: &str, kind: Kind, before: &str, after: &str) -> Vec<String> {
    let own = |texts: &[&str]| texts.iter().map(|&text| text.to_owned()).collect();
    match (kind, was) {
        (Kind::Number, _) => match (was.parse::<i128>(), was.parse::<f64>()) {
            // The length of an array type, or the step of a shift, changes no decision by itself: left to the compiler.
            (Ok(number), _) => vec![(number + 1).to_string()],
            (_, Ok(0.0)) => own(&["1.0"]),
            (_, Ok(number)) => vec![format!("{:?}", number * 1.01), format!("{:?}", number + 1.0)],
            _ => vec![],
        },
        (Kind::Operator, "+") => own(&["-"]),
        (Kind::Operator, "-") => own(&["+"]),
        (Kind::Operator, "*") => {
            // A pointer, where no value stands before it.
            let value = before.ends_with(|c: char| c.is_alphanumeric() || matches!(c, ')' | ']' | ' '));
            let typed =
                before.trim_end().ends_with(['(', ',', '=', '&', '|', '{', '!', '<', '>', ':', '+', '-', '/', '*']);
            let spaced = before.ends_with(' ') == after.starts_with(' ');
            if value && !typed && spaced && !is_type(before, after) { own(&["/"]) } else { vec![] }
        }
        (Kind::Operator, "/") => own(&["*"]),
        (Kind::Operator, "%") => own(&["*"]),
        (Kind::Operator, "<") => own(&["<=", ">="]),
        (Kind::Operator, "<=") => own(&["<", ">"]),
        (Kind::Operator, ">") => own(&[">=", "<="]),
        (Kind::Operator, ">=") => own(&[">", "<"]),
        (Kind::Operator, "==") => own(&["!="]),
        (Kind::Operator, "!=") => own(&["=="]),
        (Kind::Operator, "&&") => own(&["||"]),
        (Kind::Operator, "||") => own(&["&&"]),
        (Kind::Operator, "+=") => own(&["-="]),
        (Kind::Operator, "-=") => own(&["+="]),
        (Kind::Operator, "++") => own(&["--"]),
        (Kind::Operator, "--") => own(&["++"]),
        (Kind::Operator, "!") => own(&[""]),
        (Kind::Word, "true") => own(&["false"]),
        (Kind::Word, "false") => own(&["true"]),
        (Kind::Word, "min") => own(&["max"]),
        (Kind::Word, "max") => own(&["min"]),
        // Go's own, which differ from the helpers in NaN alone: a package may have but one helper of the two.
        (Kind::Word, "fmin") => own(&["max"]),
        (Kind::Word, "fmax") => own(&["min"]),
        _ => vec![],
    }
}

/// Whether a star between a name and a name is that of a pointer type, as in a parameter.
fn is_type(before: &str, after: &str) -> bool {
    let line = before.rsplit('\n').next().unwrap_or_default();
    line.starts_with("func ") && line.contains('(') && !line.contains('{')
        || (line.starts_with('\t')
            && line.trim().chars().all(|c| c.is_alphanumeric())
            && before.ends_with(' ')
            && !after.starts_with(' '))
        || line.trim_start().starts_with("var ")
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Word,
    Number,
    Operator,
    NewLine,
}

#[derive(Clone, Copy, Debug)]
struct Token {
    at: usize,
    end: usize,
    line: usize,
    column: usize,
    kind: Kind,
}

/// The longest first: `>>=` is none of `>` and `>=`.
const OPERATORS: [&str; 24] = [
    "<<=", ">>=", "&^=", "&^", "&&", "||", "==", "!=", "<=", ">=", "+=", "-=", "*=", "/=", "++", "--", ":=", "<<",
    ">>", "+", "-", "*", "/", "%",
];

/// The tokens of a Go text, without comments and texts.
fn tokens(text: &str) -> Vec<Token> {
    let bytes = text.as_bytes();
    let (mut tokens, mut at, mut line, mut begin) = (Vec::new(), 0, 1, 0);
    while at < bytes.len() {
        let rest = &text[at..];
        let first = bytes[at];
        let column = at - begin + 1;
        let mut push = |length: usize, kind: Kind| tokens.push(Token { at, end: at + length, line, column, kind });
        let length = if first == b'\n' {
            push(1, Kind::NewLine);
            line += 1;
            begin = at + 1;
            1
        } else if rest.starts_with("//") {
            rest.find('\n').unwrap_or(rest.len())
        } else if rest.starts_with("/*") {
            rest.find("*/").map_or(rest.len(), |end| end + 2)
        } else if first == b'"' {
            let mut escaped = false;
            let end = rest.bytes().skip(1).position(|byte| {
                let ends = byte == b'"' && !escaped;
                escaped = byte == b'\\' && !escaped;
                ends
            });
            end.map_or(rest.len(), |end| end + 2)
        } else if first == b'`' {
            rest[1..].find('`').map_or(rest.len(), |end| end + 2)
        } else if first.is_ascii_alphabetic() || first == b'_' {
            let length = rest.bytes().take_while(|byte| byte.is_ascii_alphanumeric() || *byte == b'_').count();
            push(length, Kind::Word);
            length
        } else if first.is_ascii_digit() {
            let length = number_length(rest);
            push(length, Kind::Number);
            length
        } else if let Some(operator) = OPERATORS.iter().find(|operator| rest.starts_with(**operator)) {
            push(operator.len(), Kind::Operator);
            operator.len()
        } else if matches!(first, b'<' | b'>' | b'!') {
            push(1, Kind::Operator);
            1
        } else {
            rest.chars().next().map_or(1, char::len_utf8)
        };
        at += length;
    }
    tokens
}

/// A number with its exponent.
fn number_length(rest: &str) -> usize {
    let bytes = rest.as_bytes();
    let mut at = 0;
    while at < bytes.len() {
        let signed = matches!(bytes[at], b'+' | b'-')
            && at > 0
            && matches!(bytes[at - 1], b'e' | b'E')
            && !rest.starts_with("0x");
        if !(bytes[at].is_ascii_alphanumeric() || bytes[at] == b'.' || bytes[at] == b'_' || signed) {
            break;
        }
        at += 1;
    }
    at
}

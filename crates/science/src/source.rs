//! How long the description of a candidate is, and edits of its text.

use proc_macro2::{TokenStream, TokenTree};
use std::ops::Range;

/// Digits of a number that count as one token. All digits that a float can have are then four tokens, no more than the
/// shortest name of such a number (`f64::EPSILON`).
const DIGITS: usize = 5;
/// Bytes of a name that count as one token.
const NAME: usize = 32;

/// The description length of a source: how many tokens it has, those in the arguments of macros included. None if it cannot
/// be split into tokens.
///
/// Names, marks and brackets count one each, and a name one more for every 32 bytes beyond the first. A literal counts for
/// what it can hold: a number one for every started five of its digits, the exponent's included; a text as the list of its
/// bytes would, two for each and one more. Layout and comments count nothing, documentation only where the source is not normalised.
///
/// Looks at each token once, and does not recurse.
pub fn description_length(normalised: &str) -> Option<u32> {
    Some(tokens(normalised)?.map(|token| weight(&token)).sum())
}

fn weight(token: &TokenTree) -> u32 {
    let weight = match token {
        TokenTree::Group(_) => 2, // it opens and closes
        TokenTree::Punct(_) => 1,
        TokenTree::Ident(name) => name.to_string().len().div_ceil(NAME),
        TokenTree::Literal(literal) => {
            let text = literal.to_string();
            match text.split_once(['"', '\'']) {
                Some((_, quoted)) => 2 * quoted.len().saturating_sub(1) + 1,
                None => digits(&text).div_ceil(DIGITS).max(1),
            }
        }
    };
    weight as u32
}

/// The digits of a number, without its prefix and its suffix.
fn digits(number: &str) -> usize {
    let (digits, radix) = match number.as_bytes() {
        [b'0', b'x', ..] => (&number[2..], 16),
        [b'0', b'o', ..] => (&number[2..], 8),
        [b'0', b'b', ..] => (&number[2..], 2),
        _ => (number, 10),
    };
    let belongs = |c: &char| c.is_digit(radix) || matches!(c, '_' | '.' | 'e' | 'E' | '+' | '-');
    let count = digits.chars().take_while(belongs).filter(|c| c.is_digit(radix)).count();
    // A hexadecimal digit says as much as 1.2 decimal ones.
    if radix == 16 { (count * 6).div_ceil(5) } else { count }
}

/// All tokens of a source in the order of its text, a group before what it holds; none if it cannot be split into tokens.
pub(crate) fn tokens(source: &str) -> Option<impl Iterator<Item = TokenTree>> {
    let mut open = vec![source.parse::<TokenStream>().ok()?.into_iter()];
    Some(std::iter::from_fn(move || {
        loop {
            step();
            match open.last_mut()?.next() {
                Some(token) => {
                    if let TokenTree::Group(group) = &token {
                        open.push(group.stream().into_iter());
                    }
                    return Some(token);
                }
                None => drop(open.pop()),
            }
        }
    }))
}

/// Counts one step of reading in tests, and does nothing else.
#[inline]
pub(crate) fn step() {
    #[cfg(test)]
    STEPS.set(STEPS.get() + 1);
}

#[cfg(test)]
thread_local! {
    /// Steps that this thread took.
    pub(crate) static STEPS: std::cell::Cell<usize> = const { std::cell::Cell::new(0) };
}

/// A statement or item with the rest of its line, and with what was said of it in the lines above.
pub(crate) fn with_line(source: &str, place: &Range<usize>) -> Range<usize> {
    let rest = &source[place.end..];
    let blank = rest.len() - rest.trim_start_matches([' ', '\t']).len();
    let end = place.end + blank + usize::from(rest[blank..].starts_with('\n'));
    let mut start = source[..place.start].trim_end_matches([' ', '\t']).len();
    while let Some(above) = source[..start].strip_suffix('\n') {
        let line = above.rfind('\n').map_or(0, |at| at + 1);
        if !above[line..].trim_start().starts_with("// ") {
            break;
        }
        start = line;
    }
    start..end
}

/// The source with other text at some places; none if two of them overlap.
pub(crate) fn edited(source: &str, mut edits: Vec<(Range<usize>, String)>) -> Option<String> {
    edits.sort_by_key(|(place, _)| (place.start, place.end));
    let (mut text, mut done) = (String::with_capacity(source.len()), 0);
    for (place, other) in edits {
        text.push_str(source.get(done..place.start)?);
        text.push_str(&other);
        done = place.end;
    }
    text.push_str(source.get(done..)?);
    Some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn length(source: &str) -> u32 {
        description_length(source).unwrap()
    }

    #[test]
    fn names_marks_and_each_bracket_count_one() {
        assert_eq!(length("fn f(x: f64) -> f64 { x + 1.0 }"), 15);
        assert_eq!(length("a::b<'c>"), 8);
        assert_eq!(description_length("fn ("), None);
    }

    #[test]
    fn layout_and_comments_count_nothing() {
        assert_eq!(length("a  /* b */ +\n c // d"), 3);
    }

    #[test]
    fn the_arguments_of_macros_count_as_all_else() {
        assert_eq!(length("assert!({ k = 300.5; true })"), 2 + 2 + 2 + 5);
    }

    #[test]
    fn a_number_counts_by_its_digits_however_it_is_spelled() {
        let one = ["300.0", "0.8", "5", "1e-7", "0x12c", "0b101u8", "300_f64", "1_000.0", "48231"];
        assert_eq!(one.map(length), [1; 9]);
        assert_eq!(
            ["0.278612", "0x12c000", "2.220446049250313e-16", "1.7976931348623157e308"].map(length),
            [2, 2, 4, 4]
        );
        assert_eq!(length(&"9".repeat(100)), 20);
    }

    #[test]
    fn a_text_counts_as_the_list_of_its_bytes() {
        let list = |text: &str| length(&format!("{:?}", text.as_bytes()));
        for text in ["a", "abc", "300.0 250.0 0.5", "~~~~~~~~~~~~~~~~"] {
            let all = [format!("{text:?}"), format!("b{text:?}"), format!("c{text:?}"), format!("r#\"{text}\"#")];
            assert!(all.iter().all(|spelled| length(spelled) >= list(text)), "{text}");
        }
        assert_eq!(["'a'", "b'a'", "\"\"", "\"\u{4e00}\""].map(length), [3, 3, 1, 7]);
    }

    #[test]
    fn a_name_says_no_more_than_a_name_for_long() {
        assert_eq!((length("predicted_output_tokens"), length(&"a".repeat(33)), length(&"a".repeat(320))), (1, 2, 10));
    }

    /// Steps that all readers of this crate take together.
    fn steps(source: &str) -> usize {
        STEPS.set(0);
        let _ = (description_length(source), crate::retune::declared(source), crate::retune::inlined(source));
        for change in crate::simplify::changes(source) {
            let _ = crate::simplify::changed(source, &[change]);
        }
        let _ = crate::simplify::changed(source, &[]);
        STEPS.get()
    }

    #[test]
    fn a_text_of_twice_the_length_takes_twice_the_steps() {
        // The parser recurses; what calls these readers gives them a stack for all that the screen lets pass.
        let count = || {
            let (once, twice) = (crate::shapes::shapes(220), crate::shapes::shapes(440));
            for ((name, short), (_, long)) in once.iter().zip(&twice) {
                let (short, long) = (steps(short), steps(long));
                assert!(10 * long <= 22 * short + 1000, "{name}: {short} steps, and {long} for twice as much");
            }
        };
        std::thread::Builder::new().stack_size(256 << 20).spawn(count).unwrap().join().unwrap();
    }

    #[test]
    fn edits_are_made_where_they_belong_and_never_in_the_same_place() {
        let edit = |place, text: &str| (place, text.to_owned());
        assert_eq!(edited("abcdef", vec![edit(4..5, ""), edit(0..2, "x"), edit(3..3, "y")]).unwrap(), "xcydf");
        assert_eq!(edited("abcdef", vec![edit(0..3, ""), edit(2..4, "")]), None);
    }
}

//! Text that somebody else wrote, as it may be shown: to a terminal, in a report, in a prompt, in a commit.
//!
//! A model's words, the name of a directory, a cell of a trace, a compiler's quotation of a candidate: each may hold what
//! commands a terminal, reorders what is read, or hides what a person does not see and a model does. All of it goes through
//! [`clean`] on its way out; nothing else decides which characters may be shown.

use unicode_properties::{GeneralCategory, UnicodeGeneralCategory};

/// A text with its lines and tabs and without anything that cannot be seen: whole colour and cursor sequences, every other
/// control character, and format characters. What separates lines or pages in other ways than a line feed becomes a space.
///
/// Letters, marks, digits, symbols and ordinary spaces of every script stay. Joiners go, so an emoji of several parts
/// falls into its parts, and cleaning again changes nothing.
pub fn clean(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text.chars().peekable();
    while let Some(c) = rest.next() {
        match c {
            '\n' | '\t' => out.push(c),
            '\u{1b}' if rest.peek() == Some(&'[') => {
                rest.next();
                skip_control_sequence(&mut rest);
            }
            '\u{9b}' => skip_control_sequence(&mut rest),
            '\u{b}' | '\u{c}' | '\u{85}' | '\u{2028}' | '\u{2029}' => out.push(' '),
            // An unfinished sequence of another kind must not swallow what follows: only its control characters go.
            c if is_invisible(c) => {}
            c => out.push(c),
        }
    }
    out
}

/// A text in one line: cleaned, and with one space wherever there was any.
pub fn line(text: &str) -> String {
    clean(text).split_whitespace().collect::<Vec<_>>().join(" ")
}

/// At most `length` characters of `text`; an ellipsis stands for the rest.
pub fn clip(text: &str, length: usize) -> String {
    match text.char_indices().nth(length) {
        None => text.to_owned(),
        Some(_) => {
            let end = text.char_indices().nth(length.saturating_sub(1)).map_or(0, |(at, _)| at);
            format!("{}…", &text[..end])
        }
    }
}

/// A text whose lines are [`clip`]ped to this length each: one endless line fills no screen.
pub fn clip_lines(text: &str, length: usize) -> String {
    text.split('\n').map(|line| clip(line, length)).collect::<Vec<_>>().join("\n")
}

/// JSON in which what cannot be seen is written as JSON's own escapes: the same values, and fit to be looked at.
pub fn escaped_json(json: &str) -> String {
    let mut out = String::with_capacity(json.len());
    for c in json.chars() {
        if is_invisible(c) || matches!(c, '\u{2028}' | '\u{2029}') {
            c.encode_utf16(&mut [0; 2]).iter().for_each(|unit| out.push_str(&format!("\\u{unit:04x}")));
        } else {
            out.push(c);
        }
    }
    out
}

/// Whether a text is fit to be a name: 1 to `length` characters in one line, all of which can be seen.
pub fn is_name(text: &str, length: usize) -> bool {
    !text.is_empty() && text.chars().nth(length).is_none() && line(text) == text
}

/// Parameters and the final byte of an ANSI control sequence.
fn skip_control_sequence(rest: &mut std::iter::Peekable<std::str::Chars<'_>>) {
    while rest.next_if(|c| ('\u{20}'..='\u{3f}').contains(c)).is_some() {}
    rest.next_if(|c| ('\u{40}'..='\u{7e}').contains(c));
}

/// Whether a character is none that a person sees: a control or format character, or one of those others that Unicode calls
/// default-ignorable (fillers, variation selectors, what is reserved for more of them).
fn is_invisible(c: char) -> bool {
    if c.is_ascii() {
        return c.is_ascii_control();
    }
    let ignorable = matches!(c,
        '\u{34f}' | '\u{115f}'..='\u{1160}' | '\u{17b4}'..='\u{17b5}' | '\u{180b}'..='\u{180f}' | '\u{2060}'..='\u{206f}'
        | '\u{3164}' | '\u{fe00}'..='\u{fe0f}' | '\u{ffa0}' | '\u{fff0}'..='\u{fffb}' | '\u{e0000}'..='\u{e0fff}');
    ignorable || matches!(c.general_category(), GeneralCategory::Control | GeneralCategory::Format)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_and_titles_lose_their_power_and_the_words_stay() {
        assert_eq!(line("\u{1b}[31mred\u{1b}[0m\nand \u{9b}2J\u{1b}]0;title\u{7}on\u{202e}"), "red and ]0;titleon");
        assert_eq!(clean("fn a() {\n\tb()\r\n}"), "fn a() {\n\tb()\n}");
        assert_eq!(line("an unfinished \u{1b}["), "an unfinished");
        assert_eq!(line("\u{1b}\u{1b}[[31m\u{9b}\u{9b}31mx"), "31mx", "what is left after one sequence is no other");
    }

    #[test]
    fn nothing_that_cannot_be_seen_is_left() {
        let control = (0..0x20).chain(0x7f..0xa0).filter(|c| ![0x9, 0xa].contains(c));
        let ranges = [0xad..=0xad, 0x34f..=0x34f, 0x600..=0x605, 0x61c..=0x61c, 0x6dd..=0x6dd, 0x70f..=0x70f];
        let more = [0x115f..=0x1160, 0x17b4..=0x17b5, 0x180b..=0x180f, 0x200b..=0x200f, 0x2028..=0x202e];
        let last = [0x2060..=0x206f, 0x3164..=0x3164, 0xfe00..=0xfe0f, 0xfeff..=0xfeff, 0xffa0..=0xffa0];
        let high = [0xfff9..=0xfffb, 0x110bd..=0x110bd, 0x1bca0..=0x1bca3, 0x1d173..=0x1d17a, 0xe0000..=0xe01ef];
        let others = [ranges.as_slice(), &more, &last, &high].concat().into_iter().flatten();
        for code in control.chain(others) {
            let c = char::from_u32(code).unwrap();
            assert!(!clean(&format!("a{c}b")).contains(c), "U+{code:04X}");
        }
    }

    #[test]
    fn ordinary_text_of_any_script_stays_as_it_is() {
        for text in [
            "Ἔλεγχος: τί ἐστιν ἀρετή;",
            "دحض الفرضيات ١٢٣",
            "הפרכה של השערות, כן?",
            "反駁によって知識に至る。",
            "खण्डन से ज्ञान",
            "naïve café, e\u{301} = é, ½ ≤ π · 10⁻⁴ → ∞ …",
            "🦀 and 👍🏽\tin columns\nand lines",
        ] {
            assert_eq!(clean(text), text);
        }
    }

    #[test]
    fn an_emoji_of_several_parts_falls_into_them_and_nothing_breaks() {
        assert_eq!(clean("👩\u{200d}💻 ❤\u{fe0f}"), "👩💻 ❤");
        assert_eq!(clean("می\u{200c}خواهم"), "میخواهم");
        let tagged = "flag 🏴\u{e0067}\u{e0062}\u{e007f} over";
        assert_eq!(clean(tagged), "flag 🏴 over");
    }

    #[test]
    fn cleaning_again_changes_nothing() {
        for text in
            ["\u{1b}\u{9b}[[m", "\u{1b}[\u{1b}[2J", "a\u{2028}b\u{85}c\u{c}", "\u{9b}\u{1b}[31", "x\u{200b}[\u{1b}"]
        {
            let once = clean(text);
            assert_eq!(clean(&once), once, "{text:?}");
        }
        assert_eq!(line("a\u{2028}b\u{85}c"), "a b c", "no words grow together");
    }

    #[test]
    fn clipping_counts_characters_and_leaves_short_text_alone() {
        assert_eq!(clip("äöü", 3), "äöü");
        assert_eq!(clip("äöüß", 3), "äö…");
        assert_eq!(clip_lines("abcdef\nab\n", 3), "ab…\nab\n");
    }

    #[test]
    fn escaped_json_says_the_same_and_hides_nothing() {
        let value = serde_json::json!({"a\u{200b}": "\u{e0041}\u{2028}\u{9b}\u{1b} Ἔλεγχος 👍🏽"});
        let json = escaped_json(&value.to_string());
        assert_eq!(serde_json::from_str::<serde_json::Value>(&json).unwrap(), value);
        assert_eq!(clean(&json), json);
    }

    #[test]
    fn a_name_is_short_and_can_be_seen() {
        assert!(is_name("calm", 4) && is_name("a b", 10) && is_name("ἀρετή", 5));
        for text in ["", "calmer", " a", "a\nb", "a\u{200b}", "\u{1b}[31ma", "a  b"] {
            assert!(!is_name(text, 5), "{text:?}");
        }
    }
}

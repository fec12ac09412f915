//! Text of bounded length.

/// At most `length` characters of `text`; an ellipsis stands for the rest.
pub(super) fn clip(text: &str, length: usize) -> String {
    match text.char_indices().nth(length) {
        None => text.to_owned(),
        Some(_) => {
            let end = text.char_indices().nth(length.saturating_sub(1)).map_or(0, |(at, _)| at);
            format!("{}…", &text[..end])
        }
    }
}

/// At most `length` characters of `text` on one line and without control characters: what others wrote cannot pass for a
/// heading or a list of ours, nor steer a terminal.
pub(super) fn line(text: &str, length: usize) -> String {
    let words = text.split(|c: char| c.is_whitespace() || c.is_control()).filter(|word| !word.is_empty());
    clip(&words.collect::<Vec<_>>().join(" "), length)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clipping_counts_characters_and_leaves_short_text_alone() {
        assert_eq!(clip("äöü", 3), "äöü");
        assert_eq!(clip("äöüß", 3), "äö…");
        assert_eq!(line("a\n\n# b", 10), "a # b");
        assert_eq!(line("\u{1b}[2Jgone\u{7}", 10), "[2Jgone");
    }
}

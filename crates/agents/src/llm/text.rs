//! Text of bounded length.

pub(super) use science::text::{clean, clip};

/// At most `length` characters of `text` on one line: what others wrote cannot pass for a heading or a list of ours.
pub(super) fn line(text: &str, length: usize) -> String {
    clip(&science::text::line(text), length)
}

/// The beginning of a text, cut between lines to at most `length` characters; says how many lines were left out.
pub(super) fn excerpt(text: &str, length: usize) -> String {
    /// Characters of the sentence about what was left out.
    const NOTICE: usize = 40;
    if text.chars().nth(length).is_none() {
        return text.to_owned();
    }
    let (mut room, mut kept) = (length.saturating_sub(NOTICE), Vec::new());
    for line in text.lines() {
        let taken = line.chars().count() + 1;
        if taken > room {
            break;
        }
        room -= taken;
        kept.push(line);
    }
    if kept.is_empty() {
        return clip(text, length);
    }
    let omitted = text.lines().count() - kept.len();
    format!("{}\n… {omitted} more lines are left out", kept.join("\n").trim_end())
}

/// A source in at most `length` characters: whole where it fits, else without lines of comments, else without lines of its middle,
/// where neither constants nor what decides stand.
pub(super) fn source(text: &str, length: usize) -> String {
    /// Characters of the sentence about what was left out.
    const NOTICE: usize = 60;
    let fits = |text: &str| text.chars().nth(length).is_none();
    if fits(text) {
        return text.to_owned();
    }
    let says = |line: &&str| !line.trim_start().starts_with("//");
    let lines: Vec<&str> = text.lines().filter(says).collect();
    if fits(&lines.join("\n")) {
        return lines.join("\n");
    }
    let room = length.saturating_sub(NOTICE);
    let within = |room: usize, lines: &mut dyn Iterator<Item = &&str>| {
        let mut taken = 0;
        lines
            .take_while(|line| {
                taken += line.chars().count() + 1;
                taken <= room
            })
            .count()
    };
    let head = within(room / 3, &mut lines.iter());
    let tail = within(room - room / 3, &mut lines[head..].iter().rev());
    let (first, rest) = lines.split_at(head);
    let (cut, last) = rest.split_at(rest.len() - tail);
    let notice = format!("// … comments and {} lines are left out here", cut.len());
    first.iter().copied().chain([notice.as_str()]).chain(last.iter().copied()).collect::<Vec<_>>().join("\n")
}

/// The beginning of a text, at most `length` characters, cut after a sentence or a line where there is one.
pub(super) fn sentences(text: &str, length: usize) -> String {
    let Some((end, _)) = text.char_indices().nth(length) else { return text.to_owned() };
    let (head, next) = (&text[..end], text[end..].chars().next());
    let mut stops = head.char_indices().filter(|(at, c)| {
        let after = head[at + c.len_utf8()..].chars().next().or(next);
        *c == '\n' || (matches!(c, '.' | '!' | '?') && after.is_none_or(char::is_whitespace))
    });
    match stops.next_back() {
        // A stop so early that most would be lost is none.
        Some((at, stop)) if at >= end / 2 => head[..at + stop.len_utf8()].trim_end().to_owned(),
        _ => clip(text, length),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_one_line_of_bounded_length() {
        assert_eq!(line("a\n\n# b", 10), "a # b");
        assert_eq!(line("\u{1b}[2Jgone\u{7} for good", 5), "gone…");
    }

    #[test]
    fn an_excerpt_ends_with_a_line_and_counts_the_others() {
        assert_eq!(excerpt("a\nb", 10), "a\nb");
        let text = "first line\n".repeat(20);
        let cut = excerpt(&text, 100);
        assert_eq!(cut, "first line\n".repeat(5) + "… 15 more lines are left out");
        assert_eq!(excerpt(&"x".repeat(200), 100).chars().count(), 100, "one endless line");
    }

    #[test]
    fn a_source_loses_its_comments_first_and_then_its_middle() {
        let text = "// why\nconst A: f64 = 1.0;\nfn f() {}";
        assert_eq!(source(text, 100), text);
        assert_eq!(source(text, 35), "const A: f64 = 1.0;\nfn f() {}");
        let long = "first();\n".repeat(20) + &"last();\n".repeat(20);
        let cut = source(&long, 150);
        assert_eq!(
            cut,
            "first();\n".repeat(3)
                + "// … comments and 30 lines are left out here\n"
                + "last();\n".repeat(7).trim_end()
        );
        assert!(source(&"x".repeat(500), 100).chars().count() <= 100, "one endless line");
    }

    #[test]
    fn a_long_text_ends_with_a_sentence() {
        let text = "Saves 2.5 % at k = 1.5. It holds in all scenarios. The next one";
        assert_eq!(sentences(text, 100), text);
        assert_eq!(sentences(text, 60), "Saves 2.5 % at k = 1.5. It holds in all scenarios.");
        assert_eq!(sentences(text, 22), "Saves 2.5 % at k = 1.…", "a decimal point is no stop");
        assert_eq!(sentences("one line\nand another", 12), "one line");
    }
}

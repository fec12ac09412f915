//! Numbers as they are shown, and other people's words as they may be.

use science::spec::Unit;
use science::stats::Interval;
pub(crate) use science::text::{clean, clip_lines, line};

/// A fraction as a percentage with one decimal.
pub(crate) fn percent(fraction: f64) -> String {
    size(Unit::Fraction, fraction)
}

/// What is left of the declared space, and what can be said of the rest, by how many points where that is known.
pub(crate) fn left(volume: f64, false_exclusion: Option<f64>, points: Option<u32>) -> String {
    let bound = false_exclusion.map_or_else(String::new, |bound| {
        let by = points.map_or_else(String::new, |points| format!(" by {points} audited points"));
        format!(
            " (of what is excluded at most {} is better than what was known, with 95 % confidence{by})",
            percent(bound)
        )
    });
    match volume {
        all if all >= 1.0 => "all of the declared space (nothing is excluded)".into(),
        part => format!("{} of the declared space{bound}", percent(part)),
    }
}

/// A text whose percentages stay with their sign wherever its lines are broken.
pub(crate) fn whole_percentages(text: &str) -> String {
    text.replace(" %", "\u{a0}%")
}

/// A percentage with its interval, `12.3 % [11.8, 12.8]`; without one, the bare number.
pub(crate) fn percent_within(fraction: f64, interval: Option<[f64; 2]>) -> String {
    size_within(Unit::Fraction, fraction, interval)
}

/// A percentage, or a dash where it is not defined.
pub(crate) fn percent_or_dash(fraction: Option<f64>) -> String {
    fraction.map_or_else(|| "-".into(), percent)
}

/// A number of points with two decimals.
pub(crate) fn points(points: f64) -> String {
    fixed(points, 2)
}

/// An amount in its unit: percent of a fraction, points (0.01) of a logarithm.
pub(crate) fn size(unit: Unit, value: f64) -> String {
    size_within(unit, value, None)
}

/// The same with its interval, if there is one: `1.00 points [-2.00, 4.00]`.
pub(crate) fn size_within(unit: Unit, value: f64, interval: Option<[f64; 2]>) -> String {
    let (factor, decimals, sign) = match unit {
        Unit::Plain => (1.0, 3, ""),
        Unit::Fraction => (100.0, 1, " %"),
        Unit::Log => (100.0, 2, " points"),
        // Latencies are recorded in µs and read in ms.
        Unit::Micros => (1e-3, 1, " ms"),
        Unit::Millis => (1.0, 1, " ms"),
        Unit::Tokens => (1.0, 0, " tokens"),
        // A mean of counts is no whole number.
        Unit::Count => (1.0, usize::from(value.fract() != 0.0), ""),
    };
    let number = |value: f64| fixed(value * factor, decimals);
    let within = interval.map_or_else(String::new, |[low, high]| format!(" [{}, {}]", number(low), number(high)));
    format!("{}{sign}{within}", number(value))
}

/// A measured difference with its interval; an interval of no width is that of one trace, and none.
pub fn effect(unit: Unit, i: Interval) -> String {
    if i.low == i.high {
        return format!("{} (one trace: no interval)", size(unit, i.estimate));
    }
    size_within(unit, i.estimate, Some([i.low, i.high]))
}

/// A name as it is spoken.
pub(crate) fn spaced(name: &str) -> String {
    name.replace(['_', '-'], " ")
}

/// A text with a capital at its beginning.
pub(crate) fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

/// A number with a fixed count of decimals, never `-0.0`; a dash where it is none.
pub(crate) fn fixed(value: f64, decimals: usize) -> String {
    if !value.is_finite() {
        return "-".into();
    }
    let text = format!("{value:.decimals$}");
    match text.strip_prefix('-') {
        Some(rest) if rest.chars().all(|c| c == '0' || c == '.') => rest.to_owned(),
        _ => text,
    }
}

/// The same with its sign, which nothing has not.
pub(crate) fn signed(value: f64, decimals: usize) -> String {
    let text = fixed(value, decimals);
    let is_nothing = !text.contains(|c: char| ('1'..='9').contains(&c));
    if value > 0.0 && !is_nothing { format!("+{text}") } else { text }
}

/// `1 candidate`, `2 candidates`; `1 reply`, `2 replies`.
pub(crate) fn count(n: usize, noun: &str) -> String {
    match noun.strip_suffix("ly") {
        Some(stem) if n != 1 => format!("{n} {stem}lies"),
        _ => format!("{n} {noun}{}", if n == 1 { "" } else { "s" }),
    }
}

/// A number with a comma between thousands.
pub(crate) fn grouped(n: u64) -> String {
    let digits = n.to_string();
    let first = digits.len() % 3;
    let (head, rest) = digits.split_at(first);
    let groups = rest.as_bytes().chunks(3).map(|group| String::from_utf8_lossy(group).into_owned());
    let groups: Vec<String> = (!head.is_empty()).then(|| head.to_owned()).into_iter().chain(groups).collect();
    groups.join(",")
}

/// US dollars: to the cent, or to two digits where there is less than a cent.
pub(crate) fn money(usd: f64) -> String {
    if usd <= 0.0 || usd >= 0.01 {
        return fixed(usd, 2);
    }
    let decimals = (1.0 - usd.log10().floor()).min(9.0) as usize;
    fixed(usd, decimals)
}

/// A moment as `2026-11-22 13:47 UTC`.
pub fn moment(unix_ms: i64) -> String {
    let minutes = unix_ms.div_euclid(60_000);
    let (days, minute) = (minutes.div_euclid(1440), minutes.rem_euclid(1440));
    // Days since 0000-03-01: with the leap day at the end of the year, months have a regular length.
    let z = days + 719_468;
    let era = z.div_euclid(146_097);
    let day_of_era = z.rem_euclid(146_097);
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted_month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted_month + 2) / 5 + 1;
    let month = if shifted_month < 10 { shifted_month + 3 } else { shifted_month - 9 };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    format!("{year:04}-{month:02}-{day:02} {:02}:{:02} UTC", minute / 60, minute % 60)
}

/// How a command begins that finds campaigns again, which may be kept in another directory than usual.
pub fn elenchus(state_dir: Option<&str>) -> String {
    state_dir.map_or_else(|| "elenchus".into(), |directory| format!("elenchus --state-dir {}", shell(&line(directory))))
}

/// One word for a POSIX shell, quoted where it must be.
pub(crate) fn shell(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./:=,@+".contains(c);
    if !word.is_empty() && word.chars().all(plain) { word.into() } else { format!("'{}'", word.replace('\'', r"'\''")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentages_have_one_decimal_and_no_negative_zero() {
        assert_eq!(percent(0.12345), "12.3 %");
        assert_eq!(percent(-0.0001), "0.0 %");
        assert_eq!(percent_within(0.1, Some([-0.0001, 0.2])), "10.0 % [0.0, 20.0]");
    }

    #[test]
    fn nothing_has_no_sign_and_what_is_no_number_is_a_dash() {
        assert_eq!([0.004, -0.004, 1.0, -1.0].map(|n| signed(n, 2)), ["0.00", "0.00", "+1.00", "-1.00"]);
        assert_eq!([f64::NAN, f64::INFINITY].map(|n| fixed(n, 1)), ["-", "-"]);
        assert_eq!(percent_within(f64::NAN, Some([f64::NAN, 0.1])), "- % [-, 10.0]");
    }

    #[test]
    fn small_sums_of_money_are_not_rounded_to_nothing() {
        assert_eq!([0.0, 5.0, 0.126, 0.00042, 0.0099].map(money), ["0.00", "5.00", "0.13", "0.00042", "0.0099"]);
        assert_eq!([0, 999, 1000, 34_567, 1_000_000].map(grouped), ["0", "999", "1,000", "34,567", "1,000,000"]);
        assert_eq!((count(1, "reply"), count(2, "reply")), ("1 reply".into(), "2 replies".into()));
    }

    #[test]
    fn log_units_are_shown_as_points_with_two_decimals() {
        assert_eq!(size(Unit::Log, 0.0123), "1.23 points");
        let interval = Interval { estimate: 0.01, low: -0.02, high: 0.04 };
        assert_eq!(effect(Unit::Log, interval), "1.00 points [-2.00, 4.00]");
    }

    #[test]
    fn whole_counts_have_no_decimals_and_names_are_spoken_with_spaces() {
        assert_eq!([12.0, 1.5].map(|n| size(Unit::Count, n)), ["12", "1.5"]);
        assert_eq!((spaced("late_boxes"), capital("late boxes")), ("late boxes".into(), "Late boxes".into()));
    }

    #[test]
    fn moments_follow_the_calendar() {
        assert_eq!(moment(0), "1970-01-01 00:00 UTC");
        assert_eq!(moment(951_782_399_999), "2000-02-28 23:59 UTC");
        assert_eq!(moment(951_782_400_000), "2000-02-29 00:00 UTC");
        assert_eq!(moment(-1), "1969-12-31 23:59 UTC");
    }

    #[test]
    fn a_directory_with_spaces_or_quotes_stays_one_word_of_a_shell() {
        assert_eq!(shell("experiments/post"), "experiments/post");
        assert_eq!(shell("my $(rm) 'x'"), r"'my $(rm) '\''x'\'''");
    }
}

//! Checks of numbers and names in the file of a population, which may come from a stranger.

/// The most choices of a list.
const CHOICES: usize = 16;

/// Nothing, or what is wrong as (key, problem).
pub(crate) type Checked = Result<(), (String, String)>;

pub(crate) fn within(key: &str, value: f64, low: f64, high: f64) -> Checked {
    match (low..=high).contains(&value) {
        true => Ok(()),
        false => Err((key.into(), format!("must lie between {low} and {high}, not {value}"))),
    }
}

pub(crate) fn range(key: &str, [from, to]: [f64; 2], low: f64, high: f64) -> Checked {
    within(key, from, low, high)?;
    within(key, to, low, high)?;
    match from <= to {
        true => Ok(()),
        false => Err((key.into(), format!("must not end at {to}, below its start {from}"))),
    }
}

pub(crate) fn choices(key: &str, count: usize) -> Checked {
    match (1..=CHOICES).contains(&count) {
        true => Ok(()),
        false => Err((key.into(), format!("must name 1 to {CHOICES} choices, not {count}"))),
    }
}

/// Names go into a text: one that could end its own quotes could say anything there.
pub(crate) fn plain(key: &str, name: &str) -> Checked {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | '_');
    match !name.is_empty() && name.len() <= 60 && name.chars().all(plain) {
        true => Ok(()),
        false => Err((key.into(), "must be a name of letters, digits, `-`, `.` and `_`".into())),
    }
}

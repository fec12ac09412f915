//! Two sources, where they differ.

use similar::{Algorithm, DiffOp, capture_diff_slices};
use std::ops::Range;

/// Lines around a change that are shown.
const AROUND: usize = 2;

/// Two texts side by side.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Difference {
    /// What the left one is.
    pub(crate) left: String,
    /// What the right one is.
    pub(crate) right: String,
    /// Changed lines and a few around them; none stands for what is left out. Empty where nothing differs.
    pub(crate) rows: Vec<Option<Row>>,
}

/// A line of each text, with its number from 1; none where the other has no such line.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Row {
    pub(crate) left: Option<(usize, String)>,
    pub(crate) right: Option<(usize, String)>,
    /// Whether both are the same.
    pub(crate) same: bool,
}

/// Two texts, each with its name, line by line.
pub(crate) fn difference((left, old): (&str, &str), (right, new): (&str, &str)) -> Difference {
    let (before, after): (Vec<&str>, Vec<&str>) = (old.lines().collect(), new.lines().collect());
    let rows = capture_diff_slices(Algorithm::Patience, &before, &after)
        .iter()
        .flat_map(|op| rows(op, &before, &after))
        .collect::<Vec<_>>();
    Difference { left: left.into(), right: right.into(), rows: shown(rows) }
}

fn rows(op: &DiffOp, before: &[&str], after: &[&str]) -> Vec<Row> {
    let same = matches!(op, DiffOp::Equal { .. });
    let line = |range: &Range<usize>, at: usize, lines: &[&str]| {
        range.clone().nth(at).map(|at| (at + 1, lines[at].to_owned()))
    };
    let (old, new) = (op.old_range(), op.new_range());
    let row = |at| Row { left: line(&old, at, before), right: line(&new, at, after), same };
    (0..old.len().max(new.len())).map(row).collect()
}

/// The rows that are near a change, with a gap for the others.
fn shown(rows: Vec<Row>) -> Vec<Option<Row>> {
    let changed: Vec<usize> = (0..rows.len()).filter(|at| !rows[*at].same).collect();
    let is_near = |at: usize| {
        let next = changed.partition_point(|change| *change < at);
        let close = |change: Option<&usize>| change.is_some_and(|change| change.abs_diff(at) <= AROUND);
        close(changed.get(next)) || close(next.checked_sub(1).and_then(|before| changed.get(before)))
    };
    let mut out: Vec<Option<Row>> = Vec::new();
    for (at, row) in rows.into_iter().enumerate() {
        match is_near(at) {
            true => out.push(Some(row)),
            false if !changed.is_empty() && out.last().is_none_or(Option::is_some) => out.push(None),
            false => {}
        }
    }
    out
}

impl Difference {
    /// How many lines changed.
    pub(crate) fn changed(&self) -> usize {
        self.rows.iter().flatten().filter(|row| !row.same).count()
    }

    /// The same one line under the other, as `diff -u` has it.
    pub(crate) fn unified(&self) -> String {
        let mut out = String::new();
        let mut added = String::new();
        for row in &self.rows {
            let changed = row.as_ref().is_some_and(|row| !row.same);
            if !changed {
                out += &std::mem::take(&mut added);
            }
            match row {
                None => out += "@@\n",
                Some(row) if row.same => out += &format!("  {}\n", row.left.as_ref().map_or("", |(_, line)| line)),
                Some(row) => {
                    out.extend(row.left.iter().map(|(_, line)| format!("- {line}\n")));
                    added.extend(row.right.iter().map(|(_, line)| format!("+ {line}\n")));
                }
            }
        }
        out + &added
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_changed_and_a_little_around_it_is_shown() {
        let lines = |changed: &str| {
            (0..20).map(|at| if at == 10 { format!("{changed}\n") } else { format!("line {at}\n") }).collect::<String>()
        };
        let (old, new) = (lines("old"), lines("new"));
        let found = difference(("a", &old), ("b", &new));
        assert_eq!(found.unified(), "@@\n  line 8\n  line 9\n- old\n+ new\n  line 11\n  line 12\n@@\n");
        assert!(difference(("a", &old), ("b", &old)).rows.is_empty());
    }
}

//! Text for a terminal.

use crate::evaluation::Evaluation;
use crate::record::Record;

/// The lineage report, `width` columns wide.
pub fn report(record: &Record<'_>, width: usize, color: bool) -> String {
    format!("campaign {} {width} {color}\n", record.id)
}

/// Where a campaign stands, in a few lines.
pub fn status(record: &Record<'_>) -> String {
    format!("campaign {}\n", record.id)
}

/// Lineage, findings and principles.
pub fn show(record: &Record<'_>) -> String {
    format!("campaign {}\n", record.id)
}

/// One candidate beside baseline and reference, for `evaluate`.
pub fn score(evaluation: &Evaluation<'_>) -> String {
    format!("candidate {}\n", evaluation.candidate)
}

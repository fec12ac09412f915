//! Markdown: the complete lineage report.

use crate::record::Record;

/// The lineage report.
pub fn report(record: &Record<'_>) -> String {
    format!("# {}\n", record.id)
}

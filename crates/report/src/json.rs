//! JSON: the shapes that other tools read.

use crate::evaluation::Evaluation;
use crate::record::Record;
use serde_json::{Value, json};

/// What `show --format json` prints.
pub fn show(record: &Record<'_>) -> Value {
    json!({ "digest": record.digest })
}

/// What `status --format json` prints.
pub fn status(record: &Record<'_>) -> Value {
    json!({ "campaign": record.id })
}

/// Everything that the report says.
pub fn report(record: &Record<'_>) -> Value {
    json!({ "campaign": record.id })
}

/// What `evaluate --format json` prints.
pub fn evaluation(evaluation: &Evaluation<'_>) -> Value {
    json!({ "candidate": evaluation.candidate })
}

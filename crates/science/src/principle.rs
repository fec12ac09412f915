//! Principles: what was learned, where it holds, and what it forbids from then on.

use crate::space::Constraint;
use serde::{Deserialize, Serialize};

/// A lesson with its evidence.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Principle {
    /// Its name in the campaign, `P1`, `P2` …
    pub id: String,
    /// The lesson.
    pub statement: String,
    /// Why it should be so.
    pub mechanism: String,
    /// Where it was seen to hold.
    pub regime: String,
    /// Findings that it rests on, `F<iteration>.<arm>`.
    pub evidence: Vec<String>,
    /// How well it is supported.
    pub confidence: Confidence,
    /// Whether it is in force.
    pub status: Status,
    /// What it forbids, as code can check it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub constraint: Option<Constraint>,
}

/// How well a principle is supported, the weaker first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Confidence {
    /// Seen in one iteration.
    Provisional,
    /// Confirmed in two.
    Established,
}

impl Confidence {
    /// The word for it in reports and the database.
    pub fn as_str(self) -> &'static str {
        match self {
            Confidence::Provisional => "provisional",
            Confidence::Established => "established",
        }
    }
}

/// Whether a principle is in force.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Status {
    /// In force.
    Active,
    /// Contradicted or superseded; kept for the record.
    Retired,
}

impl Status {
    /// The word for it in reports and the database.
    pub fn as_str(self) -> &'static str {
        match self {
            Status::Active => "active",
            Status::Retired => "retired",
        }
    }
}

/// What an extractor may do with principles.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Change {
    /// A new one.
    Insert(Principle),
    /// The same lesson, better said or better supported: replaces the one with its id.
    Refine(Principle),
    /// No longer believed.
    Retire {
        /// The principle.
        id: String,
        /// Why.
        reason: String,
    },
}

impl Change {
    /// The id of the principle that it is about.
    pub fn id(&self) -> &str {
        match self {
            Change::Insert(principle) | Change::Refine(principle) => &principle.id,
            Change::Retire { id, .. } => id,
        }
    }
}

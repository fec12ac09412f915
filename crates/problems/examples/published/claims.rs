//! What was claimed.

use problems::flow_control::Metric;
use serde::Deserialize;
use simulator::flow::Credit;
use std::path::{Path, PathBuf};

/// The experiment's directory.
pub(crate) fn directory() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../experiments/flow-control")
}

/// The file.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Claims {
    /// Seeds of each scenario.
    pub(crate) seeds: u64,
    pub(crate) claim: Vec<Claim>,
}

/// That the mean of a number lies on one side of 0.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Claim {
    pub(crate) name: String,
    pub(crate) says: String,
    pub(crate) published: String,
    pub(crate) metric: Judged,
    pub(crate) relation: Relation,
    pub(crate) part: Vec<Part>,
}

/// A critical latency.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Judged {
    TtftP50,
    TtftP95,
    E2eMean,
}

impl Judged {
    pub(crate) fn metric(self) -> Metric {
        match self {
            Judged::TtftP50 => Metric::TtftP50,
            Judged::TtftP95 => Metric::TtftP95,
            Judged::E2eMean => Metric::E2eMean,
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Relation {
    Above,
    Below,
}

/// A gain and its weight.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Part {
    pub(crate) weight: f64,
    pub(crate) policy: Policy,
    pub(crate) scenario: String,
    #[serde(default)]
    pub(crate) credit: Credit,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Policy {
    Constant,
    SoftReflective,
    /// The published share of calls, at the beginning of each reading.
    Together,
}

impl Claims {
    pub(crate) fn read() -> Result<Self, Box<dyn std::error::Error>> {
        let file = directory().join("claims.toml");
        let text = std::fs::read_to_string(&file)?;
        Ok(files::parse_toml(&text, &file)?)
    }
}

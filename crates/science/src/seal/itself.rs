//! The reference against its own frontier (A/A): by how much the yardstick itself may be off.

use crate::measurement::{Cut, Measurement, Paid};
use crate::yardsticks::Yardsticks;
use serde::{Deserialize, Serialize};

/// What the reference seems to save against its own frontier, each time with other draws and at a scale near its own; a fraction. By as much a
/// saving may be the yardstick's and not the policy's.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Itself {
    /// On drawn workloads.
    pub drawn: Vec<f64>,
    /// On the study.
    pub study: Vec<f64>,
}

impl Itself {
    /// Of the reference's runs; none where there are none.
    pub fn of(runs: &[Measurement], yardsticks: &Yardsticks) -> Option<Self> {
        let rows = yardsticks.study_rows();
        let saved = |cut: Cut| {
            let frontier = yardsticks.frontier(&cut, Paid::Cost);
            runs.iter().filter_map(|run| frontier.saving(&run.places(&cut, Paid::Cost))).collect()
        };
        let itself = || Itself { drawn: saved(yardsticks.population()), study: saved(Cut::means(0..rows)) };
        (!runs.is_empty()).then(itself)
    }

    /// The most that it is off by. Where nothing compares, nothing is known of it, and nothing exceeds that.
    pub fn floor(saved: &[f64]) -> f64 {
        saved.iter().map(|saved| saved.abs()).max_by(f64::total_cmp).unwrap_or(1.0)
    }
}

//! Measurements: what a policy saves and what it costs, paired with the baseline on the same arrivals and draws.
//!
//! Per workload and seed: `y` = minus the mean over the four critical latencies (TTFT mean and p90, E2E mean and p90) of
//! ln(candidate / baseline), so 0.01 is one *point*; `x` = droppable work refused beyond the baseline's, as a share of
//! all droppable work.

use crate::stats::mean;
use crate::trial::Trial;
use serde::{Deserialize, Serialize};
use std::ops::Range;

/// A candidate against the baseline: one row for each workload, one cell for each of its seeds.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Measurement {
    /// `cells[workload][seed]`: the study's scenarios in the order of the experiment, then drawn workloads. Rows may be
    /// of different length; every workload weighs the same.
    pub cells: Vec<Vec<Cell>>,
}

/// One trial against the baseline's on the same arrivals.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Cell {
    /// −ln(candidate / baseline) of TTFT mean, TTFT p90, E2E mean, E2E p90.
    pub gains: [f64; 4],
    /// Refused droppable work beyond the baseline's, as a share of all droppable work; may be negative.
    pub x: f64,
    /// The same in requests.
    pub x_requests: f64,
    /// The same as a plain count of requests.
    pub extra_sheds: i64,
    /// Droppable requests that arrived.
    pub droppable: u64,
    /// Critical E2E saved, summed over critical requests, ms.
    pub saved_ms: f64,
    /// Output tokens completed over the baseline's.
    pub throughput: f64,
    /// Critical requests refused.
    pub protected: u64,
}

impl Cell {
    /// Pairs a trial with the baseline's trial on the same arrivals and draws.
    pub fn pair(candidate: &Trial, baseline: &Trial) -> Self {
        let gain = |c: f64, b: f64| if c > 0.0 && b > 0.0 { -(c / b).ln() } else { 0.0 };
        let (work, requests) = (baseline.droppable_work.max(1) as f64, baseline.droppable_requests.max(1) as f64);
        let extra_sheds = candidate.refused_requests as i64 - baseline.refused_requests as i64;
        Cell {
            gains: [
                gain(candidate.ttft_mean_us, baseline.ttft_mean_us),
                gain(candidate.ttft_p90_us, baseline.ttft_p90_us),
                gain(candidate.e2e_mean_us, baseline.e2e_mean_us),
                gain(candidate.e2e_p90_us, baseline.e2e_p90_us),
            ],
            x: (candidate.refused_work as f64 - baseline.refused_work as f64) / work,
            x_requests: extra_sheds as f64 / requests,
            extra_sheds,
            droppable: baseline.droppable_requests,
            saved_ms: (baseline.e2e_mean_us - candidate.e2e_mean_us) * baseline.critical_requests as f64 / 1000.0,
            throughput: candidate.output_tokens as f64 / baseline.output_tokens.max(1) as f64,
            protected: candidate.protected_rejections,
        }
    }

    /// The improvement in log units.
    pub fn y(&self) -> f64 {
        self.gains.iter().sum::<f64>() / 4.0
    }
}

impl Measurement {
    /// Pairs trials (workload by workload, seed by seed) with the baseline's; `rows` says how many seeds each workload has.
    pub fn pair(candidate: &[Trial], baseline: &[Trial], rows: &[usize]) -> Self {
        let mut cells = candidate.iter().zip(baseline).map(|(c, b)| Cell::pair(c, b));
        Measurement { cells: rows.iter().map(|seeds| cells.by_ref().take(*seeds).collect()).collect() }
    }

    /// The workload means of `value`, one for each seed; empty unless all workloads have the same seeds.
    pub fn per_seed(&self, value: impl Fn(&Cell) -> f64) -> Vec<f64> {
        let seeds = self.cells.first().map_or(0, Vec::len);
        if self.cells.iter().any(|row| row.len() != seeds) {
            return Vec::new();
        }
        (0..seeds).map(|r| self.cells.iter().map(|row| value(&row[r])).sum::<f64>() / self.cells.len() as f64).collect()
    }

    /// The seed means of `value`, one for each workload.
    pub fn per_scenario(&self, value: impl Fn(&Cell) -> f64) -> Vec<f64> {
        Part(&self.cells).per_scenario(value)
    }

    /// The panel's mean of `value`: every workload weighs the same.
    pub fn mean(&self, value: impl Fn(&Cell) -> f64) -> f64 {
        Part(&self.cells).mean(value)
    }

    /// Mean improvement over the panel, log units.
    pub fn y(&self) -> f64 {
        Part(&self.cells).y()
    }

    /// The same as the share of critical latency saved: 1 − exp(−y), the geometric mean over metrics and workloads.
    pub fn improvement(&self) -> f64 {
        Part(&self.cells).improvement()
    }

    /// Mean extra shed work over the panel, a fraction.
    pub fn x(&self) -> f64 {
        Part(&self.cells).x()
    }

    /// What it says of some of the workloads.
    pub(crate) fn part(&self, rows: Range<usize>) -> Part<'_> {
        Part(&self.cells[rows])
    }

    /// Some of the workloads, by themselves.
    pub fn rows(&self, rows: Range<usize>) -> Self {
        Measurement { cells: self.cells[rows].to_vec() }
    }

    /// Seeds of each workload.
    pub fn seeds(&self) -> Vec<usize> {
        self.cells.iter().map(Vec::len).collect()
    }

    /// Protected requests that were refused.
    pub fn protected(&self) -> u64 {
        self.cells.iter().flatten().map(|cell| cell.protected).sum()
    }

    /// Trials that it rests on.
    pub fn trials(&self) -> usize {
        self.cells.iter().map(Vec::len).sum()
    }

    pub(crate) fn sum(&self, value: impl Fn(&Cell) -> f64) -> f64 {
        self.cells.iter().flatten().map(value).sum()
    }
}

/// Some workloads of a measurement.
#[derive(Clone, Copy)]
pub(crate) struct Part<'a>(&'a [Vec<Cell>]);

impl Part<'_> {
    /// The seed means of `value`, one for each workload.
    pub(crate) fn per_scenario(self, value: impl Fn(&Cell) -> f64) -> Vec<f64> {
        self.0.iter().map(|row| row.iter().map(&value).sum::<f64>() / row.len().max(1) as f64).collect()
    }

    pub(crate) fn mean(self, value: impl Fn(&Cell) -> f64) -> f64 {
        mean(&self.per_scenario(value))
    }

    pub(crate) fn y(self) -> f64 {
        self.mean(Cell::y)
    }

    pub(crate) fn improvement(self) -> f64 {
        1.0 - (-self.y()).exp()
    }

    pub(crate) fn x(self) -> f64 {
        self.mean(|cell| cell.x)
    }
}

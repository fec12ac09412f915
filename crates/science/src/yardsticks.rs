//! The yardsticks: what every candidate is held against, and the exchange rate between cost and improvement.

use crate::measurement::{Cell, Measurement, Part};
use crate::stats::lower_bound;
use serde::{Deserialize, Serialize};
use std::ops::Range;

/// Improvements further than this from the reference's are not comparable by cost (log units: 2 points).
pub const COMPARABLE: f64 = 0.02;

/// The policies that are run for them, in the order in which their trials are hashed and by the names that the database
/// keeps them under.
pub const POLICIES: [&str; 6] = ["baseline", "reference", "reference-again", "refuse-everything", "louder", "softer"];

/// The measurements that all others are held against, made once when a campaign starts.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Yardsticks {
    /// The reference (the published policy) against the baseline.
    pub reference: Measurement,
    /// The reference again under another draw key: what pure chance does (A/A).
    pub reference_again: Measurement,
    /// Refusing every droppable request: the most that any policy can gain, and its price.
    pub refuse_everything: Measurement,
    /// The reference at 1.5 × and at 1/1.5 × its own scale.
    pub louder: Measurement,
    /// See `louder`.
    pub softer: Measurement,
    /// Cost per improvement on the reference's own scale, 1 per log unit: λ of `net_saving`.
    pub lambda: f64,
    /// Workloads that stay unstable when every droppable request is refused.
    pub overloaded: Vec<String>,
    /// How many of the workloads, the last ones, were drawn from the experiment's population.
    #[serde(default)]
    pub drawn: usize,
    /// Whether every scenario of the study is one recorded trace: no seed changes what arrives, so no score has an interval.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub one_trace: bool,
}

impl Yardsticks {
    /// How many of the workloads are the study's: the first ones.
    pub fn study_rows(&self) -> usize {
        self.reference.cells.len() - self.drawn
    }

    /// The yardsticks of the study alone, with the exchange rate of its own panel: λ belongs to the panel in use.
    pub fn study(&self) -> Self {
        let rows = 0..self.study_rows();
        Yardsticks {
            drawn: 0,
            overloaded: self.overloaded.clone(),
            ..self.part(|measured| measured.rows(rows.clone()))
        }
    }

    /// The yardsticks of the drawn workloads alone.
    pub fn population(&self) -> Self {
        let rows = self.study_rows()..self.reference.cells.len();
        self.part(|measured| measured.rows(rows.clone()))
    }

    /// The exchange rate of some of the workloads. A part on which the scale moves nothing has no rate of its own.
    pub(crate) fn rate_on(&self, rows: &Range<usize>) -> f64 {
        Self::rate(self.louder.part(rows.clone()), self.softer.part(rows.clone())).unwrap_or(self.lambda)
    }

    /// What these say of a part of the panel; all of its workloads count as drawn.
    fn part(&self, of: impl Fn(&Measurement) -> Measurement) -> Self {
        let (louder, softer) = (of(&self.louder), of(&self.softer));
        let reference = of(&self.reference);
        Yardsticks {
            drawn: reference.cells.len(),
            reference,
            reference_again: of(&self.reference_again),
            refuse_everything: of(&self.refuse_everything),
            // A part on which the scale moves nothing has no rate of its own.
            lambda: Self::exchange_rate(&louder, &softer).unwrap_or(self.lambda),
            louder,
            softer,
            overloaded: Vec::new(),
            one_trace: self.one_trace,
        }
    }

    /// λ = [ln X(1.5 k) − ln X(k / 1.5)] / [Y(1.5 k) − Y(k / 1.5)]; none where the scale moves nothing or costs nothing.
    pub fn exchange_rate(louder: &Measurement, softer: &Measurement) -> Option<f64> {
        Self::rate(louder.part(0..louder.cells.len()), softer.part(0..softer.cells.len()))
    }

    fn rate(louder: Part<'_>, softer: Part<'_>) -> Option<f64> {
        let (x_loud, x_soft, dy) = (louder.x(), softer.x(), louder.y() - softer.y());
        (x_loud > 0.0 && x_soft > 0.0 && dy.abs() > 1e-9).then(|| (x_loud / x_soft).ln() / dy)
    }

    /// Cost saved against the reference at equal improvement, from panel means.
    /// None where improvements differ by more than [`COMPARABLE`] or the reference costs nothing.
    pub fn net_saving(&self, candidate: &Measurement) -> Option<f64> {
        net_saving([candidate.x(), candidate.y()], [self.reference.x(), self.reference.y()], self.lambda)
    }

    /// `net_saving` seed by seed, where it is defined for the panel.
    pub fn net_saving_per_seed(&self, candidate: &Measurement) -> Option<Vec<f64>> {
        self.net_saving(candidate)?;
        let (x, y) = (candidate.per_seed(|c| c.x), candidate.per_seed(Cell::y));
        let (x_ref, y_ref) = (self.reference.per_seed(|c| c.x), self.reference.per_seed(Cell::y));
        Some((0..x.len()).map(|r| self.raw_saving(x[r], y[r], x_ref[r], y_ref[r])).collect())
    }

    /// The same formula at any distance from the reference's improvement: too far off to be reported, good enough to
    /// learn from.
    pub fn saving_at_a_distance(&self, candidate: &Measurement) -> f64 {
        self.raw_saving(candidate.x(), candidate.y(), self.reference.x(), self.reference.y())
    }

    /// The lower end of the one-sided 95 % interval of the net saving, whatever the distance: by the jackknife (Tukey, 1958) over
    /// workloads, or, where none was drawn, over seeds.
    pub fn lower_bound(&self, candidate: &Measurement) -> f64 {
        let columns = |value: fn(&Cell) -> f64| {
            let of = |m: &Measurement| if self.drawn > 0 { m.per_scenario(value) } else { m.per_seed(value) };
            [of(candidate), of(&self.reference)]
        };
        let ([x, x_ref], [y, y_ref]) = (columns(|cell| cell.x), columns(Cell::y));
        lower_bound(x.len(), |left_out| {
            let mean = |values: &[f64]| {
                let kept = values.iter().enumerate().filter(|(at, _)| Some(*at) != left_out).map(|(_, value)| *value);
                kept.sum::<f64>() / (values.len() - usize::from(left_out.is_some())) as f64
            };
            self.raw_saving(mean(&x), mean(&y), mean(&x_ref), mean(&y_ref))
        })
    }

    fn raw_saving(&self, x: f64, y: f64, x_ref: f64, y_ref: f64) -> f64 {
        raw_saving([x, y], [x_ref, y_ref], self.lambda)
    }
}

/// Cost saved at equal improvement by extra shed work and improvement, against the reference's, where they compare.
pub(crate) fn net_saving(own: [f64; 2], reference: [f64; 2], lambda: f64) -> Option<f64> {
    ((own[1] - reference[1]).abs() <= COMPARABLE && reference[0] > 0.0).then(|| raw_saving(own, reference, lambda))
}

fn raw_saving([x, y]: [f64; 2], [x_ref, y_ref]: [f64; 2], lambda: f64) -> f64 {
    1.0 - (x / x_ref) * (-lambda * (y - y_ref)).exp()
}

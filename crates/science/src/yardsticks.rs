//! The yardsticks: what every candidate is held against, and the exchange rate between cost and gain.

use crate::measurement::{self, Cell, Measurement, Part};
use crate::spec::{Aim, Spec};
use crate::stats::lower_bound;
use serde::{Deserialize, Serialize};
use std::ops::Range;

/// How much the reference's scale is multiplied, and divided, to measure the exchange rate.
pub const SCALED: f64 = 1.5;

/// The names under which trials of yardsticks are kept, in the order in which they are hashed.
pub fn policies(spec: &Spec) -> Vec<String> {
    let always = ["baseline", "reference", "reference-again"].map(str::to_owned);
    let extremes = spec.extremes.iter().map(|extreme| extreme.name.clone());
    let scaled = match spec.aim {
        Aim::Saving { .. } => vec!["scaled-up".to_owned(), "scaled-down".to_owned()],
        Aim::Gain { .. } => vec![],
    };
    always.into_iter().chain(extremes).chain(scaled).collect()
}

/// The measurements that all others are held against, made once when a campaign starts.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Yardsticks {
    /// The reference (the published policy) against the baseline.
    pub reference: Measurement,
    /// The reference again under another draw key: what pure chance does (A/A).
    pub reference_again: Measurement,
    /// Policies that bound what can be gained, in the order of [`Spec::extremes`].
    pub extremes: Vec<Measurement>,
    /// What the reference's own scale trades; none where nothing is paid for gain.
    pub scale: Option<Scale>,
    /// Workloads that are beyond help: see [`Extreme::beyond_help`](crate::spec::Extreme).
    pub overloaded: Vec<String>,
    /// How many of the workloads, the last ones, were drawn from the experiment's population.
    #[serde(default)]
    pub drawn: usize,
    /// Whether every scenario of the study is one recorded trace: no seed changes what arrives, so no score has an interval.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub one_trace: bool,
}

/// The reference at [`SCALED`] times its own scale, and at its scale divided by that.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Scale {
    /// Times.
    pub up: Measurement,
    /// Divided.
    pub down: Measurement,
    /// Cost per gain along it, 1 per log unit: λ.
    pub rate: f64,
}

impl Scale {
    /// λ = [ln X(up) − ln X(down)] / [Y(up) − Y(down)], X being cost and Y gain; none where the scale moves nothing or costs
    /// nothing.
    pub fn of(up: Measurement, down: Measurement) -> Option<Self> {
        let rate = rate(up.part(0..up.cells.len()), down.part(0..down.cells.len()))?;
        Some(Scale { up, down, rate })
    }
}

impl Yardsticks {
    /// How many of the workloads are the study's: the first ones.
    pub fn study_rows(&self) -> usize {
        self.reference.cells.len() - self.drawn
    }

    /// The exchange rate; 0 where nothing is paid for gain.
    pub fn rate(&self) -> f64 {
        self.scale.as_ref().map_or(0.0, |scale| scale.rate)
    }

    /// The most that is known to be gained on the panel, log units.
    pub fn most_gain(&self) -> f64 {
        self.extremes.iter().map(Measurement::gain).fold(self.reference.gain(), f64::max)
    }

    /// The yardsticks of the study alone, with the exchange rate of its own panel: λ belongs to the panel in use.
    pub fn study(&self) -> Self {
        let overloaded = self.overloaded.clone();
        Yardsticks { drawn: 0, overloaded, ..self.part(0..self.study_rows()) }
    }

    /// The yardsticks of the drawn workloads alone.
    pub fn population(&self) -> Self {
        self.part(self.study_rows()..self.reference.cells.len())
    }

    /// The exchange rate of some of the workloads. A part on which the scale moves nothing has no rate of its own.
    pub(crate) fn rate_on(&self, rows: &Range<usize>) -> f64 {
        let Some(scale) = &self.scale else { return 0.0 };
        rate(scale.up.part(rows.clone()), scale.down.part(rows.clone())).unwrap_or(scale.rate)
    }

    /// What these say of a part of the panel; all of its workloads count as drawn.
    fn part(&self, rows: Range<usize>) -> Self {
        let of = |measured: &Measurement| measured.rows(rows.clone());
        let scale = |scale: &Scale| Scale { up: of(&scale.up), down: of(&scale.down), rate: self.rate_on(&rows) };
        Yardsticks {
            reference: of(&self.reference),
            reference_again: of(&self.reference_again),
            extremes: self.extremes.iter().map(of).collect(),
            scale: self.scale.as_ref().map(scale),
            overloaded: Vec::new(),
            drawn: rows.len(),
            one_trace: self.one_trace,
        }
    }

    /// What a policy is worth by panel means; none where it does not compare.
    pub fn worth(&self, candidate: &Measurement, aim: &Aim) -> Option<f64> {
        let beyond = candidate.gain() - self.reference.gain();
        aim.compares(beyond, self.reference.cost()).then(|| self.worth_at_a_distance(candidate, aim))
    }

    /// The same seed by seed, where it is defined for the panel.
    pub fn worth_per_seed(&self, candidate: &Measurement, aim: &Aim) -> Option<Vec<f64>> {
        self.worth(candidate, aim)?;
        let columns = |m: &Measurement| [m.per_seed(|c| c.cost), m.per_seed(|c| c.gain)];
        let ([cost, gain], [cost_ref, gain_ref]) = (columns(candidate), columns(&self.reference));
        let worth = |r: usize| measurement::worth(aim, [cost[r], gain[r]], [cost_ref[r], gain_ref[r]], self.rate());
        Some((0..cost.len()).map(worth).collect())
    }

    /// The same formula at any distance from the reference's gain: too far off to be reported, good enough to learn from.
    pub fn worth_at_a_distance(&self, candidate: &Measurement, aim: &Aim) -> f64 {
        let of = |m: &Measurement| [m.cost(), m.gain()];
        measurement::worth(aim, of(candidate), of(&self.reference), self.rate())
    }

    /// The lower end of the one-sided 95 % interval of what a policy is worth, whatever the distance: by the jackknife (Tukey,
    /// 1958) over workloads, or, where none was drawn, over seeds.
    pub fn lower_bound(&self, candidate: &Measurement, aim: &Aim) -> f64 {
        let columns = |value: fn(&Cell) -> f64| {
            let of = |m: &Measurement| if self.drawn > 0 { m.per_scenario(value) } else { m.per_seed(value) };
            [of(candidate), of(&self.reference)]
        };
        let ([cost, cost_ref], [gain, gain_ref]) = (columns(|cell| cell.cost), columns(|cell| cell.gain));
        lower_bound(cost.len(), |left_out| {
            let mean = |values: &[f64]| {
                let kept = values.iter().enumerate().filter(|(at, _)| Some(*at) != left_out).map(|(_, value)| *value);
                kept.sum::<f64>() / (values.len() - usize::from(left_out.is_some())) as f64
            };
            measurement::worth(aim, [mean(&cost), mean(&gain)], [mean(&cost_ref), mean(&gain_ref)], self.rate())
        })
    }
}

fn rate(up: Part<'_, Cell>, down: Part<'_, Cell>) -> Option<f64> {
    let (cost_up, cost_down, gain) = (up.cost(), down.cost(), up.gain() - down.gain());
    (cost_up > 0.0 && cost_down > 0.0 && gain.abs() > 1e-9).then(|| (cost_up / cost_down).ln() / gain)
}

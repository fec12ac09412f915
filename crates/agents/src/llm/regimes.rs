//! Where a candidate is worth something and where it loses: by what workloads are told apart by.

use super::setting;
use super::words::{quantity, table};
use science::measurement::Measurement;
use science::spec::{Aggregate, Described, Figure, Unit};
use science::state::{CandidateRecord, State};
use serde::Serialize;
use std::ops::Range;

/// How much of it is told.
#[derive(Clone, Copy)]
pub(super) struct Most {
    /// Features, those by which it differs most.
    pub(super) features: usize,
    /// Workloads, those that lose most first.
    pub(super) worst: usize,
}

impl Most {
    /// All features.
    pub(super) const ALL: Self = Most { features: usize::MAX, worst: 5 };
    /// For whoever asks.
    pub(super) const ASKED: Self = Most { features: usize::MAX, worst: 12 };
}

/// A candidate on the drawn workloads, or on the study where none are drawn.
#[derive(Serialize)]
pub(super) struct Regimes {
    /// The candidate.
    of: String,
    /// What it is worth in each third of the workloads by each feature: the lines of a table.
    thirds: Vec<String>,
    /// The workloads that lose most against the reference: the lines of a table.
    worst: Vec<String>,
}

impl Regimes {
    /// None of a candidate that was not measured.
    pub(super) fn new(state: &State, record: &CandidateRecord, most: Most) -> Option<Self> {
        let measured =
            Measured { guard: nearest_guard(state, record), ..Measured::new(state, record.measurement.as_ref()?) };
        let (thirds, worst) = (measured.thirds(most.features), measured.worst(most.worst));
        Some(Regimes { of: record.candidate.id.short().to_owned(), thirds, worst })
    }
}

impl Regimes {
    /// The workload in which a candidate loses most against the reference, or without one the reference gains least, by its row in the
    /// panel; none of a candidate that was not measured.
    pub(super) fn worst_row(state: &State, record: Option<&CandidateRecord>) -> Option<usize> {
        let measured = match record {
            Some(record) => Measured::new(state, record.measurement.as_ref()?),
            None => Measured::new(state, &state.yardsticks().reference),
        };
        measured.worst_first().first().copied()
    }

    /// Where the reference gains least, in words.
    pub(super) fn of_reference(state: &State) -> String {
        let measured = Measured::new(state, &state.yardsticks().reference);
        format!(
            "Where the reference gains least against the baseline:\n{}",
            measured.worst(Most::ASKED.worst).join("\n")
        )
    }

    /// Both tables as a text.
    pub(super) fn told(&self) -> String {
        format!("{}\n\nWhere it loses most against the reference:\n{}", self.thirds.join("\n"), self.worst.join("\n"))
    }
}

struct Measured<'a> {
    state: &'a State,
    measurement: &'a Measurement,
    /// The workloads that it is about, by their rows in the panel.
    rows: Range<usize>,
    /// What each of the panel's workloads gains beyond the baseline's and beyond the reference's, points.
    points: Vec<[f64; 2]>,
    /// A guarded figure that each workload has, and the series that it is the mean of.
    guard: Option<(&'a Figure, &'a str)>,
}

/// The guard of a figure that each workload has to which a candidate comes nearest, or that it exceeds most.
fn nearest_guard<'a>(state: &'a State, record: &CandidateRecord) -> Option<(&'a Figure, &'a str)> {
    let (experiment, score) = (&state.opened().experiment, record.score.as_ref()?);
    let guards = experiment.objective.constraints.iter().filter_map(|guard| {
        let figure = state.spec().by_scenario().find(|figure| figure.name == guard.metric)?;
        let Aggregate::Mean(series) = &figure.of else { return None };
        let (value, bound) = (score.figure(&figure.name)?, guard.at_most.or(guard.at_least)?);
        let margin = if guard.at_most.is_some() { bound - value } else { value - bound };
        Some((margin / bound.abs().max(1e-3), (figure, series.as_str())))
    });
    guards.min_by(|(a, _), (b, _)| a.total_cmp(b)).map(|(_, guard)| guard)
}

impl<'a> Measured<'a> {
    fn new(state: &'a State, measurement: &'a Measurement) -> Self {
        let gains = |measured: &Measurement| measured.per_scenario(|cell| cell.gain * 100.0);
        let both = gains(measurement).into_iter().zip(gains(&state.yardsticks().reference));
        let points = both.map(|(own, reference)| [own, own - reference]).collect();
        Measured { state, measurement, rows: state.yardsticks().claimed().rows, points, guard: None }
    }

    /// A feature of a workload; none where the problem tells none.
    fn feature(&self, row: usize, at: usize) -> Option<f64> {
        self.state.opened().features.get(row)?.get(at).copied()
    }

    /// The features by which it differs most, so many of them.
    fn thirds(&self, most: usize) -> Vec<String> {
        let worth = &self.state.spec().aim.worth_name().name;
        let head = ["feature".to_owned()]
            .into_iter()
            .chain(["low", "middle", "high"].map(|third| format!("{third}: {worth}")));
        let features = self.state.spec().features.iter().enumerate();
        let mut rows: Vec<(f64, Vec<String>)> = features.filter_map(|(at, feature)| self.row(at, feature)).collect();
        let mut spreads: Vec<f64> = rows.iter().map(|(spread, _)| *spread).collect();
        spreads.sort_by(|a, b| b.total_cmp(a));
        let least = spreads.get(most.saturating_sub(1)).copied();
        rows.retain(|(spread, _)| least.is_none_or(|least| *spread >= least));
        table(&head.collect::<Vec<_>>(), rows.into_iter().map(|(_, cells)| cells).collect())
    }

    /// A feature's row with how far its thirds lie apart; none where all workloads are alike in it.
    fn row(&self, at: usize, feature: &Described) -> Option<(f64, Vec<String>)> {
        let mut values: Vec<f64> = self.rows.clone().filter_map(|row| self.feature(row, at)).collect();
        values.sort_by(f64::total_cmp);
        let (first, last) = (*values.first()?, *values.last()?);
        let mut bounds = vec![values[values.len() / 3], values[2 * values.len() / 3], f64::INFINITY];
        // Workloads that are equal in it stay together.
        bounds.dedup();
        bounds.retain(|bound| *bound > first);
        let (mut from, mut worths) = (first, Vec::new());
        let mut cells = vec![format!("{} ({})", feature.name, feature.meaning)];
        for to in bounds {
            let within = |row: usize| self.feature(row, at).is_some_and(|value| from <= value && value < to);
            let most = values.iter().rev().find(|value| **value < to).copied().unwrap_or(last);
            let (worth, told) = self.worth(within);
            cells.push(format!("{} to {}: {told}", short(from, feature.unit), short(most, feature.unit)));
            worths.extend(worth);
            from = to;
        }
        (first < last).then(|| {
            cells.resize(4, String::new());
            let (least, most) = worths.iter().fold((f64::MAX, f64::MIN), |(l, m), w| (l.min(*w), m.max(*w)));
            (most - least, cells)
        })
    }

    /// What it is worth on some of the workloads; and in words, with how many of them lose more than a point.
    fn worth(&self, within: impl Fn(usize) -> bool) -> (Option<f64>, String) {
        let (yardsticks, aim) = (self.state.yardsticks(), &self.state.spec().aim);
        let worth = yardsticks.worth_among(self.measurement, aim, &yardsticks.claimed(), &within);
        let all: Vec<usize> = self.rows.clone().filter(|row| within(*row)).collect();
        let losing = all.iter().filter(|row| self.points[**row][1] < -1.0).count();
        let told = worth.map_or_else(|| "undefined".into(), |worth| quantity(worth, aim.worth_name().unit));
        let guarded = self.guarded(&all).map(|(name, value)| format!("; {name} {value}")).unwrap_or_default();
        (worth, format!("{told} ({losing} of {}{guarded})", all.len()))
    }

    /// The guarded figure of some workloads, by its name.
    fn guarded(&self, rows: &[usize]) -> Option<(&str, String)> {
        let (figure, series) = self.guard?;
        let value = |row: &usize| self.measurement.mean_of(series, *row);
        let mean = rows.iter().map(value).sum::<f64>() / rows.len().max(1) as f64;
        Some((&figure.name, setting::figure(Some(mean), figure, self.state.spec())))
    }

    /// Its workloads, by their rows in the panel: those first that lose most against the reference, and where that is the same, against
    /// the baseline.
    fn worst_first(&self) -> Vec<usize> {
        let mut rows: Vec<usize> = self.rows.clone().collect();
        let lost = |row: usize| (self.points[row][1], self.points[row][0]);
        rows.sort_by(|a, b| lost(*a).0.total_cmp(&lost(*b).0).then(lost(*a).1.total_cmp(&lost(*b).1)));
        rows
    }

    fn worst(&self, most: usize) -> Vec<String> {
        let (spec, names) = (self.state.spec(), self.state.opened().workload_names());
        let mut head: Vec<String> =
            ["workload", "points above the reference", "above the baseline"].map(str::to_owned).into();
        let cost = spec.aim.cost_names().map(|(cost, _)| cost);
        head.extend(cost.map(|cost| cost.name.clone()));
        head.extend(self.guard.map(|(figure, _)| figure.name.clone()));
        let features = if self.state.opened().features.is_empty() { &[] } else { spec.features.as_slice() };
        head.extend(features.iter().map(|feature| feature.name.clone()));
        let rows = self.worst_first();
        let costs = self.measurement.per_scenario(|cell| cell.cost);
        let line = |row: usize| {
            let [baseline, reference] = self.points[row];
            let mut cells = vec![names.get(row).cloned().unwrap_or_default()];
            cells.extend([reference, baseline].map(|points| format!("{points:+.1}")));
            cells.extend(cost.map(|cost| quantity(costs[row], cost.unit)));
            cells.extend(self.guarded(&[row]).map(|(_, value)| value));
            let features = features.iter().enumerate();
            cells.extend(
                features.map(|(at, own)| self.feature(row, at).map_or_else(String::new, |v| short(v, own.unit))),
            );
            cells
        };
        table(&head, rows.into_iter().take(most).map(line).collect())
    }
}

/// A feature with three digits.
fn short(value: f64, unit: Unit) -> String {
    let value = if unit == Unit::Fraction { value * 100.0 } else { value };
    let digits = (2 - value.abs().max(1.0).log10().floor() as i32).max(0) as usize;
    let text = if value == value.trunc() { format!("{value:.0}") } else { format!("{value:.digits$}") };
    if unit == Unit::Fraction { format!("{text} %") } else { text }
}

//! What was measured, as numbers: what each policy gains and costs on each workload, and what that is worth.
//!
//! The only file of the researcher that reads cells, scores, yardsticks and guards. A policy's *outcome* is one number for
//! each workload's gain (log units), the study's first, after these one for each workload's cost (a fraction), and last one for
//! each guarded figure that does not follow from them.

use science::id::CandidateId;
use science::measurement::Cell;
use science::objective::{Measurement, Score, Scoring, Yardsticks};
use science::space::{Point, Space, Value};
use science::spec::{Aggregate, Direction, Series, Spec, Unit};
use science::state::State;
use science::stats::mean;
use science::tuner::goal;

/// Gains that lie no further apart are equal where costs are not compared, log units.
const EQUAL: f64 = 0.02;
/// The least size of an output, log units or a fraction.
const SMALLEST: f64 = 0.05;
/// Policies that beliefs rest on, at most: what is far from the best says little about it.
const MEMORY: usize = 60;

/// A measured policy that has a place in the declared space.
#[derive(Clone, Debug)]
pub(super) struct Known {
    /// The candidate; none for what only tuning measured.
    pub(super) id: Option<CandidateId>,
    pub(super) point: Point,
    pub(super) outcome: Vec<f64>,
    /// What it is worth, as tuning has it.
    pub(super) worth: f64,
}

/// What outcomes are held against.
pub(super) struct Measured<'a> {
    state: &'a State,
    /// The yardsticks with one cell for each workload: its mean.
    yardsticks: Yardsticks,
    /// Guarded figures that do not follow from gain and cost, each with the reference's and how far from it others may be.
    figures: Vec<Guarded<'a>>,
}

struct Guarded<'a> {
    name: &'a str,
    reference: f64,
    size: f64,
}

impl<'a> Measured<'a> {
    pub(super) fn of(state: &'a State) -> Self {
        let (yardsticks, spec) = (state.yardsticks(), state.spec());
        let scoring = Scoring { yardsticks, names: &state.opened().scenarios, spec };
        let reference = scoring.score(&yardsticks.reference);
        let guards = state.opened().experiment.objective.constraints.iter();
        let guarded = guards.filter_map(|guard| {
            let figure = spec.figure(&guard.metric).filter(|figure| stands_alone(&figure.of, spec))?;
            let reference = reference.figures.get(&figure.name).copied().flatten()?;
            let bounds = guard.at_most.into_iter().chain(guard.at_least);
            let size = bounds.map(f64::abs).fold(reference.abs(), f64::max) * 2.0;
            Some(Guarded { name: &figure.name, reference, size })
        });
        Measured { state, yardsticks: means(yardsticks, spec), figures: guarded.collect() }
    }

    /// What kind of thing each output is: gains, costs, then each figure by itself.
    pub(super) fn kinds(&self) -> Vec<usize> {
        let workloads = self.workloads();
        [vec![0; workloads], vec![1; workloads], (2..2 + self.figures.len()).collect()].concat()
    }

    fn workloads(&self) -> usize {
        self.yardsticks.reference.cells.len()
    }

    /// An outcome of gains and costs with the figures of its score.
    fn with_figures(&self, mut outcome: Vec<f64>, score: &Score) -> Vec<f64> {
        let figure = |own: &Guarded<'_>| score.figures.get(own.name).copied().flatten().unwrap_or(own.reference);
        outcome.extend(self.figures.iter().map(figure));
        outcome
    }

    /// What an outcome says of workloads.
    fn cells<'o>(&self, outcome: &'o [f64]) -> &'o [f64] {
        &outcome[..2 * self.workloads()]
    }

    /// What was measured in the declared space: the candidates worth most, then what tuning tried of them.
    pub(super) fn known(&self, space: &Space) -> Vec<Known> {
        let inside = |point: &Point| space.contains(point).is_ok();
        let written = self.state.worthiest().filter_map(|record| {
            let point = record.candidate.point.clone().filter(inside)?;
            let outcome = self.with_figures(outcome(record.measurement.as_ref()?), record.score.as_ref()?);
            Some(Known { id: Some(record.candidate.id.clone()), point, outcome, worth: record.worth?.value() })
        });
        written.chain(self.tuned().filter(|known| inside(&known.point))).take(MEMORY).collect()
    }

    /// What tuning measured beside candidates' own constants, where these are all named after dimensions.
    fn tuned(&self) -> impl Iterator<Item = Known> + '_ {
        self.state.tunings().flat_map(move |tuning| {
            let own = self.state.candidates.get(&tuning.candidate).and_then(|record| record.candidate.point.as_ref());
            tuning.tried.iter().skip(1).filter_map(move |tried| {
                let mut point = own?.clone();
                for (range, value) in tuning.tunables.iter().zip(&tried.parameters) {
                    *point.get_mut(&range.name)? = Value::Number(*value);
                }
                let outcome = self.told(tried.score.as_ref()?)?;
                Some(Known { id: None, point, outcome, worth: tried.value })
            })
        })
    }

    /// An outcome from a score, as far as it tells.
    fn told(&self, score: &Score) -> Option<Vec<f64>> {
        let reference = self.reference();
        let study = score.scenarios.iter().map(|row| (row.against_reference, row.cost));
        let drawn = score.panels.iter().flat_map(|panels| panels.drawn.regrets.iter().zip(&panels.drawn.costs));
        let (gains, costs): (Vec<f64>, Vec<f64>) = study.chain(drawn.map(|(regret, cost)| (-regret, *cost))).unzip();
        let gains = gains.iter().zip(&reference).map(|(points, reference)| reference + points / 100.0);
        let outcome: Vec<f64> = gains.chain(costs).collect();
        (outcome.len() == 2 * self.workloads()).then(|| self.with_figures(outcome, score))
    }

    /// What the reference gains and costs.
    pub(super) fn reference(&self) -> Vec<f64> {
        let mut outcome = outcome(&self.yardsticks.reference);
        outcome.extend(self.figures.iter().map(|own| own.reference));
        outcome
    }

    /// How large each output may be: that of a policy that bounds what can be gained. Where the problem knows none, outputs are
    /// taken to be of the reference's size.
    pub(super) fn size(&self) -> Vec<f64> {
        let mut size: Vec<f64> = match self.yardsticks.extremes.first() {
            Some(extreme) => outcome(extreme).into_iter().map(|value| value.abs().max(SMALLEST)).collect(),
            None => outcome(&self.yardsticks.reference).iter().map(|value| 2.0 * value.abs().max(SMALLEST)).collect(),
        };
        size.extend(self.figures.iter().map(|own| own.size));
        size
    }

    /// What pure chance does to an outcome, over its size: a standard deviation.
    pub(super) fn noise(&self) -> f64 {
        let Some(twin) = self.yardsticks.twins.first() else { return 0.0 };
        let [once, again] = [&self.yardsticks.reference, twin].map(outcome);
        let square = |values: &mut dyn Iterator<Item = f64>| values.map(|value| value * value).sum::<f64>();
        let chance = square(&mut once.iter().zip(&again).map(|(a, b)| a - b)) / 2.0;
        (chance / square(&mut self.cells(&self.size()).iter().copied()).max(1e-12)).sqrt()
    }

    /// What a policy with this outcome is worth: the aim less what it violates, as tuning has it.
    pub(super) fn worth(&self, outcome: &[f64]) -> f64 {
        let opened = self.state.opened();
        let measured = measurement(self.cells(outcome), &opened.spec);
        let scoring = Scoring { yardsticks: &self.yardsticks, names: &opened.scenarios, spec: &opened.spec };
        let mut score = scoring.score(&measured);
        let figures = outcome[2 * self.workloads()..].iter().zip(&self.figures);
        score.figures.extend(figures.map(|(value, own)| (own.name.to_owned(), Some(*value))));
        let worth = goal::worth(&measured, &score, &self.yardsticks, (&opened.experiment, &opened.spec)).value();
        // Where the reference costs nothing, nothing can be saved against it.
        if worth.is_finite() { worth } else { measured.gain() - self.yardsticks.reference.gain() }
    }

    /// What a policy with this outcome is worth on what claims are about.
    pub(super) fn claimed(&self, outcome: &[f64]) -> f64 {
        let (measured, aim) = (measurement(self.cells(outcome), self.state.spec()), &self.state.spec().aim);
        let worth = self.yardsticks.worth_at(&measured, aim, &self.yardsticks.claimed());
        if worth.is_finite() { worth.clamp(-1.0, 1.0) } else { 0.0 }
    }

    /// Whether claims can compare this candidate with others.
    pub(super) fn is_comparable(&self, known: &Known) -> bool {
        let spec = self.state.spec();
        self.yardsticks.worth(&measurement(self.cells(&known.outcome), spec), &spec.aim).is_some()
    }

    /// What a policy gains beyond another one on what claims are about, log units.
    pub(super) fn apart(&self, outcome: &[f64], other: &[f64]) -> f64 {
        let rows = self.yardsticks.claimed().rows;
        let apart = |at: usize| outcome[at] - other[at];
        rows.clone().map(apart).sum::<f64>() / rows.len() as f64
    }

    /// The scenarios of the study, each with what a change of outcome is worth there: gain less cost.
    pub(super) fn by_scenario(&self, from: &[f64], to: &[f64]) -> Vec<(&'a str, f64)> {
        let workloads = self.workloads();
        let change = |at: usize| (to[at] - from[at]) - (to[at + workloads] - from[at + workloads]);
        self.state.opened().scenarios.iter().enumerate().map(|(at, name)| (name.as_str(), change(at))).collect()
    }

    /// Scenarios in which the reference costs less than a third of their mean: no policy has much to do there.
    pub(super) fn idle(&self) -> Vec<String> {
        let mut costs = self.yardsticks.reference.per_scenario(|cell| cell.cost);
        costs.truncate(self.yardsticks.study_rows());
        let most = mean(&costs) / 3.0;
        let named = self.state.opened().scenarios.iter().zip(costs);
        named.filter(|(_, cost)| *cost < most).map(|(name, _)| name.clone()).collect()
    }

    /// How far apart gains may be to count as equal, log units.
    pub(super) fn comparable(&self) -> f64 {
        self.state.spec().aim.comparable().unwrap_or(EQUAL)
    }
}

/// Where the admissible candidates lie that are worth something.
pub(super) fn good(state: &State) -> impl Iterator<Item = &Point> {
    let is_good = |score: &Score| score.worth.is_some_and(|worth| worth > 0.0);
    let records = state.order.iter().map(|id| &state.candidates[id]).filter(|record| record.admissible);
    records.filter(move |record| record.score.as_ref().is_some_and(is_good)).filter_map(|r| r.candidate.point.as_ref())
}

/// Whether a figure says what gain and cost do not. Where nothing is paid, no series goes with a cost.
fn stands_alone(of: &Aggregate, spec: &Spec) -> bool {
    let follows = |name: &str| {
        let taken = spec.series(name).map(taken_for);
        spec.aim.cost_names().is_some() && matches!(taken, Some(Taken::Gain | Taken::Cost))
    };
    match of {
        Aggregate::Mean(name) | Aggregate::Lost(name) | Aggregate::Sum(name) | Aggregate::OverReference(name) => {
            !follows(name)
        }
        Aggregate::Per { .. } => true,
        Aggregate::Saving(_) | Aggregate::NetSaving | Aggregate::Allocation => false,
    }
}

/// Gain and cost of each workload.
fn outcome(measured: &Measurement) -> Vec<f64> {
    let (mut gains, costs) = (measured.per_scenario(|cell| cell.gain), measured.per_scenario(|cell| cell.cost));
    gains.extend(costs);
    gains
}

/// An outcome as a measurement with one cell for each workload. A series that is counted as gain or cost are is taken to be it:
/// beliefs are about these two alone.
fn measurement(outcome: &[f64], spec: &Spec) -> Measurement {
    let (gains, costs) = outcome.split_at(outcome.len() / 2);
    let cell = |(gain, cost): (&f64, &f64)| vec![Cell { gain: *gain, cost: *cost, violations: 0 }];
    let series = |series: &Series| {
        let of = match taken_for(series) {
            Taken::Gain => |cell: &Cell| cell.gain,
            Taken::Cost => |cell: &Cell| cell.cost,
            Taken::One => |_: &Cell| 1.0,
        };
        let cells = gains.iter().zip(costs).flat_map(cell);
        (series.name.clone(), cells.map(|cell| vec![of(&cell)]).collect())
    };
    Measurement { cells: gains.iter().zip(costs).map(cell).collect(), series: spec.series.iter().map(series).collect() }
}

/// What a series is taken to be where only gain and cost are believed.
enum Taken {
    Gain,
    Cost,
    One,
}

fn taken_for(series: &Series) -> Taken {
    match (series.unit, series.better) {
        (Unit::Log, Direction::More) => Taken::Gain,
        (Unit::Fraction, Direction::Less) => Taken::Cost,
        _ => Taken::One,
    }
}

/// The same yardsticks with one cell for each workload.
fn means(yardsticks: &Yardsticks, spec: &Spec) -> Yardsticks {
    Yardsticks { one_trace: true, ..yardsticks.each(|measured| measurement(&outcome(measured), spec)) }
}

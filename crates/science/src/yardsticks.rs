//! The yardsticks: what every candidate is held against on a panel.

use crate::frontier::{self, Frontier, Place, Term};
use crate::measurement::{Cut, Measurement, Paid};
use crate::spec::{Aim, Spec};
use crate::stats::{Interval, t_interval};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::{Arc, Mutex, PoisonError};

/// The scales at which the reference runs beside its own: powers of [`STEP`]. How far they reach matters more than how many they
/// are.
pub const SCALES: [i32; 8] = [-4, -3, -2, -1, 1, 2, 3, 4];
/// The factor between two of them.
pub const STEP: f64 = 4.0;
/// Where the scale one step down stands among [`SCALES`]; the one up follows.
const DOWN: usize = 3;
/// Worth that a point of gain short of the reference's takes off, where the scale was set on other workloads.
const SHORT: f64 = 1.5;

/// What is taken off worth for gain that is short of the reference's by this, log units.
pub(crate) fn short(gain: f64) -> f64 {
    SHORT * gain.max(0.0)
}

/// The names under which trials of yardsticks with so many twins are kept, in the order in which they are hashed.
pub fn policies(spec: &Spec, twins: usize) -> Vec<String> {
    let twin = |n: usize| if n == 0 { "reference-again".to_owned() } else { format!("reference-again-{}", n + 1) };
    let scales = match spec.aim {
        Aim::Saving { .. } => SCALES.map(|power| format!("reference-4^{power}")).to_vec(),
        Aim::Gain { .. } => vec![],
    };
    let always = ["baseline", "reference"].map(str::to_owned).into_iter().chain((0..twins).map(twin));
    always.chain(spec.extremes.iter().map(|extreme| extreme.name.clone())).chain(scales).collect()
}

/// The measurements that all others are held against on the same panel.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Yardsticks {
    /// The reference (the published policy) against the baseline.
    pub reference: Measurement,
    /// The reference under other draws: what pure chance does (A/A).
    pub twins: Vec<Measurement>,
    /// Policies that bound what can be gained, in the order of [`Spec::extremes`].
    pub extremes: Vec<Measurement>,
    /// The reference at its other scales, in the order of [`SCALES`]: empty where nothing is paid for gain.
    pub scales: Vec<Measurement>,
    /// Workloads that are beyond help: see [`Extreme::beyond_help`](crate::spec::Extreme).
    pub overloaded: Vec<String>,
    /// How many of the workloads, the last ones, were drawn from the experiment's population.
    #[serde(default)]
    pub drawn: usize,
    /// Those of them that have a past, by their position among them, in ascending order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub past: Vec<usize>,
    /// Whether every scenario of the study is one recorded trace: no seed changes what arrives, so no score has an interval.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub one_trace: bool,
    /// Frontiers that were asked for: every candidate is held against the same.
    #[serde(skip)]
    pub frontiers: Frontiers,
}

/// Frontiers by the workloads, the seed and the notion of cost that they are about.
#[derive(Default)]
pub struct Frontiers(Mutex<BTreeMap<Key, Arc<Frontier>>>);

type Key = (usize, usize, Option<usize>, Option<String>);

impl std::fmt::Debug for Frontiers {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Frontiers")
    }
}

/// They follow from the measurements beside them: a copy works them out again.
impl Clone for Frontiers {
    fn clone(&self) -> Self {
        Frontiers::default()
    }
}

impl PartialEq for Frontiers {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Yardsticks {
    /// Of a panel without drawn workloads on which nothing is beyond help.
    pub fn new(
        reference: Measurement,
        twins: Vec<Measurement>,
        extremes: Vec<Measurement>,
        scales: Vec<Measurement>,
    ) -> Self {
        let (overloaded, past, frontiers) = (Vec::new(), Vec::new(), Frontiers::default());
        Yardsticks { reference, twins, extremes, scales, overloaded, drawn: 0, past, one_trace: false, frontiers }
    }

    /// How many of the workloads are the study's: the first ones.
    pub fn study_rows(&self) -> usize {
        self.reference.cells.len() - self.drawn
    }

    /// The yardsticks of the study alone.
    pub fn study(&self) -> Self {
        let rows = 0..self.study_rows();
        Yardsticks { drawn: 0, past: Vec::new(), ..self.each(|measured| measured.rows(rows.clone())) }
    }

    /// The drawn workloads, by their means over seeds.
    pub fn population(&self) -> Cut {
        Cut::means(self.study_rows()..self.reference.cells.len())
    }

    /// What claims are about, by its means over seeds: the drawn workloads, or all where none are drawn.
    pub fn claimed(&self) -> Cut {
        if self.drawn > 0 { self.population() } else { self.whole() }
    }

    /// Every measurement that belongs to them.
    pub fn all(&self) -> impl Iterator<Item = &Measurement> {
        [&self.reference].into_iter().chain(&self.twins).chain(&self.extremes).chain(&self.scales)
    }

    /// The same of each measurement.
    pub fn each(&self, of: impl Fn(&Measurement) -> Measurement) -> Self {
        let all = |measured: &Vec<Measurement>| measured.iter().map(&of).collect();
        Yardsticks {
            reference: of(&self.reference),
            twins: all(&self.twins),
            extremes: all(&self.extremes),
            scales: all(&self.scales),
            overloaded: self.overloaded.clone(),
            drawn: self.drawn,
            past: self.past.clone(),
            one_trace: self.one_trace,
            frontiers: Frontiers::default(),
        }
    }

    /// Adds further seeds of the same workloads.
    pub(crate) fn extend(&mut self, more: &Yardsticks) {
        self.frontiers = Frontiers::default();
        self.reference.extend(&more.reference);
        let parts =
            [(&mut self.twins, &more.twins), (&mut self.extremes, &more.extremes), (&mut self.scales, &more.scales)];
        for (own, more) in parts {
            own.iter_mut().zip(more).for_each(|(own, more)| own.extend(more));
        }
    }

    /// What gain costs on these cells, by this notion of cost.
    pub fn frontier(&self, cut: &Cut, paid: Paid<'_>) -> Arc<Frontier> {
        let name = if let Paid::Series(name) = paid { Some(name.to_owned()) } else { None };
        let key = (cut.rows.start, cut.rows.end, cut.seed, name);
        let mut known = self.frontiers.0.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(known.entry(key).or_insert_with(|| Arc::new(self.worked_out(cut, paid))))
    }

    fn worked_out(&self, cut: &Cut, paid: Paid<'_>) -> Frontier {
        let places = |measured: &Measurement| measured.places(cut, paid);
        let others: Vec<Vec<Place>> = self.extremes.iter().chain(&self.scales).map(places).collect();
        let twins: Vec<Vec<Place>> = self.twins.iter().map(places).collect();
        Frontier::of(&places(&self.reference), &others, &twins)
    }

    fn whole(&self) -> Cut {
        Cut::means(0..self.reference.cells.len())
    }

    /// What a policy is worth on the panel; none where it does not compare.
    pub fn worth(&self, candidate: &Measurement, aim: &Aim) -> Option<f64> {
        self.compared(candidate, aim, self.whole())
    }

    /// What it is worth on a part of the panel; none where it does not compare there.
    pub(crate) fn compared(&self, candidate: &Measurement, aim: &Aim, cut: Cut) -> Option<f64> {
        let beyond = self.beyond(candidate, &cut);
        self.worth_on(candidate, aim, cut).filter(|_| aim.compares(beyond))
    }

    /// What it is worth on a part of the panel; none where the reference would pay too little there for what it gains.
    pub(crate) fn worth_on(&self, candidate: &Measurement, aim: &Aim, cut: Cut) -> Option<f64> {
        match aim {
            Aim::Saving { .. } => self.frontier(&cut, Paid::Cost).saving(&candidate.places(&cut, Paid::Cost)),
            Aim::Gain { .. } => Some(self.beyond(candidate, &cut)),
        }
    }

    /// The same seed by seed, whatever the distance.
    pub fn worth_per_seed(&self, candidate: &Measurement, aim: &Aim) -> Vec<f64> {
        let seeds = candidate.common_seeds().min(self.reference.common_seeds());
        let rows = 0..self.reference.cells.len();
        (0..seeds).map(|seed| self.worth_at(candidate, aim, &Cut::seed(rows.clone(), seed))).collect()
    }

    /// What a policy is worth at any distance from the reference's gain: too far off to be reported, good enough to learn from.
    pub fn worth_at_a_distance(&self, candidate: &Measurement, aim: &Aim) -> f64 {
        self.worth_at(candidate, aim, &self.whole())
    }

    /// The same on a part of the panel.
    pub fn worth_at(&self, candidate: &Measurement, aim: &Aim, cut: &Cut) -> f64 {
        match aim {
            Aim::Saving { .. } => {
                self.frontier(cut, Paid::Cost).saving_at_a_distance(&candidate.places(cut, Paid::Cost))
            }
            Aim::Gain { .. } => self.beyond(candidate, cut),
        }
    }

    /// What a policy saves in the mean of these cells against the reference at whichever scale gains as much, in the unit of its cost;
    /// where nothing is paid for gain, what it gains beyond the reference.
    pub(crate) fn saved(&self, candidate: &Measurement, aim: &Aim, cut: &Cut) -> f64 {
        match aim {
            Aim::Saving { .. } => {
                let terms = self.terms(candidate, cut);
                terms.iter().map(|term| term.demand - term.cost).sum::<f64>() / terms.len().max(1) as f64
            }
            Aim::Gain { .. } => self.beyond(candidate, cut),
        }
    }

    fn beyond(&self, candidate: &Measurement, cut: &Cut) -> f64 {
        candidate.mean_gain(cut) - self.reference.mean_gain(cut)
    }

    /// What a policy is worth with its two-sided interval at this `alpha`: over the drawn workloads where there are some, which nobody
    /// chose; over seeds where there are none. None where neither says anything.
    ///
    /// A scale that was set elsewhere misses: each point of gain short of the reference's takes 1.5 % of worth off.
    pub fn bounds(&self, candidate: &Measurement, aim: &Aim, alpha: f64) -> Option<Interval> {
        if self.drawn == 0 {
            let values = self.worth_per_seed(candidate, aim);
            return t_interval(&values, alpha, 0.0).filter(|_| !self.one_trace);
        }
        self.drawn_bounds(candidate, aim, self.penalty(candidate), alpha)
    }

    /// The same of the drawn workloads by themselves, less this penalty where cost is saved.
    pub(crate) fn drawn_bounds(
        &self,
        candidate: &Measurement,
        aim: &Aim,
        penalty: f64,
        alpha: f64,
    ) -> Option<Interval> {
        let cut = self.population();
        match aim {
            Aim::Saving { .. } => frontier::interval(&self.terms(candidate, &cut), penalty, alpha),
            Aim::Gain { .. } => t_interval(&self.gains_beyond(candidate, &cut), alpha, 0.0),
        }
    }

    /// A policy against the frontier, workload by workload.
    pub fn terms(&self, candidate: &Measurement, cut: &Cut) -> Vec<Term> {
        self.frontier(cut, Paid::Cost).terms(&candidate.places(cut, Paid::Cost))
    }

    /// A number for each drawn workload whose mean is what a policy is worth there, less what it is short, and whose scatter is that of
    /// the estimate: paired with another policy's they say what one is worth beyond the other.
    pub fn parts(&self, candidate: &Measurement, aim: &Aim) -> Vec<f64> {
        self.parts_on(candidate, aim, &self.population(), self.penalty(candidate))
    }

    /// The same of each workload that claims are about, and with nothing off for what it is short.
    pub(crate) fn parts_of(&self, candidate: &Measurement, aim: &Aim) -> Vec<f64> {
        self.parts_on(candidate, aim, &self.claimed(), 0.0)
    }

    fn parts_on(&self, candidate: &Measurement, aim: &Aim, cut: &Cut, penalty: f64) -> Vec<f64> {
        match aim {
            Aim::Saving { .. } => frontier::parts(&self.terms(candidate, cut), penalty),
            Aim::Gain { .. } => self.gains_beyond(candidate, cut),
        }
    }

    /// What a policy is worth on those of some workloads that are chosen, by their rows; none where the reference pays nothing there.
    pub fn worth_among(
        &self,
        candidate: &Measurement,
        aim: &Aim,
        cut: &Cut,
        chosen: &dyn Fn(usize) -> bool,
    ) -> Option<f64> {
        let chosen: Vec<usize> = (0..cut.rows.len()).filter(|at| chosen(cut.rows.start + at)).collect();
        let (worth, whole) = match aim {
            Aim::Saving { .. } => {
                let terms = self.terms(candidate, cut);
                let sum = |of: fn(&Term) -> f64| chosen.iter().map(|at| of(&terms[*at])).sum::<f64>();
                (sum(|term| term.demand - term.cost), sum(|term| term.demand))
            }
            Aim::Gain { .. } => {
                let gains = self.gains_beyond(candidate, cut);
                (chosen.iter().map(|at| gains[*at]).sum(), chosen.len() as f64)
            }
        };
        (whole > 0.0).then(|| worth / whole)
    }

    /// What a policy gains beyond the reference, workload by workload.
    fn gains_beyond(&self, candidate: &Measurement, cut: &Cut) -> Vec<f64> {
        let gains = |measured: &Measurement| measured.places(cut, Paid::Cost);
        let pairs = gains(candidate).into_iter().zip(gains(&self.reference));
        pairs.map(|(own, reference)| own[0] - reference[0]).collect()
    }

    /// What is taken off the worth of a policy whose mean gain on the panel falls short of the reference's.
    pub fn penalty(&self, candidate: &Measurement) -> f64 {
        short(self.reference.gain() - candidate.gain())
    }

    /// λ = [ln X(up) − ln X(down)] / [Y(up) − Y(down)], the exchange rate between cost X and gain Y along the reference's scale
    /// on these workloads, 1 per log unit: what the saving by panel means is carried over by. Zero where there is none.
    pub fn rate(&self, rows: &Range<usize>) -> f64 {
        let (Some(down), Some(up)) = (self.scales.get(DOWN), self.scales.get(DOWN + 1)) else { return 0.0 };
        let (up, down) = (up.part(rows.clone()), down.part(rows.clone()));
        let (cost_up, cost_down, gain) = (up.cost(), down.cost(), up.gain() - down.gain());
        let moves = cost_up > 0.0 && cost_down > 0.0 && gain.abs() > 1e-9;
        if moves { (cost_up / cost_down).ln() / gain } else { 0.0 }
    }

    /// What was saved by panel means at equal mean gain, 1 − (X / X_ref) · exp(−λ (Y − Y_ref)): what is gained by moving cost
    /// between workloads is in it. None where the reference pays nothing or gains lie too far apart.
    pub fn net_saving(&self, candidate: &Measurement, rows: Range<usize>, aim: &Aim) -> Option<f64> {
        let (own, reference) = (candidate.part(rows.clone()), self.reference.part(rows.clone()));
        let beyond = own.gain() - reference.gain();
        let compares = aim.cost_names().is_some() && reference.cost() > 0.0 && aim.compares(beyond);
        compares.then(|| 1.0 - own.cost() / reference.cost() * (-self.rate(&rows) * beyond).exp())
    }
}

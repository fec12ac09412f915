//! What the researcher knows, and the beliefs that follow from it.

use super::executor::{constants, place};
use super::planner::STEPS;
use super::shape::{Curve, Shape};
use super::surrogate::{Halving, Inputs, Place, Prior, Surrogate};
use science::experiment::{GuardMetric, REGRET};
use science::id::CandidateId;
use science::objective::{self, COMPARABLE, Measurement, Score, Yardsticks};
use science::state::{CandidateRecord, State};
use science::tuner::Tried;
use science::tuner::goal::worth;
use std::sync::Arc;

/// Policies that beliefs rest on, at most.
const MEMORY: usize = 100;

/// All that was measured, and the beliefs that follow from it.
pub(crate) struct Mind<'a> {
    pub(crate) state: &'a State,
    pub(crate) reference: Shape,
    pub(crate) known: Vec<Known>,
    /// The known shapes, as surrogates see them.
    pub(crate) inputs: Arc<Inputs>,
    /// The ways to a place of a curve; none if the space has no places.
    pub(crate) halving: Option<Halving>,
    /// Improvement beyond the reference's on the whole panel, log units.
    pub(crate) improvement: Surrogate,
    /// Extra shed work on the whole panel over the reference's, less 1.
    pub(crate) work: Surrogate,
    /// Net saving on the study, which claims are about.
    pub(crate) saving: Surrogate,
    /// What the experiment bounds from above.
    pub(crate) guarded: Vec<Guarded>,
}

/// A bound on something that a shape decides.
pub(crate) struct Guarded {
    pub(crate) what: What,
    pub(crate) bound: f64,
    pub(crate) belief: Surrogate,
}

/// What a guard is about; zero for the reference.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum What {
    /// Points that the worst scenario of the study loses.
    Regret,
    /// Points that nine in ten of the drawn workloads lose at most.
    DrawnRegret,
    /// Points that the study's mean improvement falls short by.
    Shortfall,
    /// Points that the drawn workloads' mean improvement lies beyond the reference's.
    DrawnGain,
    /// Extra shed work on the study over the reference's, less 1.
    Work,
    /// The same in requests.
    Rate,
}

/// A measured policy of the family.
pub(crate) struct Known {
    pub(crate) id: Option<CandidateId>,
    pub(crate) shape: Shape,
    pub(crate) improvement: f64,
    pub(crate) work: f64,
    /// Net saving on the study, at any distance from the reference's improvement.
    pub(crate) saving: f64,
    /// Net saving on the whole panel, less what it violates.
    pub(crate) worth: f64,
    /// What the experiment bounds, in the order of its guards.
    guarded: Vec<f64>,
}

impl<'a> Mind<'a> {
    pub(crate) fn of(state: &'a State) -> Self {
        let reference = reference(&state.opened().experiment.reference);
        let guards = guards(state);
        let known = known(state, reference, &guards);
        let inputs = Arc::new(Inputs::new(known.iter().map(|k| k.shape.features()).collect()));
        let fit = |prior, value: &dyn Fn(&Known) -> f64| {
            let values: Vec<f64> = known.iter().map(value).collect();
            Surrogate::fit(prior, reference.features(), &inputs, &values)
        };
        let prior = |trend, wiggle, noise| Prior { trend, wiggle, noise };
        let guarded = guards.into_iter().enumerate().map(|(at, (what, bound))| {
            let belief = fit(what.prior(), &|known| known.guarded[at]);
            Guarded { what, bound, belief }
        });
        let places = state.opened().experiment.space().dimension("half").and_then(|half| half.range);
        Mind {
            halving: places.map(|places| Halving::new(Arc::clone(&inputs), places.map(f64::ln), STEPS)),
            improvement: fit(prior([0.2, 0.05, 0.05, 0.08, 0.05, 0.02, 0.2], 0.015, 0.0005), &|k| k.improvement),
            work: fit(prior([1.0, 0.3, 0.3, 0.4, 0.2, 0.1, 1.0], 0.04, 0.003), &|k| k.work),
            saving: fit(prior([0.05, 0.06, 0.06, 0.06, 0.02, 0.02, 0.2], 0.03, 0.002), &|k| k.saving),
            guarded: guarded.collect(),
            state,
            reference,
            known,
            inputs,
        }
    }

    /// Where a shape lies among the known ones.
    pub(crate) fn place(&self, shape: &Shape) -> Place {
        Place::new(&self.inputs, shape.features())
    }

    /// The best policy so far, by what it saves less what it violates; none if nothing is better than the reference.
    pub(crate) fn incumbent(&self) -> Option<&Known> {
        self.incumbent_but(None)
    }

    /// The same as if this candidate did not exist.
    pub(crate) fn incumbent_but(&self, other: Option<&CandidateId>) -> Option<&Known> {
        let reference = self.known[0].worth;
        let counts = |k: &&Known| k.id.is_some() && k.id.as_ref() != other && self.is_simple(&k.shape);
        let written = self.known.iter().filter(counts).filter(|k| k.improvement.abs() <= COMPARABLE);
        written.filter(|k| k.worth > reference).max_by(|a, b| a.worth.total_cmp(&b.worth))
    }
}

impl Mind<'_> {
    /// The least work among policies that keep every bound and improve enough; the reference's if there is none. What violates
    /// a bound is no measure of what can be reached within it.
    pub(crate) fn least_work(&self) -> f64 {
        let bounds = || self.guarded.iter().map(|guarded| guarded.bound);
        let within = |k: &&Known| k.guarded.iter().zip(bounds()).all(|(value, bound)| *value <= bound);
        let kept = self.known.iter().filter(|k| k.id.is_some() && k.improvement >= 0.0 && self.is_simple(&k.shape));
        kept.filter(within).map(|k| k.work).fold(0.0, f64::min)
    }

    /// Whether a shape has as few constants as the experiment asks for.
    pub(crate) fn is_simple(&self, shape: &Shape) -> bool {
        let most = self.state.opened().experiment.objective.at_most(GuardMetric::FreeParameters);
        most.is_none_or(|most| f64::from(constants(shape)) <= most)
    }
}

impl What {
    pub(crate) fn value(self, score: &Score) -> f64 {
        match self {
            What::Regret => score.regret,
            What::DrawnRegret => score.panels.as_ref().map_or(0.0, |panels| panels.drawn.regret_of_most()),
            What::Shortfall => score.shortfall,
            What::DrawnGain => score.panels.as_ref().map_or(0.0, |panels| panels.drawn.against_reference),
            What::Work => score.work_ratio.map_or(1.0, |ratio| ratio - 1.0),
            What::Rate => score.rate_ratio.map_or(1.0, |ratio| ratio - 1.0),
        }
    }

    fn prior(self) -> Prior {
        let (trend, wiggle, noise) = match self {
            What::Regret => ([10.0, 4.0, 4.0, 4.0, 2.0, 2.0, 10.0], 2.0, 0.2),
            What::DrawnRegret => ([10.0, 4.0, 4.0, 6.0, 6.0, 2.0, 10.0], 3.0, 0.5),
            What::DrawnGain => ([20.0, 5.0, 5.0, 10.0, 8.0, 2.0, 20.0], 1.5, 0.05),
            What::Shortfall => ([20.0, 5.0, 5.0, 8.0, 2.0, 2.0, 20.0], 1.5, 0.05),
            What::Work | What::Rate => ([1.0, 0.3, 0.5, 0.4, 0.1, 0.1, 1.0], 0.04, 0.003),
        };
        Prior { trend, wiggle, noise }
    }
}

/// The experiment's guards that a shape can be weighed by, with their bounds.
fn guards(state: &State) -> Vec<(What, f64)> {
    let drawn = state.yardsticks().drawn > 0;
    let objective = &state.opened().experiment.objective;
    let drawn_by_itself = objective.at_most(GuardMetric::DrawnRegret).is_some();
    let of = |metric, bound: f64| match metric {
        GuardMetric::Regret if drawn && !drawn_by_itself => {
            vec![(What::Regret, bound), (What::DrawnRegret, bound.max(REGRET))]
        }
        GuardMetric::Regret => vec![(What::Regret, bound)],
        GuardMetric::Shortfall => vec![(What::Shortfall, bound)],
        GuardMetric::DrawnRegret if drawn => vec![(What::DrawnRegret, bound)],
        GuardMetric::DrawnGain if drawn => vec![(What::DrawnGain, bound)],
        GuardMetric::WorkRatio => vec![(What::Work, bound - 1.0)],
        GuardMetric::RateRatio => vec![(What::Rate, bound - 1.0)],
        _ => Vec::new(),
    };
    objective
        .constraints
        .iter()
        .filter_map(|guard| guard.at_most.map(|bound| of(guard.metric, bound)))
        .flatten()
        .collect()
}

fn known(state: &State, reference: Shape, guards: &[(What, f64)]) -> Vec<Known> {
    let yardsticks = state.yardsticks();
    let objective = &state.opened().experiment.objective;
    let entry = |id: Option<CandidateId>, shape: Shape, m: &Measurement, score: &Score, worth: f64| Known {
        worth,
        id,
        shape,
        improvement: m.y() - yardsticks.reference.y(),
        work: m.x() / yardsticks.reference.x() - 1.0,
        saving: study_saving(m, state.study()).clamp(-0.5, 0.5),
        guarded: guards.iter().map(|(what, _)| what.value(score)).collect(),
    };
    let yardstick = |shape, m: &Measurement| {
        let score = objective::score(m, yardsticks, &state.opened().scenarios);
        entry(None, shape, m, &score, worth(m, &score, yardsticks, objective).value())
    };
    let mut known = vec![yardstick(reference, &yardsticks.reference)];
    if let Curve::Power { exponent } = reference.curve {
        let moved = |factor: f64| Shape { half: reference.half * f64::powf(factor, -1.0 / exponent), ..reference };
        known.push(yardstick(moved(1.5), &yardsticks.louder));
        known.push(yardstick(moved(1.0 / 1.5), &yardsticks.softer));
    }
    known.extend(remembered(state).into_iter().filter_map(|(record, shape)| {
        let (measured, score) = (record.measurement.as_ref()?, record.score.as_ref()?);
        Some(entry(Some(record.candidate.id.clone()), shape, measured, score, record.worth?.value()))
    }));
    let room = MEMORY.saturating_sub(known.len());
    known.extend(tuned(state).into_iter().take(room).filter_map(|(shape, tried)| {
        let (score, study) = (tried.score.as_ref()?, state.study());
        // Of the study, both of them.
        let (beyond, work) = (-score.shortfall / 100.0, score.work_ratio?);
        Some(Known {
            id: None,
            shape,
            improvement: -(1.0 - score.improvement).ln() - yardsticks.reference.y(),
            work: score.extra_shed_work / yardsticks.reference.x() - 1.0,
            saving: (1.0 - work * (-study.lambda * beyond).exp()).clamp(-0.5, 0.5),
            worth: tried.value,
            guarded: guards.iter().map(|(what, _)| what.value(score)).collect(),
        })
    }));
    known
}

/// What tuning measured beside candidates' own constants, with its place in the design space; what is worth most first.
fn tuned(state: &State) -> Vec<(Shape, &Tried)> {
    let places = state.tunings().flat_map(|tuning| {
        let own = state.candidates.get(&tuning.candidate).and_then(|record| record.candidate.point.as_ref());
        tuning.tried.iter().skip(1).filter_map(move |tried| {
            let names = tuning.tunables.iter().map(|range| range.name.as_str());
            let constants: Vec<(&str, f64)> = names.zip(tried.parameters.iter().copied()).collect();
            Some((Shape::at(&place(own?, &constants))?, tried))
        })
    });
    let mut places: Vec<_> = places.filter(|(_, tried)| tried.score.is_some()).collect();
    places.sort_by(|(_, a), (_, b)| b.value.total_cmp(&a.value));
    places
}

/// The policies worth most: a process over all of a long campaign would think for longer than a trial takes, and what is
/// far from the best says little about it.
fn remembered(state: &State) -> Vec<(&CandidateRecord, Shape)> {
    let shaped =
        state.worthiest().filter_map(|record| Some((record, record.candidate.point.as_ref().and_then(Shape::at)?)));
    let mut best: Vec<_> = shaped.take(MEMORY + 1).collect();
    if best.len() > MEMORY {
        best.truncate(MEMORY);
    } else {
        best.sort_by_key(|(record, _)| record.position);
    }
    best
}

fn study_saving(measured: &Measurement, study: &Yardsticks) -> f64 {
    study.saving_at_a_distance(&measured.rows(0..study.reference.cells.len()))
}

/// The reference's shape, where it is the published family; else a guess at its place.
pub(crate) fn reference(name: &str) -> Shape {
    let parameter = |key: &str, default: f64| {
        let inside = name.split_once('(').map_or("", |(_, rest)| rest.trim_end_matches(')'));
        let pairs = inside.split(',').filter_map(|pair| pair.split_once('='));
        pairs.filter(|(k, _)| k.trim() == key).find_map(|(_, v)| v.trim().parse().ok()).unwrap_or(default)
    };
    Shape::published(parameter("power", 5.0), parameter("k", 300.0))
}

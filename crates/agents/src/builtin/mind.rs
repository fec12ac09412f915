//! What the researcher knows, and the beliefs that follow from it.

use super::constants::place;
use super::guards::{self, Guarded, What};
use super::memory::{Given, Memory, Seen};
use super::response::{Foresight, Responses};
use super::shape::{Curve, NEUTRAL, PLAIN, Shape, Signal};
use science::gaussian::Belief;
use science::id::CandidateId;
use science::measurement::Cell;
use science::objective::{COMPARABLE, MAY_LOSE, Measurement, Score, Yardsticks};
use science::state::{CandidateRecord, State};
use science::tuner::Tried;
use science::tuner::goal::PRICE;
use std::sync::Arc;

/// Improvement aimed at beyond the reference's, log units: a little above, since falling short disqualifies.
const AIM: f64 = 0.001;
/// Policies that beliefs rest on, at most.
const MEMORY: usize = 60;
/// Where everything is refused, over the place of the reference: no instance is ever as empty.
const FULL: f64 = 0.08;
/// The baseline that is a step of the saturation at 1.
const STEP_AT_ONE: &str = "gaie-legacy";
/// The share of what is uncertain in one workload that is so in all of them alike.
const COMMON: f64 = 0.2;
/// Extra shed work is as uncertain as so much improvement.
const WORK: f64 = 1.5;

/// All that was measured, and the beliefs that follow from it.
pub(crate) struct Mind<'a> {
    pub(crate) state: &'a State,
    pub(crate) reference: Shape,
    pub(crate) known: Vec<Known>,
    pub(crate) responses: Arc<Responses>,
    /// The reference's extra shed work on every workload; the study's come first.
    reference_works: Vec<f64>,
    study: usize,
    /// The study's exchange rate.
    lambda: f64,
    /// What the experiment bounds from above.
    pub(crate) guards: Vec<Guarded>,
}

/// What is believed of a policy.
pub(crate) struct Outlook {
    /// Improvement beyond the reference's on the whole panel, log units.
    pub(crate) improvement: Belief,
    /// Extra shed work on the whole panel over the reference's, less 1.
    pub(crate) work: Belief,
    /// Net saving on the study, which claims are about.
    pub(crate) saving: Belief,
    /// The probability that every guard is kept with something to spare, as if they did not hang together.
    pub(crate) kept: f64,
}

/// A measured policy of the family.
pub(crate) struct Known {
    pub(crate) id: Option<CandidateId>,
    pub(crate) shape: Shape,
    /// Improvement beyond the reference's, log units, and extra shed work beyond it, on each workload; without what the search
    /// seeds make of candidates.
    effects: Vec<[f64; 2]>,
}

impl<'a> Mind<'a> {
    pub(crate) fn of(state: &'a State, memory: &Memory) -> Self {
        let reference = reference(&state.opened().experiment.reference);
        let yardsticks = state.yardsticks();
        let known = known(state, reference);
        let seeds = f64::from(state.opened().experiment.seeds);
        Mind {
            responses: memory.responses(given(state, reference, &known)),
            reference_works: yardsticks.reference.per_scenario(|cell| cell.x),
            study: yardsticks.study_rows(),
            guards: guards::of(state, seeds),
            lambda: state.study().lambda,
            state,
            reference,
            known,
        }
    }

    /// What is believed of a shape.
    pub(crate) fn outlook(&self, shape: &Shape) -> Outlook {
        let foresight = self.responses.foresee(shape);
        let all = 0..foresight.sds.len();
        let study = 0..self.study;
        let work = mean(&foresight.effects, 1) / self.reference_work(all.clone());
        let improvement_on_study = self.sd(&foresight, study.clone());
        Outlook {
            improvement: Belief { mean: mean(&foresight.effects, 0), sd: self.sd(&foresight, all.clone()) },
            work: Belief { mean: work, sd: self.work_sd(&foresight, all) },
            saving: Belief {
                mean: self.saving(&foresight.effects),
                sd: self.work_sd(&foresight, study).hypot(0.5 * self.lambda * improvement_on_study),
            },
            kept: self.guards.iter().map(|guard| self.kept(guard, &foresight)).product(),
        }
    }

    /// The probability that what a guard is about is where it is aimed at, on the seeds that tell of it.
    fn kept(&self, guard: &Guarded, foresight: &Foresight) -> f64 {
        let (study, drawn) = (0..self.study, self.study..foresight.sds.len());
        let sd = match guard.what {
            What::Regret => each(&foresight.sds[study]) * 100.0,
            What::DrawnRegret => each(&foresight.sds[drawn]) * 50.0,
            What::Shortfall => self.sd(foresight, study) * 100.0,
            What::DrawnGain | What::DrawnShortfall => self.sd(foresight, drawn) * 100.0,
            What::Work => self.work_sd(foresight, study),
        };
        let mean = self.foreseen(guard.what, &foresight.effects);
        1.0 - Belief { mean, sd: sd.hypot(guard.luck) }.at_least(guard.aim)
    }

    /// What something that a guard is about would be with these effects.
    pub(crate) fn foreseen(&self, what: What, effects: &[[f64; 2]]) -> f64 {
        let (study, drawn) = effects.split_at(self.study);
        match what {
            What::Regret => study.iter().map(|effect| -100.0 * effect[0]).fold(f64::NEG_INFINITY, f64::max),
            What::DrawnRegret => {
                let mut regrets: Vec<f64> = drawn.iter().map(|effect| -100.0 * effect[0]).collect();
                let may_lose = (MAY_LOSE * regrets.len() as f64) as usize;
                let (_, most, _) = regrets.select_nth_unstable_by(may_lose, |a, b| b.total_cmp(a));
                *most
            }
            What::Shortfall => -100.0 * mean(study, 0),
            What::DrawnGain => 100.0 * mean(drawn, 0),
            What::DrawnShortfall => -100.0 * mean(drawn, 0),
            What::Work => mean(study, 1) / self.reference_work(0..self.study),
        }
    }

    /// How much more than it has to a policy improves that improves so much on each workload, log units: on the whole panel, and
    /// where a guard asks for it on the study and on the drawn workloads.
    pub(crate) fn room(&self, improvements: impl Iterator<Item = f64>) -> f64 {
        let mut sums = [0.0; 2];
        improvements.enumerate().for_each(|(at, improvement)| sums[usize::from(at >= self.study)] += improvement);
        let [study, drawn] = [sums[0] / self.study as f64, sums[1] / self.drawn().max(1) as f64];
        let panel = (sums[0] + sums[1]) / self.reference_works.len() as f64 - AIM;
        let asked = self.guards.iter().filter_map(|Guarded { what, aim, .. }| match what {
            What::Shortfall => Some(study + aim / 100.0),
            What::DrawnShortfall => Some(drawn + aim / 100.0),
            _ => None,
        });
        asked.fold(panel, f64::min)
    }

    /// Net saving on the study with these effects.
    fn saving(&self, effects: &[[f64; 2]]) -> f64 {
        let study = &effects[..self.study];
        let work = 1.0 + mean(study, 1) / self.reference_work(0..self.study);
        (1.0 - work * (-self.lambda * mean(study, 0)).exp()).clamp(-0.5, 0.5)
    }

    /// The reference's mean extra shed work on some of the workloads, kept off zero: it is divided by.
    fn reference_work(&self, range: std::ops::Range<usize>) -> f64 {
        let count = range.len().max(1) as f64;
        (self.reference_works[range].iter().sum::<f64>() / count).abs().max(0.01)
    }

    fn drawn(&self) -> usize {
        self.reference_works.len() - self.study
    }

    /// What a policy with these effects is worth: its net saving, less what it violates of these bounds, as tuning has it.
    fn worth(&self, effects: &[[f64; 2]], bound: impl Fn(&Guarded) -> f64) -> f64 {
        let improvement = mean(effects, 0);
        let work = 1.0 + mean(effects, 1) / self.reference_work(0..effects.len());
        let mut excess = (-improvement).max(0.0) + (improvement.abs() - COMPARABLE).max(0.0);
        for guarded in &self.guards {
            let unit = if guarded.what == What::Work { 1.0 } else { 0.01 };
            excess += (self.foreseen(guarded.what, effects) - bound(guarded)).max(0.0) * unit;
        }
        1.0 - work * (-self.state.yardsticks().lambda * improvement).exp() - PRICE * excess
    }

    /// What a shape is expected to be worth, with something to spare at every bound.
    pub(crate) fn value(&self, shape: &Shape) -> f64 {
        self.worth(&self.responses.effects(shape).collect::<Vec<_>>(), |guarded| guarded.aim)
    }

    /// The probability that a shape is worth more than `bar`.
    pub(crate) fn hope(&self, shape: &Shape, bar: f64) -> f64 {
        let foresight = self.responses.foresee(shape);
        let all = 0..foresight.sds.len();
        let saving = self.work_sd(&foresight, all);
        // What is violated, if anything, is mostly what a single workload loses.
        let violated = PRICE * each(&foresight.sds[..self.study]);
        let mean = self.worth(&foresight.effects, |guarded| guarded.bound);
        Belief { mean, sd: saving.hypot(violated) }.at_least(bar)
    }

    /// The uncertainty of a mean improvement over some of the workloads.
    fn sd(&self, foresight: &Foresight, range: std::ops::Range<usize>) -> f64 {
        let (sds, count) = (&foresight.sds[range.clone()], range.len().max(1) as f64);
        let (sum, squares) = sds.iter().fold((0.0, 0.0), |(sum, squares), sd| (sum + sd, squares + sd * sd));
        (COMMON * sum * sum + (1.0 - COMMON) * squares).sqrt() / count
    }

    /// The uncertainty of extra shed work over the reference's on some of the workloads.
    fn work_sd(&self, foresight: &Foresight, range: std::ops::Range<usize>) -> f64 {
        self.sd(foresight, range.clone()) * WORK / self.reference_work(range)
    }

    /// The best policy so far, by what it saves less what it violates, with something to spare; none if nothing is better than
    /// the reference.
    pub(crate) fn incumbent(&self) -> Option<&Known> {
        self.incumbent_but(None)
    }

    /// The same as if this candidate did not exist.
    pub(crate) fn incumbent_but(&self, other: Option<&CandidateId>) -> Option<&Known> {
        let aimed = |known: &Known| self.worth(&known.effects, |guarded| guarded.aim);
        let reference = aimed(&self.known[0]);
        let counts = |k: &&Known| k.id.is_some() && k.id.as_ref() != other;
        // Claims are about the study, so it is there that costs have to compare, with a little to spare for other seeds.
        let compares = |k: &&Known| mean(&k.effects[..self.study], 0).abs() <= 0.75 * COMPARABLE;
        let valued = self.known.iter().filter(counts).filter(compares).map(|known| (aimed(known), known));
        let best = valued.filter(|(value, _)| *value > reference).max_by(|(a, _), (b, _)| a.total_cmp(b));
        best.map(|(_, known)| known)
    }

    /// Net saving of a known policy on the study, at any distance from the reference's improvement.
    pub(crate) fn saving_of(&self, known: &Known) -> f64 {
        self.saving(&known.effects)
    }

    /// The least work among policies that keep every bound with something to spare and improve enough; the reference's if there
    /// is none. What violates a bound is no measure of what can be reached within it.
    pub(crate) fn least_work(&self) -> f64 {
        let within = |k: &&Known| self.guards.iter().all(|guard| self.foreseen(guard.what, &k.effects) <= guard.aim);
        let counts = |k: &&Known| k.id.is_some() && mean(&k.effects, 0) >= 0.0;
        let work = |k: &Known| mean(&k.effects, 1) / self.reference_work(0..k.effects.len());
        self.known.iter().filter(counts).filter(within).map(work).fold(0.0, f64::min)
    }
}

/// The mean uncertainty of a single workload.
fn each(sds: &[f64]) -> f64 {
    sds.iter().sum::<f64>() / sds.len().max(1) as f64
}

fn mean(effects: &[[f64; 2]], which: usize) -> f64 {
    effects.iter().map(|effect| effect[which]).sum::<f64>() / effects.len().max(1) as f64
}

/// What tells how the workloads respond: the yardsticks, and all that is known.
fn given(state: &State, reference: Shape, known: &[Known]) -> Given {
    let (yardsticks, started) = (state.yardsticks(), state.opened());
    let workloads = yardsticks.reference.cells.len();
    let profiles =
        if started.profiles.len() == workloads { started.profiles.clone() } else { vec![NEUTRAL; workloads] };
    // What pure chance does: one pair tells little of one workload, so workloads of as many seeds share theirs.
    let (once, again) = (yardsticks.reference.per_scenario(Cell::y), yardsticks.reference_again.per_scenario(Cell::y));
    let differences: Vec<f64> = once.iter().zip(&again).map(|(once, again)| once - again).collect();
    let study = yardsticks.study_rows();
    let noise_of = |range: &[f64]| (range.iter().map(|d| d * d).sum::<f64>() / 2.0 / range.len().max(1) as f64).sqrt();
    let noises = [noise_of(&differences[..study]), noise_of(&differences[study..])];
    let noise: Vec<f64> = (0..workloads).map(|at| noises[usize::from(at >= study)]).collect();

    let own = effects(&yardsticks.reference);
    let everything = beyond(&yardsticks.refuse_everything, &own);
    let nothing: Vec<[f64; 2]> = own.iter().map(|effect| effect.map(|own| -own)).collect();
    let step = |half: f64, signal| Shape { half, signal, ..PLAIN };
    let mut seen: Vec<Seen> =
        known.iter().map(|known| Seen { shape: known.shape, effects: known.effects.clone() }).collect();
    for signal in [Signal::Saturation, Signal::Kv] {
        seen.push(Seen { shape: step(reference.half * FULL, signal), effects: everything.clone() });
    }
    if started.experiment.baseline.starts_with(STEP_AT_ONE) {
        seen.push(Seen { shape: step(1.0, Signal::Saturation), effects: nothing });
    }
    Given { profiles, study, reference, noise, seen }
}

/// Improvement and extra shed work of a measurement, workload by workload.
fn effects(measured: &Measurement) -> Vec<[f64; 2]> {
    let (y, x) = (measured.per_scenario(Cell::y), measured.per_scenario(|cell| cell.x));
    y.into_iter().zip(x).map(|(y, x)| [y, x]).collect()
}

/// The same beyond the reference's own.
fn beyond(measured: &Measurement, reference: &[[f64; 2]]) -> Vec<[f64; 2]> {
    let pairs = effects(measured).into_iter().zip(reference);
    pairs.map(|(own, reference)| [own[0] - reference[0], own[1] - reference[1]]).collect()
}

/// The same from a score, as far as it tells.
fn told(score: &Score, yardsticks: &Yardsticks) -> Option<Vec<[f64; 2]>> {
    let works = yardsticks.reference.per_scenario(|cell| cell.x);
    let study = score.scenarios.iter().map(|scenario| [scenario.against_reference / 100.0, scenario.extra_shed_work]);
    let drawn = score.panels.iter().flat_map(|panels| panels.drawn.regrets.iter().zip(&panels.drawn.works));
    let all = study.chain(drawn.map(|(regret, work)| [-regret / 100.0, *work]));
    let told: Vec<[f64; 2]> = all.zip(&works).map(|([y, x], reference)| [y, x - reference]).collect();
    (told.len() == works.len()).then_some(told)
}

/// What was measured of the family: the reference first, then it at other scales, then candidates and what tuning tried.
fn known(state: &State, reference: Shape) -> Vec<Known> {
    let yardsticks = state.yardsticks();
    let known = |id: Option<&CandidateId>, shape: Shape, effects| Known { id: id.cloned(), shape, effects };
    let own = effects(&yardsticks.reference);
    let mut all = vec![known(None, reference, beyond(&yardsticks.reference, &own))];
    if let Curve::Power { exponent } = reference.curve {
        let moved = |factor: f64| Shape { half: reference.half * f64::powf(factor, -1.0 / exponent), ..reference };
        all.push(known(None, moved(1.5), beyond(&yardsticks.louder, &own)));
        all.push(known(None, moved(1.0 / 1.5), beyond(&yardsticks.softer, &own)));
    }
    all.extend(remembered(state).into_iter().filter_map(|(record, shape)| {
        let effects = beyond(record.measurement.as_ref()?, &own);
        Some(known(Some(&record.candidate.id), shape, effects))
    }));
    let room = MEMORY.saturating_sub(all.len());
    all.extend(
        tuned(state).into_iter().take(room).filter_map(|(shape, tried)| {
            Some(known(None, shape, told(tried.score.as_ref()?, yardsticks)?))
        }),
    );
    all
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

/// The policies worth most: what is far from the best says little about it, and to learn from all of a long campaign would take
/// longer than a trial.
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

/// The reference's shape, where it is the published family; else a guess at its place.
pub(crate) fn reference(name: &str) -> Shape {
    let parameter = |key: &str, default: f64| {
        let inside = name.split_once('(').map_or("", |(_, rest)| rest.trim_end_matches(')'));
        let pairs = inside.split(',').filter_map(|pair| pair.split_once('='));
        pairs.filter(|(k, _)| k.trim() == key).find_map(|(_, v)| v.trim().parse().ok()).unwrap_or(default)
    };
    Shape::published(parameter("power", 5.0), parameter("k", 300.0))
}

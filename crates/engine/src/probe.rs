//! What a candidate does, found out from its own trials: curves, descriptor, behaviour signature.
//!
//! Nobody is probed apart: the decisions of a candidate's trials are looked at while it makes them, so nothing that it knows
//! can tell it that it is being looked at. Of the first seed of each workload all that it was shown is kept. Afterwards
//! *shadows* in another process are shown the same sequences: with nothing changed, which must give the same answers; with
//! the instances in another order; from a later moment on, which tells whether it remembers; and with exactly one thing
//! changed. A shadow may well find out that it is one, and gains nothing: it is only compared with what the
//! candidate did in its trials, or with another shadow.

mod change;
mod record;
mod tally;

use crate::error::EngineError;
use admitter::{Draw, Instance, Request, wire};
use change::{Change, INPUTS, shuffle};
pub(crate) use record::Record;
use record::{Moment, Sequence};
use sandbox::{Artifact, Outcome, Round, Sandbox, Session};
use science::descriptor::{Bin, Curve, Descriptor, Input, Trend, log_slope, reaches};
use science::id::Hash;
use science::keyed;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// Later moments at which shadows begin in each sequence, and decisions of each of them.
const BEGINNINGS: usize = 8;
const WINDOW: usize = 128;
/// Of these, how many are shown with one thing changed each, and of one sequence at most.
const CHANGED: usize = 6;
const OF_ONE: usize = 2;
/// Other draws and pressures under which they are shown besides: they tell close constants apart.
const OTHERS: [Change; 4] = [Change::Draw(2), Change::Draw(3), Change::Pressure(0.7), Change::Pressure(1.5)];
/// What they are shown in another order as well: states that the trials may not have met.
const SHUFFLED: [Change; 3] = [Change::FromKv, Change::Pressure(0.7), Change::Pressure(1.5)];
const CHANGES: usize = INPUTS.len() + OTHERS.len() + SHUFFLED.len();
/// Bisections of a place where an answer turns, and the pressure at which they begin, as a factor.
const BISECTIONS: usize = 24;
const HIGHEST: f64 = 16.0;
/// Sums of the same numbers in another order are rounded otherwise: up to this share of decisions may change by that.
const ROUNDING: f64 = 1e-4;
/// Where a whole state is written otherwise, in windows that were chosen for how close they are to the edge.
const ROUNDING_IN_A_WINDOW: f64 = 1.0 / 256.0;
/// Questions that are put in one go.
const AT_ONCE: usize = 1024;

/// All that was found out about a candidate.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Probe {
    /// Share of refused droppable requests against saturation, queue length, KV utilisation and prompt length, as its
    /// trials met them.
    pub curves: Vec<Curve>,
    /// Its measured place among policies.
    pub descriptor: Descriptor,
}

/// What was found out, or what became of the candidate instead; errors are ours.
pub type Found<T> = Result<Result<T, Outcome>, EngineError>;

/// Finds out what a candidate does, from what it did in its trials.
pub(crate) fn probe(sandbox: &Sandbox, artifact: &Artifact, record: &Record) -> Found<Probe> {
    let plan = Plan::of(record);
    let seats = plan.shadows.len() + plan.turning.len() * BISECTIONS;
    // At other places of memory: what depends on these answers otherwise there.
    let mut session = match sandbox.start_elsewhere(artifact, &vec![Vec::new(); seats])? {
        Ok(session) => session,
        Err(outcome) => return Ok(Err(outcome)),
    };
    let _core = session.share_core()?;
    let given = match plan.answers(&mut session) {
        Ok(given) => given,
        Err(outcome) => return Ok(Err(outcome)),
    };
    if let Some(what) = plan.inconsistent(&given) {
        return Ok(Err(Outcome::Inconsistent { what }));
    }
    let turns = match plan.turns(&mut session) {
        Ok(turns) => turns,
        Err(outcome) => return Ok(Err(outcome)),
    };
    let curves = record.tally.curves();
    let bins = record.tally.saturation.bins();
    let descriptor = Descriptor {
        inputs: plan.inputs(&given),
        memory: plan.memory(&given),
        order_matters: plan.order_matters(&given),
        protected: record.tally.protected,
        signature: signature(record, &given, &turns),
        ..shape(&bins, curves[0].clone())
    };
    Ok(Ok(Probe { curves, descriptor }))
}

/// What a curve says of the places where a candidate begins to refuse.
fn shape(bins: &[Bin], curve: Curve) -> Descriptor {
    let trend = Trend::of(bins);
    let points = if trend == Trend::Rising { &curve.points[..] } else { &[] };
    Descriptor {
        onset: reaches(points, 0.01),
        half: reaches(points, 0.5),
        full: reaches(points, 1.0),
        exponent: log_slope(points),
        trend,
        curve,
        ..Descriptor::default()
    }
}

/// Equal signatures: the same answers in all trials and of all shadows.
fn signature(record: &Record, given: &[Vec<u8>], turns: &[u8]) -> Hash {
    let mut bytes = Vec::new();
    for answers in record.answers.iter().chain(given) {
        bytes.extend((answers.len() as u64).to_le_bytes());
        bytes.extend(answers);
    }
    bytes.extend(turns);
    Hash::of(&bytes)
}

/// Who is shown some decisions of a sequence, with something changed.
struct Shadow<'a> {
    sequence: &'a Sequence,
    from: usize,
    to: usize,
    change: Change,
    /// Whether the instances are in another order as well.
    shuffled: bool,
}

impl Shadow<'_> {
    fn moments(&self) -> &[Moment] {
        &self.sequence.moments[self.from..self.to]
    }

    /// How many of its answers are others than these.
    fn differing(given: &[u8], others: impl Iterator<Item = u8>) -> usize {
        given.iter().zip(others).filter(|(one, other)| **one != *other).count()
    }

    /// How many of its answers are others than the candidate's in its trial.
    fn off(&self, given: &[u8]) -> usize {
        Shadow::differing(given, self.moments().iter().map(|moment| moment.answer))
    }
}

/// All that shadows are shown.
struct Plan<'a> {
    /// Of each sequence the whole, unchanged; then the whole, in another order; then, from later moments on, unchanged;
    /// then some of these with one thing changed, each with all changes.
    shadows: Vec<Shadow<'a>>,
    sequences: usize,
    /// Which of the shadows that begin later are shown with changes as well.
    changed: Vec<usize>,
    /// Moments of which it is asked where the answer turns.
    turning: Vec<&'a Moment>,
}

impl<'a> Plan<'a> {
    fn of(record: &'a Record) -> Self {
        let sequences = &record.sequences;
        let whole = |shuffled| {
            let to = |sequence: &Sequence| sequence.moments.len();
            move |sequence: &'a Sequence| Shadow {
                sequence,
                from: 0,
                to: to(sequence),
                change: Change::Nothing,
                shuffled,
            }
        };
        let mut shadows: Vec<Shadow<'a>> = sequences.iter().map(whole(false)).collect();
        shadows.extend(sequences.iter().map(whole(true)));
        shadows.extend(sequences.iter().flat_map(later));
        let changed = near_the_edge(&shadows, 2 * sequences.len());
        let turning = changed.iter().filter_map(|at| droppable(&shadows[*at])).collect();
        for at in &changed {
            let Shadow { sequence, from, to, .. } = shadows[*at];
            let changes = INPUTS.iter().map(|(change, _)| *change).chain(OTHERS).map(|change| (change, false));
            let all = changes.chain(SHUFFLED.map(|change| (change, true)));
            shadows.extend(all.map(|(change, shuffled)| Shadow { sequence, from, to, change, shuffled }));
        }
        Plan { shadows, sequences: sequences.len(), changed, turning }
    }

    /// What every shadow answers.
    fn answers(&self, session: &mut Session) -> Result<Vec<Vec<u8>>, Outcome> {
        let mut given: Vec<Vec<u8>> = self.shadows.iter().map(|shadow| Vec::with_capacity(shadow.to)).collect();
        let (mut round, mut asked) = (Round::new(), Vec::with_capacity(AT_ONCE));
        for (seat, shadow) in self.shadows.iter().enumerate() {
            for (number, moment) in shadow.moments().iter().enumerate() {
                let (request, mut instances, draw) = shadow.change.of(moment);
                if shadow.shuffled {
                    shuffle(&mut instances, shadow.sequence.secret, number);
                }
                ask(&mut round, seat, (&request, &instances, &draw));
                asked.push(seat);
                if asked.len() == AT_ONCE {
                    let answers = session.round(&mut round)?;
                    asked.drain(..).zip(answers).for_each(|(seat, answer)| given[seat].push(*answer));
                }
            }
        }
        let answers = session.round(&mut round)?;
        asked.drain(..).zip(answers).for_each(|(seat, answer)| given[seat].push(*answer));
        Ok(given)
    }

    /// What a shadow that was shown nothing else answered otherwise, if there is one: it ran in another process.
    fn inconsistent(&self, given: &[Vec<u8>]) -> Option<String> {
        let (shadow, off) = self.shadows[..self.sequences]
            .iter()
            .zip(given)
            .map(|(shadow, given)| (shadow, shadow.off(given)))
            .find(|(_, off)| *off > 0)?;
        let all = shadow.moments().len();
        Some(format!(
            "asked again in another process, it decided otherwise about {off} of the {all} requests of `{}`",
            shadow.sequence.workload
        ))
    }

    /// Whether the order changes more decisions of the trials, or of made-up states like theirs, than rounding explains.
    fn order_matters(&self, given: &[Vec<u8>]) -> bool {
        let shuffled = self.sequences..2 * self.sequences;
        let all: usize = self.shadows[shuffled.clone()].iter().map(|shadow| shadow.moments().len()).sum();
        let off: usize = shuffled.map(|at| self.shadows[at].off(&given[at])).sum();
        let made_up = |(kind, change): (usize, &Change)| {
            let (off, asked) = self.against(given, INPUTS.len() + OTHERS.len() + kind, *change);
            off as f64 > ROUNDING_IN_A_WINDOW * asked as f64
        };
        off as f64 > ROUNDING * all as f64 || SHUFFLED.iter().enumerate().any(made_up)
    }

    /// In how many of all changed decisions the shadows of one kind answered otherwise than those of this change did.
    fn against(&self, given: &[Vec<u8>], kind: usize, change: Change) -> (usize, usize) {
        let first = self.shadows.len() - self.changed.len() * CHANGES;
        let of = |window: usize, plain: usize| {
            let of_window = first + window * CHANGES..first + (window + 1) * CHANGES;
            let at = of_window.clone().find(|at| self.shadows[*at].change == change).unwrap_or(plain);
            Shadow::differing(&given[of_window.start + kind], given[at].iter().copied())
        };
        let off = self.changed.iter().enumerate().map(|(window, plain)| of(window, *plain)).sum();
        (off, self.changed.iter().map(|plain| given[*plain].len()).sum())
    }

    /// Whether what came before a later moment changes a decision.
    fn memory(&self, given: &[Vec<u8>]) -> bool {
        let later = self.shadows.iter().zip(given).skip(2 * self.sequences);
        later.filter(|(shadow, _)| shadow.change == Change::Nothing).any(|(shadow, given)| shadow.off(given) > 0)
    }

    /// What changes a decision when nothing else does.
    fn inputs(&self, given: &[Vec<u8>]) -> BTreeSet<Input> {
        let matters = |(kind, (change, _)): &(usize, &(Change, Input))| {
            let (off, asked) = self.against(given, *kind, change.against());
            let by_rounding = if change.rounds() { ROUNDING_IN_A_WINDOW * asked as f64 } else { 0.0 };
            off as f64 > by_rounding
        };
        INPUTS.iter().enumerate().filter(matters).map(|(_, (_, input))| *input).collect()
    }

    /// For some moments the pressure, as a factor, at which the answer turns from admit to reject, by bisection: tells apart
    /// policies whose constants differ by little. Each question is put to a seat of its own.
    fn turns(&self, session: &mut Session) -> Result<Vec<u8>, Outcome> {
        let (mut round, mut between) = (Round::new(), vec![(0.0, HIGHEST); self.turning.len()]);
        for step in 0..BISECTIONS {
            for (at, (moment, (low, high))) in self.turning.iter().zip(&between).enumerate() {
                let seat = self.shadows.len() + step * self.turning.len() + at;
                let (request, instances, draw) = Change::Pressure((low + high) / 2.0).of(moment);
                ask(&mut round, seat, (&request, &instances, &draw));
            }
            for ((low, high), answer) in between.iter_mut().zip(session.round(&mut round)?) {
                let middle = (*low + *high) / 2.0;
                *(if *answer == wire::REJECT { high } else { low }) = middle;
            }
        }
        Ok(between.iter().flat_map(|(low, _): &(f64, f64)| low.to_le_bytes()).collect())
    }
}

fn ask(round: &mut Round, seat: usize, (request, instances, draw): (&Request, &[Instance], &Draw)) {
    round.ask(seat as u16, |bytes| wire::ask(request, instances, draw, |piece| bytes.extend_from_slice(piece)));
}

/// Shadows that begin at later moments, which nobody foresees.
fn later(sequence: &Sequence) -> impl Iterator<Item = Shadow<'_>> {
    let all = sequence.moments.len();
    let length = WINDOW.min(all / 2);
    let seed = keyed::seed(&["later"], sequence.secret);
    let beginning = move |n: usize| 1 + (keyed::uniform(seed, n as u64) * (all - length) as f64) as usize;
    (0..BEGINNINGS).filter(move |_| length > 1).map(move |n| {
        let from = beginning(n).min(all - length);
        Shadow { sequence, from, to: from + length, change: Change::Nothing, shuffled: false }
    })
}

/// Those of the shadows from this one on in which the candidate both refused and admitted most of what may be refused.
fn near_the_edge(shadows: &[Shadow<'_>], first: usize) -> Vec<usize> {
    let worth = |at: usize| {
        let may = shadows[at].moments().iter().filter(|moment| moment.request.priority < 0);
        let (refused, all) =
            may.fold((0, 0), |(refused, all), moment| (refused + usize::from(moment.answer == wire::REJECT), all + 1));
        (refused.min(all - refused), refused)
    };
    let mut order: Vec<usize> = (first..shadows.len()).collect();
    order.sort_by_key(|at| std::cmp::Reverse(worth(*at)));
    let mut chosen: Vec<usize> = Vec::new();
    for at in order {
        let of_one = |other: &&usize| std::ptr::eq(shadows[**other].sequence, shadows[at].sequence);
        if chosen.len() < CHANGED && chosen.iter().filter(of_one).count() < OF_ONE {
            chosen.push(at);
        }
    }
    chosen
}

/// The request in the middle that may be refused, or the next one.
fn droppable<'a>(shadow: &Shadow<'a>) -> Option<&'a Moment> {
    let sequence: &'a Sequence = shadow.sequence;
    let from = usize::midpoint(shadow.from, shadow.to);
    sequence.moments[from..shadow.to].iter().find(|moment| moment.request.priority < 0)
}

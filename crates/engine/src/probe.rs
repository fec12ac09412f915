//! What a candidate does, found out from its own trials: curves, descriptor, behaviour signature.
//!
//! Nobody is probed apart: the decisions of a candidate's trials are looked at while it makes them, so nothing that it knows
//! can tell it that it is being looked at. Of one seed of each workload, which nobody can know, all that it was shown is kept. Afterwards
//! *shadows* in another process are shown the same sequences: with nothing changed, which must give the same answers; with
//! the instances in another order; from a later moment on, which tells whether it remembers; and with exactly one thing
//! changed. A shadow may find out that it is one, since what it is shown never happened: it is only compared with what the
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
use tally::saturation;

/// Later moments at which shadows begin in each sequence, and decisions of each of them.
const BEGINNINGS: usize = 8;
const WINDOW: usize = 128;
/// Of these, how many are shown with one thing changed each, and of one sequence at most.
const CHANGED: usize = 6;
const OF_ONE: usize = 2;
/// Other draws and pressures under which they are shown besides: they tell close constants apart.
const OTHERS: [Change; 8] = [
    Change::Draw(2),
    Change::Draw(3),
    Change::Pressure(0.7),
    Change::Pressure(1.5),
    NUDGES[0],
    NUDGES[1],
    UNEVEN[0],
    UNEVEN[1],
];
/// What is nobody's business but that of rounding: sums of the same numbers in another order, or written otherwise, differ in
/// the last digit, which turns an answer that lies on an edge. One that lies there turns between these two.
const NUDGES: [Change; 2] = [Change::Nudge(1.0 - 1e-9), Change::Nudge(1.0 + 1e-9)];
/// States that trials may not have met, which are shown in another order as well. No round numbers: few thresholds lie there.
const UNEVEN: [Change; 2] = [Change::Uneven(0.2347), Change::Uneven(0.5121)];
/// Changes that each window is shown.
const CHANGES: usize = INPUTS.len() + OTHERS.len() + UNEVEN.len();
/// Bisections of a place where an answer turns, and the pressure at which they begin, as a factor.
const BISECTIONS: usize = 24;
const HIGHEST: f64 = 16.0;
/// The share of decisions that may differ for no better reason than rounding: of all, of those in windows that were chosen
/// for being close to an edge, and of all where those on an edge count as well.
const ROUNDING: f64 = 1e-4;
const ROUNDING_IN_A_WINDOW: f64 = 1.0 / 256.0;
const ON_AN_EDGE: f64 = 0.005;
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

    /// How many of its answers are others than the candidate's in its trial.
    fn off(&self, given: &[u8]) -> usize {
        given.iter().zip(self.moments()).filter(|(given, moment)| **given != moment.answer).count()
    }
}

/// Shadows that are shown the whole of a sequence.
const WHOLE: usize = 4;

/// All that shadows are shown.
struct Plan<'a> {
    /// Of each sequence the whole, unchanged; the whole, in another order; the whole, nudged down, and up ([`WHOLE`]); then,
    /// from later moments on, unchanged; then some of these with one thing changed, each with all changes.
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
        let mut shadows: Vec<Shadow<'a>> = Vec::new();
        for (change, shuffled) in
            [(Change::Nothing, false), (Change::Nothing, true), (NUDGES[0], false), (NUDGES[1], false)]
        {
            let whole =
                |sequence: &'a Sequence| Shadow { sequence, from: 0, to: sequence.moments.len(), change, shuffled };
            shadows.extend(sequences.iter().map(whole));
        }
        shadows.extend(sequences.iter().flat_map(later));
        let changed = near_the_edge(&shadows, WHOLE * sequences.len());
        let turning = changed.iter().filter_map(|at| droppable(&shadows[*at])).collect();
        for at in &changed {
            let Shadow { sequence, from, to, .. } = shadows[*at];
            let changes = INPUTS.iter().map(|(change, _)| *change).chain(OTHERS).map(|change| (change, false));
            let all = changes.chain(UNEVEN.map(|change| (change, true)));
            shadows.extend(all.map(|(change, shuffled)| Shadow { sequence, from, to, change, shuffled }));
        }
        Plan { shadows, sequences: sequences.len(), changed, turning }
    }

    /// What the shadows answer; nothing from those that are nudged as a whole, unless the order seems to matter.
    fn answers(&self, session: &mut Session) -> Result<Vec<Vec<u8>>, Outcome> {
        let mut given = vec![Vec::new(); self.shadows.len()];
        let nudged = 2 * self.sequences..WHOLE * self.sequences;
        self.ask(session, (0..nudged.start).chain(nudged.end..self.shadows.len()), &mut given)?;
        let (off, all) = self.in_another_order(&given);
        if off as f64 > ROUNDING * all as f64 {
            self.ask(session, nudged, &mut given)?;
        }
        Ok(given)
    }

    fn ask(
        &self,
        session: &mut Session,
        seats: impl Iterator<Item = usize>,
        given: &mut [Vec<u8>],
    ) -> Result<(), Outcome> {
        let (mut round, mut asked) = (Round::new(), Vec::with_capacity(AT_ONCE));
        for seat in seats {
            let shadow = &self.shadows[seat];
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
        Ok(())
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

    /// How many of all decisions differ in another order, and of how many.
    fn in_another_order(&self, given: &[Vec<u8>]) -> (usize, usize) {
        let shuffled = || self.sequences..2 * self.sequences;
        let off = shuffled().map(|at| self.shadows[at].off(&given[at])).sum();
        (off, shuffled().map(|at| given[at].len()).sum())
    }

    /// Whether the order changes more decisions of the trials, or of made-up states like theirs, than rounding explains.
    fn order_matters(&self, given: &[Vec<u8>]) -> bool {
        let (off, all) = self.in_another_order(given);
        let group = |number: usize| &given[number * self.sequences..(number + 1) * self.sequences];
        let sequences = group(0).iter().zip(group(1)).zip(group(2).iter().zip(group(3)));
        let unexplained: usize = sequences.map(|((one, other), (down, up))| unexplained(one, other, [down, up])).sum();
        let made_up = |(at, change): (usize, &Change)| {
            let (off, asked) = self.against(given, INPUTS.len() + OTHERS.len() + at, *change);
            off as f64 > ROUNDING_IN_A_WINDOW * asked as f64
        };
        unexplained as f64 > ROUNDING * all as f64
            || off as f64 > ON_AN_EDGE * all as f64
            || UNEVEN.iter().enumerate().any(made_up)
    }

    /// In how many of all changed decisions the shadows of one kind answered otherwise than those of this change did, for
    /// another reason than rounding.
    fn against(&self, given: &[Vec<u8>], kind: usize, change: Change) -> (usize, usize) {
        let first = self.shadows.len() - self.changed.len() * CHANGES;
        let of = |window: usize, plain: usize| {
            let start = first + window * CHANGES;
            let at = |change| (start..start + CHANGES).find(|at| self.shadows[*at].change == change);
            let nudged = NUDGES.map(|nudge| at(nudge).map_or(&[][..], |at| &given[at]));
            let nudged = if self.shadows[start + kind].change.rounds() { nudged } else { [&[][..]; 2] };
            unexplained(&given[start + kind], &given[at(change).unwrap_or(plain)], nudged)
        };
        let off = self.changed.iter().enumerate().map(|(window, plain)| of(window, *plain)).sum();
        (off, self.changed.iter().map(|plain| given[*plain].len()).sum())
    }

    /// Whether what came before a later moment changes a decision.
    fn memory(&self, given: &[Vec<u8>]) -> bool {
        let later = self.shadows.iter().zip(given).skip(WHOLE * self.sequences);
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

/// How many answers differ of those that do not lie on an edge: these turn between the two that were nudged.
fn unexplained(one: &[u8], other: &[u8], [down, up]: [&[u8]; 2]) -> usize {
    let is_on_edge = |at: usize| down.get(at).zip(up.get(at)).is_some_and(|(down, up)| down != up);
    one.iter().zip(other).enumerate().filter(|(at, (one, other))| one != other && !is_on_edge(*at)).count()
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

/// Those of the shadows from this one on in which the candidate both refused and admitted most of what may be refused; where
/// it only did one, those under most pressure that is not beyond all measure.
fn near_the_edge(shadows: &[Shadow<'_>], first: usize) -> Vec<usize> {
    let worth = |at: usize| {
        let may = shadows[at].moments().iter().filter(|moment| moment.request.priority < 0);
        let (refused, all) = may
            .clone()
            .fold((0, 0), |(refused, all), moment| (refused + usize::from(moment.answer == wire::REJECT), all + 1));
        let pressed = may.filter(|moment| (0.1..1.2).contains(&saturation(&moment.instances))).count();
        (refused.min(all - refused), refused, pressed)
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

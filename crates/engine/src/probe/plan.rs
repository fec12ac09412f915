//! What shadows are shown, and what their answers say.

use super::record::{Moment, Record, Sequence};
use super::{Change, Probing};
use sandbox::{Outcome, Round, Session};
use science::descriptor::Horizon;
use science::keyed;
use std::collections::BTreeSet;
use std::ops::Range;

/// Later moments at which shadows begin in each sequence, and decisions of each of them.
const BEGINNINGS: usize = 8;
const WINDOW: usize = 128;
/// Of these, how many are shown with one thing changed each, and of one sequence at most.
const CHANGED: usize = 6;
const OF_ONE: usize = 2;
/// How many of the sequences are shown from a quarter on to their ends: after how long does what came before not matter? Decisions
/// that have to be the same for that.
const FORGETTING: usize = 16;
const SETTLED: usize = WINDOW;
/// What is nobody's business but that of rounding: sums of the same numbers in another order, or written otherwise, differ in
/// the last digit, which turns an answer that lies on an edge. One that lies there turns between these two.
const NUDGES: [Change; 2] = [Change::Nudge(false), Change::Nudge(true)];
/// Bisections of a place where an answer turns, and the pressure at which they begin, as a factor.
const BISECTIONS: usize = 24;
const HIGHEST: f64 = 16.0;
/// The share of decisions that may differ for no better reason than rounding: of all, of those in windows that were chosen
/// for being close to an edge, and of all where those on an edge count as well.
const ROUNDING: f64 = 1e-4;
const ROUNDING_IN_A_WINDOW: f64 = 1.0 / 256.0;
const ON_AN_EDGE: f64 = 0.005;
/// Questions that are put in one go, and the bytes after which no more are added.
const AT_ONCE: usize = 1024;
const ROUND_BYTES: usize = 4 << 20;

/// Who is shown some decisions of a sequence, with something changed.
struct Shadow<'a> {
    sequence: &'a Sequence,
    from: usize,
    to: usize,
    change: Change,
    /// Whether they are in another order as well.
    reordered: bool,
}

impl Shadow<'_> {
    fn moments(&self) -> &[Moment] {
        &self.sequence.moments[self.from..self.to]
    }

    /// How many of its answers are others than the candidate's in its trial.
    fn off(&self, given: &[u8]) -> usize {
        let Some(bytes) = self.moments().first().map(|moment| moment.answer.len()) else { return 0 };
        given.chunks(bytes).zip(self.moments()).filter(|(given, moment)| **given != *moment.answer).count()
    }
}

/// Shadows that are shown the whole of a sequence.
const WHOLE: usize = 4;

/// All that shadows are shown.
pub(super) struct Plan<'a> {
    probing: &'a dyn Probing,
    /// Of each sequence the whole, unchanged; the whole, in another order; the whole, nudged down, and up ([`WHOLE`]); then,
    /// from later moments on, unchanged; then some sequences from a quarter on; then some of the windows with one thing changed, each
    /// with all changes.
    shadows: Vec<Shadow<'a>>,
    /// Which of the shadows are shown a sequence from a quarter on.
    forgetting: Range<usize>,
    answer_bytes: usize,
    sequences: usize,
    /// What each window is shown, and whether in another order: inputs, then others, then made-up states in another order.
    changes: Vec<(Change, bool)>,
    /// Which of the shadows that begin later are shown with changes as well.
    changed: Vec<usize>,
    /// Moments of which it is asked where the answer turns.
    turning: Vec<&'a Moment>,
}

impl<'a> Plan<'a> {
    pub(super) fn of(record: &'a Record, probing: &'a dyn Probing) -> Self {
        let sequences = &record.sequences;
        let mut shadows: Vec<Shadow<'a>> = Vec::new();
        for (change, reordered) in
            [(Change::Nothing, false), (Change::Nothing, true), (NUDGES[0], false), (NUDGES[1], false)]
        {
            let whole =
                |sequence: &'a Sequence| Shadow { sequence, from: 0, to: sequence.moments.len(), change, reordered };
            shadows.extend(sequences.iter().map(whole));
        }
        shadows.extend(sequences.iter().flat_map(later));
        let changes = changes(probing);
        let changed = near_the_edge(&shadows, WHOLE * sequences.len(), probing);
        let turning = changed.iter().filter_map(|at| undecided(&shadows[*at], probing)).collect();
        let forgetting = shadows.len();
        shadows.extend(sequences.iter().step_by(sequences.len().div_ceil(FORGETTING).max(1)).map(|sequence| {
            let to = sequence.moments.len();
            Shadow { sequence, from: to / 4, to, change: Change::Nothing, reordered: false }
        }));
        let forgetting = forgetting..shadows.len();
        for at in &changed {
            let Shadow { sequence, from, to, .. } = shadows[*at];
            let shadow = |(change, reordered): &(Change, bool)| {
                let (change, reordered) = (*change, *reordered);
                Shadow { sequence, from, to, change, reordered }
            };
            shadows.extend(changes.iter().map(shadow));
        }
        let (answer_bytes, sequences) = (record.answer_bytes, sequences.len());
        Plan { probing, shadows, forgetting, answer_bytes, sequences, changes, changed, turning }
    }

    /// Seats that it takes.
    pub(super) fn seats(&self) -> usize {
        self.shadows.len() + self.turning.len() * BISECTIONS
    }

    /// What the shadows answer; nothing from those that are nudged as a whole, unless the order seems to matter.
    pub(super) fn answers(&self, session: &mut Session) -> Result<Vec<Vec<u8>>, Outcome> {
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
        let (mut round, mut asked, mut bytes) = (Round::new(), Vec::with_capacity(AT_ONCE), 0);
        for seat in seats {
            let shadow = &self.shadows[seat];
            for (number, moment) in shadow.moments().iter().enumerate() {
                let mut question = self.probing.changed(shadow.change, &moment.question);
                if shadow.reordered {
                    let number = (number as u64).wrapping_mul(0xD1B5_4A32_D192_ED03);
                    self.probing.reorder(&mut question, shadow.sequence.secret.wrapping_add(number));
                }
                round.push(seat as u16, &question);
                asked.push(seat);
                bytes += question.len();
                if asked.len() == AT_ONCE || bytes > ROUND_BYTES {
                    take(session, &mut round, &mut asked, given)?;
                    bytes = 0;
                }
            }
        }
        take(session, &mut round, &mut asked, given)
    }

    /// What a shadow that was shown nothing else answered otherwise, if there is one: it ran in another process.
    pub(super) fn inconsistent(&self, given: &[Vec<u8>]) -> Option<String> {
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
        let reordered = || self.sequences..2 * self.sequences;
        let off = reordered().map(|at| self.shadows[at].off(&given[at])).sum();
        (off, reordered().map(|at| given[at].len() / self.answer_bytes).sum())
    }

    /// Whether the order changes more decisions of the trials, or of made-up states like theirs, than rounding explains.
    pub(super) fn order_matters(&self, given: &[Vec<u8>]) -> bool {
        let (off, all) = self.in_another_order(given);
        let group = |number: usize| &given[number * self.sequences..(number + 1) * self.sequences];
        let sequences = group(0).iter().zip(group(1)).zip(group(2).iter().zip(group(3)));
        let unexplained: usize =
            sequences.map(|((one, other), (down, up))| self.unexplained(one, other, [down, up])).sum();
        let made_up = |number: usize| {
            let kind = self.changes.len() - self.probing.made_up() + number;
            let (off, asked) = self.against(given, kind, Change::MadeUp(number), false);
            off as f64 > ROUNDING_IN_A_WINDOW * asked as f64
        };
        unexplained as f64 > ROUNDING * all as f64
            || off as f64 > ON_AN_EDGE * all as f64
            || (0..self.probing.made_up()).any(made_up)
    }

    /// In how many of all changed decisions the shadows of one kind answered otherwise than those of this change did, for
    /// another reason than rounding, if the kind rounds.
    fn against(&self, given: &[Vec<u8>], kind: usize, change: Change, rounds: bool) -> (usize, usize) {
        let first = self.shadows.len() - self.changed.len() * self.changes.len();
        let of = |window: usize, plain: usize| {
            let start = first + window * self.changes.len();
            let at = |change| (start..start + self.changes.len()).find(|at| self.shadows[*at].change == change);
            let nudged = NUDGES.map(|nudge| at(nudge).map_or(&[][..], |at| &given[at]));
            let nudged = if rounds { nudged } else { [&[][..]; 2] };
            self.unexplained(&given[start + kind], &given[at(change).unwrap_or(plain)], nudged)
        };
        let off = self.changed.iter().enumerate().map(|(window, plain)| of(window, *plain)).sum();
        (off, self.changed.iter().map(|plain| given[*plain].len() / self.answer_bytes).sum())
    }

    /// How many answers differ of those that do not lie on an edge: these turn between the two that were nudged.
    fn unexplained(&self, one: &[u8], other: &[u8], [down, up]: [&[u8]; 2]) -> usize {
        let bytes = self.answer_bytes;
        let is_on_edge = |at: usize| {
            let its = at * bytes..(at + 1) * bytes;
            down.get(its.clone()).zip(up.get(its)).is_some_and(|(down, up)| down != up)
        };
        let pairs = one.chunks(bytes).zip(other.chunks(bytes)).enumerate();
        pairs.filter(|(at, (one, other))| one != other && !is_on_edge(*at)).count()
    }

    /// Whether what came before a later moment changes a decision.
    pub(super) fn memory(&self, given: &[Vec<u8>]) -> bool {
        let later = self.shadows.iter().zip(given).skip(WHOLE * self.sequences);
        later.filter(|(shadow, _)| shadow.change == Change::Nothing).any(|(shadow, given)| shadow.off(given) > 0)
    }

    /// How long what came before changes decisions; none where it does not.
    pub(super) fn horizon(&self, given: &[Vec<u8>]) -> Option<Horizon> {
        let of = |at: usize| {
            let moments = self.shadows[at].moments();
            let answers = given[at].chunks(self.answer_bytes);
            let differs = answers.zip(moments).rposition(|(given, moment)| *given != *moment.answer);
            let until = differs.map_or(0, |last| last + 1);
            match until + SETTLED <= moments.len() {
                true => Horizon::After(until as u32),
                false => Horizon::Beyond(moments.len() as u32),
            }
        };
        self.forgetting.clone().map(of).max().filter(|_| self.memory(given))
    }

    /// What changes a decision when nothing else does.
    pub(super) fn inputs(&self, given: &[Vec<u8>]) -> BTreeSet<String> {
        let inputs = self.probing.inputs().iter().enumerate();
        let matters = inputs.filter(|(kind, probed)| {
            let against = probed.against.map_or(Change::Nothing, Change::Input);
            let (off, asked) = self.against(given, *kind, against, probed.rounds);
            let by_rounding = if probed.rounds { ROUNDING_IN_A_WINDOW * asked as f64 } else { 0.0 };
            off as f64 > by_rounding
        });
        matters.map(|(_, probed)| probed.input.to_owned()).collect()
    }

    /// For some moments the pressure, as a factor, at which the answer turns up, by bisection: tells apart policies whose
    /// constants differ by little. Each question is put to a seat of its own.
    pub(super) fn turns(&self, session: &mut Session) -> Result<Vec<u8>, Outcome> {
        let (mut round, mut between) = (Round::new(), vec![(0.0, HIGHEST); self.turning.len()]);
        for step in 0..BISECTIONS {
            for (at, (moment, (low, high))) in self.turning.iter().zip(&between).enumerate() {
                let seat = self.shadows.len() + step * self.turning.len() + at;
                let change = Change::Pressure((low + high) / 2.0);
                round.push(seat as u16, &self.probing.changed(change, &moment.question));
            }
            let answers = session.round(&mut round)?;
            for ((moment, (low, high)), answer) in self.turning.iter().zip(&mut between).zip(answers) {
                let is_up = self.probing.goes_up(&moment.question, answer) == Some(true);
                *(if is_up { &mut *high } else { &mut *low }) = (*low + *high) / 2.0;
            }
        }
        Ok(between.iter().flat_map(|(low, _): &(f64, f64)| low.to_le_bytes()).collect())
    }
}

/// What each window is shown.
fn changes(probing: &dyn Probing) -> Vec<(Change, bool)> {
    let inputs = (0..probing.inputs().len()).map(Change::Input);
    let others = (0..probing.others()).map(Change::Other).chain(NUDGES);
    let made_up = || (0..probing.made_up()).map(Change::MadeUp);
    let plain = inputs.chain(others).chain(made_up()).map(|change| (change, false));
    plain.chain(made_up().map(|change| (change, true))).collect()
}

fn take(
    session: &mut Session,
    round: &mut Round,
    asked: &mut Vec<usize>,
    given: &mut [Vec<u8>],
) -> Result<(), Outcome> {
    let answers = session.round(round)?;
    asked.drain(..).zip(answers).for_each(|(seat, answer)| given[seat].extend_from_slice(answer));
    Ok(())
}

/// Shadows that begin at later moments, which nobody foresees.
fn later(sequence: &Sequence) -> impl Iterator<Item = Shadow<'_>> {
    let all = sequence.moments.len();
    let length = WINDOW.min(all / 2);
    let seed = keyed::seed(&["later"], sequence.secret);
    let beginning = move |n: usize| 1 + (keyed::uniform(seed, n as u64) * (all - length) as f64) as usize;
    (0..BEGINNINGS).filter(move |_| length > 1).map(move |n| {
        let from = beginning(n).min(all - length);
        Shadow { sequence, from, to: from + length, change: Change::Nothing, reordered: false }
    })
}

/// Those of the shadows from this one on in which the candidate answered most both ways; where it only did one, those under
/// most pressure that is not beyond all measure.
fn near_the_edge(shadows: &[Shadow<'_>], first: usize, probing: &dyn Probing) -> Vec<usize> {
    let worth = |at: usize| {
        let (mut up, mut all, mut pressed) = (0, 0, 0);
        for moment in shadows[at].moments() {
            let Some(is_up) = probing.goes_up(&moment.question, &moment.answer) else { continue };
            up += usize::from(is_up);
            all += 1;
            pressed += usize::from(probing.is_pressed(&moment.question));
        }
        (up.min(all - up), up, pressed)
    };
    let mut order: Vec<usize> = (first..shadows.len()).collect();
    order.sort_by_cached_key(|at| std::cmp::Reverse(worth(*at)));
    let mut chosen: Vec<usize> = Vec::new();
    for at in order {
        let of_one = |other: &&usize| std::ptr::eq(shadows[**other].sequence, shadows[at].sequence);
        if chosen.len() < CHANGED && chosen.iter().filter(of_one).count() < OF_ONE {
            chosen.push(at);
        }
    }
    chosen
}

/// The moment in the middle that may be answered either way, or the next one.
fn undecided<'a>(shadow: &Shadow<'a>, probing: &dyn Probing) -> Option<&'a Moment> {
    let sequence: &'a Sequence = shadow.sequence;
    let from = usize::midpoint(shadow.from, shadow.to);
    let is_undecided = |moment: &&Moment| probing.goes_up(&moment.question, &moment.answer).is_some();
    sequence.moments[from..shadow.to].iter().find(is_undecided)
}

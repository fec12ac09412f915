//! Who leads, kept as scores come in, so that nobody who asks goes over all candidates of a long campaign.

use super::{CandidateRecord, State};
use crate::champion::{self, Champion, Contender};
use crate::id::CandidateId;

/// Those who lead, by their positions in [`State::order`]. It follows from the scores alone, in whatever order they came.
#[derive(Clone, Debug, Default)]
pub(super) struct Leaders {
    first: First,
    /// As it was when the iteration under way began.
    before: First,
    /// The Pareto front in the order in which it was written: what is less is better.
    front: Vec<([f64; 3], usize)>,
    /// Admissible ones by net saving.
    admissible: Ranking,
    /// The others by net saving.
    others: Ranking,
    /// All by what they are worth.
    worth: Ranking,
}

/// Who may be champion.
#[derive(Clone, Debug, Default)]
struct First {
    /// Admissible ones that match the reference, as far as they may be champion now or later.
    matching: Vec<Matching>,
    /// Of the admissible ones that do not, the one that saves most.
    saver: Option<(f64, usize)>,
}

/// What decides between two that match the reference.
#[derive(Clone, Copy, Debug)]
struct Matching {
    work: f64,
    description_length: u32,
    position: usize,
}

impl Matching {
    /// Whether the other one is never champion while this one is there.
    fn stands_before(&self, other: &Matching) -> bool {
        self.work <= other.work && (self.description_length, self.position) < (other.description_length, other.position)
    }
}

/// Positions by a value, the largest first, of equals the earlier.
#[derive(Clone, Debug, Default)]
struct Ranking(Vec<(f64, usize)>);

impl Ranking {
    fn insert(&mut self, value: f64, position: usize) {
        let at = self.0.partition_point(|(other, earlier)| *other > value || (*other == value && *earlier < position));
        self.0.insert(at, (value, position));
    }

    fn positions(&self) -> impl Iterator<Item = usize> {
        self.0.iter().map(|(_, position)| *position)
    }
}

impl Leaders {
    fn take(&mut self, contender: &Contender<'_>, position: usize, reference: f64) {
        let saving = contender.score.net_saving.unwrap_or(f64::NEG_INFINITY);
        let ranking = if contender.admissible { &mut self.admissible } else { &mut self.others };
        ranking.insert(saving, position);
        self.take_for_front(champion::axes(contender), position);
        self.first.take(contender, position, reference);
    }

    /// What is dominated stays so: who dominates leaves the front only for one who dominates both.
    fn take_for_front(&mut self, axes: [f64; 3], position: usize) {
        if self.front.iter().any(|(known, _)| champion::dominates(*known, axes)) {
            return;
        }
        self.front.retain(|(known, _)| !champion::dominates(axes, *known));
        let at = self.front.partition_point(|(_, earlier)| *earlier < position);
        self.front.insert(at, (axes, position));
    }
}

impl First {
    fn take(&mut self, contender: &Contender<'_>, position: usize, reference: f64) {
        if !contender.admissible {
            return;
        }
        if contender.score.improvement >= reference {
            let (work, description_length) = (contender.score.extra_shed_work, contender.description_length);
            self.take_for_match(Matching { work, description_length, position });
        } else if let Some(saving) = contender.score.net_saving
            && self.saver.is_none_or(|(most, earlier)| saving > most || (saving == most && position < earlier))
        {
            self.saver = Some((saving, position));
        }
    }

    /// Who costs more than what counts as level with the least never comes back: the least only falls.
    fn take_for_match(&mut self, new: Matching) {
        if self.matching.iter().any(|known| known.stands_before(&new)) {
            return;
        }
        self.matching.retain(|known| !new.stands_before(known));
        self.matching.push(new);
        let least = self.matching.iter().map(|known| known.work).fold(f64::INFINITY, f64::min);
        self.matching.retain(|known| known.work <= champion::level_with(least));
    }

    /// Positions among which the champion is, in order.
    fn positions(&self) -> Vec<usize> {
        let mut positions: Vec<usize> = self.matching.iter().map(|known| known.position).collect();
        positions.sort_unstable();
        if positions.is_empty() {
            positions.extend(self.saver.map(|(_, position)| position));
        }
        positions
    }
}

impl State {
    /// Gives a candidate that was just scored its place.
    pub(super) fn take_for_leader(&mut self, id: &CandidateId) {
        let (record, Some(yardsticks)) = (&self.candidates[id], &self.yardsticks) else { return };
        let position = record.position;
        if let Some(worth) = record.worth {
            self.leaders.worth.insert(worth.value(), position);
        }
        let reference = yardsticks.reference.improvement();
        // Borrowed apart from the leaders.
        if let Some(contender) = contender(id, record) {
            self.leaders.take(&contender, position, reference);
        }
    }

    /// Keeps that a candidate refused protected requests, on whatever seeds: it is not admissible ever after, and leads
    /// nobody.
    pub(super) fn refused_protected(&mut self, id: &CandidateId, count: u64) {
        let Some(record) = self.candidates.get_mut(id).filter(|_| count > 0) else { return };
        record.protected += count;
        record.admissible = false;
        record.worth = None;
        self.leaders = Leaders::default();
        // It rarely happens, so everybody takes his place again: first those of earlier iterations.
        let now = self.iterations.len() as u32;
        let (earlier, own): (Vec<CandidateId>, Vec<CandidateId>) =
            self.order.iter().cloned().partition(|id| self.candidates[id].iteration < now);
        earlier.iter().for_each(|id| self.take_for_leader(id));
        self.remember_leaders();
        own.iter().for_each(|id| self.take_for_leader(id));
    }

    /// Remembers who may be champion where an iteration begins.
    pub(super) fn remember_leaders(&mut self) {
        self.leaders.before = self.leaders.first.clone();
    }

    /// The best admissible candidate so far; once finals were held, their winner.
    pub fn champion(&self) -> Option<Champion> {
        self.winner().or_else(|| self.champion_of(&self.leaders.first))
    }

    /// The best of those that were scored before the iteration under way, and of its own that `also` holds for.
    pub fn champion_before(&self, also: impl Fn(&CandidateRecord) -> bool) -> Option<Champion> {
        let reference = self.yardsticks.as_ref()?.reference.improvement();
        let (mut first, now) = (self.leaders.before.clone(), self.iterations.len() as u32);
        for id in self.order.iter().rev() {
            let record = &self.candidates[id];
            if record.iteration < now {
                break;
            }
            if let Some(contender) = contender(id, record).filter(|_| also(record)) {
                first.take(&contender, record.position, reference);
            }
        }
        self.champion_of(&first)
    }

    fn champion_of(&self, first: &First) -> Option<Champion> {
        let reference = self.yardsticks.as_ref()?.reference.improvement();
        champion::champion(&self.standing(first.positions()).collect::<Vec<_>>(), reference)
    }

    /// The Pareto front over improvement (more), extra shed work (less) and description length (less), in the order in which
    /// it was written.
    pub fn front(&self) -> impl Iterator<Item = &CandidateId> {
        self.leaders.front.iter().map(|(_, position)| &self.order[*position])
    }

    /// The scored candidates: the admissible ones first, by net saving, of equals the earlier.
    pub fn ranked(&self) -> impl Iterator<Item = Contender<'_>> {
        self.standing(self.leaders.admissible.positions().chain(self.leaders.others.positions()))
    }

    /// The scored candidates by what they are worth, of equals the earlier.
    pub fn worthiest(&self) -> impl Iterator<Item = &CandidateRecord> {
        self.leaders.worth.positions().map(|position| &self.candidates[&self.order[position]])
    }

    /// Every scored candidate, in order.
    pub fn contenders(&self) -> impl Iterator<Item = Contender<'_>> {
        self.standing(0..self.order.len())
    }

    /// A candidate, if it is scored.
    pub fn contender(&self, id: &CandidateId) -> Option<Contender<'_>> {
        let (id, record) = self.candidates.get_key_value(id)?;
        contender(id, record)
    }

    fn standing(&self, positions: impl IntoIterator<Item = usize>) -> impl Iterator<Item = Contender<'_>> {
        let ids = positions.into_iter().map(|position| &self.order[position]);
        ids.filter_map(|id| contender(id, &self.candidates[id]))
    }
}

fn contender<'a>(id: &'a CandidateId, record: &'a CandidateRecord) -> Option<Contender<'a>> {
    let score = record.score.as_ref()?;
    let description_length = record.candidate.description_length?;
    Some(Contender { id, score, description_length, admissible: record.admissible })
}

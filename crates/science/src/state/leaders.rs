//! Who leads, by the scores so far.

use super::{CandidateRecord, State};
use crate::champion::{self, Champion, Contender};
use crate::id::CandidateId;

impl State {
    /// Keeps that a candidate did what it must never do, on whatever seeds: it is not admissible ever after, and leads nobody.
    pub(super) fn take_violations(&mut self, id: &CandidateId, count: u64) {
        let Some(record) = self.candidates.get_mut(id).filter(|_| count > 0) else { return };
        record.violations += count;
        record.admissible = false;
        record.worth = None;
    }

    /// The best admissible candidate so far; once finals were held, their winner.
    pub fn champion(&self) -> Option<Champion> {
        self.winner().or_else(|| self.best_of(self.contenders()))
    }

    /// The best of those that were scored before the iteration under way, and of its own that `also` holds for.
    pub fn champion_before(&self, also: impl Fn(&CandidateRecord) -> bool) -> Option<Champion> {
        let now = self.iterations.len() as u32;
        let seen = |contender: &Contender<'_>| {
            let record = &self.candidates[contender.id];
            record.iteration < now || also(record)
        };
        self.best_of(self.contenders().filter(seen))
    }

    pub(super) fn best_of<'a>(&self, contenders: impl Iterator<Item = Contender<'a>>) -> Option<Champion> {
        champion::champion(&contenders.collect::<Vec<_>>())
    }

    /// The Pareto front over improvement (more), cost (less) and description length (less), in the order in which
    /// it was written.
    pub fn front(&self) -> impl Iterator<Item = &CandidateId> {
        let all: Vec<(&CandidateId, [f64; 3])> = self.contenders().map(|c| (c.id, champion::axes(&c))).collect();
        let dominated = |axes: [f64; 3]| all.iter().any(|(_, other)| champion::dominates(*other, axes));
        let front: Vec<&CandidateId> = all.iter().filter(|(_, axes)| !dominated(*axes)).map(|(id, _)| *id).collect();
        front.into_iter()
    }

    /// The scored candidates: the admissible ones first, by what they are worth, of equals the earlier.
    pub fn ranked(&self) -> impl Iterator<Item = Contender<'_>> {
        let mut ranked: Vec<Contender<'_>> = self.contenders().collect();
        let saving = |c: &Contender<'_>| c.score.worth.unwrap_or(f64::NEG_INFINITY);
        ranked.sort_by(|a, b| b.admissible.cmp(&a.admissible).then(saving(b).total_cmp(&saving(a))));
        ranked.into_iter()
    }

    /// The scored candidates by what they are worth less what they violate, of equals the earlier.
    pub fn worthiest(&self) -> impl Iterator<Item = &CandidateRecord> {
        let records = self.order.iter().map(|id| &self.candidates[id]);
        let mut known: Vec<(f64, &CandidateRecord)> = records.filter_map(|r| Some((r.worth?.value(), r))).collect();
        known.sort_by(|(a, _), (b, _)| b.total_cmp(a));
        known.into_iter().map(|(_, record)| record)
    }

    /// Every scored candidate, in order.
    pub fn contenders(&self) -> impl Iterator<Item = Contender<'_>> {
        self.order.iter().filter_map(|id| contender(id, &self.candidates[id]))
    }

    /// A candidate, if it is scored.
    pub fn contender(&self, id: &CandidateId) -> Option<Contender<'_>> {
        let (id, record) = self.candidates.get_key_value(id)?;
        contender(id, record)
    }
}

fn contender<'a>(id: &'a CandidateId, record: &'a CandidateRecord) -> Option<Contender<'a>> {
    let score = record.score.as_ref()?;
    let description_length = record.candidate.description_length?;
    Some(Contender { id, score, description_length, admissible: record.admissible })
}

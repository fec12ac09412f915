//! Who runs for champion once the search is over, and who wins.
//!
//! All candidates were chosen by the same search seeds and workloads, and of several the luckiest looks best. So the likeliest of
//! them, at most three, run once more on seeds and workloads that nobody was chosen by, and whoever is likeliest to stand
//! under the seal by all that it showed is champion.

use super::{Action, State};
use crate::champion::Champion;
use crate::event::Finalist;
use crate::id::CandidateId;
use crate::objective::{self, Cell, Measurement, Score, Yardsticks};
use crate::outcome::Outcome;
use crate::seal::{Evidence, Looks};
use serde::Serialize;

/// Admissible candidates whose chance is computed, at most: those that save most.
const WEIGHED: usize = 40;

/// What the finals showed.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Finals {
    /// The finalists, the likeliest to stand first, by what the search showed.
    pub finalists: Vec<Final>,
    /// Trials that the finals took, the baseline's and the reference's included.
    pub trials: usize,
}

/// A candidate in the finals.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Final {
    /// The candidate.
    pub candidate: CandidateId,
    /// What became of it.
    pub outcome: Outcome,
    /// The chance to stand under the seal by what the search showed, 0..1.
    pub before: f64,
    /// The same by what the search and the finals showed; none where it did not run.
    pub after: Option<f64>,
    /// Its score on the seeds and workloads of the finals alone; likewise.
    pub score: Option<Score>,
}

impl State {
    /// The finals, if the experiment asks for them, they are still to come, and there is a choice.
    pub(super) fn next_for_finals(&self) -> Option<Action> {
        if !self.holds_finals() {
            return None;
        }
        let finalists: Vec<CandidateId> = self.likeliest().into_iter().map(|(id, ..)| id).collect();
        (finalists.len() > 1).then_some(Action::Finals { finalists })
    }

    /// Who is champion if the search ends here and the finals change nothing.
    pub(super) fn favourite(&self) -> Option<CandidateId> {
        let likeliest = if self.holds_finals() { self.likeliest().into_iter().next() } else { None };
        likeliest.map(|(id, ..)| id).or_else(|| Some(self.champion()?.id))
    }

    fn holds_finals(&self) -> bool {
        self.finals.is_none() && self.opened().experiment.budget.finalists.is_some_and(|most| most > 1)
    }

    /// Whoever won the finals.
    pub(super) fn winner(&self) -> Option<Champion> {
        let finalists = self.finals.iter().flat_map(|finals| &finals.finalists);
        let harmless = |f: &&Final| f.score.as_ref().is_some_and(|score| score.protected_rejections == 0);
        let chances = finalists.filter(harmless).filter_map(|f| Some((f.after?, &f.candidate)));
        let best = chances.reduce(|best, other| if other.0 > best.0 { other } else { best });
        best.map(|(_, id)| Champion { id: id.clone(), matches_reference: true })
    }

    /// The admissible candidates that match the reference and are likeliest to stand under the seal, as many as may run for
    /// champion, with what they showed and their chance; of equals the earlier.
    fn likeliest(&self) -> Vec<(CandidateId, Evidence, f64)> {
        let reference = self.yardsticks().reference.improvement();
        let luck = self.search_luck().scenarios;
        let matching = self.ranked().filter(|c| c.admissible && c.score.improvement >= reference).take(WEIGHED);
        let mut looks = None;
        let mut likeliest: Vec<(CandidateId, Evidence, f64)> = matching
            .filter_map(|contender| {
                let evidence = self.searched(self.candidates[contender.id].measurement.as_ref()?, &luck);
                let chance = self.chance(&evidence, &mut looks);
                Some((contender.id.clone(), evidence, chance))
            })
            .collect();
        likeliest.sort_by(|(a, _, chance_a), (b, _, chance_b)| {
            let position = |id: &CandidateId| self.candidates[id].position;
            chance_b.total_cmp(chance_a).then(position(a).cmp(&position(b)))
        });
        likeliest.truncate(self.opened().experiment.budget.finalists.unwrap_or_default() as usize);
        likeliest
    }

    /// The chance of one of several that ran on the same panels, for which the same looks are drawn.
    fn chance(&self, evidence: &Evidence, looks: &mut Option<Looks>) -> f64 {
        let started = self.opened();
        let looks = looks.get_or_insert_with(|| Looks::at(evidence, started.nonce.seed(&["chance in the finals"])));
        evidence.chance(started.experiment.claimed_regret(), looks)
    }

    /// What a candidate showed on the search panel, less what the search seeds make of all of them.
    fn searched(&self, measured: &Measurement, luck: &[[f64; 2]]) -> Evidence {
        let less = |cell: &Cell, [y, x]: &[f64; 2]| Cell {
            gains: cell.gains.map(|gain| gain - y),
            x: cell.x - x,
            // Requests are not looked at apart: they go with their work.
            x_requests: cell.x_requests - x,
            ..*cell
        };
        let mut candidate = measured.clone();
        for (row, luck) in candidate.cells.iter_mut().zip(luck) {
            row.iter_mut().for_each(|cell| *cell = less(cell, luck));
        }
        self.evidence(candidate, &self.yardsticks().reference)
    }

    fn evidence(&self, candidate: Measurement, reference: &Measurement) -> Evidence {
        let (scenarios, yardsticks) = (self.opened().scenarios.len(), self.yardsticks());
        let lambda = if yardsticks.drawn > 0 { yardsticks.population().lambda } else { yardsticks.lambda };
        Evidence { candidate, reference: reference.clone(), scenarios, lambda }
    }

    /// Takes what the finals showed, and works out each finalist's chance.
    pub(super) fn take_finals(&mut self, reference: &Measurement, finalists: &[Finalist]) -> Result<(), String> {
        let expected = match self.next_action() {
            Action::Finals { finalists } => finalists,
            _ => return Err("no finals are to be held here".into()),
        };
        if !finalists.iter().map(|finalist| &finalist.candidate).eq(&expected) {
            return Err("others than the likeliest candidates ran".into());
        }
        let panel = self.yardsticks().reference.seeds();
        let ran = || finalists.iter().filter_map(|finalist| finalist.measurement.as_ref());
        if [reference].into_iter().chain(ran()).any(|measured| measured.seeds() != panel) {
            return Err("they ran on another panel than candidates are ranked on".into());
        }
        if finalists.iter().any(|finalist| (finalist.outcome == Outcome::Scored) != finalist.measurement.is_some()) {
            return Err("a finalist was scored without a measurement, or the other way round".into());
        }
        let yardsticks = Yardsticks { reference: reference.clone(), ..self.yardsticks().clone() };
        let likeliest = self.likeliest().into_iter().zip(finalists);
        let mut looks = None;
        let finalists = likeliest.map(|((candidate, searched, before), finalist)| {
            let fresh = finalist.measurement.as_ref();
            let after =
                fresh.map(|fresh| self.chance(&searched.with(&self.evidence(fresh.clone(), reference)), &mut looks));
            let score = fresh.map(|fresh| objective::score(fresh, &yardsticks, &self.opened().scenarios));
            Final { candidate, outcome: finalist.outcome, before, after, score }
        });
        let finalists: Vec<Final> = finalists.collect();
        // The baseline ran as well.
        let trials = (2 + ran().count()) * panel.iter().sum::<usize>();
        let protected =
            finalists.iter().filter_map(|f| Some((f.candidate.clone(), f.score.as_ref()?.protected_rejections)));
        let protected: Vec<_> = protected.collect();
        self.finals = Some(Finals { finalists, trials });
        for (id, refused) in protected {
            self.refused_protected(&id, refused);
        }
        Ok(())
    }
}

//! When a candidate's constants are tuned, and what is kept of it.

use super::{Action, CandidateRecord, State};
use crate::event::Candidate;
use crate::id::CandidateId;
use crate::judge::Verdict;
use crate::tuner::goal::Worth;
use crate::tuner::{self, Range, Tried};

/// Evaluations that a bundle takes, about.
const BUNDLE: u32 = 2;
/// Measurements that shortening one constant takes at most.
const SHORTENING: u32 = 3;
/// What a candidate may violate for other constants to be expected to mend it, in worth: four points of regret, say.
const MENDABLE: f64 = 0.2;

/// What tuning a candidate brought.
#[derive(Clone, Debug, PartialEq)]
pub struct Tuning {
    /// The candidate.
    pub candidate: CandidateId,
    /// The constants that it declares.
    pub tunables: Vec<Range>,
    /// Every point that was measured, in order; the first one has its own values.
    pub tried: Vec<Tried>,
    /// The values that were settled on.
    pub best: Vec<f64>,
    /// The candidate with these as its own values; none if they gain too little.
    pub retuned: Option<CandidateId>,
}

impl Tuning {
    /// What the values that were settled on are worth, and what the candidate's own are, less what is violated.
    pub fn gain(&self) -> Option<[f64; 2]> {
        let settled = self.tried.iter().find(|tried| tried.parameters == self.best)?;
        Some([self.tried.first()?.value, settled.value])
    }
}

impl State {
    /// What is to be done between the last verdict of an iteration and its lessons, if anything is.
    pub(super) fn next_for_tuning(&self) -> Option<Action> {
        match &self.current().tuning {
            None => self.worth_tuning().map(|candidate| Action::Tune { candidate }),
            Some(tuning) => {
                let retuned = tuning.retuned.clone()?;
                (self.candidates[&retuned].outcome.is_none() && self.may_evaluate())
                    .then_some(Action::Evaluate { candidate: retuned })
            }
        }
    }

    /// The candidate of the main arm, if it leads, could become champion by other constants, and tuning it leaves enough for
    /// others.
    ///
    /// That it leads says that no other idea is known to deserve the evaluations more. Its claim need not stand for that:
    /// claims are bold, and the best idea may be one that was to be better still. What tuning made is not tuned again: its
    /// constants are where the tuner left them.
    fn worth_tuning(&self) -> Option<CandidateId> {
        let main = self.current().arms.first()?;
        if main.finding.as_ref()?.verdict == Verdict::Invalid {
            return None;
        }
        let record = &self.candidates[main.candidate.as_ref()?];
        let (id, own) = (&record.candidate.id, self.worth(record)?);
        let better = self.worthiest().take_while(|other| other.worth.is_some_and(|w| w.value() > own.value()));
        let leads = better.filter_map(|other| self.worth(other)).next().is_none();
        let tuned = self.tunings().any(|tuning| tuning.candidate == *id);
        let fits = leads && own.penalty <= MENDABLE && !tuned && record.candidate.tunes.is_none();
        (fits && self.affords_tuning(record)).then(|| id.clone())
    }

    /// What a candidate is worth; none without a score, or where its description is longer than the experiment allows,
    /// which other values of its constants cannot mend.
    pub(super) fn worth(&self, record: &CandidateRecord) -> Option<Worth> {
        let length = f64::from(record.candidate.description_length?);
        let most = self.opened().experiment.objective.at_most("description_length");
        record.worth.filter(|_| most.is_none_or(|most| length <= most))
    }

    /// Measurements that tuning this candidate may take, shortening its constants and scoring what comes of it aside: what the
    /// budget leaves beside that and a bundle for each iteration to come, and up to half of it even so.
    pub fn tuning_room(&self, tunables: u32) -> u32 {
        let most = tuner::budget(tunables as usize) as u32;
        let Some(left) = self.evaluations_left() else { return most };
        let spared = left.saturating_sub(BUNDLE * self.iterations_to_come()).max(left / 2);
        most.min(spared.saturating_sub(SHORTENING * tunables + 1))
    }

    /// Whether there is room for half of what tuning would take: less would hardly look around.
    fn affords_tuning(&self, record: &CandidateRecord) -> bool {
        let tunables = record.candidate.tunables;
        tunables > 0 && 2 * self.tuning_room(tunables) >= tuner::budget(tunables as usize) as u32
    }

    pub(super) fn take_tuning(&mut self, tuning: Tuning, retuned: Option<&Candidate>) -> Result<(), String> {
        if !self.candidates.contains_key(&tuning.candidate) {
            return Err(format!("candidate {} was never written", tuning.candidate));
        }
        if self.current().tuning.is_some() || self.tunings().any(|earlier| earlier.candidate == tuning.candidate) {
            return Err(format!("candidate {} or another one of the iteration was tuned before", tuning.candidate));
        }
        if tuning.best.len() != tuning.tunables.len() {
            return Err("it settles on values for other constants than it tuned".into());
        }
        if let Some(retuned) = retuned {
            if retuned.tunes.as_ref() != Some(&tuning.candidate) || self.candidates.contains_key(&retuned.id) {
                return Err(format!("candidate {} is not what tuning made", retuned.id));
            }
            // It counts as the main arm's: no other one led to it.
            let main = self.current().bundle.as_ref().and_then(|bundle| bundle.arms.first());
            let Some(arm) = main.map(|arm| arm.name.clone()) else {
                return Err("the iteration has no main arm".into());
            };
            self.take_candidate(retuned, arm, None);
        }
        self.evaluations += tuning.tried.len() as u32;
        self.iterations.last_mut().expect("an iteration is under way").tuning = Some(tuning);
        Ok(())
    }

    /// Everything that was tuned, in order.
    pub fn tunings(&self) -> impl Iterator<Item = &Tuning> {
        self.iterations.iter().filter_map(|iteration| iteration.tuning.as_ref())
    }

    /// The last candidate that tuning made, while it waits for a verdict: it was chosen on the search panel, so only fresh
    /// seeds can say what it is worth.
    pub fn tuned_unjudged(&self) -> Option<&CandidateId> {
        self.tuned_unjudged_before(usize::MAX)
    }

    /// The same, as far as the first `arms` of the iteration under way say.
    pub fn tuned_unjudged_before(&self, arms: usize) -> Option<&CandidateId> {
        let mut tunings = self.iterations.iter().rev().filter_map(|iteration| iteration.tuning.as_ref());
        let id = tunings.find_map(|tuning| tuning.retuned.as_ref())?;
        let record = &self.candidates[id];
        // Nobody judged it before it was made.
        let since = self.iterations.get(record.iteration.saturating_sub(1) as usize..)?;
        let (last, earlier) = since.split_last()?;
        let mut known = earlier.iter().flat_map(|iteration| &iteration.arms).chain(last.arms.iter().take(arms));
        let judged = known.any(|arm| arm.candidate.as_ref() == Some(id) && arm.finding.is_some());
        (!judged && record.score.is_some()).then_some(id)
    }
}

//! Who runs for champion once the search is over, and who wins.
//!
//! All candidates were chosen by the same search seeds and workloads, and of several the luckiest looks best. So the best of
//! them run once more on seeds and workloads that nobody was chosen by, and these alone decide: champion is whoever's lower bound
//! there is highest, less what he lacks of the room to the guards that tuning aims at too. Who just keeps a guard here exceeds it
//! elsewhere.

use super::{Action, State};
use crate::champion::{self, Champion};
use crate::event::Finalist;
use crate::fairness::Fairness;
use crate::id::CandidateId;
use crate::objective::{Score, Scoring, Yardsticks};
use crate::outcome::Outcome;
use crate::tuner::goal;
use serde::Serialize;

/// One-sided 5 %: the lower end of a two-sided interval at 10 %.
const ALPHA: f64 = 0.10;

/// What the finals showed.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Finals {
    /// The finalists, in the order of the search.
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
    /// The lower end of the one-sided 95 % interval of what it is worth there; none where it did not run.
    pub low: Option<f64>,
    /// What is taken off it where it has less room to the guards than tuning aims at, in worth.
    pub penalty: f64,
    /// Whether it is admissible there.
    pub admissible: bool,
    /// Whom it serves there.
    pub fairness: Option<Fairness>,
    /// Whether it is worth no less than the reference there.
    pub matches_reference: bool,
    /// Its score on the seeds and workloads of the finals alone; none where it did not run.
    pub score: Option<Score>,
}

impl State {
    /// The finals, if the experiment asks for them, they are still to come, and there is a choice.
    pub(super) fn next_for_finals(&self) -> Option<Action> {
        let most = self.opened().experiment.budget.finalists.filter(|_| self.finals.is_none())?;
        let finalists = self.finalists(most as usize);
        (finalists.len() > 1).then_some(Action::Finals { finalists })
    }

    /// Who would run in the finals if the search ended now, best first; nobody where there are none.
    pub fn finalists_now(&self) -> Vec<CandidateId> {
        let most = self.opened().experiment.budget.finalists.filter(|most| *most > 1);
        most.map_or_else(Vec::new, |most| self.finalists(most as usize))
    }

    /// The admissible candidates that are worth most on the search panel with some room to the guards, best first: what just keeps
    /// a guard where it was searched for exceeds it elsewhere.
    fn finalists(&self, most: usize) -> Vec<CandidateId> {
        let admissible = self.worthiest().filter(|record| record.admissible);
        let scored = admissible.filter(|record| record.score.as_ref().is_some_and(|score| score.worth.is_some()));
        scored.take(most).map(|record| record.candidate.id.clone()).collect()
    }

    /// Whoever won the finals: of those that are admissible there, or else of those that did no harm.
    pub(super) fn winner(&self) -> Option<Champion> {
        let finalists = || self.finals.iter().flat_map(|finals| &finals.finalists);
        let harmless = |f: &&Final| f.score.as_ref().is_some_and(|score| score.violations == 0);
        let best = |admissible: bool| {
            let running = finalists().filter(harmless).filter(|f| f.admissible || !admissible);
            let value = |f: &Final| f.low.map_or(f64::NEG_INFINITY, |low| low - f.penalty);
            running.reduce(|best, other| if value(other) > value(best) { other } else { best })
        };
        let best = best(true).or_else(|| best(false))?;
        Some(Champion { id: best.candidate.clone(), matches_reference: best.matches_reference })
    }

    /// Takes what the finals showed.
    pub(super) fn take_finals(&mut self, yardsticks: &Yardsticks, finalists: &[Finalist]) -> Result<(), String> {
        let expected = match self.next_action() {
            Action::Finals { finalists } => finalists,
            _ => return Err("no finals are to be held here".into()),
        };
        if !finalists.iter().map(|finalist| &finalist.candidate).eq(&expected) {
            return Err("others than the best candidates ran".into());
        }
        self.check_yardsticks(yardsticks)?;
        let panel = yardsticks.reference.seeds();
        let ran = || finalists.iter().filter_map(|finalist| finalist.measurement.as_ref());
        if panel.len() < yardsticks.drawn || yardsticks.study_rows() != self.opened().scenarios.len() {
            return Err("their panel does not begin with the scenarios".into());
        }
        if ran().any(|measured| measured.seeds() != panel || !measured.is_whole(self.spec())) {
            return Err("they did not all run on one panel".into());
        }
        if finalists.iter().any(|finalist| (finalist.outcome == Outcome::Scored) != finalist.measurement.is_some()) {
            return Err("a finalist was scored without a measurement, or the other way round".into());
        }
        let finalists = finalists.iter().map(|finalist| self.finished(finalist, yardsticks));
        let finalists: Vec<Final> = finalists.collect();
        // The baseline ran as well.
        let trials = (1 + yardsticks.all().count() + ran().count()) * panel.iter().sum::<usize>();
        let violations = finalists.iter().filter_map(|f| Some((f.candidate.clone(), f.score.as_ref()?.violations)));
        let violations: Vec<_> = violations.collect();
        self.finals = Some(Finals { finalists, trials });
        for (id, times) in violations {
            self.take_violations(&id, times);
        }
        Ok(())
    }

    fn finished(&self, finalist: &Finalist, yardsticks: &Yardsticks) -> Final {
        let Finalist { candidate, outcome, measurement, fairness } = finalist;
        let (asked, most) = (self.opened().experiment.elsewhere(), self.opened().experiment.claim.giving_up);
        let fair = self.spec().gives_nobody_up(fairness.as_ref(), most);
        let (against, length) = ((&asked, self.spec()), self.candidates[candidate].candidate.description_length);
        let scoring = Scoring { yardsticks, ..self.scoring() };
        let score = measurement.as_ref().map(|fresh| scoring.score(fresh));
        let admissible =
            |score: &Score| champion::objections(score, length.unwrap_or(u32::MAX), None, against).is_empty();
        Final {
            candidate: candidate.clone(),
            outcome: *outcome,
            penalty: score.as_ref().map_or(0.0, |score| goal::lack(score, against)),
            low: measurement.as_ref().and_then(|fresh| Some(yardsticks.bounds(fresh, &self.spec().aim, ALPHA)?.low)),
            admissible: fair && score.as_ref().is_some_and(admissible),
            fairness: fairness.clone(),
            matches_reference: score.as_ref().is_some_and(|score| score.worth.is_some_and(|worth| worth >= 0.0)),
            score,
        }
    }
}

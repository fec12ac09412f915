//! What a planner has measured before it claims: it takes evaluations, and is no candidate.

use super::State;
use crate::asked::{QUESTIONS, Replaced, TEXT};
use crate::champion;
use crate::id::{CandidateId, Hash};
use crate::measurement::Measurement;
use crate::outcome::Outcome;
use crate::stopping;

impl State {
    /// What became of a candidate with one text of its source in place of another.
    pub fn replaced(
        &self,
        of: &CandidateId,
        [find, replace]: [&str; 2],
        (made, trials): (CandidateId, Hash),
        measured: Result<&Measurement, Outcome>,
    ) -> Replaced {
        let (whole, aim) = (self.candidates.get(of).and_then(|record| record.measurement.as_ref()), &self.spec().aim);
        let (find, replace, of) = (find.to_owned(), replace.to_owned(), of.clone());
        let unknown = Replaced {
            of,
            find,
            replace,
            made,
            outcome: Outcome::Scored,
            worth: None,
            effect: None,
            objections: Vec::new(),
            beyond: None,
            trials,
        };
        let against = (&self.opened().experiment, self.spec());
        match measured.map(|own| (own, self.valued(own).0)) {
            Err(outcome) => Replaced { outcome, ..unknown },
            Ok((own, score)) => Replaced {
                worth: score.worth,
                objections: champion::objections(&score, 0, None, against),
                effect: whole.and_then(|whole| stopping::effect(own, whole, self.yardsticks(), aim)),
                beyond: Some(own.gain() - self.yardsticks().reference.gain()),
                ..unknown
            },
        }
    }

    /// Says what a planner cannot have had measured, if there is such a thing.
    pub(super) fn check_asked(&self, asked: &[Replaced]) -> Result<(), String> {
        if asked.len() > QUESTIONS || self.evaluations_left().is_some_and(|left| (left as usize) < asked.len()) {
            return Err(format!("{} changes were measured for a planner, and fewer can have been", asked.len()));
        }
        for (at, own) in asked.iter().enumerate() {
            let long = [&own.find, &own.replace].into_iter().any(|text| text.chars().count() > TEXT);
            if long || own.outcome == Outcome::Stopped || asked[..at].iter().any(|other| other.made == own.made) {
                return Err(format!("what was measured for a planner as {} cannot have been", own.made.short()));
            }
        }
        Ok(())
    }
}

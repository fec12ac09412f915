//! Questions about a candidate that the record answers at once, and that reveal nothing sealed.

use super::regimes::Regimes;
use super::words::{descriptor, percent, table};
use science::id::CandidateId;
use science::state::State;

/// What is asked of a candidate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Question {
    /// Where it is worth something, and where it loses.
    Where,
    /// What it does, as its own trials showed it.
    Behaviour,
}

/// The answer in words; an error says why there is none.
pub fn asked(state: &State, id: &CandidateId, question: Question) -> Result<String, String> {
    let unmeasured = || format!("candidate {} was not measured", id.short());
    let record = state.candidates.get(id).ok_or_else(unmeasured)?;
    match question {
        Question::Where => {
            let regimes = Regimes::new(state, record).ok_or_else(unmeasured)?;
            Ok(regimes.told())
        }
        Question::Behaviour => {
            let found = record.descriptor.as_ref().ok_or_else(unmeasured)?;
            let row = |(value, share): &(f64, f64)| vec![value.to_string(), percent(*share)];
            let head = [found.curve.input.clone(), "share of its answers".into()];
            let curve = table(&head, found.curve.points.iter().map(row).collect());
            Ok(format!("{}.\n\n{}", descriptor(found, state.spec()), curve.join("\n")))
        }
    }
}

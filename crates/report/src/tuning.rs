//! What tuning a candidate's constants brought.

use crate::terms::Terms;
use crate::words::count;
use science::state::Tuning;
use serde::Serialize;

/// The tuning of an iteration.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct Tuned {
    /// The candidate whose constants were tuned.
    pub(crate) candidate: String,
    /// Points at which it was measured.
    pub(crate) points: usize,
    /// Its constants, in the order in which it declares them.
    pub(crate) constants: Vec<Constant>,
    /// What it is worth less what it violates, with its own values and with those that were settled on; none if that could not
    /// be measured.
    pub(crate) worth: Option<[f64; 2]>,
    /// The candidate that was made of it; none if there is too little to gain.
    pub(crate) retuned: Option<String>,
}

/// A constant before and after.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct Constant {
    pub(crate) name: String,
    /// Its author's value.
    pub(crate) own: f64,
    /// What was settled on.
    pub(crate) settled: f64,
}

impl From<&Tuning> for Tuned {
    fn from(tuning: &Tuning) -> Self {
        let constant = |(range, settled): (&science::tuner::Range, &f64)| Constant {
            name: range.name.clone(),
            own: range.default,
            settled: *settled,
        };
        Tuned {
            candidate: tuning.candidate.as_str().to_owned(),
            points: tuning.tried.len(),
            constants: tuning.tunables.iter().zip(&tuning.best).map(constant).collect(),
            worth: tuning.gain(),
            retuned: tuning.retuned.as_ref().map(|id| id.as_str().to_owned()),
        }
    }
}

impl Tuned {
    /// All of it in one line.
    pub(crate) fn words(&self, terms: Terms<'_>) -> String {
        let short = |id: &str| id.chars().take(8).collect::<String>();
        let (candidate, points) = (short(&self.candidate), count(self.points, "point"));
        let (Some(retuned), Some([own, settled])) = (&self.retuned, self.worth) else {
            return format!("{candidate} at {points}: too little to gain, it stays as it is.");
        };
        let change = |Constant { name, own, settled }: &Constant| format!("{name} {own} to {settled}");
        let changes: Vec<String> = self.constants.iter().filter(|c| c.own != c.settled).map(change).collect();
        format!(
            "{candidate} at {points}, from {} {} to {} (less what is violated): {} [{}].",
            terms.worth(),
            terms.worth_of(own, None),
            terms.worth_of(settled, None),
            changes.join(", "),
            short(retuned)
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture;
    use science::id::CandidateId;
    use science::tuner::{Range, Tried};

    fn tuning(retuned: Option<&str>, best: [f64; 2]) -> Tuned {
        let id = |text: &str| CandidateId::from(text.to_owned());
        let range = |name: &str, default| Range { name: name.into(), default, low: 0.0, high: 9.0 };
        let tried = |parameters: [f64; 2], value| Tried::new(parameters.into(), value);
        Tuned::from(&Tuning {
            candidate: id("aaaa1111aaaa1111"),
            tunables: vec![range("half", 0.25), range("mix", 1.5)],
            tried: vec![tried([0.25, 1.5], 0.02), tried([0.3, 1.5], 0.05), tried([0.31, 1.5], 0.01)],
            best: best.into(),
            retuned: retuned.map(id),
        })
    }

    #[test]
    fn what_was_tuned_is_told_with_the_constants_that_changed_and_what_that_is_worth() {
        let expected = "aaaa1111 at 3 points, from net thrift 2.0 % to 5.0 % (less what is violated): \
                        half 0.25 to 0.3 [bbbb2222].";
        assert_eq!(tuning(Some("bbbb2222bbbb2222"), [0.3, 1.5]).words(Terms(&fixture::saving())), expected);
    }

    #[test]
    fn where_nothing_is_gained_the_candidate_stays_as_it_is() {
        let kept = tuning(None, [0.25, 1.5]);
        assert_eq!(
            kept.words(Terms(&fixture::saving())),
            "aaaa1111 at 3 points: too little to gain, it stays as it is."
        );
        assert_eq!(kept.constants[0].own, kept.constants[0].settled);
    }
}

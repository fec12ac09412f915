//! What every candidate is held against: the baseline, the reference, and refusing everything droppable.

use crate::words;
use science::champion;
use science::objective::{self, Measurement, Score};
use science::state::State;
use serde::Serialize;

/// The yardsticks, scored like candidates.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Yardsticks {
    /// One for each yardstick; the baseline first.
    pub(crate) rows: Vec<Yardstick>,
    /// Cost per improvement on the reference's own scale, 1 per log unit.
    pub(crate) lambda: f64,
    /// Scenarios that no admission policy can stabilise.
    pub(crate) overloaded: Vec<String>,
    /// The improvement of refusing everything droppable.
    pub(crate) attainable: f64,
    /// The reference's score.
    pub(crate) reference: Score,
    /// Why refusing everything droppable, which improves most, is no champion.
    pub(crate) refusing_everything: String,
}

/// One yardstick.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Yardstick {
    /// Its role.
    pub(crate) name: String,
    /// The policy.
    pub(crate) policy: String,
    /// Its improvement over that of refusing everything droppable.
    pub(crate) share_of_attainable: Option<f64>,
    /// Its score; none for the baseline, whose differences are zero by definition.
    pub(crate) score: Option<Score>,
}

/// Scores the yardsticks; none before the campaign is calibrated.
pub(crate) fn yardsticks(state: &State) -> Option<Yardsticks> {
    let (started, measured) = (state.started.as_ref()?, state.yardsticks.as_ref()?);
    let score = |m: &Measurement| objective::score(m, measured, &started.scenarios);
    let (reference, everything) = (score(&measured.reference), score(&measured.refuse_everything));
    let experiment = &started.experiment;
    let (policy, scale) = (&experiment.reference, &experiment.objective.reference_scale);
    let attainable = everything.improvement;
    let row = |name: &str, policy: String, score: Score| Yardstick {
        name: name.into(),
        policy,
        share_of_attainable: share(score.improvement, attainable),
        score: Some(score),
    };
    let baseline = Yardstick {
        name: "baseline".into(),
        policy: experiment.baseline.clone(),
        share_of_attainable: share(0.0, attainable),
        score: None,
    };
    Some(Yardsticks {
        refusing_everything: not_a_champion(&everything, &reference, state),
        rows: vec![
            baseline,
            row("reference", policy.clone(), reference.clone()),
            row("reference, other draws", "the same: what pure chance does".into(), score(&measured.reference_again)),
            row("reference, louder", format!("{scale} x 1.5"), score(&measured.louder)),
            row("reference, softer", format!("{scale} / 1.5"), score(&measured.softer)),
            row("refuse everything droppable", "the most that can be gained".into(), everything),
        ],
        lambda: measured.lambda,
        overloaded: measured.overloaded.clone(),
        attainable,
        reference,
    })
}

/// An improvement as a share of the attainable; none where nothing can be gained.
pub(crate) fn share(improvement: f64, attainable: f64) -> Option<f64> {
    (attainable > 0.0).then(|| improvement / attainable)
}

fn not_a_champion(everything: &Score, reference: &Score, state: &State) -> String {
    let gain = format!("{} improvement; not a champion", words::percent(everything.improvement));
    let objections = champion::objections(everything, 0, None, &state.opened().experiment);
    if !objections.is_empty() {
        return format!("{gain}: {}", objections.join("; "));
    }
    let cost = words::percent(everything.extra_shed_work);
    if reference.extra_shed_work > 0.0 && everything.extra_shed_work > reference.extra_shed_work {
        let times = words::fixed(everything.extra_shed_work / reference.extra_shed_work, 2);
        return format!("{gain}: it costs {cost} extra shed work, {times} x the reference's");
    }
    format!("{gain}: a yardstick, not a candidate; it costs {cost} extra shed work")
}

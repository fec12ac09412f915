//! What every candidate is held against: the baseline, the reference, and the policies that bound what can be gained.

use crate::terms::Terms;
use crate::words::{capital, fixed, percent, spaced};
use science::champion;
use science::event::Started;
use science::objective::{Measurement, Score, Scoring};
use science::spec::Extreme;
use science::state::State;
use science::yardsticks::{SCALES, STEP};
use serde::Serialize;

/// The yardsticks, scored like candidates.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Yardsticks {
    /// One for each yardstick; the baseline first.
    pub(crate) rows: Vec<Yardstick>,
    /// Scenarios that are beyond help.
    pub(crate) overloaded: Vec<String>,
    /// The most that a policy which bounds it improves; none where the problem has no such policy.
    pub(crate) attainable: Option<f64>,
    /// The reference's score.
    pub(crate) reference: Score,
    /// Why the policies that bound what can be gained are no champions.
    pub(crate) extremes: Vec<Bound>,
}

/// One yardstick.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Yardstick {
    /// Its role.
    pub(crate) name: String,
    /// The policy.
    pub(crate) policy: String,
    /// Its improvement over the attainable one.
    pub(crate) share_of_attainable: Option<f64>,
    /// Its score; none for the baseline, whose differences are zero by definition.
    pub(crate) score: Option<Score>,
}

/// A policy that bounds what can be gained.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Bound {
    /// Its name.
    pub(crate) name: String,
    /// What it improves, and why it is no champion.
    pub(crate) remark: String,
}

/// Scores the yardsticks; none before the campaign is calibrated.
pub(crate) fn yardsticks(state: &State) -> Option<Yardsticks> {
    let (started, measured) = (state.started.as_ref()?, state.yardsticks.as_ref()?);
    let scoring = Scoring { yardsticks: measured, names: &started.scenarios, spec: &started.spec };
    let score = |m: &Measurement| scoring.score(m);
    let reference = score(&measured.reference);
    let extremes: Vec<(&Extreme, Score)> =
        started.spec.extremes.iter().zip(measured.extremes.iter().map(score)).collect();
    let attainable = extremes.iter().map(|(_, score)| score.improvement).reduce(f64::max);
    let experiment = &started.experiment;
    let row = |name: &str, policy: String, score: Score| Yardstick {
        name: name.into(),
        policy,
        share_of_attainable: share(score.improvement, attainable),
        score: Some(score),
    };
    let mut rows = vec![
        Yardstick {
            name: "baseline".into(),
            policy: experiment.baseline.clone(),
            share_of_attainable: share(0.0, attainable),
            score: None,
        },
        row("reference", experiment.reference.clone(), reference.clone()),
    ];
    let twins = measured.twins.iter();
    rows.extend(twins.map(|twin| row("reference, other draws", "the same: what pure chance does".into(), score(twin))));
    let parameter = experiment.objective.reference_scale.as_deref().unwrap_or("its scale");
    let scales = SCALES.iter().zip(&measured.scales);
    rows.extend(scales.map(|(power, scaled)| {
        row("reference, another scale", format!("{parameter} x {STEP}^{power}"), score(scaled))
    }));
    let bounds = extremes
        .iter()
        .map(|(extreme, score)| Bound { name: extreme.name.clone(), remark: remark(score, &reference, started) });
    let bounds = bounds.collect();
    rows.extend(
        extremes.into_iter().map(|(extreme, score)| row(&spaced(&extreme.name), extreme.policy.clone(), score)),
    );
    Some(Yardsticks { rows, overloaded: measured.overloaded.clone(), attainable, reference, extremes: bounds })
}

/// An improvement as a share of the attainable one; none where nothing can be gained.
pub(crate) fn share(improvement: f64, attainable: Option<f64>) -> Option<f64> {
    attainable.filter(|attainable| *attainable > 0.0).map(|attainable| improvement / attainable)
}

/// What a policy that bounds what can be gained improves, and why it is no champion.
fn remark(extreme: &Score, reference: &Score, started: &Started) -> String {
    let terms = Terms(&started.spec);
    let gain = format!("{} {}; not a champion", percent(extreme.improvement), terms.gain());
    let objections = champion::objections(extreme, 0, None, (&started.experiment, &started.spec));
    if !objections.is_empty() {
        return format!("{gain}: {}", objections.join("; "));
    }
    let Some(cost) = terms.cost() else { return format!("{gain}: a yardstick, not a candidate") };
    let cost = format!("it costs {} {cost}", percent(extreme.cost));
    if reference.cost > 0.0 && extreme.cost > reference.cost {
        let times = fixed(extreme.cost / reference.cost, 2);
        return format!("{gain}: {cost}, {times} x the reference's");
    }
    format!("{gain}: a yardstick, not a candidate; {cost}")
}

impl Bound {
    /// All of it in one sentence.
    pub(crate) fn sentence(&self, terms: Terms<'_>) -> String {
        format!("{}: {}.", capital(&spaced(&self.name)), terms.spoken(&self.remark))
    }
}

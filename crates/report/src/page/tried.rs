//! Every arm in a line: what was changed, what was claimed, what was measured, what became of it.

use crate::path::finding_id;
use crate::terms::Terms;
use crate::words::{line, size, size_within, spaced};
use science::bundle::{Arm, ArmKind, Bundle, Relation, Side};
use science::judge::Verdict;
use science::outcome::Outcome;
use science::space::{Point, Value};
use science::spec::Unit;
use science::state::{ArmRecord, Iteration, State};
use science::stats::Interval;
use science::text::clip;
use serde::Serialize;

/// Characters of a change, at most.
const CHANGE: usize = 72;
/// Coordinates of a point that are said, at most.
const COORDINATES: usize = 4;

/// An arm in a line.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Tried {
    /// The iteration, from 1.
    pub(crate) iteration: usize,
    /// The finding's id, `F<iteration>.<arm>`.
    pub(crate) finding: String,
    /// The arm.
    pub(crate) arm: String,
    /// Its role.
    pub(crate) kind: &'static str,
    /// The candidate, if one was written.
    pub(crate) candidate: Option<String>,
    /// What it has that its parent has not.
    pub(crate) change: String,
    /// The claim.
    pub(crate) claim: String,
    /// What was measured, or why nothing was.
    pub(crate) measured: String,
    /// A word for the verdict.
    pub(crate) verdict: &'static str,
    /// Whether the candidate is the champion, or what that was made of by leaving out what does not matter.
    pub(crate) champion: bool,
    /// What the verdict is.
    #[serde(skip)]
    pub(crate) judged: Option<Verdict>,
}

/// Every arm of the campaign.
pub(super) fn tried(state: &State) -> Vec<Tried> {
    let mut tried: Vec<Tried> =
        state.iterations.iter().zip(1..).flat_map(|(iteration, number)| arms(state, iteration, number)).collect();
    mark(&mut tried, state);
    tried
}

/// Every arm of an iteration; none is marked as the champion's.
pub(crate) fn arms(state: &State, iteration: &Iteration, number: usize) -> Vec<Tried> {
    let Some(bundle) = &iteration.bundle else { return Vec::new() };
    bundle.arms.iter().zip(&iteration.arms).map(|(arm, record)| of(state, (bundle, arm), record, number)).collect()
}

/// Marks the arms of the champion. What was made simpler stands where it was tried.
pub(crate) fn mark(tried: &mut [Tried], state: &State) {
    let Some(champion) = state.champion().map(|champion| champion.id) else { return };
    let tested = state.simplified(&champion).unwrap_or(&champion).as_str();
    tried.iter_mut().for_each(|arm| arm.champion = arm.candidate.as_deref() == Some(tested));
}

fn of(state: &State, (bundle, arm): (&Bundle, &Arm), record: &ArmRecord, iteration: usize) -> Tried {
    let terms = Terms(state.spec());
    let known = record.candidate.as_ref().and_then(|id| state.candidates.get(id));
    let effect = record.finding.as_ref().and_then(|finding| finding.effect);
    Tried {
        iteration,
        finding: finding_id(iteration, &arm.name),
        arm: arm.name.clone(),
        kind: arm.kind.as_str(),
        candidate: record.candidate.as_ref().map(|id| id.as_str().to_owned()),
        change: change(state, bundle, arm),
        claim: claim(arm, terms),
        measured: measured(effect, known.and_then(|known| known.outcome), terms.unit_of(&arm.prediction.metric)),
        verdict: verdict(record),
        champion: false,
        judged: record.finding.as_ref().map(|finding| finding.verdict),
    }
}

/// What an arm has that its parent has not: coordinates where both have them, else the design in words.
fn change(state: &State, bundle: &Bundle, arm: &Arm) -> String {
    if let Some(without) = &arm.design.without {
        return format!("without {}", line(without));
    }
    if let Some(taken) = &arm.design.candidate {
        return format!("{} as it is", taken.short());
    }
    let parent = match &bundle.parent {
        Side::Candidate(id) => state.candidates.get(id).and_then(|record| record.candidate.point.as_ref()),
        Side::Baseline | Side::Reference | Side::Arm(_) => None,
    };
    let main = bundle.arms.first().filter(|_| arm.kind != ArmKind::Main).and_then(|main| main.design.point.as_ref());
    let said = arm.design.point.as_ref().map(|point| match main.or(parent) {
        Some(from) => moved(Some(from), point),
        // What comes of no candidate has nothing that it moved from: then what the first point has not.
        None => moved(None, &beyond(first(state), point)),
    });
    let said = said.filter(|said| !said.is_empty());
    clip(&said.unwrap_or_else(|| line(&arm.design.intent)), CHANGE)
}

/// The first point of the campaign.
fn first(state: &State) -> Option<&Point> {
    let bundles = state.iterations.iter().filter_map(|iteration| iteration.bundle.as_ref());
    bundles.flat_map(|bundle| &bundle.arms).find_map(|arm| arm.design.point.as_ref())
}

/// The coordinates that another point has not; all of them, where it has them all.
fn beyond(other: Option<&Point>, point: &Point) -> Point {
    let own = |(name, value): &(&String, &Value)| other.and_then(|other| other.get(*name)) != Some(*value);
    let own: Point = point.iter().filter(own).map(|(name, value)| (name.clone(), value.clone())).collect();
    if own.is_empty() { point.clone() } else { own }
}

/// The coordinates that differ; without anything to differ from, the first ones.
fn moved(from: Option<&Point>, to: &Point) -> String {
    let said = |(name, value): (&String, &Value)| match from.map(|from| from.get(name)) {
        Some(Some(before)) if before == value => None,
        Some(Some(before)) => Some(format!("{} {} → {}", spaced(name), written(before), written(value))),
        Some(None) | None => Some(format!("{} {}", spaced(name), written(value))),
    };
    let gone = from
        .into_iter()
        .flatten()
        .filter(|(name, _)| !to.contains_key(*name))
        .map(|(name, _)| format!("no {}", spaced(name)));
    let mut said: Vec<String> = to.iter().filter_map(said).chain(gone).collect();
    if said.len() > COORDINATES {
        let more = said.len() - COORDINATES;
        said.truncate(COORDINATES);
        said.push(format!("{more} more"));
    }
    said.join(", ")
}

fn written(value: &Value) -> String {
    match value {
        Value::Number(number) => format!("{}", science::stats::rounded(*number, 3)),
        Value::Choice(text) => line(text),
    }
}

/// A claim in a few signs: `≥ 2.0 % over reference`. An ablation's is what the whole has over it.
fn claim(arm: &Arm, terms: Terms<'_>) -> String {
    let prediction = &arm.prediction;
    let unit = terms.unit_of(&prediction.metric);
    let side = |side: &Side| match side {
        Side::Baseline => "baseline".into(),
        Side::Reference => "reference".into(),
        Side::Arm(name) => line(name),
        Side::Candidate(id) => id.short().to_owned(),
    };
    let sides = prediction.against.iter().map(side).collect::<Vec<_>>().join(" + ");
    let metric = spaced(&prediction.metric);
    let metric = if metric == terms.worth() { String::new() } else { format!("{metric} ") };
    let size = |value| size(unit, value);
    let most = prediction.at_most.map_or_else(String::new, |most| format!(" to {}", size(most)));
    let place =
        if prediction.scope.is_empty() { String::new() } else { format!(" in {}", prediction.scope.join(", ")) };
    let said = match (prediction.relation, arm.kind) {
        (Relation::AtLeast(least), ArmKind::Ablation) => format!("loses ≥ {}{most} against {sides}", size(least)),
        (Relation::AtLeast(least), _) => format!("≥ {}{most} over {sides}", size(least)),
        (Relation::Within(within), _) => format!("± {} of {sides}", size(within)),
    };
    format!("{metric}{said}{place}")
}

fn measured(effect: Option<Interval>, outcome: Option<Outcome>, unit: Unit) -> String {
    match (effect, outcome) {
        (Some(i), _) if i.low == i.high => size(unit, i.estimate),
        (Some(i), _) => size_within(unit, i.estimate, Some([i.low, i.high])),
        (None, Some(outcome)) if outcome != Outcome::Scored => outcome.as_str().replace('-', " "),
        (None, _) => "–".into(),
    }
}

fn verdict(record: &ArmRecord) -> &'static str {
    match (&record.finding, &record.skipped) {
        (Some(finding), _) => match finding.verdict {
            Verdict::Confirmed => "confirmed",
            Verdict::PartiallyConfirmed => "in part",
            Verdict::Refuted => "REFUTED",
            Verdict::Inconclusive => "open",
            Verdict::Invalid => "invalid",
        },
        (None, Some(_)) => "·",
        (None, None) => "running",
    }
}

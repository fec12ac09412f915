//! What a change claims: how much more it is worth than what it departs from, as far as the verdict seeds can tell.

use super::executor::described;
use super::planner::{Beliefs, Parent};
use super::power::{LEAST, Power, SizedClaim, Test, WIDEST};
use science::bundle::{Arm, ArmKind, Bundle, Design, Prediction, Relation, Side};
use science::gaussian::Belief;
use science::id::CandidateId;
use science::judge::Verdict;
use science::space::{Point, Space, Value};
use science::spec::Unit;
use science::state::{State, describe};
use science::stats::rounded;

/// Standard deviations from the middle of a normal distribution to its 90 % quantile.
const QUANTILE_90: f64 = 1.2816;
/// No belief about an effect is surer than this, a fraction: verdict seeds are others than the search's.
const LEAST_SD: f64 = 0.001;
/// What is believed of an author's word that the defaults of a space are the reference's place.
const TRUSTED: f64 = 0.6;
/// Of so many iterations, one that only changes numbers asks whether they must be hit exactly.
const ROBUSTNESS: u32 = 5;
/// Prior mass by which a number is moved that need not be hit exactly.
const NUDGE: f64 = 0.01;
/// What a point is expected to differ by after so small a move.
const NUDGED: f64 = 0.005;

/// The first bundle: does the space hold the reference where its author says?
pub(super) fn check(beliefs: &Beliefs<'_>) -> Bundle {
    let test = Power::of(beliefs.state).against_reference(Belief { mean: 0.0, sd: 0.0 });
    let claim = test.narrowest().unwrap_or_else(|| test.of(Relation::Within(WIDEST)));
    let size = amount(beliefs, &claim);
    let prediction = Prediction { confidence: TRUSTED, ..sized(beliefs, Side::Reference, &claim) };
    let arm = Arm {
        name: "main".into(),
        kind: ArmKind::Main,
        hypothesis: format!("it is worth the same as the reference within {size}."),
        mechanism: "the defaults of the space are where its author put the reference".into(),
        diagnostic: "its gain beside the reference's".into(),
        prediction,
        design: design(beliefs, &beliefs.start, None),
    };
    Bundle {
        question: format!("Safe check: is the start of the space worth the same as the reference within {size}?"),
        parent: Side::Reference,
        components: Vec::new(),
        arms: vec![arm],
    }
}

/// The bundle that claims a change. With a candidate, the main arm takes it as it stands.
pub(super) fn change(beliefs: &Beliefs<'_>, parent: &Parent, point: Point, candidate: Option<CandidateId>) -> Bundle {
    let power = Power::of(beliefs.state);
    let foreseen = beliefs.surrogate.at(&beliefs.space.coordinates("", &point));
    let worths: Vec<f64> =
        beliefs.surrogate.draws(&foreseen).map(|outcome| beliefs.measured.claimed(&outcome)).collect();
    let (against, claim, belief) = decidable(beliefs, &power, parent, &worths);
    let (what, size) = (words(&beliefs.space, &parent.point, &point), amount(beliefs, &claim));
    let whom = describe(&against);
    let mut touched = beliefs.measured.by_scenario(&parent.outcome, &foreseen.mean);
    touched.sort_by(|(_, a), (_, b)| b.abs().total_cmp(&a.abs()));
    let most: Vec<&str> = touched.iter().take(2).map(|(name, _)| *name).collect();
    let gain = 100.0 * beliefs.measured.apart(&foreseen.mean, &parent.outcome);
    let arm = |name: &str, kind, hypothesis: String, prediction, at: &Point| Arm {
        name: name.into(),
        kind,
        hypothesis,
        mechanism: format!(
            "no cause is claimed: {} measured policies let expect {:+.1} {} here, at {gain:+.1} points of gain",
            beliefs.known.len(),
            100.0 * belief.mean,
            of_worth(beliefs.state)
        ),
        diagnostic: format!("its gain beside the parent's; {}, where most should change", most.join(" and ")),
        prediction,
        design: design(beliefs, at, candidate.clone().filter(|_| *at == point)),
    };
    let hypothesis = format!("{what}: it is worth at least {size} more than {whom}.");
    let mut arms = vec![arm("main", ArmKind::Main, hypothesis, sized(beliefs, against.clone(), &claim), &point)];
    let components = choices(&beliefs.space, &parent.point, &point);
    if !components.is_empty() {
        let (hypothesis, prediction, at) = control(beliefs, parent, &point);
        arms.push(arm("control", ArmKind::ControlNegative, hypothesis, prediction, &at));
    } else if beliefs.state.iteration_number().is_multiple_of(ROBUSTNESS)
        && let Some(at) = nudged(beliefs, &parent.point, &point)
    {
        let test = power.between(Belief { mean: 0.0, sd: NUDGED });
        let claim = test.narrowest().unwrap_or_else(|| test.of(Relation::Within(WIDEST)));
        let hypothesis =
            format!("{}: it is worth the same within {}.", words(&beliefs.space, &point, &at), amount(beliefs, &claim));
        let prediction = sized(beliefs, Side::Arm("main".into()), &claim);
        arms.push(arm("robustness", ArmKind::Robustness, hypothesis, prediction, &at));
    }
    let question = match against == parent.side {
        true => format!("Is {what} worth at least {size} more than {whom}?"),
        false => {
            let from = describe(&parent.side);
            format!("Safe check: is {what} from {from} on worth at least {size} more than {whom}?")
        }
    };
    Bundle { question, parent: parent.side.clone(), components, arms }
}

/// What a change is compared with and how much is claimed of it: its parent, if the verdict seeds can decide that, or once the parent
/// itself is known to be worth more than the reference; else the reference, of which more can be said.
fn decidable(beliefs: &Beliefs<'_>, power: &Power, parent: &Parent, worths: &[f64]) -> (Side, SizedClaim, Belief) {
    let own = beliefs.measured.claimed(&parent.outcome);
    let over_parent = belief(&worths.iter().map(|worth| worth - own).collect::<Vec<f64>>());
    let alone = belief(worths);
    let (beside, check) = (power.between(over_parent), power.against_reference(alone));
    let least = |test: Test| test.of(Relation::AtLeast(LEAST));
    match &parent.side {
        Side::Candidate(id) => {
            let check = check.largest().filter(|_| !is_checked(beliefs.state, id));
            match (beside.largest(), check) {
                (None, Some(claim)) => (Side::Reference, claim, alone),
                (claim, _) => (parent.side.clone(), claim.unwrap_or_else(|| least(beside)), over_parent),
            }
        }
        _ => (Side::Reference, check.largest().unwrap_or_else(|| least(check)), alone),
    }
}

/// Whether a candidate is known to be worth more than the reference.
fn is_checked(state: &State, id: &CandidateId) -> bool {
    state.iterations.iter().any(|iteration| {
        let arms = iteration.bundle.iter().flat_map(|bundle| &bundle.arms).zip(&iteration.arms);
        arms.into_iter().any(|(arm, record)| {
            record.candidate.as_ref() == Some(id)
                && arm.prediction.against == [Side::Reference]
                && record.finding.as_ref().is_some_and(|finding| finding.verdict == Verdict::Confirmed)
        })
    })
}

/// What must not matter: where the reference has next to nothing to do, a policy gains what its parent does. Where there is no
/// such scenario, a number that is moved by a hundredth of its prior must not.
fn control(beliefs: &Beliefs<'_>, parent: &Parent, point: &Point) -> (String, Prediction, Point) {
    let within = beliefs.measured.comparable();
    let prediction = |against: Side, scope: Vec<String>| Prediction {
        metric: beliefs.state.spec().aim.gain_name().name.clone(),
        against: vec![against],
        scope,
        relation: Relation::Within(within),
        at_most: None,
        each: false,
        confidence: 0.95,
        interval: Some([-within / 2.0, within / 2.0]),
    };
    let points = within * 100.0;
    let idle = beliefs.measured.idle();
    let is_drawn = beliefs.state.drawn_each() > 0;
    match nudged(beliefs, &parent.point, point).filter(|_| is_drawn || idle.is_empty()) {
        Some(at) => {
            let what = words(&beliefs.space, point, &at);
            (
                format!("{what}: it gains the same within {points} points."),
                prediction(Side::Arm("main".into()), Vec::new()),
                at,
            )
        }
        None => (
            format!("where the reference costs little, it gains the same as its parent within {points} points."),
            prediction(parent.side.clone(), idle),
            point.clone(),
        ),
    }
}

/// The point with one number moved a little: the first that changed.
fn nudged(beliefs: &Beliefs<'_>, from: &Point, point: &Point) -> Option<Point> {
    let numeric = || beliefs.space.dimensions.iter().filter(|dimension| dimension.range.is_some());
    let changed = || numeric().find(|dimension| from.get(&dimension.name) != point.get(&dimension.name));
    let dimension = changed().or_else(|| numeric().next())?;
    let Some(Value::Number(own)) = point.get(&dimension.name) else { return None };
    let mass = dimension.mass_below(*own);
    let moved = if mass > 0.5 { mass - NUDGE } else { mass + NUDGE };
    let Value::Number(value) = dimension.at_mass(moved) else { return None };
    let mut near = point.clone();
    near.insert(dimension.name.clone(), Value::Number(rounded(value, 4)));
    (near != *point && beliefs.space.contains(&near).is_ok()).then_some(near)
}

fn design(beliefs: &Beliefs<'_>, point: &Point, candidate: Option<CandidateId>) -> Design {
    Design {
        intent: described(&beliefs.space, point),
        point: Some(point.clone()),
        uses: std::collections::BTreeSet::new(),
        without: None,
        variants: vec![],
        candidate,
    }
}

/// A claim of worth, with what is to be expected of it.
fn sized(beliefs: &Beliefs<'_>, against: Side, claim: &SizedClaim) -> Prediction {
    let half = QUANTILE_90 * claim.measured.sd.max(LEAST_SD);
    let ends = [claim.measured.mean - half, claim.measured.mean + half];
    Prediction {
        metric: beliefs.state.spec().aim.worth_name().name.clone(),
        against: vec![against],
        scope: vec![],
        relation: claim.relation,
        at_most: None,
        each: false,
        confidence: (claim.holds.clamp(0.01, 0.99) * 100.0).round() / 100.0,
        interval: Some(ends.map(|end| (end * 1e4).round() / 1e4)),
    }
}

/// The size of a claim, in words.
fn amount(beliefs: &Beliefs<'_>, claim: &SizedClaim) -> String {
    format!("{} {}", rounded(claim.size() * 100.0, 4), of_worth(beliefs.state))
}

/// What a hundredth of worth is called: its unit, then its name in the spec.
pub(super) fn of_worth(state: &State) -> String {
    let worth = state.spec().aim.worth_name();
    let hundredth = if worth.unit == Unit::Log { "points" } else { "%" };
    format!("{hundredth} of {}", worth.name.replace('_', " "))
}

fn belief(draws: &[f64]) -> Belief {
    let count = draws.len().max(2) as f64;
    let mean = draws.iter().sum::<f64>() / count;
    let square = draws.iter().map(|draw| (draw - mean).powi(2)).sum::<f64>() / (count - 1.0);
    Belief { mean, sd: square.sqrt().max(LEAST / 10.0) }
}

/// The choices that differ: what a change exchanges, as against the numbers that it changes.
fn choices(space: &Space, from: &Point, to: &Point) -> Vec<String> {
    let differs = |name: &str| from.contains_key(name) && to.contains_key(name) && from.get(name) != to.get(name);
    let choices = space.dimensions.iter().filter(|dimension| dimension.range.is_none());
    choices.filter(|dimension| differs(&dimension.name)).map(|dimension| dimension.name.clone()).collect()
}

/// A change in words: `capacity 0.68 → 0.58, family step → power`.
pub(super) fn words(space: &Space, from: &Point, to: &Point) -> String {
    let change = |name: &String| match (from.get(name), to.get(name)) {
        (Some(from), Some(to)) if from != to => Some(format!("{name} {} → {}", value(from), value(to))),
        (None, Some(to)) => Some(format!("{name} {}", value(to))),
        _ => None,
    };
    let changes: Vec<String> = space.dimensions.iter().filter_map(|dimension| change(&dimension.name)).collect();
    if changes.is_empty() { "the start of the space".into() } else { changes.join(", ") }
}

fn value(value: &Value) -> String {
    match value {
        Value::Number(number) => number.to_string(),
        Value::Choice(choice) => choice.clone(),
    }
}

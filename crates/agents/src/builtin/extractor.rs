//! Draws lessons: what a finding compared, and by how much they differed. It forbids no more than was tried.

use super::claims::{of_worth, words};
use super::measured::good;
use science::bundle::Side;
use science::judge::{Finding, Verdict};
use science::principle::{Change, Confidence, Principle, Status};
use science::space::{Constraint, Dimension, Point, Space, Value, Within};
use science::state::{State, describe};
use science::stats::rounded;

/// Prior mass beyond what was tried that counts as tried.
const AROUND: f64 = 0.05;
/// The smallest share of the space that is worth an audit.
const WORTH_IT: f64 = 0.02;
/// Findings that a principle cites, at most.
const CITED: usize = 8;

/// What the iteration that is under way changes in the principles.
pub(super) fn extract(state: &State) -> Vec<Change> {
    let mut changes: Vec<Change> = outgrown(state);
    let Some(bundle) = &state.current().bundle else { return changes };
    let (Some(arm), Some(record)) = (bundle.arms.first(), state.current().arms.first()) else { return changes };
    let (Some(finding), Some(to)) = (&record.finding, &arm.design.point) else { return changes };
    let space = state.opened().experiment.space();
    // One side: the researcher claims nothing of sums.
    let Some(against) = arm.prediction.against.first() else { return changes };
    let from = match against {
        Side::Candidate(id) => state.candidates.get(id).and_then(|record| record.candidate.point.as_ref()),
        Side::Baseline | Side::Reference | Side::Arm(_) => None,
    };
    changes.extend(lesson(state, &space, (from, against), to, finding));
    changes
}

fn lesson(
    state: &State,
    space: &Space,
    (from, against): (Option<&Point>, &Side),
    to: &Point,
    finding: &Finding,
) -> Option<Change> {
    let effect = finding.effect?;
    if matches!(finding.verdict, Verdict::Inconclusive | Verdict::Invalid) {
        return None;
    }
    let [estimate, low, high] = [effect.estimate, effect.low, effect.high].map(|value| value * 100.0);
    let change = words(space, from.unwrap_or(&Point::new()), to);
    let statement = format!(
        "{change}: {estimate:+.1} {} [{low:+.1}, {high:+.1}] against {}, on {} fresh seeds.",
        of_worth(state),
        describe(against),
        finding.seeds
    );
    let outcome = match (effect.low > 0.0, effect.high < 0.0) {
        (true, _) => "helps",
        (_, true) => "hurts",
        _ => "made no difference that was found",
    };
    let what = from.map_or_else(|| "the point as a whole".into(), |from| directions(space, from, to));
    let mechanism = format!("{what} {outcome}");
    // Whichever of the two lost was tried: the change, or what it was compared with.
    let lost = from.and_then(|from| match (effect.low > 0.0, effect.high < 0.0) {
        (true, _) => Some((to, from)),
        (_, true) => Some((from, to)),
        _ => None,
    });
    let constraint = lost.and_then(|(winner, loser)| tried(state, space, winner, loser));
    let evidence = format!("F{}.main", state.iteration_number());
    // Each point as a whole is a lesson of its own.
    let mut active = state.principles.iter().filter(|p| p.status == Status::Active && from.is_some());
    let known = active.find(|p| p.mechanism == mechanism);
    Some(match known {
        Some(known) => Change::Refine(further(state, known, &statement, evidence, constraint)),
        None => Change::Insert(Principle {
            id: format!("P{}", state.principles.len() + 1),
            statement,
            mechanism,
            regime: match state.drawn_each() {
                0 => "the experiment's scenarios, from the policy that it was compared with".into(),
                _ => "the experiment's population, from the policy that it was compared with".into(),
            },
            evidence: vec![evidence],
            confidence: Confidence::Provisional,
            status: Status::Active,
            constraint,
        }),
    })
}

/// The same lesson with another case: it forbids all that lies between what was tried, or what it forbade before.
fn further(
    state: &State,
    known: &Principle,
    statement: &str,
    evidence: String,
    constraint: Option<Constraint>,
) -> Principle {
    let mut principle = known.clone();
    // Two cases make the lesson; further ones are cited, not told, lest the statement grow with the campaign.
    if known.evidence.len() == 1 {
        principle.statement = format!("{} Likewise, {statement}", known.statement);
    }
    principle.evidence.push(evidence);
    principle.evidence.truncate(CITED);
    principle.confidence = state.confidence(&principle.evidence);
    let both = known.constraint.as_ref().zip(constraint.as_ref()).and_then(|(a, b)| hull(a, b));
    let is_free = |constraint: &Constraint| !good(state).any(|point| constraint.excludes(point));
    principle.constraint = both.filter(is_free).or(known.constraint.clone()).or(constraint);
    principle
}

/// The dimensions that differ, each with its coordinates before and after.
fn changed<'a>(
    space: &'a Space,
    from: &'a Point,
    to: &'a Point,
) -> impl Iterator<Item = (&'a Dimension, Option<&'a Value>, &'a Value)> {
    space.dimensions.iter().filter_map(|dimension| {
        let (before, after) = (from.get(&dimension.name), to.get(&dimension.name)?);
        (before != Some(after)).then_some((dimension, before, after))
    })
}

/// The box around what was tried and lost: along each dimension that differs from half way to what won to a little beyond it.
/// None where that is hardly worth forbidding, or holds a policy that is worth something; or nothing is known to be yet.
fn tried(state: &State, space: &Space, winner: &Point, loser: &Point) -> Option<Constraint> {
    let (mut share, mut excludes) = (1.0, std::collections::BTreeMap::new());
    for (dimension, before, after) in changed(space, winner, loser) {
        let within = match (before, after) {
            (_, Value::Choice(choice)) => {
                share /= dimension.values.len() as f64;
                Within::OneOf(vec![choice.clone()])
            }
            (before, Value::Number(after)) => {
                let at = dimension.mass_below(*after);
                let (back, on) = match before {
                    Some(Value::Number(before)) => {
                        let before = dimension.mass_below(*before);
                        (f64::midpoint(before, at), at + AROUND * (at - before).signum())
                    }
                    _ => (at - AROUND, at + AROUND),
                };
                let [low, high] = [back.min(on).max(0.0), back.max(on).min(1.0)];
                share *= high - low;
                Within::Range([edge(dimension, low), edge(dimension, high)])
            }
        };
        excludes.insert(dimension.name.clone(), within);
    }
    let constraint = Constraint { excludes };
    let fits = share >= WORTH_IT && constraint.excludes(loser) && !constraint.excludes(winner);
    let touches = good(state).any(|point| constraint.excludes(point));
    (fits && !touches && good(state).next().is_some()).then_some(constraint)
}

fn edge(dimension: &Dimension, mass: f64) -> f64 {
    match dimension.at_mass(mass) {
        Value::Number(value) => rounded(value, 3),
        Value::Choice(_) => 0.0,
    }
}

/// The smallest box around two that are about the same dimensions and choices.
fn hull(a: &Constraint, b: &Constraint) -> Option<Constraint> {
    if !a.excludes.keys().eq(b.excludes.keys()) {
        return None;
    }
    let both = |(name, within): (&String, &Within)| match (within, &b.excludes[name]) {
        (Within::Range(a), Within::Range(b)) => Some((name.clone(), Within::Range([a[0].min(b[0]), a[1].max(b[1])]))),
        (same, other) => (same == other).then(|| (name.clone(), same.clone())),
    };
    Some(Constraint { excludes: a.excludes.iter().map(both).collect::<Option<_>>()? })
}

/// What was done to which dimensions: `lower capacity, family power`.
fn directions(space: &Space, from: &Point, to: &Point) -> String {
    let direction = |(dimension, before, after): (&Dimension, Option<&Value>, &Value)| match (before, after) {
        (_, Value::Choice(choice)) => format!("{} {choice}", dimension.name),
        (Some(Value::Number(before)), Value::Number(after)) if after < before => format!("lower {}", dimension.name),
        (_, Value::Number(_)) => format!("higher {}", dimension.name),
    };
    let all: Vec<String> = changed(space, from, to).map(direction).collect();
    if all.is_empty() { "the same point".into() } else { all.join(", ") }
}

/// Principles that forbid what is now known to be best.
fn outgrown(state: &State) -> Vec<Change> {
    let Some(champion) = state.champion() else { return Vec::new() };
    let Some(point) = state.candidates[&champion.id].candidate.point.as_ref() else { return Vec::new() };
    let reason = format!("the champion, candidate {}, lies where it forbids", champion.id.short());
    let forbidding = state.constraints().filter(|(_, constraint)| constraint.excludes(point));
    forbidding.map(|(principle, _)| Change::Retire { id: principle.id.clone(), reason: reason.clone() }).collect()
}

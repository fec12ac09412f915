//! What the record rules out: lessons that do not hold any more, and the half space that is to be forbidden next.
//!
//! A half space is proposed where a finding shows a policy inside it losing against one outside of it, where nothing known
//! inside comes near to the best, and where what is believed of policies, each placed so that it improves as much as it has to,
//! leaves next to no hope of something better. Whether it holds is for its audit to say: what refutes one is learned from,
//! and the next one is narrower.

use super::half_space::{Half, halves};
use super::memory::Memory;
use super::mind::Mind;
use super::shape::Shape;
use science::audit::{AuditedPoint, words};
use science::bundle::{ArmKind, Metric, Side};
use science::objective::COMPARABLE;
use science::principle::{Change, Confidence, Principle, Status};
use science::space::Point;
use science::state::State;
use std::collections::BTreeSet;

/// Fixed points of the space on which half spaces are weighed.
const POINTS: usize = 128;
/// The smallest share of the declared space that is worth an audit.
const LEAST: f64 = 0.1;
/// The largest expected share of a half space that is better than the best known.
const DOUBT: f64 = 0.05;
/// By how much more a policy must save to be better, as audits have it.
const MARGIN: f64 = 0.01;
/// A half space that holds something this near to the best known is not forbidden, however little of it is.
const CLOSE: f64 = 0.04;
/// What is worth less than this is as bad as anything.
const FLOOR: f64 = -0.6;
/// Candidates that are looked at, at most.
const MEMORY: usize = 80;
/// Iterations whose findings are looked at, at most.
const RECENT: usize = 20;
/// Audits whose points are looked at, at most.
const AUDITS: usize = 20;
/// Findings that a principle cites, at most.
const CITED: usize = 8;
/// Where what is forbidden was seen to lose.
const REGIME: &str = "the study's scenarios and the workloads trained on, each policy placed so that it improves as much as \
                      the reference";

/// A measured policy: where it lies, and what it is worth there.
struct Known {
    point: Point,
    worth: f64,
    /// Whether it improves about as much as it has to, so that its worth speaks for its form.
    placed: bool,
}

/// A finding that shows one policy losing against another.
struct Contrast<'a> {
    finding: String,
    loser: &'a Point,
    winner: &'a Point,
}

/// What is to go, and the constraint that is to be audited next, if there is one; `id` is the name of a new principle.
pub(super) fn narrow(state: &State, memory: &Memory, id: &str) -> Vec<Change> {
    let (known, bar) = (known(state), state.bar());
    let mut changes = outgrown(state, &known, bar.worth);
    changes.extend(refused(state));
    // As long as nothing good is known, nobody can say that it is elsewhere.
    if bar.saving.is_some() {
        changes.extend(widest(state, memory, &known, bar.worth, id));
    }
    changes
}

/// The half space that forbids most of what is left.
fn widest(state: &State, memory: &Memory, known: &[Known], bar: f64, id: &str) -> Option<Change> {
    let space = state.opened().experiment.space();
    let reference = super::published(&state.opened().experiment);
    let contrasts = contrasts(state, reference.as_ref());
    let scale = state.opened().experiment.objective.scale.as_deref();
    let close = |half: &Half<'_>| known.iter().any(|k| k.worth > bar - CLOSE && half.is_near(&k.point));
    let lost = |half: &Half<'_>| contrasts.iter().any(|c| half.is_shown(c.loser, c.winner, scale));
    let shown: Vec<Half<'_>> = halves(&space, scale).filter(|half| lost(half) && !close(half)).collect();
    if shown.is_empty() {
        return None;
    }
    let left: Vec<Point> = state.open_points(POINTS / 64).into_iter().map(|n| space.fixed(n)).collect();
    let inside =
        |half: &Half<'_>| -> Vec<usize> { (0..left.len()).filter(|at| half.constraint.excludes(&left[*at])).collect() };
    let mut large: Vec<(Vec<usize>, Half<'_>)> = shown.into_iter().map(|half| (inside(&half), half)).collect();
    large.retain(|(inside, _)| inside.len() as f64 >= LEAST * POINTS as f64);
    large.sort_by_key(|(inside, _)| std::cmp::Reverse(inside.len()));
    if large.is_empty() {
        return None;
    }
    let mind = Mind::of(state, memory);
    // Wherever a form belongs: its place in the space says nothing about it. Asked for once, and only of what may be forbidden.
    let hope = |at: usize| mind.located(&space, Shape::at(&left[at])?).map(|shape| mind.hope(&shape, bar + MARGIN));
    let mut hopes: Vec<Option<f64>> = vec![None; left.len()];
    let half = large.into_iter().find_map(|(inside, half)| {
        let hoped: f64 = inside.iter().map(|at| *hopes[*at].get_or_insert_with(|| hope(*at).unwrap_or(0.0))).sum();
        (hoped <= DOUBT * inside.len() as f64).then_some(half)
    })?;
    Some(forbid(&half, state, known, &contrasts, id))
}

/// A new principle, or a known one about the same side, which then forbids more.
fn forbid(half: &Half<'_>, state: &State, known: &[Known], contrasts: &[Contrast<'_>], id: &str) -> Change {
    let widened = |p: &&Principle| p.constraint.as_ref().is_some_and(|before| half.widens(before));
    let before = state.principles.iter().filter(|p| p.status == Status::Active).find(widened);
    let own = contrasts.iter().filter(|contrast| half.divides(contrast.loser, contrast.winner));
    let cited: BTreeSet<&String> = before.iter().flat_map(|principle| &principle.evidence).collect();
    let new = own.map(|contrast| &contrast.finding).filter(|finding| !cited.contains(finding));
    let evidence: Vec<String> = before.iter().flat_map(|p| &p.evidence).chain(new).take(CITED).cloned().collect();
    let principle = Principle {
        id: before.map_or(id, |principle| &principle.id).into(),
        statement: statement(half, state, known),
        mechanism: half.mechanism(),
        regime: REGIME.into(),
        confidence: if evidence.is_empty() { Confidence::Provisional } else { state.confidence(&evidence) },
        evidence,
        status: Status::Active,
        constraint: Some(half.constraint.clone()),
    };
    if before.is_some() { Change::Refine(principle) } else { Change::Insert(principle) }
}

fn statement(half: &Half<'_>, state: &State, known: &[Known]) -> String {
    let inside = known.iter().filter(|k| k.placed && half.constraint.excludes(&k.point));
    let so_far = inside.map(|k| k.worth).reduce(f64::max).map_or_else(String::new, |best| {
        format!(
            ": the best tried there is worth {:+.1} % by net saving less what it violates, the best known {:+.1} %",
            best * 100.0,
            state.bar().worth * 100.0
        )
    });
    format!("{} costs more than it has to{so_far}.", half.words())
}

/// Principles that forbid what is now the best policy known.
fn outgrown(state: &State, known: &[Known], bar: f64) -> Vec<Change> {
    let Some(best) = known.iter().filter(|k| k.worth >= bar).max_by(|a, b| a.worth.total_cmp(&b.worth)) else {
        return Vec::new();
    };
    let reason = format!("the best policy known lies where it forbids: {}", words(&best.point));
    let forbidding = state.constraints().filter(|(_, constraint)| constraint.excludes(&best.point));
    forbidding.map(|(principle, _)| Change::Retire { id: principle.id.clone(), reason: reason.clone() }).collect()
}

/// Principles whose audit found what they deny.
fn refused(state: &State) -> Vec<Change> {
    let unbacked = state.principles.iter().filter(|p| p.status == Status::Active && p.constraint.is_none());
    let reason = |id: &str| {
        let mut audits = state.iterations.iter().flat_map(|iteration| &iteration.audits);
        audits.rfind(|audit| audit.principle == id).and_then(|audit| audit.refused.clone())
    };
    unbacked.filter_map(|p| Some(Change::Retire { id: p.id.clone(), reason: reason(&p.id)? })).collect()
}

/// What was measured on the search panel: the candidates worth most, then what audits placed.
fn known(state: &State) -> Vec<Known> {
    let reference = super::published(&state.opened().experiment);
    let yardstick = reference.map(|point| state.audited_point(point, Some(&state.yardsticks().reference)));
    let of = |point: &Point, worth: f64, room: f64| Known {
        point: point.clone(),
        worth: worth.max(FLOOR),
        placed: room.abs() <= 1.5 * COMPARABLE,
    };
    let written = state.worthiest().take(MEMORY).filter_map(|record| {
        let (worth, room) = state.worth_and_room(&record.candidate.id)?;
        Some(of(record.candidate.point.as_ref()?, worth, room))
    });
    let audits = state.iterations.iter().rev().flat_map(|i| &i.audits).take(AUDITS);
    let audited = audits.flat_map(|audit| &audit.points);
    let measured = |point: &AuditedPoint| Some(of(&point.point, point.worth?, point.room?));
    let mut known: Vec<Known> = yardstick.iter().filter_map(measured).collect();
    known.extend(written);
    known.extend(audited.filter_map(measured));
    known
}

/// Findings on fresh seeds in which one policy costs less than another, beyond the uncertainty of either.
fn contrasts<'a>(state: &'a State, reference: Option<&'a Point>) -> Vec<Contrast<'a>> {
    let mut contrasts = Vec::new();
    let first = state.iterations.len().saturating_sub(RECENT);
    for (iteration, number) in state.iterations.iter().zip(1..).skip(first) {
        let Some(bundle) = &iteration.bundle else { continue };
        let point = |side: &Side| match side {
            Side::Reference => reference,
            Side::Candidate(id) => state.candidates.get(id)?.candidate.point.as_ref(),
            Side::Arm(name) => bundle.arm(name)?.1.design.point.as_ref(),
            Side::Baseline => None,
        };
        for (arm, record) in bundle.arms.iter().zip(&iteration.arms) {
            let effect = record.finding.as_ref().and_then(|finding| finding.effect);
            let (Some(effect), [other], Metric::NetSaving) =
                (effect, arm.prediction.against.as_slice(), arm.prediction.metric)
            else {
                continue;
            };
            let (Some(own), Some(other)) = (arm.design.point.as_ref(), point(other)) else { continue };
            // An ablation's effect is what the whole saves beyond it.
            let (gains, loses) = if arm.kind == ArmKind::Ablation { (other, own) } else { (own, other) };
            let finding = format!("F{number}.{}", arm.name);
            if effect.low > 0.0 {
                contrasts.push(Contrast { finding, loser: loses, winner: gains });
            } else if effect.high < 0.0 {
                contrasts.push(Contrast { finding, loser: gains, winner: loses });
            }
        }
    }
    contrasts
}

//! Where nothing better is to be expected: half spaces of one dimension that lost, were looked into and may be forbidden.
//!
//! A half space is proposed where what is believed of policies, each placed where it improves as much as it has to, leaves next
//! to no hope of something better than the best one known, where a finding shows a policy inside it losing against one outside of it, and where nothing
//! known inside comes near to the best. Whether it holds is for its audit to say: what refutes one is learned from, and the
//! next one is narrower.

use super::mind::Mind;
use super::shape::{Shape, round};
use science::audit::{AuditedPoint, words};
use science::bundle::{ArmKind, Metric, Side};
use science::objective::COMPARABLE;
use science::principle::{Change, Confidence, Principle, Status};
use science::space::{Constraint, Dimension, Point, Space, Value, Within};
use science::state::State;
use std::collections::BTreeSet;

/// Fixed points of the space on which half spaces are weighed.
const POINTS: usize = 256;
/// The smallest share of the declared space that is worth an audit.
const LEAST: f64 = 0.1;
/// The largest expected share of a half space that is better than the best known.
const DOUBT: f64 = 0.05;
/// By how much more a policy must save to be better, as audits have it.
const MARGIN: f64 = 0.01;
/// A half space that holds something this near to the best known is not forbidden, however little of it is.
const CLOSE: f64 = 0.04;
/// Prior mass that is left between such a policy and what is forbidden.
const BERTH: f64 = 0.1;
/// Steps of prior mass in which half spaces grow.
const STEPS: u32 = 20;
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

/// A measured policy: where it lies, and what it is worth there.
struct Known {
    point: Point,
    worth: f64,
    /// Whether it improves about as much as it has to, so that its worth speaks for its form.
    placed: bool,
}

/// A finding that shows one policy losing against another.
struct Contrast {
    finding: String,
    loser: Point,
    winner: Point,
}

/// One side of a dimension.
struct Half<'a> {
    dimension: &'a Dimension,
    /// Whether it is the low side.
    below: bool,
    constraint: Constraint,
}

/// What is to go, and the constraint that is to be audited next, if there is one; `id` is the name of a new principle.
pub(super) fn narrow(state: &State, id: &str) -> Vec<Change> {
    let (known, bar) = (known(state), state.bar().worth);
    let mut changes = outgrown(state, &known, bar);
    changes.extend(refused(state));
    changes.extend(widest(state, &known, bar, id));
    changes
}

/// The half space that forbids most of what is left.
fn widest(state: &State, known: &[Known], bar: f64, id: &str) -> Option<Change> {
    let space = state.opened().experiment.space();
    let contrasts = contrasts(state);
    let scale = state.opened().experiment.objective.scale.as_deref();
    let close = |half: &Half<'_>| known.iter().any(|k| k.worth > bar - CLOSE && half.is_near(&k.point));
    let shown = |half: &Half<'_>| contrasts.iter().any(|contrast| half.is_shown(contrast, scale)) && !close(half);
    let shown: Vec<Half<'_>> = halves(&space, scale).filter(shown).collect();
    if shown.is_empty() {
        return None;
    }
    let mind = Mind::of(state);
    let left = state.open_points(POINTS / 64).into_iter().map(|n| space.fixed(n));
    // Wherever a form belongs: its place in the space says nothing about it.
    let hope = |point: &Point| Some(mind.hope(&mind.located(&space, Shape::at(point)?)?, bar + MARGIN));
    let weighed = left.filter_map(|point| hope(&point).map(|hope| (point, hope)));
    let weighed: Vec<(Point, f64)> = weighed.collect();
    let sizes = shown.into_iter().filter_map(|half| {
        let inside = weighed.iter().filter(|(point, _)| half.constraint.excludes(point));
        let (count, hoped) = inside.fold((0.0, 0.0), |(count, sum), (_, hope)| (count + 1.0, sum + hope));
        (count >= LEAST * POINTS as f64 && hoped <= DOUBT * count).then_some((count, half))
    });
    let (_, half) = sizes.reduce(|best, other| if other.0 > best.0 { other } else { best })?;
    Some(half.change(state, known, &contrasts, id))
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
fn contrasts(state: &State) -> Vec<Contrast> {
    let mut contrasts = Vec::new();
    let first = state.iterations.len().saturating_sub(RECENT);
    for (iteration, number) in state.iterations.iter().zip(1..).skip(first) {
        let Some(bundle) = &iteration.bundle else { continue };
        let point = |side: &Side| match side {
            Side::Reference => super::published(&state.opened().experiment),
            Side::Candidate(id) => state.candidates.get(id)?.candidate.point.clone(),
            Side::Arm(name) => bundle.arm(name)?.1.design.point.clone(),
            Side::Baseline => None,
        };
        for (arm, record) in bundle.arms.iter().zip(&iteration.arms) {
            let effect = record.finding.as_ref().and_then(|finding| finding.effect);
            let (Some(effect), [other], Metric::NetSaving) =
                (effect, arm.prediction.against.as_slice(), arm.prediction.metric)
            else {
                continue;
            };
            let (Some(own), Some(other)) = (arm.design.point.clone(), point(other)) else { continue };
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

impl Contrast {
    fn speaks_of(&self, constraint: &Constraint) -> bool {
        constraint.excludes(&self.loser) && !constraint.excludes(&self.winner)
    }

    /// Whether the two differ in this dimension alone, their scale aside.
    fn is_about(&self, dimension: &str, scale: Option<&str>) -> bool {
        let mut others = self.loser.iter().filter(|(name, _)| *name != dimension && Some(name.as_str()) != scale);
        others.all(|(name, value)| self.winner.get(name) == Some(value))
    }
}

/// The low and the high side of each dimension but the scale, in steps; and each choice.
fn halves<'a>(space: &'a Space, scale: Option<&'a str>) -> impl Iterator<Item = Half<'a>> {
    let dimensions = space.dimensions.iter().filter(move |dimension| Some(dimension.name.as_str()) != scale);
    dimensions.flat_map(move |dimension| {
        let numeric = dimension.range.into_iter().flat_map(move |range| {
            let sides = (1..STEPS).flat_map(|step| [(step, true), (step, false)]);
            sides.filter_map(move |(step, below)| Half::at(dimension, range, f64::from(step) / f64::from(STEPS), below))
        });
        // A choice with dimensions of its own is more than was tried of it.
        let plain = move |choice: &&String| !space.dimensions.iter().any(|d| d.exists_under(&dimension.name, choice));
        let choices = dimension.values.iter().filter(plain).map(move |choice| {
            let within = Within::OneOf(vec![choice.clone()]);
            let constraint = Constraint { excludes: [(dimension.name.clone(), within)].into() };
            Half { dimension, below: true, constraint }
        });
        numeric.chain(choices)
    })
}

impl<'a> Half<'a> {
    /// What lies below or above a share of a dimension's prior, by an edge that a person would write.
    fn at(dimension: &'a Dimension, [low, high]: [f64; 2], mass: f64, below: bool) -> Option<Self> {
        let Value::Number(edge) = dimension.at_mass(mass) else { return None };
        let edge = round(edge, 2);
        let ends = if below { [low, edge] } else { [edge, high] };
        let constraint = Constraint { excludes: [(dimension.name.clone(), Within::Range(ends))].into() };
        (ends[0] < ends[1]).then_some(Half { dimension, below, constraint })
    }

    /// Whether a finding shows so much: it speaks of this side, which reaches no further than half way from what lost to what
    /// won, or not far beyond what lost where the winner has no such dimension.
    ///
    /// To forbid doing without something takes an ablation: policies that differ in other things as well do not show that it
    /// was this one.
    fn is_shown(&self, contrast: &Contrast, scale: Option<&str>) -> bool {
        if !contrast.speaks_of(&self.constraint) {
            return false;
        }
        let mass = |point: &Point| match point.get(&self.dimension.name) {
            Some(Value::Number(value)) => Some(self.dimension.mass_below(*value)),
            Some(Value::Choice(_)) | None => None,
        };
        let reaches = match (mass(&contrast.loser), self.constraint.excludes.get(&self.dimension.name)) {
            (Some(lost), Some(Within::Range([low, high]))) => {
                let won = mass(&contrast.winner);
                if self.below {
                    self.dimension.mass_below(*high) <= won.map_or(lost + BERTH, |won| f64::midpoint(lost, won))
                } else {
                    self.dimension.mass_below(*low) >= won.map_or(lost - BERTH, |won| f64::midpoint(lost, won))
                }
            }
            _ => true,
        };
        reaches && (!self.forbids_to_do_without() || contrast.is_about(&self.dimension.name, scale))
    }

    /// Whether it excludes a choice, or a weighting of zero: that something is needed.
    fn forbids_to_do_without(&self) -> bool {
        let without: Point = [(self.dimension.name.clone(), Value::Number(0.0))].into();
        // What exists only under some choice is no weighting, and has no such zero.
        let weighting = self.dimension.parent.is_empty() && self.constraint.excludes(&without);
        self.dimension.range.is_none() || weighting
    }

    /// Whether a point lies inside, or not far enough outside.
    fn is_near(&self, point: &Point) -> bool {
        let side = self.constraint.excludes.get(&self.dimension.name);
        match (point.get(&self.dimension.name), side) {
            (Some(Value::Number(value)), Some(Within::Range([low, high]))) => {
                let [at, low, high] = [*value, *low, *high].map(|value| self.dimension.mass_below(value));
                if self.below { at <= high + BERTH } else { at >= low - BERTH }
            }
            _ => self.constraint.excludes(point),
        }
    }

    /// A new principle, or a known one about the same side, which then forbids more.
    fn change(&self, state: &State, known: &[Known], contrasts: &[Contrast], id: &str) -> Change {
        let mechanism = self.mechanism();
        let before = state
            .principles
            .iter()
            .find(|p| p.status == Status::Active && p.constraint.as_ref().is_some_and(|before| self.widens(before)));
        let own = contrasts.iter().filter(|contrast| contrast.speaks_of(&self.constraint));
        let cited: BTreeSet<&String> = before.iter().flat_map(|principle| &principle.evidence).collect();
        let new = own.map(|contrast| &contrast.finding).filter(|finding| !cited.contains(finding));
        let evidence: Vec<String> = before.iter().flat_map(|p| &p.evidence).chain(new).take(CITED).cloned().collect();
        let principle = Principle {
            id: before.map_or(id, |principle| &principle.id).into(),
            statement: self.statement(state, known),
            mechanism,
            regime:
                "the study's scenarios and the workloads trained on, each policy placed so that it improves as much as \
                     the reference"
                    .into(),
            confidence: if evidence.is_empty() { Confidence::Provisional } else { state.confidence(&evidence) },
            evidence,
            status: Status::Active,
            constraint: Some(self.constraint.clone()),
        };
        if before.is_some() { Change::Refine(principle) } else { Change::Insert(principle) }
    }

    fn statement(&self, state: &State, known: &[Known]) -> String {
        let worths = known.iter().filter(|k| k.placed && self.constraint.excludes(&k.point)).map(|k| k.worth);
        let best = worths.reduce(f64::max);
        let so_far = best.map_or_else(String::new, |best| {
            format!(
                ": the best tried there is worth {:+.1} % by net saving less what it violates, the best known {:+.1} %",
                best * 100.0,
                state.bar().worth * 100.0
            )
        });
        format!("{} costs more than it has to{so_far}.", self.words())
    }

    /// Whether a constraint is about the same side of the same dimension.
    fn widens(&self, before: &Constraint) -> bool {
        let name = &self.dimension.name;
        match (before.excludes.get(name), self.constraint.excludes.get(name)) {
            (Some(Within::Range(before)), Some(Within::Range(own))) => {
                let end = usize::from(!self.below);
                before[end].total_cmp(&own[end]).is_eq()
            }
            (before, own) => before == own,
        }
    }

    /// The half space in words.
    fn words(&self) -> String {
        let name = &self.dimension.name;
        let edge = match self.constraint.excludes.get(name) {
            Some(Within::Range([low, high])) => round(if self.below { *high } else { *low }, 3),
            Some(Within::OneOf(choices)) => return format!("A {} curve", choices.join(" or ")),
            None => f64::NAN,
        };
        let side = if self.below { "below" } else { "above" };
        match name.as_str() {
            "prompt" => format!("A weighting by prompt length with an exponent {side} {edge}"),
            "mix" => format!("A weight {side} {edge} for the droppable share of arrivals"),
            "capacity" => format!("A weighting by KV capacity with an exponent {side} {edge}"),
            "exponent" => format!("A power curve of exponent {side} {edge}"),
            "onset" => format!("A ramp that begins {side} {edge} of its middle"),
            other => format!("{other} {side} {edge}"),
        }
    }

    /// Why it should be so.
    fn mechanism(&self) -> String {
        let story = match (self.dimension.name.as_str(), self.below) {
            ("prompt", true) => {
                "short prompts are many and cheap: refusing them first gives up much work for little relief"
            }
            ("prompt", false) => {
                "a long prompt is much work: refusing it first counts for many short ones, and workloads differ in length, \
                 so that those with long prompts pay for the others"
            }
            ("mix", true) => {
                "where few requests are droppable, critical ones make the pressure themselves, and refusing the others costs \
                 much of them for little: a policy that hardly looks at the mix sheds there in vain"
            }
            ("mix", false) => {
                "a policy that looks at little but the mix sheds nothing where few requests are droppable, and those \
                 workloads are given up"
            }
            ("capacity", true) => {
                "a share of a larger KV cache is a larger batch, in which every request decodes more slowly: a policy that \
                 takes equal utilisation for equal pressure sheds too late there"
            }
            ("capacity", false) => {
                "latency grows more slowly than the batch that a KV cache has room for: a policy that counts capacity in full \
                 gives up clusters with small caches"
            }
            ("exponent" | "onset", true) => "what is refused below the critical saturation buys little latency",
            ("exponent" | "onset", false) => "shedding that sets in all at once lets queues form first",
            _ => return format!("tried at equal improvement, policies of this kind lost ({})", self.constraint),
        };
        story.into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use science::space::Measure;

    fn dimension(name: &str, range: Option<[f64; 2]>, values: &[&str], under: &[&str]) -> Dimension {
        let under: Vec<String> = under.iter().map(|value| (*value).to_owned()).collect();
        Dimension {
            name: name.into(),
            meaning: String::new(),
            range,
            values: values.iter().map(|value| (*value).to_owned()).collect(),
            measure: Measure::Uniform,
            parent: if under.is_empty() { [].into() } else { [("family".to_owned(), under)].into() },
        }
    }

    fn space() -> Space {
        let family = dimension("family", None, &["step", "power"], &[]);
        let (half, mix) = (dimension("half", Some([0.0, 1.0]), &[], &[]), dimension("mix", Some([0.0, 2.0]), &[], &[]));
        Space { dimensions: vec![family, half, mix, dimension("exponent", Some([0.0, 10.0]), &[], &["power"])] }
    }

    fn point(family: &str, numbers: &[(&str, f64)]) -> Point {
        let numbers = numbers.iter().map(|(name, value)| ((*name).to_owned(), Value::Number(*value)));
        numbers.chain([("family".to_owned(), Value::Choice(family.into()))]).collect()
    }

    /// What a finding shows of this space, but for its scale.
    fn shown(loser: Point, winner: Point) -> Vec<String> {
        let contrast = Contrast { finding: "F1.main".into(), loser, winner };
        let space = space();
        halves(&space, Some("half"))
            .filter(|half| half.is_shown(&contrast, Some("half")))
            .map(|half| half.constraint.to_string())
            .collect()
    }

    #[test]
    fn a_finding_shows_no_more_than_half_the_way_from_what_lost_to_what_won() {
        let shown = shown(point("step", &[("half", 0.3), ("mix", 0.4)]), point("step", &[("half", 0.4), ("mix", 1.2)]));
        assert_eq!(shown.first().unwrap(), "not: mix in 0.000..0.400");
        assert_eq!(shown.last().unwrap(), "not: mix in 0.000..0.800");
        assert!(shown.iter().all(|constraint| constraint.starts_with("not: mix")), "{shown:?}");
    }

    #[test]
    fn where_the_winner_has_no_such_dimension_little_more_is_shown_than_what_lost() {
        let shown = shown(point("power", &[("exponent", 5.0), ("mix", 1.0)]), point("step", &[("mix", 1.0)]));
        assert!(shown.contains(&"not: exponent in 0.000..6.000".into()), "{shown:?}");
        assert!(shown.contains(&"not: exponent in 4.000..10.000".into()), "{shown:?}");
        assert!(!shown.iter().any(|c| c == "not: exponent in 0.000..6.500" || c.contains("family")), "{shown:?}");
    }

    #[test]
    fn a_choice_without_dimensions_of_its_own_is_shown_as_a_whole() {
        let shown = shown(point("step", &[("mix", 1.0)]), point("power", &[("exponent", 5.0), ("mix", 1.0)]));
        assert_eq!(shown, ["not: family = step"]);
    }

    #[test]
    fn doing_without_something_is_forbidden_by_an_ablation_only() {
        let mut of = [("half", 0.3), ("mix", 0.0)];
        let plain = point("power", &of);
        of[1].1 = 1.2;
        assert!(!shown(plain.clone(), point("power", &of)).is_empty());
        assert_eq!(shown(plain, point("step", &of)), ["not: family = power"; 0], "it may have been the curve");
    }

    #[test]
    fn what_is_forbidden_keeps_its_distance_from_what_is_good() {
        let space = space();
        let half = Half::at(&space.dimensions[2], [0.0, 2.0], 0.5, true).unwrap();
        assert!(half.is_near(&point("step", &[("mix", 1.1)])), "a tenth of the prior is 0.2");
        assert!(!half.is_near(&point("step", &[("mix", 1.3)])));
    }
}

//! Whether what a bundle claims fits what it builds. What contradicts itself goes back to its planner, before anything is spent on code.
//!
//! No words are read for it: designs are compared as they stand, claims by their types, and a planner's own expectations with its claim.

use super::{Arm, ArmKind, Bundle, Prediction, Relation, Side};
use crate::spec::{Metric, Spec};

/// The intent of an arm that builds the main design as it is.
pub const MAIN: &str = "main";
/// The probability from which on somebody says that a claim holds rather than not.
const EVEN: f64 = 0.5;

/// Says what contradicts itself, if anything does, in a sentence for whoever wrote it.
pub(super) fn check(bundle: &Bundle, spec: &Spec) -> Result<(), String> {
    for (at, arm) in bundle.arms.iter().enumerate() {
        let fail = |problem: String| format!("arm `{}`: {problem}", arm.name);
        expectation(&arm.prediction).map_err(fail)?;
        sides(arm, spec).map_err(fail)?;
        let mut same = bundle.arms[..at].iter().filter(|other| asks_the_same(bundle, other, arm));
        same.try_for_each(|other| differ(other, arm)).map_err(fail)?;
        if at > 0 {
            beside_the_main_arm(bundle, arm).map_err(fail)?;
        }
    }
    let main = &bundle.arms[0];
    match main.prediction.relation {
        Relation::Within(_) if !main.design.variants.is_empty() => Err(format!(
            "arm `{}`: it explores variants to find a better one, and claims that the best makes no difference",
            main.name
        )),
        _ => Ok(()),
    }
}

/// A planner's own interval and its own probability speak of one claim.
fn expectation(prediction: &Prediction) -> Result<(), String> {
    let Some([low, high]) = prediction.interval else { return Ok(()) };
    let (holds, fails) = match prediction.relation {
        Relation::AtLeast(size) => {
            let most = prediction.at_most.unwrap_or(f64::INFINITY);
            (low >= size && high <= most, high < size || low > most)
        }
        Relation::Within(size) => (low >= -size && high <= size, high < -size || low > size),
    };
    let confidence = prediction.confidence;
    match (holds, fails) {
        (true, _) if confidence < EVEN => Err(format!(
            "its claim holds all over the interval from {low} to {high} that it expects, and it gives it a confidence of {confidence}"
        )),
        (_, true) if confidence > EVEN => Err(format!(
            "its claim fails all over the interval from {low} to {high} that it expects, and it gives it a confidence of {confidence}"
        )),
        _ => Ok(()),
    }
}

/// Whom an arm is compared with.
fn sides(arm: &Arm, spec: &Spec) -> Result<(), String> {
    let against = &arm.prediction.against;
    let itself = |side: &&Side| matches!(side, Side::Candidate(id) if arm.design.candidate.as_ref() == Some(id));
    if let Some(Side::Candidate(id)) = against.iter().find(itself) {
        return Err(format!("it takes candidate {} as it stands, and compares it with itself", id.short()));
    }
    if against.len() > 1 && arm.kind != ArmKind::SuperAdditivity {
        return Err(format!(
            "it compares with the sum of {} effects; only a super-additivity arm does that, so name one side",
            against.len()
        ));
    }
    let is_worth = matches!(spec.metric(&arm.prediction.metric), Some(Metric::Worth(_)));
    match is_worth && spec.aim.cost_names().is_some() && against.contains(&Side::Baseline) {
        true => Err(format!(
            "`{}` counts what the reference would pay, and the baseline pays nothing: compare with the reference or a candidate",
            arm.prediction.metric
        )),
        false => Ok(()),
    }
}

/// What an arm besides the main one needs to say something of its own.
fn beside_the_main_arm(bundle: &Bundle, arm: &Arm) -> Result<(), String> {
    let main = &bundle.arms[0];
    if arm.kind == ArmKind::SuperAdditivity {
        return Ok(());
    }
    let repeats = same_design(main, arm);
    if repeats && arm.kind == ArmKind::Ablation {
        return Err("it is an ablation, and its design is the main one: nothing is left out".into());
    }
    if repeats && arm.prediction.against == [Side::Arm(main.name.clone())] {
        return Err("it compares the main design with itself".into());
    }
    if arm.kind != ArmKind::ControlNegative {
        return Ok(());
    }
    match (arm.prediction.relation, main.prediction.relation) {
        (Relation::AtLeast(_), _) => {
            Err("a control must not matter if the mechanism is right: its relation must be `within`".into())
        }
        (Relation::Within(control), Relation::AtLeast(claimed))
            if control >= claimed && arm.prediction.metric == main.prediction.metric =>
        {
            Err(format!(
                "it calls a difference of up to {control} none, and the main arm claims one of {claimed}: a control has to be narrower"
            ))
        }
        _ => Ok(()),
    }
}

fn asks_the_same(bundle: &Bundle, other: &Arm, arm: &Arm) -> bool {
    let whole = |arm: &Arm| arm.kind == ArmKind::SuperAdditivity;
    let (a, b) = (&other.prediction, &arm.prediction);
    let designs = same_design(other, arm) || (other.name == bundle.arms[0].name && says_main(arm));
    !whole(other) && !whole(arm) && designs && (&a.metric, &a.against, &a.scope) == (&b.metric, &b.against, &b.scope)
}

/// What two arms claim that ask the same: either can hold without the other, and both can hold.
fn differ(other: &Arm, arm: &Arm) -> Result<(), String> {
    let same = format!("it compares the same design with the same policies in the same workloads as `{}`", other.name);
    let ([a, b], [low, high]) = (claimed(other), claimed(arm));
    if high < a || b < low {
        return Err(format!("{same}, and not both claims can hold"));
    }
    let relation = |arm: &Arm| (std::mem::discriminant(&arm.prediction.relation), is_of_the_rest(arm));
    match relation(other) == relation(arm) {
        true => Err(format!("{same}, so one of them says nothing that the other does not")),
        false => Ok(()),
    }
}

/// Where the metric of an arm lies beyond that of the other side, if its claim holds.
fn claimed(arm: &Arm) -> [f64; 2] {
    let prediction = &arm.prediction;
    let [low, high] = match prediction.relation {
        Relation::AtLeast(size) => [size, prediction.at_most.unwrap_or(f64::INFINITY)],
        Relation::Within(size) => [-size, size],
    };
    if is_of_the_rest(arm) { [-high, -low] } else { [low, high] }
}

/// Whether a claim is about the other side less this arm, instead of the other way round.
fn is_of_the_rest(arm: &Arm) -> bool {
    arm.kind == ArmKind::Ablation
}

/// Whether two arms build one thing, as far as can be told: `first` comes first.
fn same_design(first: &Arm, arm: &Arm) -> bool {
    let (a, b) = (&first.design, &arm.design);
    let words = |text: &str| text.split_whitespace().map(str::to_lowercase).collect::<Vec<_>>();
    let alike = (&a.point, &a.uses, &a.without, &a.candidate) == (&b.point, &b.uses, &b.without, &b.candidate);
    (first.kind == ArmKind::Main && says_main(arm)) || (alike && words(&a.intent) == words(&b.intent))
}

/// Whether an arm says in so many words that it builds the main design.
fn says_main(arm: &Arm) -> bool {
    arm.kind != ArmKind::Main && arm.design.intent.trim().eq_ignore_ascii_case(MAIN)
}

#[cfg(test)]
mod tests;

//! How many arms a bundle takes: as many as its change has to be told apart from, and no more.
//!
//! | what the main arm changes | arms |
//! |---|---|
//! | two components or more | main, control, one ablation for each, and super-additivity where there are two |
//! | one component | main, control |
//! | parameters only | main; robustness arms make it a sweep |

use super::rules::is_word;
use super::{ARMS, Arm, ArmKind, Bundle, NAME, Relation, Side};
use crate::text;

/// Says which arm a bundle lacks for the components that it names, in a sentence for whoever wrote it.
pub(super) fn check(bundle: &Bundle) -> Result<(), String> {
    names(&bundle.components)?;
    let ablations: Vec<&Arm> = bundle.arms.iter().filter(|arm| arm.kind == ArmKind::Ablation).collect();
    for arm in &bundle.arms {
        let known = |name: &String| bundle.components.contains(name);
        match (&arm.design.without, arm.kind) {
            (Some(name), ArmKind::Ablation) if known(name) => {}
            (Some(name), ArmKind::Ablation) => {
                return Err(format!(
                    "arm `{}` leaves out `{name}`, which is not among the bundle's components",
                    arm.name
                ));
            }
            (None, ArmKind::Ablation) => {
                return Err(format!(
                    "arm `{}` is an ablation: its `without` must name the component that it leaves out, one of the bundle's components",
                    arm.name
                ));
            }
            (Some(_), _) => {
                return Err(format!("arm `{}` is no ablation, so it has no `without`", arm.name));
            }
            (None, _) => {}
        }
    }
    if !bundle.components.is_empty() && !bundle.arms.iter().any(|arm| arm.kind == ArmKind::ControlNegative) {
        return Err("a bundle whose main arm changes a component needs an arm of kind `control-negative`".into());
    }
    if let [_, _, ..] = bundle.components.as_slice() {
        for component in &bundle.components {
            match ablations.iter().filter(|arm| arm.design.without.as_ref() == Some(component)).count() {
                1 => {}
                0 => {
                    return Err(format!(
                        "the main arm changes {} components, and no ablation leaves out `{component}`: add one whose `without` is that",
                        bundle.components.len()
                    ));
                }
                n => return Err(format!("{n} ablations leave out `{component}`; one is enough")),
            }
        }
    }
    super_additivity(bundle, &ablations)
}

fn names(components: &[String]) -> Result<(), String> {
    if components.len() > ARMS {
        return Err(format!("the bundle names {} components; at most {ARMS} are taken", components.len()));
    }
    for (at, name) in components.iter().enumerate() {
        if !is_word(name) {
            return Err(format!(
                "the name of component `{}` must be one word of at most {NAME} characters",
                text::clip(name, NAME)
            ));
        }
        if components[..at].contains(name) {
            return Err(format!("component `{name}` is named twice"));
        }
    }
    Ok(())
}

/// With two components each ablation has just one of them, so that the whole can be held against the sum.
fn super_additivity(bundle: &Bundle, ablations: &[&Arm]) -> Result<(), String> {
    let sums = || bundle.arms.iter().filter(|arm| arm.kind == ArmKind::SuperAdditivity);
    if bundle.components.len() == 2 && sums().next().is_none() {
        let single: Vec<String> = ablations.iter().map(|arm| format!("`{}`", arm.name)).collect();
        return Err(format!(
            "two components need an arm of kind `super-additivity`: the main design again, against {}",
            single.join(" and ")
        ));
    }
    for arm in sums() {
        let single = |side: &Side| matches!(side, Side::Arm(name) if ablations.iter().any(|a| a.name == *name));
        let distinct = arm.prediction.against.iter().enumerate();
        let distinct = distinct.into_iter().all(|(at, side)| !arm.prediction.against[..at].contains(side));
        if arm.prediction.against.len() != 2 || !distinct || !arm.prediction.against.iter().all(single) {
            return Err(format!(
                "arm `{}` is compared with the sum of two arms that have one component each: its `against` must be the two ablations",
                arm.name
            ));
        }
        if matches!(arm.prediction.relation, Relation::Within(_)) {
            return Err(format!("arm `{}` claims more than a sum: its relation must be `at-least`", arm.name));
        }
    }
    Ok(())
}

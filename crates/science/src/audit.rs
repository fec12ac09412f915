//! Audits: a constraint is in force only if nothing in what it excludes is better than the best policy known. Otherwise a space
//! would narrow for whoever claims most.
//!
//! Points drawn from all of an excluded region are hopeless for reasons that have nothing to do with the constraint, so ten of
//! them say nothing. An audit asks what the constraint claims: it takes the best policies known and moves them, along the
//! dimensions that the constraint names and no other, into the region.

use crate::space::{Constraint, Dimension, Point, Space, Value, Within};
use serde::{Deserialize, Serialize};

/// Points that a constraint is audited with.
pub const POINTS: usize = 10;
/// The best policies known that points are made of, at most.
pub const BASES: usize = 3;
/// Worth by which a point must exceed the incumbent's to refute a constraint.
const MARGIN: f64 = 0.01;
/// Draws after which a region counts as empty.
const DRAWS: u64 = 4096;
/// One minus the confidence of the bound.
const ALPHA: f64 = 0.05;

/// A point of an excluded region, measured on the search panel.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct AuditedPoint {
    /// The point.
    pub point: Point,
    /// What it is worth; none if it is too far off the reference's improvement to compare, or did not run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub saving: Option<f64>,
    /// Whether it passes the guards of the experiment, description length aside: a point is no source.
    pub admissible: bool,
    /// What it is worth less what it violates; none if it did not run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub worth: Option<f64>,
    /// The value of its scale at which it was measured, where it has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scale: Option<f64>,
    /// Runs on the search panel that it took, those that set its scale included.
    pub runs: u32,
}

/// What a point must not exceed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Bar {
    /// What the champion is worth; none unless there is one that is worth something.
    pub saving: Option<f64>,
    /// Worth of the champion; without one, of the best candidate or the reference.
    pub worth: f64,
}

/// An audit and what it led to.
#[derive(Clone, Debug, PartialEq)]
pub struct Audit {
    /// The principle.
    pub principle: String,
    /// What it forbids, or was to forbid.
    pub constraint: Constraint,
    /// What was measured.
    pub points: Vec<AuditedPoint>,
    /// Why the constraint is not in force, if it is not.
    pub refused: Option<String>,
}

impl AuditedPoint {
    /// Whether it is better than the best policy known. A point that just violates a guard counts as well, by what it is worth
    /// beyond what it violates.
    pub fn beats(&self, bar: Bar) -> bool {
        let saves = self.admissible && self.saving.is_some_and(|saving| saving > bar.saving.unwrap_or(0.0) + MARGIN);
        saves || self.worth.is_some_and(|worth| worth > bar.worth + MARGIN)
    }
}

/// Why these points refute a constraint, by the best of them; none if none does.
pub fn refutation(points: &[AuditedPoint], bar: Bar) -> Option<String> {
    let by = |point: &AuditedPoint| point.worth.or(point.saving).unwrap_or(f64::NEG_INFINITY);
    let best = points.iter().filter(|point| point.beats(bar)).max_by(|a, b| by(a).total_cmp(&by(b)))?;
    let percent = |value: f64| format!("{:.1} %", value * 100.0);
    let what = match (best.saving.filter(|_| best.admissible), best.worth) {
        (None, Some(worth)) => format!("is worth {} less what it violates", percent(worth)),
        (saving, _) => format!("saves {}", percent(saving.unwrap_or_default())),
    };
    let beaten = match bar.saving {
        Some(known) => format!("the best policy known {}", percent(known)),
        None => "and no policy that saves was known".into(),
    };
    Some(format!("{} {what}, {beaten}", words(&best.point)))
}

/// Up to `count` points that `excluded` excludes and no constraint in force does: the `bases` by turns, each with the coordinates
/// that `excluded` names drawn anew inside of it, from the declared measure; without one, any points of it. Fewer where that
/// leaves nothing.
pub fn points(
    space: &Space,
    excluded: &Constraint,
    in_force: &[&Constraint],
    (bases, key, count): (&[Point], u64, usize),
) -> Vec<Point> {
    let anywhere = [Point::new()];
    let bases = if bases.is_empty() { &anywhere } else { bases };
    let moved = |n: u64| {
        let base = &bases[n as usize % bases.len()];
        space.draw_by(key, n, |dimension, mass| {
            match (excluded.excludes.get(&dimension.name), base.get(&dimension.name)) {
                (Some(within), _) => inside(dimension, within, mass),
                (None, Some(own)) => own.clone(),
                (None, None) => dimension.at_mass(mass),
            }
        })
    };
    let drawn = (0..DRAWS).map(moved);
    drawn.filter(|p| excluded.excludes(p) && !in_force.iter().any(|c| c.excludes(p))).take(count).collect()
}

/// A coordinate within a part of its dimension.
fn inside(dimension: &Dimension, within: &Within, mass: f64) -> Value {
    match within {
        Within::Range([low, high]) => {
            let (low, high) = (dimension.mass_below(*low), dimension.mass_below(*high));
            dimension.at_mass(low + mass * (high - low))
        }
        Within::OneOf(choices) => {
            let known: Vec<&String> = dimension.values.iter().filter(|value| choices.contains(value)).collect();
            let at = (mass * known.len() as f64) as usize;
            known.get(at).map_or_else(|| dimension.at_mass(mass), |choice| Value::Choice((*choice).clone()))
        }
    }
}

/// With 95 % confidence, at most this share of the points that an audit may draw is better than what is known, if of so many
/// that were drawn none was (Clopper and Pearson); none without a point.
pub fn bound(points: u32) -> Option<f64> {
    (points > 0).then(|| 1.0 - ALPHA.powf(1.0 / f64::from(points)))
}

/// A point in words.
pub fn words(point: &Point) -> String {
    let parts = point.iter().map(|(name, value)| match value {
        Value::Number(number) => format!("{name} {number:.3}"),
        Value::Choice(choice) => format!("{name} {choice}"),
    });
    parts.collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::space::Measure;
    use std::collections::BTreeMap;

    fn number(name: &str, range: [f64; 2], parent: &[(&str, &str)]) -> Dimension {
        Dimension {
            name: name.into(),
            meaning: String::new(),
            range: Some(range),
            values: vec![],
            measure: Measure::Uniform,
            parent: parent.iter().map(|(name, value)| ((*name).into(), vec![(*value).into()])).collect(),
        }
    }

    fn space() -> Space {
        let family = Dimension {
            range: None,
            values: vec!["step".into(), "ramp".into(), "power".into()],
            ..number("family", [0.0, 1.0], &[])
        };
        let exponent = number("exponent", [1.0, 16.0], &[("family", "power")]);
        Space { dimensions: vec![family, number("half", [0.0, 1.0], &[]), exponent] }
    }

    fn exclude(parts: &[(&str, Within)]) -> Constraint {
        Constraint { excludes: parts.iter().map(|(name, within)| ((*name).into(), within.clone())).collect() }
    }

    /// A point of the space at these coordinates.
    fn at(family: &str, half: f64, exponent: Option<f64>) -> Point {
        let mut point = Point::from([
            ("family".to_owned(), Value::Choice(family.into())),
            ("half".to_owned(), Value::Number(half)),
        ]);
        point.extend(exponent.map(|exponent| ("exponent".to_owned(), Value::Number(exponent))));
        point
    }

    #[test]
    fn points_of_an_audit_are_the_best_policies_moved_into_what_is_newly_excluded_and_nowhere_else() {
        let new = exclude(&[("half", Within::Range([0.2, 0.5]))]);
        let old = exclude(&[("half", Within::Range([0.0, 0.4]))]);
        let bases = [at("power", 0.7, Some(5.0)), at("step", 0.6, None)];
        let drawn = points(&space(), &new, &[&old], (&bases, 3, POINTS));
        assert_eq!(drawn.len(), POINTS);
        for point in &drawn {
            assert!(new.excludes(point) && !old.excludes(point), "{point:?}");
            assert_eq!(space().contains(point), Ok(()));
            let base = bases.iter().find(|base| base["family"] == point["family"]).unwrap();
            assert_eq!(point.get("exponent"), base.get("exponent"), "only what is forbidden moves");
        }
        assert!(bases.iter().all(|base| drawn.iter().any(|point| point["family"] == base["family"])));
        assert_ne!(drawn, points(&space(), &new, &[&old], (&bases, 4, POINTS)), "another key draws others");
    }

    #[test]
    fn a_dimension_that_a_move_brings_into_being_is_drawn_and_one_that_it_takes_away_is_gone() {
        let powers = exclude(&[("family", Within::OneOf(vec!["power".into()]))]);
        let drawn = points(&space(), &powers, &[], (&[at("step", 0.5, None)], 1, POINTS));
        assert_eq!(drawn.len(), POINTS);
        assert!(
            drawn
                .iter()
                .all(|point| matches!(point["exponent"], Value::Number(_)) && point["half"] == Value::Number(0.5))
        );
        let steps = exclude(&[("family", Within::OneOf(vec!["step".into()]))]);
        let drawn = points(&space(), &steps, &[], (&[at("power", 0.5, Some(2.0))], 1, 1));
        assert_eq!(drawn, [at("step", 0.5, None)]);
    }

    #[test]
    fn what_is_excluded_already_has_no_points_left_and_without_a_policy_any_point_will_do() {
        let narrow = exclude(&[("half", Within::Range([0.2, 0.3]))]);
        let wide = exclude(&[("half", Within::Range([0.1, 0.4]))]);
        let base = [at("step", 0.5, None)];
        assert!(points(&space(), &narrow, &[&wide], (&base, 1, POINTS)).is_empty());
        let drawn = points(&space(), &narrow, &[], (&[], 1, 3000));
        let powers = drawn.iter().filter(|p| p.contains_key("exponent")).count() as f64 / 3000.0;
        assert!((powers - 1.0 / 3.0).abs() < 0.03, "{powers}");
    }

    #[test]
    fn ten_points_find_what_is_better_in_a_region_that_holds_the_best() {
        // Worth falls with the distance from the best point; the best policy known lies just outside of the region.
        let best = 0.45;
        let worth = |point: &Point| match point["half"] {
            Value::Number(half) => 0.2 - (half - best).abs(),
            Value::Choice(_) => unreachable!("it is a number"),
        };
        let region = exclude(&[("half", Within::Range([0.2, 0.5]))]);
        let base = [at("step", 0.56, None)];
        let bar = Bar { saving: None, worth: worth(&base[0]) };
        let refuted = (0..1000).filter(|key| {
            let drawn = points(&space(), &region, &[], (&base, *key, POINTS)).into_iter();
            let audited: Vec<AuditedPoint> = drawn
                .map(|point| AuditedPoint {
                    worth: Some(worth(&point)),
                    saving: None,
                    admissible: false,
                    scale: None,
                    runs: 1,
                    point,
                })
                .collect();
            refutation(&audited, bar).is_some()
        });
        assert!(refuted.count() > 990, "a region that holds the champion does not pass");
    }

    #[test]
    fn ten_points_without_a_better_one_leave_a_quarter_in_doubt_and_thirty_a_tenth() {
        let rounded = |points| bound(points).map(|bound| (bound * 100.0).round());
        assert_eq!(rounded(10), Some(26.0));
        assert_eq!(rounded(30), Some(10.0));
        assert_eq!(rounded(0), None);
    }

    fn point(saving: Option<f64>, admissible: bool, worth: Option<f64>) -> AuditedPoint {
        AuditedPoint { point: BTreeMap::new(), saving, admissible, worth, scale: None, runs: 1 }
    }

    #[test]
    fn only_an_admissible_point_that_saves_a_percent_more_refutes() {
        let bar = |saving| Bar { saving, worth: 1.0 };
        assert!(point(Some(0.031), true, None).beats(bar(Some(0.02))));
        assert!(!point(Some(0.029), true, None).beats(bar(Some(0.02))));
        assert!(!point(Some(0.5), false, None).beats(bar(Some(0.02))), "it breaks a guard");
        assert!(!point(None, true, None).beats(bar(Some(0.02))), "it is off the scale");
        assert!(point(Some(0.011), true, None).beats(bar(None)) && !point(Some(0.009), true, None).beats(bar(None)));
    }

    #[test]
    fn a_point_that_is_nearly_admissible_refutes_by_what_it_is_worth() {
        let bar = Bar { saving: Some(0.1), worth: 0.1 };
        assert!(point(Some(0.15), false, Some(0.12)).beats(bar));
        assert!(!point(Some(0.15), false, Some(0.105)).beats(bar));
    }
}

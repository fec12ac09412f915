//! Audits: a constraint is in force only if points drawn from what it excludes hold nothing better than the best policy
//! known. Otherwise a space would narrow for whoever claims most.
//!
//! Nearly all of these points are hopeless at first sight, so each is run on a third of the panel before it is run on all of
//! it. A third may show that a point is not better, with a margin for what a third cannot tell; only the whole panel shows
//! that one is.

use crate::space::{Constraint, Dimension, Point, Space, Value, Within};
use serde::{Deserialize, Serialize};

/// Points that a new constraint is audited with.
pub const POINTS: usize = 10;
/// Points that a constraint in force is tested with again.
pub const AGAIN: usize = 5;
/// Iterations from one such test to the next.
pub const EVERY: u32 = 5;
/// Points on which the constraints in force rest at the end of a campaign, all together, at least: with them the bound is
/// below 10 %.
pub const ENOUGH: u32 = 29;
/// Net saving by which a point must exceed the incumbent's to refute a constraint.
const MARGIN: f64 = 0.01;
/// Draws after which a region counts as empty.
const DRAWS: u64 = 4096;
/// One minus the confidence of the bound.
const ALPHA: f64 = 0.05;

/// A point of an excluded region, measured on the search panel, or on a third of it that shows it to be hopeless.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct AuditedPoint {
    /// The point.
    pub point: Point,
    /// Its net saving; none if it is too far off the reference's improvement to compare, or did not run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub saving: Option<f64>,
    /// Whether it passes the guards of the experiment, description length aside: a point is no source.
    pub admissible: bool,
    /// Its net saving less what it violates; none if it did not run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub worth: Option<f64>,
    /// How much more it improves than it has to, log units; none if it did not run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub room: Option<f64>,
    /// Runs on the whole search panel that placing it took, this one included; none where a third was enough.
    #[serde(default = "once")]
    pub runs: u32,
    /// The same on a third of it.
    #[serde(default, skip_serializing_if = "crate::work::is_zero")]
    pub thirds: u32,
}

fn once() -> u32 {
    1
}

/// What a point must not exceed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Bar {
    /// Net saving of the champion; none unless there is one that saves.
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
    /// Whether the constraint was in force already.
    pub again: bool,
    /// What was measured.
    pub points: Vec<AuditedPoint>,
    /// Why the constraint is not in force, if it is not.
    pub refused: Option<String>,
}

impl AuditedPoint {
    /// Whether it was measured on a third of the panel alone.
    pub fn on_a_third(&self) -> bool {
        self.runs == 0
    }

    /// Whether it is better than the best policy known, which only the whole panel shows. A point is rarely placed so exactly
    /// that it passes every guard, so it counts as well by what it is worth beyond what it violates.
    pub fn beats(&self, bar: Bar) -> bool {
        if self.on_a_third() {
            return false;
        }
        let saves = self.admissible && self.saving.is_some_and(|saving| saving > bar.saving.unwrap_or(0.0) + MARGIN);
        saves || self.worth.is_some_and(|worth| worth > bar.worth + MARGIN)
    }

    /// What it is worth; the least that there is where it did not run.
    fn value(&self) -> f64 {
        self.worth.unwrap_or(f64::NEG_INFINITY)
    }
}

/// The run that stands for all those that placing a point took: the best on the whole panel, or the last one on a third of it,
/// which showed that no more are worth it.
pub fn best(runs: &[AuditedPoint]) -> Option<AuditedPoint> {
    let whole = runs.iter().filter(|run| !run.on_a_third());
    let best = whole.reduce(|best, run| if run.value() > best.value() { run } else { best }).or(runs.last())?;
    let count = |each: fn(&AuditedPoint) -> u32| runs.iter().map(each).sum();
    Some(AuditedPoint { runs: count(|run| run.runs), thirds: count(|run| run.thirds), ..best.clone() })
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

/// Up to `count` points that `excluded` excludes and no constraint in force does, drawn from the declared measure; fewer
/// where that region is empty or nearly so.
pub fn points(space: &Space, excluded: &Constraint, in_force: &[&Constraint], key: u64, count: usize) -> Vec<Point> {
    let inside = |dimension: &Dimension, mass: f64| match excluded.excludes.get(&dimension.name) {
        Some(Within::Range([low, high])) => {
            let (low, high) = (dimension.mass_below(*low), dimension.mass_below(*high));
            dimension.at_mass(low + mass * (high - low))
        }
        Some(Within::OneOf(choices)) => {
            let known: Vec<&String> = dimension.values.iter().filter(|value| choices.contains(value)).collect();
            let at = (mass * known.len() as f64) as usize;
            known.get(at).map_or_else(|| dimension.at_mass(mass), |choice| Value::Choice((*choice).clone()))
        }
        None => dimension.at_mass(mass),
    };
    let drawn = (0..DRAWS).map(|n| space.draw_by(key, n, inside));
    drawn.filter(|p| excluded.excludes(p) && !in_force.iter().any(|c| c.excludes(p))).take(count).collect()
}

/// With 95 % confidence, at most this share of an excluded region is better than what is known, if of so many points drawn
/// from it none was (Clopper and Pearson); none without a point.
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

    #[test]
    fn points_of_an_audit_lie_in_what_is_newly_excluded_and_in_the_space() {
        let new = exclude(&[("half", Within::Range([0.2, 0.5])), ("family", Within::OneOf(vec!["power".into()]))]);
        let old = exclude(&[("half", Within::Range([0.0, 0.4]))]);
        let drawn = points(&space(), &new, &[&old], 3, POINTS);
        assert_eq!(drawn.len(), POINTS);
        for point in &drawn {
            assert!(new.excludes(point) && !old.excludes(point), "{point:?}");
            assert_eq!(space().contains(point), Ok(()));
        }
        assert_ne!(drawn, points(&space(), &new, &[&old], 4, POINTS), "another key draws others");
    }

    #[test]
    fn a_conditional_dimension_is_drawn_only_where_it_exists() {
        let constraint = exclude(&[("exponent", Within::Range([2.0, 3.0]))]);
        let drawn = points(&space(), &constraint, &[], 1, POINTS);
        assert_eq!(drawn.len(), POINTS);
        assert!(drawn.iter().all(|point| point["family"] == Value::Choice("power".into())));
    }

    #[test]
    fn what_is_excluded_already_has_no_points_left() {
        let narrow = exclude(&[("half", Within::Range([0.2, 0.3]))]);
        let wide = exclude(&[("half", Within::Range([0.1, 0.4]))]);
        assert!(points(&space(), &narrow, &[&wide], 1, POINTS).is_empty());
    }

    #[test]
    fn points_lie_in_a_region_as_the_declared_measure_does() {
        let constraint = exclude(&[("half", Within::Range([0.2, 0.6]))]);
        let drawn = points(&space(), &constraint, &[], 1, 3000);
        let below = drawn.iter().filter(|p| p["half"] < Value::Number(0.4)).count() as f64 / 3000.0;
        let powers = drawn.iter().filter(|p| p.contains_key("exponent")).count() as f64 / 3000.0;
        assert!((below - 0.5).abs() < 0.03 && (powers - 1.0 / 3.0).abs() < 0.03, "{below} {powers}");
    }

    #[test]
    fn ten_points_without_a_better_one_leave_a_quarter_in_doubt_and_thirty_a_tenth() {
        let rounded = |points| bound(points).map(|bound| (bound * 100.0).round());
        assert_eq!(rounded(10), Some(26.0));
        assert_eq!(rounded(30), Some(10.0));
        assert_eq!(rounded(0), None);
    }

    fn point(saving: Option<f64>, admissible: bool, worth: Option<f64>) -> AuditedPoint {
        AuditedPoint { point: BTreeMap::new(), saving, admissible, worth, room: None, runs: 1, thirds: 0 }
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

    #[test]
    fn the_best_run_stands_for_a_point_and_all_of_them_are_counted() {
        let runs = [0.1, 0.3, 0.2].map(|worth| point(None, false, Some(worth)));
        assert_eq!(best(&runs), Some(AuditedPoint { runs: 3, ..runs[1].clone() }));
        assert_eq!(best(&[]), None);
    }

    #[test]
    fn what_ran_on_the_whole_panel_stands_for_a_point_and_no_third_of_it_refutes() {
        let third = |worth| AuditedPoint { runs: 0, thirds: 1, ..point(Some(0.5), true, Some(worth)) };
        let whole = point(None, false, Some(0.1));
        let runs = [third(0.4), third(0.3), whole.clone()];
        assert_eq!(best(&runs), Some(AuditedPoint { thirds: 2, ..whole }));
        assert_eq!(best(&runs[..2]), Some(AuditedPoint { thirds: 2, ..runs[1].clone() }), "the run that ended it");
        assert!(!runs[0].beats(Bar { saving: None, worth: 0.0 }));
    }

    #[test]
    fn a_point_of_an_old_record_ran_on_the_whole_panel() {
        let old: AuditedPoint = serde_json::from_str(r#"{"point":{},"admissible":true,"runs":2}"#).unwrap();
        assert_eq!((old.runs, old.thirds), (2, 0));
        assert_eq!(serde_json::to_string(&old).unwrap(), r#"{"point":{},"admissible":true,"runs":2}"#);
    }
}

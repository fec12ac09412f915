//! How much of the declared space is left, counted on fixed points.
//!
//! The points are those of [`Space::draw`], which makes a map with names of each; that is a thousand times what a
//! comparison takes. Here names are looked up once, and only what a constraint speaks of is drawn.

use crate::keyed;
use crate::space::{Constraint, Dimension, Space, Value, Within};

/// Points that the volume is counted on. Standard error of a share: at most 0.2 percentage points.
pub const VOLUME_POINTS: u64 = 65_536;

impl Space {
    /// Share of the declared space that no constraint excludes, counted on fixed points.
    pub fn volume(&self, constraints: &[&Constraint]) -> f64 {
        let boxes: Vec<Vec<(usize, Side)>> =
            constraints.iter().filter_map(|constraint| self.sides(constraint)).collect();
        if boxes.is_empty() || self.dimensions.is_empty() {
            return 1.0;
        }
        let names: Vec<&str> = self.dimensions.iter().map(|d| d.name.as_str()).collect();
        let seed = keyed::seed(&names, VOLUME_POINTS);
        let axes: Vec<Axis<'_>> = self.dimensions.iter().map(|dimension| self.axis(dimension, &boxes)).collect();
        let mut point = vec![None; axes.len()];
        let left = (0..VOLUME_POINTS).filter(|n| {
            draw(&axes, seed, *n, &mut point);
            !boxes.iter().any(|sides| sides.iter().all(|(at, side)| side.holds(point[*at])))
        });
        left.count() as f64 / VOLUME_POINTS as f64
    }

    /// A constraint by the positions of dimensions; none if no point can lie in it.
    fn sides(&self, constraint: &Constraint) -> Option<Vec<(usize, Side)>> {
        let side = |(name, within): (&String, &Within)| {
            let at = self.dimensions.iter().position(|dimension| dimension.name == *name)?;
            let dimension = &self.dimensions[at];
            match within {
                Within::Range([low, high]) => dimension.range.map(|_| (at, Side::Range(*low, *high))),
                Within::OneOf(choices) if dimension.range.is_none() => {
                    Some((at, Side::OneOf(dimension.values.iter().map(|value| choices.contains(value)).collect())))
                }
                Within::OneOf(_) => None,
            }
        };
        let sides: Option<Vec<_>> = constraint.excludes.iter().map(side).collect();
        sides.filter(|sides| !sides.is_empty())
    }

    fn axis<'a>(&'a self, dimension: &'a Dimension, boxes: &[Vec<(usize, Side)>]) -> Axis<'a> {
        let at = |name: &str| self.dimensions.iter().position(|other| other.name == name);
        let parent = |(name, values): (&String, &Vec<String>)| {
            let allowed = |at: usize| self.dimensions[at].values.iter().map(|value| values.contains(value)).collect();
            at(name).map(|at| (at, allowed(at)))
        };
        let own = at(&dimension.name);
        Axis {
            dimension,
            parents: dimension.parent.iter().map(parent).collect(),
            // Choices are drawn in any case: others may exist under them only.
            matters: dimension.range.is_none() || boxes.iter().flatten().any(|(at, _)| Some(*at) == own),
        }
    }
}

/// A dimension with its parents by position, and which of their choices it exists under; none if a parent is missing.
struct Axis<'a> {
    dimension: &'a Dimension,
    parents: Option<Vec<(usize, Vec<bool>)>>,
    /// Whether anything depends on its value.
    matters: bool,
}

/// A coordinate: a number, or the position of a choice.
#[derive(Clone, Copy)]
enum Coordinate {
    Number(f64),
    Choice(usize),
}

/// What a constraint says of one dimension.
enum Side {
    Range(f64, f64),
    /// Whether each choice lies inside.
    OneOf(Vec<bool>),
}

impl Side {
    fn holds(&self, coordinate: Option<Coordinate>) -> bool {
        match (self, coordinate) {
            (Side::Range(low, high), Some(Coordinate::Number(value))) => *low <= value && value <= *high,
            (Side::OneOf(inside), Some(Coordinate::Choice(at))) => inside.get(at).copied().unwrap_or(false),
            (Side::Range(..) | Side::OneOf(_), _) => false,
        }
    }
}

/// The n-th point of the sequence, as far as it matters.
fn draw(axes: &[Axis<'_>], seed: u64, n: u64, point: &mut [Option<Coordinate>]) {
    for (at, axis) in axes.iter().enumerate() {
        let under = |(parent, allowed): &(usize, Vec<bool>)| match point[*parent] {
            Some(Coordinate::Choice(choice)) => allowed.get(choice).copied().unwrap_or(false),
            Some(Coordinate::Number(_)) | None => false,
        };
        let exists = axis.matters && axis.parents.as_ref().is_some_and(|parents| parents.iter().all(under));
        point[at] = exists.then(|| coordinate(axis.dimension, keyed::uniform(seed, n * axes.len() as u64 + at as u64)));
    }
}

fn coordinate(dimension: &Dimension, mass: f64) -> Coordinate {
    if dimension.range.is_none() {
        return Coordinate::Choice(dimension.choice_at(mass));
    }
    match dimension.at_mass(mass) {
        Value::Number(value) => Coordinate::Number(value),
        Value::Choice(_) => unreachable!("a dimension with a range has numbers"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::space::Measure;
    use std::collections::BTreeMap;

    fn space() -> Space {
        let dimension = |name: &str, range: Option<[f64; 2]>, values: &[&str], measure| Dimension {
            name: name.into(),
            meaning: String::new(),
            range,
            values: values.iter().map(|value| (*value).to_owned()).collect(),
            measure,
            parent: BTreeMap::new(),
        };
        let mut exponent = dimension("exponent", Some([0.5, 16.0]), &[], Measure::LogUniform);
        exponent.parent.insert("family".into(), vec!["power".into(), "ramp".into()]);
        let half = dimension("half", Some([0.03, 0.9]), &[], Measure::LogUniform);
        let family = dimension("family", None, &["step", "ramp", "power"], Measure::Uniform);
        Space { dimensions: vec![family, half, dimension("mix", Some([0.0, 2.0]), &[], Measure::Uniform), exponent] }
    }

    /// The same by points with names.
    fn counted(space: &Space, constraints: &[&Constraint]) -> f64 {
        let names: Vec<&str> = space.dimensions.iter().map(|d| d.name.as_str()).collect();
        let seed = keyed::seed(&names, VOLUME_POINTS);
        let excluded = |n: &u64| constraints.iter().any(|constraint| constraint.excludes(&space.draw(seed, *n)));
        (0..VOLUME_POINTS).filter(|n| !excluded(n)).count() as f64 / VOLUME_POINTS as f64
    }

    #[test]
    fn the_count_is_that_of_the_drawn_points() {
        let family = |names: &[&str]| Within::OneOf(names.iter().map(|name| (*name).to_owned()).collect());
        let constraint = |sides: &[(&str, Within)]| Constraint {
            excludes: sides.iter().map(|(name, within)| ((*name).to_owned(), within.clone())).collect(),
        };
        let all = [
            constraint(&[("half", Within::Range([0.2, 0.4])), ("family", family(&["step", "power"]))]),
            constraint(&[("exponent", Within::Range([4.0, 6.0])), ("mix", Within::Range([0.0, 1.0]))]),
            constraint(&[("nowhere", Within::Range([0.0, 1.0]))]),
            constraint(&[]),
            constraint(&[("half", family(&["step"]))]),
            constraint(&[("family", Within::Range([0.0, 1.0]))]),
            constraint(&[("family", family(&["ramp", "none such"]))]),
        ];
        for kept in 0..=all.len() {
            let constraints: Vec<&Constraint> = all[..kept].iter().collect();
            assert_eq!(space().volume(&constraints), counted(&space(), &constraints), "with {kept} of them");
        }
        let last: Vec<&Constraint> = all[2..6].iter().collect();
        assert_eq!(space().volume(&last), 1.0, "none of these can hold a point");
    }
}

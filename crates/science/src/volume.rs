//! How much of the declared space is left, counted on fixed points.
//!
//! The points are those of [`Space::draw`], which makes a map with names of each; that is a thousand times what a
//! comparison takes. Here names are looked up once, and of a point only what decides is drawn. What a constraint excludes
//! stays the same, so it is kept as a [`Mask`]: however many constraints there are, only a new one takes drawing.

use crate::keyed;
use crate::space::{Constraint, Dimension, Point, Space, Within};
use std::sync::Arc;

/// Points that the volume is counted on. Standard error of a share: at most 0.2 percentage points.
pub const VOLUME_POINTS: u64 = 65_536;

/// Which of the fixed points a constraint excludes, a bit for each. Clones share it.
#[derive(Clone, Debug)]
pub struct Mask(Arc<[u64]>);

impl Mask {
    /// Share of the points that none of these excludes.
    pub fn left(masks: &[Mask]) -> f64 {
        let excluded = |at: usize| masks.iter().fold(0, |any, mask| any | mask.0[at]).count_ones();
        1.0 - f64::from((0..WORDS).map(excluded).sum::<u32>()) / VOLUME_POINTS as f64
    }

    /// Which of the first 64 · `words` points none of these excludes.
    pub fn open(masks: &[Mask], words: usize) -> Vec<u64> {
        let closed: Vec<u64> = (0..words).map(|at| masks.iter().fold(0, |any, mask| any | mask.0[at])).collect();
        (0..64 * words as u64).filter(|n| closed[(n / 64) as usize] >> (n % 64) & 1 == 0).collect()
    }
}

/// More than a share of the prior is off by rounding.
const ROUNDING: f64 = 1e-9;
const WORDS: usize = VOLUME_POINTS as usize / 64;

impl Space {
    /// Share of the declared space that no constraint excludes, counted on fixed points.
    pub fn volume(&self, constraints: &[&Constraint]) -> f64 {
        Mask::left(&constraints.iter().map(|constraint| self.mask(constraint)).collect::<Vec<_>>())
    }

    /// The n-th of the fixed points.
    pub fn fixed(&self, n: u64) -> Point {
        self.draw(self.fixed_seed(), n)
    }

    fn fixed_seed(&self) -> u64 {
        let names: Vec<&str> = self.dimensions.iter().map(|d| d.name.as_str()).collect();
        keyed::seed(&names, VOLUME_POINTS)
    }

    /// The fixed points that a constraint excludes.
    pub fn mask(&self, constraint: &Constraint) -> Mask {
        let Some(mut sides) = self.sides(constraint) else { return Mask(vec![0; WORDS].into()) };
        // Choices first: they leave fewer points for what takes more.
        sides.sort_by_key(|side| matches!(side.part, Part::Range { .. }));
        let (seed, dimensions) = (self.fixed_seed(), self.dimensions.len() as u64);
        let mut words = vec![u64::MAX; WORDS];
        for side in &sides {
            let mut at = side.at as u64;
            for word in &mut words {
                if *word != 0 {
                    let inside = |bit: u64| u64::from(side.holds(keyed::uniform(seed, at + bit * dimensions))) << bit;
                    *word &= (0..64).map(inside).fold(0, |all, one| all | one);
                }
                at += 64 * dimensions;
            }
        }
        Mask(words.into())
    }

    /// A constraint as what it asks of single dimensions; none if no point can lie in it.
    fn sides(&self, constraint: &Constraint) -> Option<Vec<Side<'_>>> {
        let mut sides = Vec::new();
        for (name, within) in &constraint.excludes {
            let at = self.position(name)?;
            self.existing(at, &mut sides)?;
            let dimension = &self.dimensions[at];
            let part = match (within, dimension.range) {
                (Within::Range(ends), Some(range)) => Part::Range {
                    ends: *ends,
                    masses: ends.map(|end| dimension.mass_below(end)),
                    range: dimension.measured(range),
                },
                (Within::OneOf(choices), None) => Part::of(dimension, choices),
                (Within::Range(_), None) | (Within::OneOf(_), Some(_)) => return None,
            };
            sides.push(Side { at, dimension, part });
        }
        Some(sides).filter(|sides| !sides.is_empty())
    }

    /// Adds what it takes for a dimension to exist: choices of those that it stands under.
    fn existing<'a>(&'a self, at: usize, sides: &mut Vec<Side<'a>>) -> Option<()> {
        for (parent, allowed) in &self.dimensions[at].parent {
            // A parent is declared before what exists under it, and is a choice.
            let above = self.position(parent).filter(|above| *above < at)?;
            let dimension = Some(&self.dimensions[above]).filter(|dimension| dimension.range.is_none())?;
            self.existing(above, sides)?;
            sides.push(Side { at: above, dimension, part: Part::of(dimension, allowed) });
        }
        Some(())
    }

    fn position(&self, name: &str) -> Option<usize> {
        self.dimensions.iter().position(|dimension| dimension.name == name)
    }
}

/// What a constraint asks of one dimension.
struct Side<'a> {
    /// Its position.
    at: usize,
    dimension: &'a Dimension,
    part: Part,
}

/// A part of a dimension.
enum Part {
    Range {
        ends: [f64; 2],
        /// The shares of the prior below them.
        masses: [f64; 2],
        /// The dimension's own ends, as [`Dimension::measured`].
        range: [f64; 2],
    },
    /// Whether each choice lies inside.
    OneOf(Vec<bool>),
}

impl Part {
    fn of(dimension: &Dimension, choices: &[String]) -> Self {
        Part::OneOf(dimension.values.iter().map(|value| choices.contains(value)).collect())
    }
}

impl Side<'_> {
    /// Whether what such a share of the prior lies below is inside.
    fn holds(&self, mass: f64) -> bool {
        match &self.part {
            Part::OneOf(inside) => inside[self.dimension.choice_at(mass)],
            Part::Range { ends, masses, range } => {
                // Only next to an end does it take the number itself, which takes an exponential.
                if masses.iter().all(|end| (mass - end).abs() > ROUNDING) {
                    return masses[0] < mass && mass < masses[1];
                }
                let value = self.dimension.between(*range, mass);
                ends[0] <= value && value <= ends[1]
            }
        }
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

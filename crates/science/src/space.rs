//! The design space: typed dimensions, points in them, constraints, and the share of the space that is left.

use crate::keyed;
use crate::text;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Dimensions of a space, and choices of one dimension, at most.
const MOST: usize = 64;
/// Characters of the name of a dimension or a choice: prompts and reports hold them.
const NAME: usize = 60;
/// Characters of what a dimension stands for.
const MEANING: usize = 1000;

/// One axis of the design space; a parent stands before its children. It has either `range` or `values`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Dimension {
    /// Its name, 1 to 60 characters in one line.
    pub name: String,
    /// What it stands for; shown in prompts and reports. At most 1000 characters.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub meaning: String,
    /// Bounds of a numeric dimension, low then high, in the dimension's own unit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub range: Option<[f64; 2]>,
    /// Choices of a categorical dimension; 1 to 64 names of 1 to 60 characters.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub values: Vec<String>,
    /// How prior mass lies on a numeric dimension.
    #[serde(default)]
    pub measure: Measure,
    /// The dimension exists only where these earlier categorical dimensions have one of these values, as in
    /// `parent = { form = ["ramp"] }`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub parent: BTreeMap<String, Vec<String>>,
}

/// How prior mass lies on a numeric dimension.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Measure {
    /// Evenly.
    #[default]
    Uniform,
    /// Evenly on the logarithm; the range lies above 0.
    LogUniform,
}

/// A coordinate.
#[derive(Clone, Debug, PartialEq, PartialOrd, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Value {
    /// On a numeric dimension.
    Number(f64),
    /// On a categorical one.
    Choice(String),
}

/// A place in the design space, by dimension name.
pub type Point = BTreeMap<String, Value>;

/// A box that is excluded: a point inside it on every named dimension is refused.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Constraint {
    /// What each named dimension must satisfy to be inside.
    pub excludes: BTreeMap<String, Within>,
}

/// A part of one dimension.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Within {
    /// From the first number to the second, both included.
    Range([f64; 2]),
    /// One of these choices.
    OneOf(Vec<String>),
}

impl Constraint {
    /// Whether the constraint refuses this point.
    pub fn excludes(&self, point: &Point) -> bool {
        !self.excludes.is_empty()
            && self.excludes.iter().all(|(name, within)| match (within, point.get(name)) {
                (Within::Range([low, high]), Some(Value::Number(v))) => low <= v && v <= high,
                (Within::OneOf(choices), Some(Value::Choice(v))) => choices.contains(v),
                _ => false,
            })
    }
}

impl std::fmt::Display for Constraint {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        for (at, (name, within)) in self.excludes.iter().enumerate() {
            f.write_str(if at == 0 { "not: " } else { " and " })?;
            match within {
                Within::Range([low, high]) => write!(f, "{name} in {low:.3}..{high:.3}")?,
                Within::OneOf(choices) => write!(f, "{name} = {}", choices.join(" or "))?,
            }
        }
        Ok(())
    }
}

/// The declared space.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Space {
    /// Its dimensions; a parent stands before its children.
    pub dimensions: Vec<Dimension>,
}

impl Space {
    /// Says what is wrong with the declaration, if anything is: the name of the dimension and the problem.
    pub fn check(&self) -> Result<(), (String, String)> {
        for (at, dimension) in self.dimensions.iter().enumerate() {
            if at == MOST {
                return Err((dimension.name.clone(), format!("a space has at most {MOST} dimensions")));
            }
            let earlier = &self.dimensions[..at];
            dimension.check(earlier).map_err(|problem| (dimension.name.clone(), problem))?;
        }
        Ok(())
    }

    /// Where a point lies, dimension by dimension but one: as prior mass, as one number for each choice, and in the middle
    /// of what does not exist there.
    pub fn coordinates(&self, but: &str, point: &Point) -> Vec<f64> {
        let others = self.dimensions.iter().filter(|dimension| dimension.name != but);
        let along = |dimension: &Dimension| match point.get(&dimension.name) {
            Some(Value::Choice(choice)) => dimension.values.iter().map(|v| f64::from(u8::from(v == choice))).collect(),
            Some(Value::Number(value)) => vec![dimension.mass_below(*value)],
            None => vec![0.5; dimension.values.len().max(1)],
        };
        others.flat_map(along).collect()
    }

    /// The n-th point of a seed's sequence, drawn from the declared measure.
    pub fn draw(&self, seed: u64, n: u64) -> Point {
        self.draw_by(seed, n, Dimension::at_mass)
    }

    /// The same with another rule for what value a share of a dimension's prior stands for.
    pub(crate) fn draw_by(&self, seed: u64, n: u64, value: impl Fn(&Dimension, f64) -> Value) -> Point {
        let mut point = Point::new();
        for (at, dimension) in self.dimensions.iter().enumerate() {
            if dimension.exists_at(&point) {
                let u = keyed::uniform(seed, n * self.dimensions.len() as u64 + at as u64);
                point.insert(dimension.name.clone(), value(dimension, u));
            }
        }
        point
    }

    /// The dimension with this name.
    pub fn dimension(&self, name: &str) -> Option<&Dimension> {
        self.dimensions.iter().find(|dimension| dimension.name == name)
    }

    /// Says why a point does not lie in the space, if it does not.
    pub fn contains(&self, point: &Point) -> Result<(), String> {
        for dimension in self.dimensions.iter().filter(|dimension| dimension.exists_at(point)) {
            let Some(value) = point.get(&dimension.name) else {
                return Err(format!("the point has no `{}`", dimension.name));
            };
            if !dimension.holds(value) {
                let value = text::clip(&format!("{value:?}"), NAME);
                return Err(format!("`{}` = {value} lies outside of the declared space", dimension.name));
            }
        }
        match point.keys().find(|name| self.dimension(name).is_none()) {
            Some(name) => Err(format!("`{}` is no dimension of this experiment", text::clip(name, NAME))),
            None => Ok(()),
        }
    }
}

impl Dimension {
    fn check(&self, earlier: &[Dimension]) -> Result<(), String> {
        if !text::is_name(&self.name, NAME) {
            return Err(format!("a dimension's name has 1 to {NAME} characters that can be seen, in one line"));
        }
        if let Some(value) = self.values.iter().find(|value| !text::is_name(value, NAME)) {
            let value = text::clip(value, NAME);
            return Err(format!("its value `{value}` must have 1 to {NAME} characters that can be seen, in one line"));
        }
        if self.values.len() > MOST || self.meaning.chars().nth(MEANING).is_some() {
            return Err(format!("it takes at most {MOST} values, and a meaning of at most {MEANING} characters"));
        }
        if earlier.iter().any(|other| other.name == self.name) {
            return Err("this dimension is declared twice".into());
        }
        match (self.range, self.values.is_empty()) {
            (Some([low, high]), true) => {
                if !(low.is_finite() && high.is_finite() && low < high) {
                    return Err(format!("its range {low}..{high} must run from a lower to a higher number"));
                }
                if self.measure == Measure::LogUniform && low <= 0.0 {
                    return Err("a log-uniform dimension must lie above zero".into());
                }
            }
            (None, false) => {}
            _ => return Err("it needs either `range` (a number) or `values` (a choice), not both".into()),
        }
        for (parent, values) in &self.parent {
            let Some(other) = earlier.iter().find(|other| other.name == *parent) else {
                return Err(format!("its parent `{parent}` is not an earlier dimension"));
            };
            if let Some(value) = values.iter().find(|value| !other.values.contains(value)) {
                return Err(format!("its parent `{parent}` has no value `{value}`"));
            }
        }
        Ok(())
    }

    /// Whether the dimension exists only where an earlier one has this value or another one that is named with it.
    pub fn exists_under(&self, parent: &str, value: &String) -> bool {
        self.parent.get(parent).is_some_and(|values| values.contains(value))
    }

    /// Whether the dimension exists where a point has these values.
    pub fn exists_at(&self, point: &Point) -> bool {
        self.parent.iter().all(|(parent, values)| match point.get(parent) {
            Some(Value::Choice(choice)) => values.contains(choice),
            _ => false,
        })
    }

    fn holds(&self, value: &Value) -> bool {
        match (value, self.range) {
            (Value::Number(v), Some([low, high])) => low <= *v && *v <= high,
            (Value::Choice(v), None) => self.values.contains(v),
            _ => false,
        }
    }

    /// The value below which a share `mass` of the prior lies.
    pub fn at_mass(&self, mass: f64) -> Value {
        match self.range {
            Some(range) => Value::Number(self.between(self.measured(range), mass)),
            None => Value::Choice(self.values[self.choice_at(mass)].clone()),
        }
    }

    /// Numbers in the unit in which the prior is even.
    pub(crate) fn measured(&self, numbers: [f64; 2]) -> [f64; 2] {
        match self.measure {
            Measure::Uniform => numbers,
            Measure::LogUniform => numbers.map(f64::ln),
        }
    }

    /// The number that lies so far from one end of the range to the other, which are given as [`Dimension::measured`].
    pub(crate) fn between(&self, [low, high]: [f64; 2], mass: f64) -> f64 {
        let value = low + mass * (high - low);
        match (self.measure, self.range) {
            (Measure::LogUniform, Some([low, high])) => value.exp().clamp(low, high),
            _ => value,
        }
    }

    /// The position of the choice below which a share `mass` of the prior lies.
    pub(crate) fn choice_at(&self, mass: f64) -> usize {
        ((mass * self.values.len() as f64) as usize).min(self.values.len() - 1)
    }

    /// The share of the prior that lies below a number.
    pub fn mass_below(&self, value: f64) -> f64 {
        let Some([low, high]) = self.range else { return 0.0 };
        let mass = match self.measure {
            Measure::Uniform => (value - low) / (high - low),
            Measure::LogUniform => (value.max(low).ln() - low.ln()) / (high.ln() - low.ln()),
        };
        mass.clamp(0.0, 1.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn number(name: &str, range: [f64; 2], measure: Measure) -> Dimension {
        Dimension {
            name: name.into(),
            meaning: String::new(),
            range: Some(range),
            values: vec![],
            measure,
            parent: BTreeMap::new(),
        }
    }

    fn space() -> Space {
        let family = Dimension {
            range: None,
            values: vec!["step".into(), "power".into()],
            ..number("family", [0.0, 1.0], Measure::Uniform)
        };
        let mut exponent = number("exponent", [1.0, 16.0], Measure::LogUniform);
        exponent.parent.insert("family".into(), vec!["power".into()]);
        Space { dimensions: vec![family, number("half", [0.0, 1.0], Measure::Uniform), exponent] }
    }

    fn exclude(parts: &[(&str, Within)]) -> Constraint {
        Constraint { excludes: parts.iter().map(|(name, within)| ((*name).into(), within.clone())).collect() }
    }

    #[test]
    fn the_counted_volume_agrees_with_the_product_of_box_sides() {
        let space = space();
        let constraint =
            exclude(&[("half", Within::Range([0.2, 0.6])), ("family", Within::OneOf(vec!["step".into()]))]);
        let exact = 1.0 - 0.4 * 0.5;
        assert!((space.volume(&[&constraint]) - exact).abs() < 0.006);
    }

    #[test]
    fn a_log_uniform_dimension_has_half_of_its_mass_below_the_geometric_middle() {
        let constraint = exclude(&[("exponent", Within::Range([1.0, 4.0]))]);
        assert!((space().volume(&[&constraint]) - 0.75).abs() < 0.006);
    }

    #[test]
    fn a_conditional_dimension_exists_only_under_its_parent() {
        let space = space();
        for n in 0..100 {
            let point = space.draw(3, n);
            assert_eq!(point.contains_key("exponent"), point["family"] == Value::Choice("power".into()));
            assert_eq!(space.contains(&point), Ok(()));
        }
    }

    #[test]
    fn more_constraints_never_enlarge_the_volume() {
        let (a, b) = (exclude(&[("half", Within::Range([0.0, 0.3]))]), exclude(&[("half", Within::Range([0.2, 0.5]))]));
        assert!(space().volume(&[&a, &b]) <= space().volume(&[&a]));
    }
}

//! A tree-structured Parzen estimator, from the crate `tpe`: an estimator for each dimension, in shares of its prior, or among
//! its choices. A dimension that does not exist at a point tells its estimator nothing.

use super::Search;
use crate::error::EngineError;
use rand::SeedableRng;
use rand::rngs::StdRng;
use science::keyed;
use science::space::{Dimension, Point, Space, Value};
use std::convert::Infallible;
use tpe::TpeOptimizer;

/// Random points before the estimators are asked, as in Optuna.
const RANDOM: usize = 10;

/// The estimators of a space, in the order of its dimensions.
struct Estimators(Vec<TpeOptimizer>);

impl Search<'_> {
    /// Begins where campaigns begin, goes on at random, and then asks the estimators. Guards cost what they cost a tuner, so that the
    /// estimators see how far off a point is.
    pub(super) fn tpe(&mut self) -> Result<(), EngineError> {
        let start = self.ground.points.start();
        self.measure(&start)?;
        self.random(RANDOM)?;
        let mut estimators = Estimators::of(&self.space);
        self.scored.iter().for_each(|scored| estimators.tell(&self.space, &scored.point, scored.value));
        let mut draws = StdRng::seed_from_u64(keyed::seed(&["tpe"], self.key));
        while self.scored.len() < self.room {
            let point = estimators.ask(&self.space, &mut draws);
            let value = self.measure(&point)?.value;
            estimators.tell(&self.space, &point, value);
        }
        Ok(())
    }
}

impl Estimators {
    fn of(space: &Space) -> Self {
        let estimator = |dimension: &Dimension| match dimension.values.len() {
            0 => TpeOptimizer::new(tpe::parzen_estimator(), range(1.0)),
            choices => TpeOptimizer::new(tpe::histogram_estimator(), range(choices as f64)),
        };
        Estimators(space.dimensions.iter().map(estimator).collect())
    }

    /// The next point. Parents stand before their children, so a dimension is asked only where it exists.
    fn ask(&mut self, space: &Space, draws: &mut StdRng) -> Point {
        let mut point = Point::new();
        for (dimension, estimator) in space.dimensions.iter().zip(&mut self.0) {
            if dimension.exists_at(&point) {
                let place = estimator.ask(draws).unwrap_or_else(|never: Infallible| match never {});
                let value = match dimension.values.get(place as usize) {
                    Some(choice) => Value::Choice(choice.clone()),
                    None => dimension.at_mass(place),
                };
                point.insert(dimension.name.clone(), value);
            }
        }
        point
    }

    /// What a point is worth. The estimators make what they are told as small as possible.
    fn tell(&mut self, space: &Space, point: &Point, value: f64) {
        for (dimension, estimator) in space.dimensions.iter().zip(&mut self.0) {
            let place = match point.get(&dimension.name) {
                Some(Value::Number(number)) => dimension.mass_below(*number).min(BELOW_ONE),
                Some(Value::Choice(choice)) => {
                    dimension.values.iter().position(|known| known == choice).map_or(f64::NAN, |at| at as f64)
                }
                None => f64::NAN,
            };
            estimator.tell(place, -value).expect("a place within its range, and a value that is a number");
        }
    }
}

/// The range of an estimator excludes its end.
const BELOW_ONE: f64 = 1.0 - f64::EPSILON;

fn range(end: f64) -> tpe::range::Range {
    tpe::range(0.0, end).expect("an end above 0")
}

#[cfg(test)]
mod tests {
    use super::*;
    use science::space::Measure;
    use std::collections::BTreeMap;

    /// A choice, a number, and a number that exists under one of the choices alone.
    fn space() -> Space {
        let number = |name: &str, range, measure| Dimension {
            name: name.into(),
            meaning: String::new(),
            range: Some(range),
            values: vec![],
            measure,
            parent: BTreeMap::new(),
        };
        let curve = Dimension {
            range: None,
            values: ["step", "ramp", "power"].map(str::to_owned).into(),
            ..number("curve", [0.0, 1.0], Measure::Uniform)
        };
        let parent = BTreeMap::from([("curve".to_owned(), vec!["power".to_owned()])]);
        let exponent = Dimension { parent, ..number("exponent", [0.5, 16.0], Measure::LogUniform) };
        Space { dimensions: vec![curve, number("prompt", [-1.0, 1.5], Measure::Uniform), exponent] }
    }

    /// Best at a power of 4 with a prompt of 0.5.
    fn worth(point: &Point) -> f64 {
        let number = |name: &str, best: f64| match point.get(name) {
            Some(Value::Number(value)) => (value - best).powi(2),
            _ => 4.0,
        };
        -number("prompt", 0.5) - number("exponent", 4.0)
    }

    fn searched(key: u64) -> Vec<Point> {
        let space = space();
        let mut estimators = Estimators::of(&space);
        let mut draws = StdRng::seed_from_u64(key);
        let ask = |_| {
            let point = estimators.ask(&space, &mut draws);
            estimators.tell(&space, &point, worth(&point));
            point
        };
        (0..100).map(ask).collect()
    }

    #[test]
    fn every_point_lies_in_the_space_and_a_dimension_is_asked_only_where_it_exists() {
        for point in searched(3) {
            assert_eq!(space().contains(&point), Ok(()), "{point:?}");
            assert_eq!(point.contains_key("exponent"), point["curve"] == Value::Choice("power".into()), "{point:?}");
        }
    }

    #[test]
    fn the_same_key_asks_for_the_same_points_and_later_ones_are_better() {
        let points = searched(3);
        assert_eq!(points, searched(3));
        assert_ne!(points, searched(4));
        let median = |points: &[Point]| {
            let mut worths: Vec<f64> = points.iter().map(worth).collect();
            worths.sort_by(f64::total_cmp);
            worths[worths.len() / 2]
        };
        assert!(median(&points[80..]) > median(&points[..20]) + 1.0, "{points:?}");
    }
}

//! The constants of a shape's source: which may be tuned, and which place they give it.

use super::shape::{Curve, NEUTRAL_CAPACITY, NEUTRAL_GAP, NEUTRAL_PROMPT, Shape, Signal};
use science::short::rounded;
use science::space::Point;

/// Threshold of the KV cache in the saturation, fraction 0..1.
const KV_THRESHOLD: f64 = 0.8;

/// The pressure at which half is refused, in the unit that the source computes.
fn middle(shape: &Shape) -> f64 {
    match unit(shape) {
        1.0 => shape.half,
        unit => rounded(shape.half * unit, 3),
    }
}

/// The unit of the pressure that the source computes: it does not divide by the threshold of the KV cache, the neutral prompt or
/// the neutral capacity, which would only be more constants, and where it weighs the rate it weighs the mix by the same power.
fn unit(shape: &Shape) -> f64 {
    let signal = if shape.signal == Signal::Kv { KV_THRESHOLD } else { 1.0 };
    let mix = if shape.rate == 0.0 { 1.0 } else { (-shape.mix).exp() };
    signal * NEUTRAL_PROMPT.powf(shape.prompt) * NEUTRAL_CAPACITY.powf(shape.capacity) * mix
}

/// Mean time between arrivals at an instance from which on a weighting by rate lowers the pressure, µs. The weighting of the
/// mix is in it: e^(mix · share) · r^(rate · (1 - share)) is e^mix · (r / e^(mix / rate))^(rate · (1 - share)).
fn gap(shape: &Shape) -> f64 {
    rounded(NEUTRAL_GAP * (-shape.mix / shape.rate).exp(), 3)
}

/// A constant of a shape's source that may be tuned.
pub(super) struct Constant {
    pub(super) name: &'static str,
    pub(super) default: f64,
    pub(super) low: f64,
    pub(super) high: f64,
}

impl Constant {
    /// A constant that may shrink and grow by these factors.
    fn scaled(name: &'static str, default: f64, [low, high]: [f64; 2]) -> Self {
        Constant { name, default, low: rounded(default * low, 4), high: rounded(default * high, 4) }
    }

    /// An exponent of a weighting, that may lie half a unit off to both sides.
    fn shifted(name: &'static str, default: f64) -> Self {
        Constant { name, default, low: rounded(default - 0.5, 4), high: rounded(default + 0.5, 4) }
    }
}

/// What may be tuned of a shape. A weighting of exactly 1 or -1 has no constant, and stays without one. The weightings by
/// prompt and by capacity are left alone: their exponents set the unit of the pressure, so that no place means the same under others.
pub(super) fn tunables(shape: &Shape) -> Vec<Constant> {
    const PLACE: [f64; 2] = [0.6, 1.6];
    let mut constants = match shape.curve {
        Curve::Step => vec![Constant::scaled("threshold", middle(shape), PLACE)],
        Curve::Ramp { .. } => {
            let (from, to) = ramp(shape);
            let rise = Constant::scaled("rise", rounded(to - from, 3), PLACE);
            if from == 0.0 { vec![rise] } else { vec![Constant::scaled("from", from, PLACE), rise] }
        }
        Curve::Power { exponent } => {
            let full = Constant::scaled("full", rounded(middle(shape) * 2f64.powf(1.0 / exponent), 4), PLACE);
            let steepness = (exponent != 1.0).then(|| Constant::scaled("exponent", exponent, [0.5, 2.0]));
            [full].into_iter().chain(steepness).collect()
        }
    };
    if shape.rate == 0.0 {
        let mix = Some(shape.mix).filter(|mix| *mix != 0.0 && mix.abs() != 1.0);
        constants.extend(mix.map(|mix| Constant::shifted("mix", mix)));
    } else {
        constants.push(Constant::scaled("gap", gap(shape), [0.3, 3.0]));
        constants.push(Constant::scaled("rate", shape.rate, [0.5, 2.0]));
    }
    constants
}

/// Where a ramp begins and where it ends, as its source says it.
pub(super) fn ramp(shape: &Shape) -> (f64, f64) {
    let Curve::Ramp { onset } = shape.curve else { return (0.0, 0.0) };
    (rounded(onset * middle(shape), 3), rounded((2.0 - onset) * middle(shape), 3))
}

/// The place of a shape of which these constants, by the names that its source gives them, have other values.
pub(crate) fn place(point: &Point, constants: &[(&str, f64)]) -> Point {
    let Some(mut shape) = Shape::at(point).filter(|_| !constants.is_empty()) else { return point.clone() };
    let named = |name: &str, value: f64| constants.iter().find(|(n, _)| *n == name).map_or(value, |(_, value)| *value);
    let (own_from, own_to) = ramp(&shape);
    let own = middle(&shape);
    let moved = match &mut shape.curve {
        Curve::Step => named("threshold", own),
        Curve::Ramp { onset } => {
            let from = named("from", own_from);
            let middle = from + named("rise", own_to - own_from) / 2.0;
            *onset = rounded(from / middle, 4);
            middle
        }
        Curve::Power { exponent } => {
            let full = named("full", own * 2f64.powf(1.0 / *exponent));
            *exponent = named("exponent", *exponent);
            full * 0.5f64.powf(1.0 / *exponent)
        }
    };
    if shape.rate == 0.0 {
        shape.mix = named("mix", shape.mix);
    } else {
        let gap = named("gap", gap(&shape));
        shape.rate = named("rate", shape.rate);
        shape.mix = rounded(shape.rate * (NEUTRAL_GAP / gap).ln(), 4);
    }
    shape.half = rounded(moved / unit(&shape), 4);
    shape.point(|name| point.contains_key(name))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::builtin::shape::PLAIN;

    fn shape(curve: Curve, prompt: f64, mix: f64) -> Shape {
        Shape { curve, half: 0.28, prompt, mix, ..PLAIN }
    }

    #[test]
    fn a_place_moves_with_the_constants_and_not_without_them() {
        for curve in [Curve::Step, Curve::Ramp { onset: 0.5 }, Curve::Power { exponent: 6.5 }] {
            let point = shape(curve, -0.3, 0.5).point(|_| true);
            assert_eq!(place(&point, &[]), point, "{curve:?}");
            let at = |constants: &[(&str, f64)]| Shape::at(&place(&point, constants)).unwrap();
            assert_eq!(at(&[("mix", 0.8)]).mix, 0.8);
        }
        let power = |constants: &[(&str, f64)]| {
            Shape::at(&place(&shape(Curve::Power { exponent: 5.0 }, 0.0, 0.0).point(|_| true), constants)).unwrap()
        };
        let moved = power(&[("full", 0.4), ("exponent", 1.0)]);
        assert_eq!((moved.half, moved.curve), (0.2, Curve::Power { exponent: 1.0 }));
        let ramp = shape(Curve::Ramp { onset: 0.5 }, 0.0, 0.0).point(|_| true);
        let moved = Shape::at(&place(&ramp, &[("from", 0.1), ("rise", 0.2)])).unwrap();
        assert_eq!((moved.half, moved.curve), (0.2, Curve::Ramp { onset: 0.5 }));
    }

    #[test]
    fn what_is_written_for_a_moved_place_has_the_constants_that_moved_it() {
        let shape = shape(Curve::Step, 0.3, 0.5);
        let constants = [("threshold", 3.1), ("mix", 0.7)];
        let moved = Shape::at(&place(&shape.point(|_| true), &constants)).unwrap();
        let values: Vec<f64> = tunables(&moved).iter().map(|constant| constant.default).collect();
        assert_eq!(values, constants.map(|(_, value)| value));
    }
}

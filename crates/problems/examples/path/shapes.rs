//! The shapes that are compared.

use admitter::Maths;
use simulator::admitters::Builtin;

/// How the probability of refusal grows with saturation.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Shape {
    /// All at once.
    Step,
    /// As a power, up to 1.
    Power(f64),
}

impl Shape {
    /// What the quintic is held against, from the least to the most sudden.
    pub(crate) const OTHERS: [Shape; 6] =
        [Shape::Power(1.0), Shape::Power(2.0), Shape::Power(3.0), Shape::Power(7.0), Shape::Power(11.0), Shape::Step];

    pub(crate) fn name(self) -> String {
        match self {
            Shape::Step => "step".into(),
            Shape::Power(1.0) => "ramp (linear)".into(),
            Shape::Power(2.0) => "quadratic".into(),
            Shape::Power(power) => format!("power {power}"),
        }
    }

    /// The policy that refuses one droppable request in two at this saturation (a step: all from there on).
    pub(crate) fn policy(self, half: f64) -> Builtin {
        simulator::maths::install();
        match self {
            Shape::Step => builtin("gaie-legacy", &[5.0 * half, 0.8 * half]),
            Shape::Power(power) => builtin("probabilistic", &[power, 0.5 / Maths::powf(half, power), 5.0, 0.8]),
        }
    }
}

/// The quintic with this `k`; published with 300.
pub(crate) fn quintic(k: f64) -> Builtin {
    builtin("probabilistic", &[5.0, k, 5.0, 0.8])
}

fn builtin(name: &str, parameters: &[f64]) -> Builtin {
    Builtin::with_parameters(name, parameters).expect("it is built in")
}

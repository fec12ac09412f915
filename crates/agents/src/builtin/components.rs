//! What a shape has or lacks, as against the numbers that it has it with: the components of a claim.

use super::shape::{Curve, Shape};

/// A trait of a shape.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Component {
    /// The form of the curve.
    Curve,
    /// The weighting by prompt length.
    Prompt,
    /// The weighting by the mix of tiers.
    Mix,
    /// The weighting by the KV capacity of an instance.
    Capacity,
    /// What the pressure begins with.
    Signal,
    /// The weighting by the arrival rate of an instance.
    Rate,
}

impl Component {
    /// Every one.
    pub(crate) const ALL: [Component; 6] =
        [Component::Curve, Component::Prompt, Component::Mix, Component::Capacity, Component::Signal, Component::Rate];

    /// The components that `to` adds to `from`, takes from it or exchanges; another exponent is no other component.
    pub(crate) fn between(from: &Shape, to: &Shape) -> Vec<Component> {
        Self::ALL.into_iter().filter(|component| component.differs(from, to)).collect()
    }

    /// Its name in bundles.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Component::Curve => "curve",
            Component::Prompt => "prompt",
            Component::Mix => "mix",
            Component::Capacity => "capacity",
            Component::Signal => "signal",
            Component::Rate => "rate",
        }
    }

    /// What it is, in words.
    pub(crate) fn words(self) -> &'static str {
        match self {
            Component::Curve => "the change of the curve's form",
            Component::Prompt => "the change in weighting by prompt length",
            Component::Mix => "the change in weighting by the mix of tiers",
            Component::Capacity => "the change in weighting by the KV capacity of an instance",
            Component::Signal => "the change of what the pressure begins with",
            Component::Rate => "the change in weighting by the arrival rate of an instance",
        }
    }

    /// `to` with this trait as `from` has it.
    pub(crate) fn undone(self, from: &Shape, to: &Shape) -> Shape {
        match self {
            Component::Curve => Shape { curve: from.curve, ..*to },
            Component::Prompt => Shape { prompt: from.prompt, ..*to },
            Component::Mix => Shape { mix: from.mix, ..*to },
            Component::Capacity => Shape { capacity: from.capacity, ..*to },
            Component::Signal => Shape { signal: from.signal, ..*to },
            Component::Rate => Shape { rate: from.rate, ..*to },
        }
    }

    fn differs(self, from: &Shape, to: &Shape) -> bool {
        match self {
            Component::Curve => !matches!(
                (from.curve, to.curve),
                (Curve::Step, Curve::Step)
                    | (Curve::Ramp { .. }, Curve::Ramp { .. })
                    | (Curve::Power { .. }, Curve::Power { .. })
            ),
            Component::Prompt => (from.prompt == 0.0) != (to.prompt == 0.0),
            Component::Mix => (from.mix == 0.0) != (to.mix == 0.0),
            Component::Capacity => (from.capacity == 0.0) != (to.capacity == 0.0),
            Component::Signal => from.signal != to.signal,
            Component::Rate => (from.rate == 0.0) != (to.rate == 0.0),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::builtin::shape::Signal;

    #[test]
    fn another_exponent_is_a_parameter_and_another_form_or_weighting_a_component() {
        let quintic = Shape::published(5.0, 300.0);
        let steeper = Shape { curve: Curve::Power { exponent: 9.0 }, ..quintic };
        assert_eq!(Component::between(&quintic, &steeper), []);
        let step = Shape { curve: Curve::Step, mix: 0.5, ..quintic };
        assert_eq!(Component::between(&quintic, &step), [Component::Curve, Component::Mix]);
        assert_eq!(Component::between(&step, &quintic), [Component::Curve, Component::Mix]);
    }

    #[test]
    fn undoing_every_component_leaves_the_parameters_only() {
        let (from, to) = (
            Shape::published(5.0, 300.0),
            Shape {
                curve: Curve::Ramp { onset: 0.5 },
                half: 0.4,
                prompt: 0.3,
                mix: 0.5,
                capacity: 0.4,
                signal: Signal::Kv,
                rate: 0.2,
            },
        );
        let undone = Component::between(&from, &to).into_iter().fold(to, |shape, c| c.undone(&from, &shape));
        assert_eq!(undone, Shape { half: 0.4, ..from });
    }
}

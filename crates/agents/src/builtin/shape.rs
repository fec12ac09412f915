//! The family of curves that the built-in researcher knows, and their places in the design space.
//!
//! A droppable request of `t` prompt tokens meets a *pressure* = signal · (t / 2048)^prompt · e^(mix · share) ·
//! (c / 300,000)^capacity · (r / 5)^(rate · (1 - share)). The signal is the saturation, or the KV cache's part of it;
//! `share` is that of droppable requests among all that have arrived so far, `c` the mean KV capacity of the instances in
//! tokens, and `r` the arrivals at an instance so far, per second. The curve says with what probability it is refused
//! at that pressure. Every curve is placed by `half`, the pressure at which one request in two is refused, so that curves
//! of different shape are comparable at the same place.

use science::profile::Profile;
use science::short::rounded;
use science::space::{Point, Value};

/// Prompt length at which the weighting is neutral, tokens.
pub(crate) const NEUTRAL_PROMPT: f64 = 2048.0;
/// KV capacity of an instance at which the weighting is neutral, tokens.
pub(crate) const NEUTRAL_CAPACITY: f64 = 300_000.0;
/// Mean time between arrivals at an instance at which the weighting is neutral, µs.
pub(crate) const NEUTRAL_GAP: f64 = 200_000.0;
/// Droppable share at which places are compared under different weightings of the mix: the middle of what it can be. It
/// only says where to look first; what is measured corrects it.
const NEUTRAL_SHARE: f64 = 0.5;
/// A workload in which every weighting is neutral.
pub(crate) const NEUTRAL: Profile = Profile {
    droppable_share: NEUTRAL_SHARE,
    rate: 1e6 / NEUTRAL_GAP,
    kv_capacity: NEUTRAL_CAPACITY,
    prompt_tokens: NEUTRAL_PROMPT,
};
/// Exponents below this weigh nothing.
const FAINT: f64 = 0.03;
/// A shape by numbers: two of which all are near each other are as good as the same.
pub(crate) type Features = [f64; 7];

/// One policy of the family.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Shape {
    pub(crate) curve: Curve,
    /// Pressure at which one request in two is refused.
    pub(crate) half: f64,
    /// Exponent of the prompt weighting; 0 is none.
    pub(crate) prompt: f64,
    /// Weight of the droppable share of arrivals; 0 is none.
    pub(crate) mix: f64,
    /// Exponent of the weighting by the KV capacity of an instance; 0 is none.
    pub(crate) capacity: f64,
    /// What the pressure begins with.
    pub(crate) signal: Signal,
    /// Exponent of the weighting by the arrival rate of an instance, where all traffic is critical; 0 is none.
    pub(crate) rate: f64,
}

/// How far each weighting moves the place of a curve in a workload, for each unit of it: mix, capacity, rate, prompt.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Pulls([f64; 4]);

impl Pulls {
    pub(crate) fn of(workload: &Profile) -> Self {
        let critical = 1.0 - workload.droppable_share;
        Pulls([
            workload.droppable_share,
            (workload.kv_capacity / NEUTRAL_CAPACITY).ln(),
            critical * (workload.rate * NEUTRAL_GAP / 1e6).ln(),
            (workload.prompt_tokens / NEUTRAL_PROMPT).ln(),
        ])
    }
}

/// What a pressure begins with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Signal {
    /// The cluster's saturation: the wait queue or the KV cache of an instance, whichever is fuller.
    Saturation,
    /// Its KV cache alone, over the same threshold.
    Kv,
}

/// The form of a curve.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Curve {
    /// Everything from `half` on.
    Step,
    /// Linear from `onset` · half on.
    Ramp { onset: f64 },
    /// A power of the pressure, cut off at 1.
    Power { exponent: f64 },
}

/// A step in no particular place that weighs nothing.
pub(crate) const PLAIN: Shape = Shape {
    curve: Curve::Step,
    half: 1.0,
    prompt: 0.0,
    mix: 0.0,
    capacity: 0.0,
    signal: Signal::Saturation,
    rate: 0.0,
};

impl Shape {
    /// The shape at a declared point; what the space does not declare takes its neutral value.
    pub(crate) fn at(point: &Point) -> Option<Shape> {
        let number = |name: &str, default: f64| match point.get(name) {
            Some(Value::Number(value)) => *value,
            _ => default,
        };
        let curve = match point.get("family") {
            Some(Value::Choice(family)) => match family.as_str() {
                "step" => Curve::Step,
                "ramp" => Curve::Ramp { onset: number("onset", 0.0) },
                "power" => Curve::Power { exponent: number("exponent", 1.0) },
                _ => return None,
            },
            _ => return None,
        };
        let signal = match point.get("signal") {
            Some(Value::Choice(signal)) if signal == "kv" => Signal::Kv,
            _ => Signal::Saturation,
        };
        let [prompt, mix, capacity, rate] = ["prompt", "mix", "capacity", "rate"].map(|name| number(name, 0.0));
        let shape = Shape { curve, half: number("half", f64::NAN), prompt, mix, capacity, signal, rate };
        Some(shape).filter(|shape| shape.half > 0.0)
    }

    /// The shape's point, for the dimensions that `like` has.
    pub(crate) fn point(&self, like: impl Fn(&str) -> bool) -> Point {
        let (family, inner) = match self.curve {
            Curve::Step => ("step", None),
            Curve::Ramp { onset } => ("ramp", Some(("onset", onset))),
            Curve::Power { exponent } => ("power", Some(("exponent", exponent))),
        };
        let weightings = [("prompt", self.prompt), ("mix", self.mix), ("capacity", self.capacity), ("rate", self.rate)];
        let mut point: Point = [("half", self.half)]
            .into_iter()
            .chain(weightings)
            .chain(inner)
            .filter(|(name, _)| like(name))
            .map(|(name, value)| (name.to_owned(), Value::Number(value)))
            .collect();
        point.insert("family".into(), Value::Choice(family.into()));
        if like("signal") {
            let signal = if self.signal == Signal::Kv { "kv" } else { "saturation" };
            point.insert("signal".into(), Value::Choice(signal.into()));
        }
        point
    }

    /// The published curve `min(saturation^power · k, 1)`.
    pub(crate) fn published(power: f64, k: f64) -> Shape {
        Shape { curve: Curve::Power { exponent: power }, half: (0.5 / k).powf(1.0 / power), ..PLAIN }
    }

    /// How gradual the curve is: ln of the pressure at 90 % refusal over that at 10 %. A step has 0.
    pub(crate) fn spread(&self) -> f64 {
        match self.curve {
            Curve::Step => 0.0,
            Curve::Ramp { onset } => ((onset + 1.8 * (1.0 - onset)) / (onset + 0.2 * (1.0 - onset))).ln(),
            Curve::Power { exponent } => 9f64.ln() / exponent,
        }
    }

    /// By numbers: place, gradualness (compressed), weightings by prompt, by mix and by capacity, signal, weighting by
    /// rate. The place is the saturation at which half is refused of an even mix, so that it means the same under each weighting of it.
    pub(crate) fn features(&self) -> Features {
        let signal = f64::from(u8::from(self.signal == Signal::Kv));
        let place = self.half.ln() - self.mix * NEUTRAL_SHARE;
        [place, self.spread().ln_1p(), self.prompt, self.mix, self.capacity, signal, self.rate]
    }

    /// ln of the signal at which half is refused in a workload, once its mix and its rate are known.
    pub(crate) fn place_in(&self, workload: &Pulls) -> f64 {
        let Pulls([mix, capacity, rate, prompt]) = workload;
        self.half.ln() - self.mix * mix - self.capacity * capacity - self.rate * rate - self.prompt * prompt
    }

    /// The same shape with constants that a person would write: three significant digits.
    pub(crate) fn rounded(&self) -> Shape {
        let curve = match self.curve {
            Curve::Step => Curve::Step,
            Curve::Ramp { onset } => Curve::Ramp { onset: rounded(onset, 2) },
            Curve::Power { exponent } => Curve::Power { exponent: rounded(exponent, 2) },
        };
        // A weighting too faint to act on would only be more constants.
        let weight = |exponent: f64| if exponent.abs() < FAINT { 0.0 } else { rounded(exponent, 2) };
        Shape {
            curve,
            half: rounded(self.half, 3),
            prompt: weight(self.prompt),
            mix: weight(self.mix),
            capacity: weight(self.capacity),
            signal: self.signal,
            rate: weight(self.rate),
        }
    }

    /// The curve in words.
    pub(crate) fn words(&self) -> String {
        let curve = match self.curve {
            Curve::Step => "a step".to_owned(),
            Curve::Ramp { onset } => format!("a linear ramp that begins at {onset} of its middle"),
            Curve::Power { exponent } => format!("a power curve of exponent {exponent}"),
        };
        let by_prompt = match self.prompt {
            0.0 => String::new(),
            p if p > 0.0 => format!(", long prompts shed sooner (exponent {p})"),
            p => format!(", short prompts shed sooner (exponent {p})"),
        };
        let by_mix = match self.mix {
            0.0 => String::new(),
            m => format!(", shedding sooner the more of the traffic is droppable (weight {m})"),
        };
        let by_capacity = match self.capacity {
            0.0 => String::new(),
            c if c > 0.0 => format!(", shedding sooner the larger the KV cache of an instance is (exponent {c})"),
            c => format!(", shedding sooner the smaller the KV cache of an instance is (exponent {c})"),
        };
        let by_rate = match self.rate {
            0.0 => String::new(),
            r => format!(", shedding sooner the more critical requests arrive at an instance (exponent {r})"),
        };
        let of = if self.signal == Signal::Kv { " of the KV cache's use" } else { "" };
        format!("{curve}{of} with its middle at {}{by_prompt}{by_mix}{by_capacity}{by_rate}", rounded(self.half, 3))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_quintic_refuses_half_where_its_formula_says() {
        let quintic = Shape::published(5.0, 300.0);
        assert!((quintic.half.powi(5) * 300.0 - 0.5).abs() < 1e-12);
    }

    #[test]
    fn a_ramp_from_zero_is_a_power_of_one() {
        let ramp = Shape { curve: Curve::Ramp { onset: 0.0 }, half: 0.3, ..PLAIN };
        let power = Shape { curve: Curve::Power { exponent: 1.0 }, ..ramp };
        assert!((ramp.spread() - power.spread()).abs() < 1e-12);
    }

    #[test]
    fn a_point_and_its_shape_are_the_same_place() {
        let shape = Shape {
            curve: Curve::Ramp { onset: 0.5 },
            half: 0.31,
            prompt: 0.25,
            mix: 0.5,
            capacity: 0.4,
            signal: Signal::Kv,
            rate: 0.2,
        };
        assert_eq!(Shape::at(&shape.point(|_| true)), Some(shape));
    }

    #[test]
    fn a_space_without_a_mix_has_shapes_that_do_not_weigh_it() {
        let shape = Shape { half: 0.31, prompt: 0.25, mix: 0.5, capacity: 0.4, rate: 0.2, ..PLAIN };
        let point = shape.point(|name| name != "mix");
        assert_eq!(Shape::at(&point), Some(Shape { mix: 0.0, ..shape }));
    }

    #[test]
    fn a_place_means_the_same_under_each_weighting_of_the_mix() {
        let plain = Shape { curve: Curve::Step, half: 0.3, ..PLAIN };
        let weighing = Shape { mix: 1.0, half: 0.3 * 0.5f64.exp(), ..plain };
        assert!((weighing.features()[0] - plain.features()[0]).abs() < 1e-12);
    }
}

//! Writes the Rust source of a shape.

use super::shape::{Curve, NEUTRAL_CAPACITY, NEUTRAL_GAP, NEUTRAL_PROMPT, Shape, Signal, round};
use science::bundle::Arm;
use science::short::rounded;
use science::space::Point;

/// The source for an arm's declared point.
pub(crate) fn implement(arm: &Arm) -> Result<String, String> {
    let point =
        arm.design.point.as_ref().ok_or("the built-in executor needs a declared point, and the arm has none")?;
    let shape =
        Shape::at(point).ok_or("the arm's point has no `family` that the built-in executor knows, or no `half`")?;
    Ok(source(&shape))
}

/// Constants of a shape's source, as free parameters are counted.
pub(crate) fn constants(shape: &Shape) -> u32 {
    let counts = |exponent: f64| u32::from(exponent != 0.0 && exponent.abs() != 1.0);
    let signal = if shape.signal == Signal::Saturation { 2 } else { 0 };
    // The two of the saturation, exponents that are left alone, and whatever may be tuned.
    signal + counts(shape.prompt) + counts(shape.capacity) + tunables(shape).len() as u32
}

/// Threshold of the KV cache in the saturation, fraction 0..1.
const KV_THRESHOLD: f64 = 0.8;

/// The pressure at which half is refused, in the unit that the source computes.
fn middle(shape: &Shape) -> f64 {
    match unit(shape) {
        1.0 => shape.half,
        unit => round(shape.half * unit, 3),
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
    round(NEUTRAL_GAP * (-shape.mix / shape.rate).exp(), 3)
}

/// A constant of a shape's source that may be tuned.
struct Constant {
    name: &'static str,
    default: f64,
    low: f64,
    high: f64,
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
fn tunables(shape: &Shape) -> Vec<Constant> {
    const PLACE: [f64; 2] = [0.6, 1.6];
    let mut constants = match shape.curve {
        Curve::Step => vec![Constant::scaled("threshold", middle(shape), PLACE)],
        Curve::Ramp { .. } => {
            let (from, to) = ramp(shape);
            let rise = Constant::scaled("rise", round(to - from, 3), PLACE);
            if from == 0.0 { vec![rise] } else { vec![Constant::scaled("from", from, PLACE), rise] }
        }
        Curve::Power { exponent } => {
            let full = Constant::scaled("full", round(middle(shape) * 2f64.powf(1.0 / exponent), 4), PLACE);
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
fn ramp(shape: &Shape) -> (f64, f64) {
    let Curve::Ramp { onset } = shape.curve else { return (0.0, 0.0) };
    (round(onset * middle(shape), 3), round((2.0 - onset) * middle(shape), 3))
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

fn source(shape: &Shape) -> String {
    let draw = if shape.curve == Curve::Step { "_draw" } else { "draw" };
    let (tunables, memory) = (tunables(shape), Memory::of(shape));
    let count = memory.each_arrival();
    let remember = if memory == Memory::Nothing { "" } else { "self.droppable += 1.0;\n        " };
    format!(
        "//! {words}.\n\
         use admitter::prelude::*;\n\n\
         {fields}\n\n\
         impl Admitter for Policy {{\n    \
             const TUNABLES: &'static [Tunable] = &[\n{declared}    ];\n\n    \
             fn new(parameters: &[f64]) -> Self {{\n        {start}\n    }}\n\n    \
             fn admit(&mut self, request: &Request, cluster: &Cluster, {draw}: &mut Draw) -> Decision {{\n        \
                 {count}if request.priority >= 0 {{\n            return Decision::Admit;\n        }}\n        \
                 {remember}{pressure}\n        {decision}\n    \
             }}\n\
         }}\n",
        words = capitalised(&form(shape)),
        fields = fields(&tunables, memory),
        declared = tunables.iter().map(declaration).collect::<String>(),
        start = start(&tunables, memory),
        pressure = pressure(shape),
        decision = decision(shape),
    )
}

fn declaration(Constant { name, default, low, high }: &Constant) -> String {
    format!("        Tunable {{ name: {name:?}, default: {default:?}, low: {low:?}, high: {high:?} }},\n")
}

/// What a policy remembers.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Memory {
    Nothing,
    /// How many requests arrived, and how many of them were droppable.
    Mix,
    /// That, and since when.
    Rate,
}

impl Memory {
    fn of(shape: &Shape) -> Self {
        match (shape.rate != 0.0, shape.mix != 0.0) {
            (true, _) => Memory::Rate,
            (false, true) => Memory::Mix,
            (false, false) => Memory::Nothing,
        }
    }

    fn fields(self) -> &'static str {
        match self {
            Memory::Nothing => "",
            Memory::Mix => "    // Requests seen so far.\n    arrived: f64,\n    droppable: f64,\n",
            Memory::Rate => {
                "    // When the first request arrived, \u{b5}s, and requests seen since.\n    began: Option<u64>,\n    \
                 arrived: f64,\n    droppable: f64,\n"
            }
        }
    }

    fn start(self) -> &'static str {
        match self {
            Memory::Nothing => "",
            Memory::Mix => ", arrived: 0.0, droppable: 0.0",
            Memory::Rate => ", began: None, arrived: 0.0, droppable: 0.0",
        }
    }

    fn each_arrival(self) -> &'static str {
        match self {
            Memory::Nothing => "",
            Memory::Mix => "self.arrived += 1.0;\n        ",
            Memory::Rate => {
                "let began = *self.began.get_or_insert(request.now_us);\n        self.arrived += 1.0;\n        "
            }
        }
    }
}

fn fields(tunables: &[Constant], memory: Memory) -> String {
    let constants = tunables.iter().map(|constant| format!("    {}: f64,\n", constant.name));
    format!("pub struct Policy {{\n{}{}}}", constants.collect::<String>(), memory.fields())
}

fn start(tunables: &[Constant], memory: Memory) -> String {
    let names: Vec<&str> = tunables.iter().map(|constant| constant.name).collect();
    let names = names.join(", ");
    format!(
        "let [{names}] = *parameters else {{\n            panic!(\"one value for each tunable\");\n        }};\n        \
         Policy {{ {names}{} }}",
        memory.start()
    )
}

fn pressure(shape: &Shape) -> String {
    let (mut weights, mut product) = match shape.signal {
        Signal::Saturation => (String::new(), "cluster.saturation(5.0, 0.8)".to_owned()),
        Signal::Kv => (
            "let instances = cluster.instances.len() as f64;\n        \
             let held = cluster.instances.iter().map(|instance| instance.kv_utilization).sum::<f64>() / instances;\n        "
                .to_owned(),
            "held".to_owned(),
        ),
    };
    if shape.prompt != 0.0 {
        let longer = match shape.prompt > 0.0 {
            true => "Longer prompts feel more pressure: refusing one frees more work.",
            false => "Shorter prompts feel more pressure: refusing one loses less work.",
        };
        weights += &format!("// {longer}\n        let prompt = f64::from(request.prompt_tokens);\n        ");
        product += &raised("prompt", shape.prompt);
    }
    if shape.rate != 0.0 {
        weights += "// The more of the traffic is critical, the less refusing the rest of it helps. Frequent arrivals make up for a part of\n        \
                    // that: many short requests keep an instance busier than few long ones that hold as much cache.\n        \
                    let critical = 1.0 - self.droppable / self.arrived;\n        \
                    let elapsed = (request.now_us - began) as f64;\n        \
                    let gap = elapsed * cluster.instances.len() as f64 / self.arrived;\n        ";
        product += " * (self.gap / gap).powf(self.rate * critical)";
    } else if shape.mix != 0.0 {
        weights += "// Where most traffic is droppable, refusing a part of it relieves the cluster most. Where little is,\n        \
                    // critical requests make the pressure, and refusing the few others would hardly help them.\n        \
                    let share = self.droppable / self.arrived;\n        ";
        product += match shape.mix {
            1.0 => " * share.exp()",
            -1.0 => " * (-share).exp()",
            _ => " * (self.mix * share).exp()",
        };
    }
    if shape.capacity != 0.0 {
        weights += "// A share of a larger KV cache is a larger batch, in which every request decodes more slowly.\n        \
                    let tokens = cluster.instances.iter().map(|instance| instance.kv_capacity_tokens).sum::<u64>();\n        \
                    let capacity = tokens as f64 / cluster.instances.len() as f64;\n        ";
        product += &raised("capacity", shape.capacity);
    }
    format!("{weights}let pressure = {product};")
}

/// A factor of the pressure.
fn raised(name: &str, exponent: f64) -> String {
    if exponent == 1.0 { format!(" * {name}") } else { format!(" * {name}.powf({exponent:?})") }
}

fn decision(shape: &Shape) -> String {
    match shape.curve {
        Curve::Step => "Decision::reject_if(pressure >= self.threshold)".to_owned(),
        Curve::Ramp { .. } => {
            let above = if ramp(shape).0 == 0.0 { "pressure" } else { "(pressure - self.from)" };
            format!("Decision::reject_if(draw.uniform() < {above} / self.rise)")
        }
        Curve::Power { exponent: 1.0 } => "Decision::reject_if(draw.uniform() < pressure / self.full)".to_owned(),
        Curve::Power { .. } => {
            "Decision::reject_if(draw.uniform() < (pressure / self.full).powf(self.exponent))".to_owned()
        }
    }
}

/// The shape in words, without its constants: tuning changes these and leaves comments as they are.
fn form(shape: &Shape) -> String {
    let curve = match shape.curve {
        Curve::Step => "a step",
        Curve::Ramp { .. } => "a linear ramp",
        Curve::Power { .. } => "a power curve",
    };
    let prompt = match shape.prompt {
        0.0 => "",
        p if p > 0.0 => ", long prompts shed sooner",
        _ => ", short prompts shed sooner",
    };
    let mix = if shape.mix == 0.0 { "" } else { ", weighing how much of the traffic is droppable" };
    let capacity = if shape.capacity == 0.0 { "" } else { ", weighing the size of the KV cache" };
    let rate = if shape.rate == 0.0 { "" } else { ", weighing how often critical requests arrive" };
    let signal = if shape.signal == Signal::Kv { "use of the KV cache" } else { "pressure" };
    format!("{curve} of the {signal}{prompt}{mix}{capacity}{rate}")
}

fn capitalised(text: &str) -> String {
    let mut characters = text.chars();
    characters.next().map_or_else(String::new, |first| first.to_uppercase().chain(characters).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::builtin::shape::PLAIN;
    use science::retune;
    use science::source::free_parameters;

    fn shape(curve: Curve, prompt: f64, mix: f64) -> Shape {
        Shape { curve, half: 0.28, prompt, mix, ..PLAIN }
    }

    #[test]
    fn every_curve_is_valid_rust_with_few_constants() {
        let cases = [
            (Curve::Step, 0.0, 0.0, 3),
            (Curve::Ramp { onset: 0.0 }, 0.0, 0.0, 3),
            (Curve::Ramp { onset: 0.5 }, 0.0, 0.0, 4),
            (Curve::Power { exponent: 5.0 }, 0.0, 0.0, 4),
            (Curve::Power { exponent: 6.5 }, 0.5, 0.0, 5),
            (Curve::Step, 0.0, 0.5, 4),
            (Curve::Step, 0.0, 1.0, 3),
            (Curve::Step, 0.3, 0.5, 5),
            (Curve::Step, 1.0, 0.5, 4),
            (Curve::Power { exponent: 5.0 }, 0.0, 1.7, 5),
        ];
        for (curve, prompt, mix, expected) in cases {
            let shape = shape(curve, prompt, mix);
            assert_eq!(free_parameters(&source(&shape)), Some(expected), "{shape:?}");
            assert_eq!(constants(&shape), expected, "{shape:?}");
        }
    }

    #[test]
    fn weighing_the_capacity_is_one_more_constant() {
        let capacity = |capacity| Shape { capacity, ..shape(Curve::Step, 0.0, 0.5) };
        for (shape, expected) in [(capacity(0.5), 5), (capacity(1.0), 4), (capacity(-0.3), 5)] {
            assert_eq!(free_parameters(&source(&shape)), Some(expected), "{}", source(&shape));
            assert_eq!(constants(&shape), expected, "{shape:?}");
        }
    }

    #[test]
    fn protected_requests_are_let_in_before_anything_else_is_looked_at() {
        let source = source(&shape(Curve::Step, 0.0, 0.5));
        assert!(source.find("priority >= 0").unwrap() < source.find("saturation").unwrap());
    }

    #[test]
    fn every_arrival_is_counted_and_droppable_ones_before_the_share_is_taken() {
        let source = source(&shape(Curve::Step, 0.0, 0.5));
        let order = ["self.arrived += ", "priority >= 0", "self.droppable += ", "self.droppable / self.arrived"];
        let places = order.map(|text| source.find(text).expect(text));
        assert!(places.is_sorted(), "{source}");
    }

    #[test]
    fn a_policy_that_does_not_weigh_the_mix_remembers_nothing() {
        assert!(!source(&shape(Curve::Step, 0.5, 0.0)).contains("arrived"));
    }

    #[test]
    fn every_constant_that_may_be_tuned_is_declared_with_room_on_both_sides() {
        for curve in [Curve::Step, Curve::Ramp { onset: 0.5 }, Curve::Power { exponent: 6.5 }] {
            let shape = shape(curve, -0.3, 0.5);
            let tunables = tunables(&shape);
            assert_eq!(retune::declared(&source(&shape)), Some(tunables.len() as u32));
            for Constant { name, default, low, high } in tunables {
                assert!(low < default && default < high, "{name}: {low} {default} {high}");
            }
        }
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

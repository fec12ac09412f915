//! Writes the Rust source of a shape.

use super::constants::{Constant, ramp, tunables};
use super::shape::{Curve, Shape, Signal};
use science::bundle::Arm;

/// The source for an arm's declared point.
pub(crate) fn implement(arm: &Arm) -> Result<String, String> {
    let point =
        arm.design.point.as_ref().ok_or("the built-in executor needs a declared point, and the arm has none")?;
    let shape =
        Shape::at(point).ok_or("the arm's point has no `family` that the built-in executor knows, or no `half`")?;
    Ok(source(&shape))
}

fn source(shape: &Shape) -> String {
    let draw = if shape.curve == Curve::Step { "_draw" } else { "draw" };
    let (tunables, counted) = (tunables(shape), Counted::of(shape));
    let count = counted.each_arrival();
    let shed = if counted == Counted::Nothing { "" } else { "self.droppable += 1.0;\n        " };
    format!(
        "//! {words}.\n\
         use admitter::prelude::*;\n\n\
         {fields}\n\n\
         impl Admitter for Policy {{\n    \
             const TUNABLES: &'static [Tunable] = &[\n{declared}    ];\n\n    \
             fn new(parameters: &[f64]) -> Self {{\n        {start}\n    }}\n\n    \
             fn admit(&mut self, request: &Request, cluster: &Cluster, {draw}: &mut Draw) -> Decision {{\n        \
                 {count}if request.priority >= 0 {{\n            return Decision::Admit;\n        }}\n        \
                 {shed}{pressure}\n        {decision}\n    \
             }}\n\
         }}\n",
        words = capitalised(&form(shape)),
        fields = fields(&tunables, counted),
        declared = tunables.iter().map(declaration).collect::<String>(),
        start = start(&tunables, counted),
        pressure = pressure(shape),
        decision = decision(shape),
    )
}

fn declaration(Constant { name, default, low, high }: &Constant) -> String {
    format!("        Tunable {{ name: {name:?}, default: {default:?}, low: {low:?}, high: {high:?} }},\n")
}

/// What a policy counts as requests arrive.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Counted {
    Nothing,
    /// How many requests arrived, and how many of them were droppable.
    Mix,
    /// That, and since when.
    Rate,
}

impl Counted {
    fn of(shape: &Shape) -> Self {
        match (shape.rate != 0.0, shape.mix != 0.0) {
            (true, _) => Counted::Rate,
            (false, true) => Counted::Mix,
            (false, false) => Counted::Nothing,
        }
    }

    fn fields(self) -> &'static str {
        match self {
            Counted::Nothing => "",
            Counted::Mix => "    // Requests seen so far.\n    arrived: f64,\n    droppable: f64,\n",
            Counted::Rate => {
                "    // When the first request arrived, \u{b5}s, and requests seen since.\n    began: Option<u64>,\n    \
                 arrived: f64,\n    droppable: f64,\n"
            }
        }
    }

    fn start(self) -> &'static str {
        match self {
            Counted::Nothing => "",
            Counted::Mix => ", arrived: 0.0, droppable: 0.0",
            Counted::Rate => ", began: None, arrived: 0.0, droppable: 0.0",
        }
    }

    fn each_arrival(self) -> &'static str {
        match self {
            Counted::Nothing => "",
            Counted::Mix => "self.arrived += 1.0;\n        ",
            Counted::Rate => {
                "let began = *self.began.get_or_insert(request.now_us);\n        self.arrived += 1.0;\n        "
            }
        }
    }
}

fn fields(tunables: &[Constant], counted: Counted) -> String {
    let constants = tunables.iter().map(|constant| format!("    {}: f64,\n", constant.name));
    format!("pub struct Policy {{\n{}{}}}", constants.collect::<String>(), counted.fields())
}

fn start(tunables: &[Constant], counted: Counted) -> String {
    let names: Vec<&str> = tunables.iter().map(|constant| constant.name).collect();
    let names = names.join(", ");
    format!(
        "let [{names}] = *parameters else {{\n            panic!(\"one value for each tunable\");\n        }};\n        \
         Policy {{ {names}{} }}",
        counted.start()
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
    use science::source::description_length;

    fn shape(curve: Curve, prompt: f64, mix: f64) -> Shape {
        Shape { curve, half: 0.28, prompt, mix, ..PLAIN }
    }

    fn length(shape: &Shape) -> u32 {
        description_length(&source(shape)).expect("it can be split into tokens")
    }

    #[test]
    fn every_weighting_makes_the_description_longer() {
        for curve in [Curve::Step, Curve::Ramp { onset: 0.5 }, Curve::Power { exponent: 5.0 }] {
            let plain = shape(curve, 0.0, 0.0);
            for weighed in [shape(curve, 0.5, 0.0), shape(curve, 0.0, 0.5), Shape { capacity: 0.5, ..plain }] {
                assert!(length(&plain) < length(&weighed), "{weighed:?}");
            }
            assert!(
                length(&shape(curve, 1.0, 0.0)) < length(&shape(curve, 0.5, 0.0)),
                "a power of one needs no exponent"
            );
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
}

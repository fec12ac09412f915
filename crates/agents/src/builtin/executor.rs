//! Writes the Rust source of a shape.

use super::shape::{Curve, NEUTRAL_CAPACITY, NEUTRAL_PROMPT, Shape, round};
use science::bundle::Arm;

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
    let counted = |value: f64| u32::from(value != 0.0 && value.abs() != 1.0);
    let curve = match shape.curve {
        Curve::Step => 1,
        Curve::Ramp { onset } => 1 + counted(round(onset * middle(shape), 3)),
        Curve::Power { exponent } => 1 + counted(exponent),
    };
    let prompt = if shape.prompt == 0.0 { 0 } else { 1 + counted(shape.prompt) };
    // The two of the saturation, and what the shape adds.
    2 + curve + prompt + counted(shape.mix) + counted(shape.capacity)
}

/// The pressure at which half is refused, in the unit that the source computes: it does not divide by the neutral capacity,
/// which would only be one more constant.
fn middle(shape: &Shape) -> f64 {
    match shape.capacity {
        0.0 => shape.half,
        exponent => round(shape.half * NEUTRAL_CAPACITY.powf(exponent), 3),
    }
}

fn source(shape: &Shape) -> String {
    let draw = if shape.curve == Curve::Step { "_draw" } else { "draw" };
    let memory = memory(shape);
    format!(
        "//! {words}.\n\
         use admitter::prelude::*;\n\n\
         {fields}\n\n\
         impl Admitter for Policy {{\n    \
             fn new(_parameters: &[f64]) -> Self {{\n        {start}\n    }}\n\n    \
             fn admit(&mut self, request: &Request, cluster: &Cluster, {draw}: &mut Draw) -> Decision {{\n        \
                 {count}if request.priority >= 0 {{\n            return Decision::Admit;\n        }}\n        \
                 {remember}{pressure}\n        {decision}\n    \
             }}\n\
         }}\n",
        words = capitalised(&shape.words()),
        fields = memory.fields,
        start = memory.start,
        count = memory.count,
        remember = memory.remember,
        pressure = pressure(shape),
        decision = decision(shape),
    )
}

/// What a policy keeps between requests, in the places where its source says so.
struct Memory {
    fields: &'static str,
    start: &'static str,
    /// For every request, before anything is decided.
    count: &'static str,
    /// For every droppable one.
    remember: &'static str,
}

fn memory(shape: &Shape) -> Memory {
    if shape.mix == 0.0 {
        return Memory { fields: "pub struct Policy;", start: "Policy", count: "", remember: "" };
    }
    Memory {
        fields: "/// Requests seen so far.\npub struct Policy {\n    arrived: f64,\n    droppable: f64,\n}",
        start: "Policy { arrived: 0.0, droppable: 0.0 }",
        count: "self.arrived += 1.0;\n        ",
        remember: "self.droppable += 1.0;\n        ",
    }
}

fn pressure(shape: &Shape) -> String {
    let (mut weights, mut product) = (String::new(), "cluster.saturation(5.0, 0.8)".to_owned());
    if shape.prompt != 0.0 {
        let (longer, weight) = match shape.prompt > 0.0 {
            true => ("Longer prompts feel more pressure: refusing one frees more work.", shape.prompt),
            false => ("Shorter prompts feel more pressure: refusing one loses less work.", shape.prompt),
        };
        weights += &format!(
            "// {longer}\n        \
             let weight = (f64::from(request.prompt_tokens) / {NEUTRAL_PROMPT:?}).powf({weight:?});\n        "
        );
        product += " * weight";
    }
    if shape.mix != 0.0 {
        weights += "// Where most traffic is droppable, refusing a part of it relieves the cluster most. Where little is,\n        \
                    // critical requests make the pressure, and refusing the few others would hardly help them.\n        \
                    let share = self.droppable / self.arrived;\n        ";
        product += &match shape.mix {
            1.0 => " * share".to_owned(),
            mix => format!(" * share.powf({mix:?})"),
        };
    }
    if shape.capacity != 0.0 {
        weights += "// A share of a larger KV cache is a larger batch, in which every request decodes more slowly.\n        \
                    let tokens = cluster.instances.iter().map(|instance| instance.kv_capacity_tokens).sum::<u64>();\n        \
                    let capacity = tokens as f64 / cluster.instances.len() as f64;\n        ";
        product += &match shape.capacity {
            1.0 => " * capacity".to_owned(),
            exponent => format!(" * capacity.powf({exponent:?})"),
        };
    }
    format!("{weights}let pressure = {product};")
}

fn decision(shape: &Shape) -> String {
    let half = middle(shape);
    match shape.curve {
        Curve::Step => format!("Decision::reject_if(pressure >= {half:?})"),
        Curve::Ramp { onset } => {
            let (from, to) = (round(onset * half, 3), round((2.0 - onset) * half, 3));
            let rise = if from == 0.0 {
                format!("pressure / {to:?}")
            } else {
                format!("(pressure - {from:?}) / {:?}", round(to - from, 3))
            };
            format!("Decision::reject_if(draw.uniform() < {rise})")
        }
        Curve::Power { exponent } => {
            let full = round(half * 2f64.powf(1.0 / exponent), 4);
            let power = if exponent.fract() == 0.0 && exponent < 64.0 {
                format!("powi({})", exponent as i32)
            } else {
                format!("powf({exponent:?})")
            };
            format!("Decision::reject_if(draw.uniform() < (pressure / {full:?}).{power})")
        }
    }
}

fn capitalised(text: &str) -> String {
    let mut characters = text.chars();
    characters.next().map_or_else(String::new, |first| first.to_uppercase().chain(characters).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::builtin::shape::PLAIN;
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
            (Curve::Power { exponent: 6.5 }, 0.5, 0.0, 6),
            (Curve::Step, 0.0, 0.5, 4),
            (Curve::Step, 0.0, 1.0, 3),
            (Curve::Step, 0.3, 0.5, 6),
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
        assert!(source(&shape(Curve::Step, 0.5, 0.0)).contains("pub struct Policy;"));
    }
}

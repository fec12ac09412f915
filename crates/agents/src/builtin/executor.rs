//! Writes the Rust source of a shape.

use super::shape::{Curve, NEUTRAL_PROMPT, Shape, round};
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
    let pressure = match shape.prompt {
        0.0 => "let pressure = cluster.saturation(5.0, 0.8);".to_owned(),
        weight => format!(
            "// Longer prompts feel more pressure: refusing one frees more work.\n        \
             let weight = (f64::from(request.prompt_tokens) / {NEUTRAL_PROMPT:?}).powf({weight:?});\n        \
             let pressure = cluster.saturation(5.0, 0.8) * weight;"
        ),
    };
    let decision = decision(shape);
    let draw = if shape.curve == Curve::Step { "_draw" } else { "draw" };
    format!(
        "//! {words}.\n\
         use admitter::prelude::*;\n\n\
         pub struct Policy;\n\n\
         impl Admitter for Policy {{\n    \
             fn new(_parameters: &[f64]) -> Self {{\n        Policy\n    }}\n\n    \
             fn admit(&mut self, request: &Request, cluster: &Cluster, {draw}: &mut Draw) -> Decision {{\n        \
                 if request.priority >= 0 {{\n            return Decision::Admit;\n        }}\n        \
                 {pressure}\n        {decision}\n    \
             }}\n\
         }}\n",
        words = capitalised(&shape.words()),
    )
}

fn decision(shape: &Shape) -> String {
    match shape.curve {
        Curve::Step => format!("Decision::reject_if(pressure >= {:?})", shape.half),
        Curve::Ramp { onset } => {
            let (from, to) = (round(onset * shape.half, 3), round((2.0 - onset) * shape.half, 3));
            let rise = if from == 0.0 {
                format!("pressure / {to:?}")
            } else {
                format!("(pressure - {from:?}) / {:?}", round(to - from, 3))
            };
            format!("Decision::reject_if(draw.uniform() < {rise})")
        }
        Curve::Power { exponent } => {
            let full = round(shape.half * 2f64.powf(1.0 / exponent), 4);
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
    use science::source::free_parameters;

    fn shape(curve: Curve, prompt: f64) -> Shape {
        Shape { curve, half: 0.28, prompt }
    }

    #[test]
    fn every_curve_is_valid_rust_with_few_constants() {
        let cases = [
            (Curve::Step, 0.0, 3),
            (Curve::Ramp { onset: 0.0 }, 0.0, 3),
            (Curve::Ramp { onset: 0.5 }, 0.0, 4),
            (Curve::Power { exponent: 5.0 }, 0.0, 4),
            (Curve::Power { exponent: 6.5 }, 0.5, 6),
        ];
        for (curve, prompt, constants) in cases {
            assert_eq!(free_parameters(&source(&shape(curve, prompt))), Some(constants), "{curve:?}");
        }
    }

    #[test]
    fn protected_requests_are_let_in_before_anything_else_is_looked_at() {
        let source = source(&shape(Curve::Step, 0.0));
        assert!(source.find("priority >= 0").unwrap() < source.find("saturation").unwrap());
    }
}

//! What a candidate does, as measured by probing it: curves as bars of text, the descriptor in a sentence.

use crate::words;
use science::descriptor::{Curve, Descriptor};

/// Columns of a full bar.
const WIDTH: usize = 50;

/// A measured curve as bars.
pub(crate) fn text(curve: &Curve) -> String {
    let mut out = format!("\nrefusal probability against {}\n", curve.input);
    for (x, p) in turning(&curve.points) {
        let filled = (p * WIDTH as f64).round() as usize;
        out.push_str(format!("{x:>8}  {:>7}  {}", words::percent(p), "█".repeat(filled)).trim_end());
        out.push('\n');
    }
    out
}

/// What a descriptor says, in one sentence.
pub(crate) fn sentence(d: &Descriptor) -> String {
    let at = |place: Option<f64>| place.map_or_else(|| "never".into(), |s| format!("at saturation {s:.2}"));
    let exponent = d.exponent.map_or_else(String::new, |e| format!(", rising as power {e:.1}"));
    let inputs: Vec<&str> = d.inputs.iter().map(|input| input.as_str()).collect();
    let inputs =
        if inputs.is_empty() { "saturation alone".into() } else { format!("saturation and {}", inputs.join(", ")) };
    let memory = if d.memory { "; it remembers" } else { "" };
    let order = if d.order_matters { "; IT DEPENDS ON THE ORDER OF THE INSTANCES" } else { "" };
    format!(
        "refuses 1 % {}, 50 % {}, all {}{exponent}; looks at {inputs}{memory}{order}.",
        at(d.onset),
        at(d.half),
        at(d.full)
    )
}

/// The points of a curve without those in the middle of a level stretch.
fn turning(points: &[(f64, f64)]) -> impl Iterator<Item = (f64, f64)> {
    let level = |at: usize| {
        let p = |i: usize| points[i].1;
        at > 0 && at + 1 < points.len() && p(at - 1) == p(at) && p(at) == p(at + 1)
    };
    (0..points.len()).filter(move |at| !level(*at)).map(|at| points[at])
}

#[cfg(test)]
mod tests {
    use super::*;
    use science::descriptor::Input;
    use science::id::Hash;

    #[test]
    fn a_step_is_shown_by_its_turning_points_only() {
        let points: Vec<(f64, f64)> = (0..10).map(|i| (f64::from(i), if i < 5 { 0.0 } else { 1.0 })).collect();
        let shown: Vec<f64> = turning(&points).map(|(x, _)| x).collect();
        assert_eq!(shown, [0.0, 4.0, 5.0, 9.0]);
    }

    #[test]
    fn a_descriptor_says_where_it_refuses_and_what_it_looks_at() {
        let descriptor = Descriptor {
            onset: Some(0.13),
            half: Some(0.28),
            full: None,
            exponent: Some(5.0),
            inputs: [Input::Draw].into(),
            memory: false,
            order_matters: true,
            curve: Curve { input: "saturation".into(), points: vec![] },
            signature: Hash::of(b""),
        };
        let text = sentence(&descriptor);
        assert!(text.contains("1 % at saturation 0.13") && text.contains("all never") && text.contains("power 5.0"));
        assert!(text.contains("saturation and draw") && text.contains("ORDER OF THE INSTANCES"));
    }
}

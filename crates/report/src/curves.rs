//! What a candidate does, as measured in its trials: curves as bars of text, the descriptor in a sentence.

use crate::words::{percent, spaced};
use science::descriptor::{Curve, Descriptor, Trend};
use science::spec::Spec;

/// A fall of a curve that is worth a word.
const DIP: f64 = 0.25;
/// Columns of a full bar.
const WIDTH: usize = 50;

/// A measured curve as bars.
pub(crate) fn text(curve: &Curve) -> String {
    let mut out = format!("\nshare, against {}\n", spaced(&curve.input));
    for (x, p) in turning(&curve.points) {
        let filled = (p * WIDTH as f64).round() as usize;
        out.push_str(format!("{x:>8}  {:>7}  {}", percent(p), "█".repeat(filled)).trim_end());
        out.push('\n');
    }
    out
}

/// What a descriptor says, in one sentence that goes on after *in its trials*.
pub(crate) fn sentence(d: &Descriptor, spec: &Spec) -> String {
    let first = spaced(&d.curve.input);
    let looks_at = match d.inputs.iter().map(|input| spaced(input)).collect::<Vec<_>>() {
        inputs if inputs.is_empty() => format!("{first} alone"),
        inputs => format!("{first} and {}", inputs.join(", ")),
    };
    let memory = match (d.memory, d.horizon) {
        (false, _) => String::new(),
        (true, None) => "; it remembers".into(),
        (true, Some(horizon)) => format!("; it remembers: {horizon}"),
    };
    let order = if d.order_matters { format!("; {}", spec.depends().to_uppercase()) } else { String::new() };
    let violated = match d.violations {
        0 => String::new(),
        times => format!("; IT {}", spec.violated(times).to_uppercase()),
    };
    format!("{}{}; looks at {looks_at}{memory}{order}{violated}.", course(d, &first), facts(d))
}

/// How its share goes along the curve.
fn course(d: &Descriptor, input: &str) -> String {
    let points = &d.curve.points;
    let (Some(first), Some(last)) = (points.first(), points.last()) else {
        return "met nothing that its share is measured by".into();
    };
    let met = format!("its trials met {:.2} to {:.2}", first.0, last.0);
    let shares = points.iter().map(|(_, share)| *share);
    let (least, most) = (shares.clone().fold(1.0, f64::min), shares.fold(0.0, f64::max));
    let ends = || format!("{} at {:.2}, {} at {:.2}", percent(first.1), first.0, percent(last.1), last.0);
    match d.trend {
        Trend::Level if least == most => format!("has a share of {} at every {input} ({met})", percent(most)),
        Trend::Level => format!("has a share of {} to {} at every {input} ({met})", percent(least), percent(most)),
        Trend::Rising => format!("has a share that rises with {input}{}: {} ({met})", steadily(points), ends()),
        Trend::Falling => format!("has a share that FALLS as {input} rises: {} ({met})", ends()),
        Trend::Mixed => format!(
            "has a share that rises and falls with {input}, between {} and {} ({met})",
            percent(least),
            percent(most)
        ),
    }
}

/// That a curve which rises on the whole falls somewhere.
fn steadily(points: &[(f64, f64)]) -> &'static str {
    let falls =
        points.iter().enumerate().any(|(at, (_, share))| points[at..].iter().any(|(_, later)| later + DIP < *share));
    if falls { ", but not steadily" } else { "" }
}

/// What the problem says of it in numbers.
fn facts(d: &Descriptor) -> String {
    let known = d.facts.iter().filter_map(|(name, value)| Some(format!("{} {:.2}", spaced(name), (*value)?)));
    let known: Vec<String> = known.collect();
    if known.is_empty() { String::new() } else { format!("; read off that curve: {}", known.join(", ")) }
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
    use crate::fixture;

    #[test]
    fn a_step_is_shown_by_its_turning_points_only() {
        let points: Vec<(f64, f64)> = (0..10).map(|i| (f64::from(i), if i < 5 { 0.0 } else { 1.0 })).collect();
        let shown: Vec<f64> = turning(&points).map(|(x, _)| x).collect();
        assert_eq!(shown, [0.0, 4.0, 5.0, 9.0]);
    }

    fn measured(trend: Trend, points: &[(f64, f64)]) -> Descriptor {
        Descriptor {
            trend,
            curve: Curve { input: "weight_left".into(), points: points.into() },
            ..Descriptor::default()
        }
    }

    fn said(descriptor: &Descriptor) -> String {
        sentence(descriptor, &fixture::saving())
    }

    #[test]
    fn a_descriptor_says_how_its_share_goes_and_what_it_looks_at() {
        let descriptor = Descriptor {
            facts: [("half".into(), Some(0.28)), ("full".into(), None)].into(),
            inputs: ["next_stop".into()].into(),
            ..measured(Trend::Rising, &[(0.0, 0.0), (0.13, 0.01), (0.28, 0.5), (0.31, 0.8)])
        };
        let expected = "has a share that rises with weight left: 0.0 % at 0.00, 80.0 % at 0.31 (its trials met 0.00 to 0.31); \
                        read off that curve: half 0.28; looks at weight left and next stop.";
        assert_eq!(said(&descriptor), expected);
        assert_eq!(said(&Descriptor::default()).split(';').next(), Some("met nothing that its share is measured by"));
    }

    #[test]
    fn what_no_candidate_may_do_is_said_aloud() {
        let wrong = Descriptor {
            violations: 17,
            order_matters: true,
            ..measured(Trend::Falling, &[(0.02, 1.0), (0.1, 1.0), (0.25, 0.0)])
        };
        let text = said(&wrong);
        for part in [
            "FALLS as weight left rises: 100.0 % at 0.02, 0.0 % at 0.25",
            "THE ORDER OF THE BAGS",
            "IT LOST 17 SEALED LETTERS",
        ] {
            assert!(text.contains(part), "{text}");
        }
    }

    #[test]
    fn what_rises_and_falls_again_does_not_rise_steadily() {
        let points = [(0.1, 0.0), (0.3, 1.0), (0.4, 0.5), (0.5, 1.0)];
        assert!(said(&measured(Trend::Rising, &points)).contains("rises with weight left, but not steadily"));
        assert!(!said(&measured(Trend::Rising, &points[..2])).contains("steadily"));
    }
}

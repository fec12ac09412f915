//! What a candidate does, as measured in its trials: curves as bars of text, the descriptor in a sentence.

use crate::words;
use science::descriptor::{Curve, Descriptor, Trend};

/// A fall of a curve that is worth a word.
const DIP: f64 = 0.25;
/// Columns of a full bar.
const WIDTH: usize = 50;

/// A measured curve as bars.
pub(crate) fn text(curve: &Curve) -> String {
    let mut out = format!("\nshare of droppable requests refused, against {}\n", curve.input);
    for (x, p) in turning(&curve.points) {
        let filled = (p * WIDTH as f64).round() as usize;
        out.push_str(format!("{x:>8}  {:>7}  {}", words::percent(p), "█".repeat(filled)).trim_end());
        out.push('\n');
    }
    out
}

/// What a descriptor says, in one sentence.
pub(crate) fn sentence(d: &Descriptor) -> String {
    let inputs: Vec<&str> = d.inputs.iter().map(|input| input.as_str()).collect();
    let inputs =
        if inputs.is_empty() { "saturation alone".into() } else { format!("saturation and {}", inputs.join(", ")) };
    let memory = if d.memory { "; it remembers" } else { "" };
    let order = if d.order_matters { "; IT DEPENDS ON THE ORDER OF THE INSTANCES" } else { "" };
    let protected = match d.protected {
        0 => String::new(),
        count => format!("; IT REFUSED {count} PROTECTED REQUESTS"),
    };
    format!("{}; looks at {inputs}{memory}{order}{protected}.", refusals(d))
}

/// How what it refuses of the droppable requests goes with saturation.
fn refusals(d: &Descriptor) -> String {
    let points = &d.curve.points;
    let (Some(first), Some(last)) = (points.first(), points.last()) else {
        return "was asked about no droppable request".into();
    };
    let met = format!("its trials met {:.2} to {:.2}", first.0, last.0);
    let shares = points.iter().map(|(_, share)| *share);
    let (least, most) = (shares.clone().fold(1.0, f64::min), shares.fold(0.0, f64::max));
    match d.trend {
        Trend::Level if most == 0.0 => format!("refuses nothing that may be refused ({met})"),
        Trend::Level if least == 1.0 => format!("refuses all that may be refused ({met})"),
        Trend::Level => {
            format!("refuses {} to {} at every saturation ({met})", words::percent(least), words::percent(most))
        }
        Trend::Rising => rising(d, &met),
        Trend::Falling => format!(
            "refuses LESS as saturation rises: {} at {:.2}, {} at {:.2} ({met})",
            words::percent(first.1),
            first.0,
            words::percent(last.1),
            last.0
        ),
        Trend::Mixed => format!(
            "refuses now more and now less as saturation rises, between {} and {} ({met})",
            words::percent(least),
            words::percent(most)
        ),
    }
}

fn rising(d: &Descriptor, met: &str) -> String {
    let points = &d.curve.points;
    let stays = |full: f64| points.iter().all(|(x, share)| *x < full || *share > 0.99);
    if let (Some(onset), Some(full), None) = (d.onset, d.full.filter(|full| stays(*full)), d.exponent) {
        let from = if full == onset { format!("{full:.2}") } else { format!("{onset:.2} to {full:.2}") };
        return format!("refuses in a step at saturation {from}: nothing below, all above ({met})");
    }
    let at = |place: Option<f64>| place.map_or_else(|| "nowhere".into(), |s| format!("at saturation {s:.2}"));
    let exponent = d.exponent.map_or_else(String::new, |e| format!(", rising as power {e:.1}"));
    let falls =
        points.iter().enumerate().any(|(at, (_, share))| points[at..].iter().any(|(_, later)| later + DIP < *share));
    let steadily = if falls { ", but not steadily" } else { "" };
    format!("refuses 1 % {}, 50 % {}, all {}{exponent}{steadily} ({met})", at(d.onset), at(d.half), at(d.full))
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

    #[test]
    fn a_step_is_shown_by_its_turning_points_only() {
        let points: Vec<(f64, f64)> = (0..10).map(|i| (f64::from(i), if i < 5 { 0.0 } else { 1.0 })).collect();
        let shown: Vec<f64> = turning(&points).map(|(x, _)| x).collect();
        assert_eq!(shown, [0.0, 4.0, 5.0, 9.0]);
    }

    #[test]
    fn a_descriptor_says_where_it_refuses_and_what_it_looks_at() {
        let descriptor = Descriptor {
            trend: Trend::Rising,
            onset: Some(0.13),
            half: Some(0.28),
            exponent: Some(5.0),
            inputs: [Input::Draw].into(),
            order_matters: true,
            curve: through(&[(0.0, 0.0), (0.13, 0.01), (0.28, 0.5), (0.31, 0.8)]),
            ..Descriptor::default()
        };
        let text = sentence(&descriptor);
        for part in ["1 % at saturation 0.13", "all nowhere", "power 5.0", "met 0.00 to 0.31", "saturation and draw"] {
            assert!(text.contains(part), "{text}");
        }
        assert!(text.contains("ORDER OF THE INSTANCES") && !text.contains("steadily"), "{text}");
    }

    fn through(points: &[(f64, f64)]) -> Curve {
        Curve { input: "saturation".into(), points: points.into() }
    }

    #[test]
    fn a_policy_that_refuses_the_wrong_way_round_is_said_to() {
        let falling = Descriptor {
            trend: Trend::Falling,
            protected: 17,
            curve: through(&[(0.02, 1.0), (0.1, 1.0), (0.25, 0.0)]),
            ..Descriptor::default()
        };
        let text = sentence(&falling);
        assert!(text.contains("LESS as saturation rises: 100.0 % at 0.02, 0.0 % at 0.25"), "{text}");
        assert!(text.contains("REFUSED 17 PROTECTED") && !text.contains("50 %"), "{text}");
    }

    #[test]
    fn a_step_is_called_one_and_what_falls_again_is_not() {
        let step = Descriptor {
            trend: Trend::Rising,
            onset: Some(0.3),
            half: Some(0.3),
            full: Some(0.3),
            curve: through(&[(0.1, 0.0), (0.29, 0.0), (0.3, 1.0), (0.5, 1.0)]),
            ..Descriptor::default()
        };
        assert!(sentence(&step).contains("in a step at saturation 0.30: nothing below, all above"));
        let wave = Descriptor { curve: through(&[(0.1, 0.0), (0.3, 1.0), (0.4, 0.5), (0.5, 1.0)]), ..step };
        let text = sentence(&wave);
        assert!(text.contains("50 % at saturation 0.30") && text.contains("not steadily"), "{text}");
    }
}

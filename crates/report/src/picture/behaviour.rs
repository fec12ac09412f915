//! What a policy does, as measured: its share against what its answers go with first.

use super::Picture;
use super::axis::{Axis, Frame};
use super::canvas::{Anchor, Canvas};
use crate::words::{percent, spaced};
use science::descriptor::Curve;

/// The champion's curve over those of what it is held against, each with a name.
pub(crate) fn picture(own: &Curve, others: &[(String, &Curve)]) -> Option<Picture> {
    let last = own.points.last()?;
    let input = spaced(&own.input);
    let mut canvas = Canvas::new(480.0, 270.0);
    let curves = others.iter().map(|(_, curve)| *curve).chain([own]);
    let all: Vec<f64> = curves.flat_map(|curve| curve.points.iter().map(|point| point.0)).collect();
    let frame = Frame {
        x: Axis {
            of: [all.iter().copied().fold(0.0, f64::min), all.iter().copied().fold(f64::MIN, f64::max)],
            to: [48.0, 464.0],
        },
        y: Axis { of: [0.0, 100.0], to: [224.0, 30.0] },
    };
    frame.draw(&mut canvas, [&input, "share, %"]);
    let styles = ["l open", "l base", "l base dash"];
    for ((_, curve), style) in others.iter().zip(styles.iter().cycle()) {
        canvas.path(style, &steps(curve, &frame));
    }
    canvas.path("l own thick", &steps(own, &frame));
    for (x, share) in &own.points {
        canvas.said(&format!("{input} {x:.2}: {}", percent(*share)), |canvas| {
            canvas.circle("own", [frame.x.place(*x), frame.y.place(share * 100.0)], 2.5);
        });
    }
    let names = [("own b", "the champion".to_owned())].into_iter().chain(
        others.iter().zip(["open", "base", "base"].iter().cycle()).map(|((name, _), class)| (*class, name.clone())),
    );
    for (at, (class, name)) in names.enumerate() {
        canvas.text(class, [60.0, 46.0 + 16.0 * at as f64], Anchor::Start, &name);
    }
    let title = format!("The champion's share goes to {} at {input} {:.2}", percent(last.1), last.0);
    Some(Picture::new("behaviour", title, "Measured in its trials, one point a bin.", canvas))
}

fn steps(curve: &Curve, frame: &Frame) -> Vec<[f64; 2]> {
    curve.points.iter().map(|(x, share)| [frame.x.place(*x), frame.y.place(share * 100.0)]).collect()
}

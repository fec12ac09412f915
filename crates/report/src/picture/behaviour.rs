//! What a policy does, as measured: its share against what its answers go with.

use super::Picture;
use super::axis::{Axis, Frame};
use super::canvas::{Anchor, Canvas};
use crate::words::{capital, percent, spaced};
use science::descriptor::Curve;
use science::stats::rounded;

/// A policy's curve, as it is named and drawn.
pub(crate) struct Drawn<'a> {
    pub(crate) name: String,
    pub(crate) curve: &'a Curve,
    /// Of its colour in `picture.css`.
    pub(crate) class: &'static str,
}

/// The champion's curve over those of what it is held against; none where nothing was met.
pub(crate) fn picture(own: &Curve, others: &[Drawn<'_>], (counted, note): (&str, &str)) -> Option<Picture> {
    let last = own.points.last()?;
    let input = spaced(&own.input);
    let mut canvas = Canvas::new(480.0, 280.0);
    let curves = || others.iter().map(|other| other.curve).chain([own]);
    let ends = || curves().flat_map(|curve| curve.points.iter().map(|point| point.0));
    let (from, to) = (ends().fold(0.0, f64::min), ends().fold(f64::MIN, f64::max));
    let frame = Frame {
        x: Axis { of: [from, if to > from { to } else { from + 1.0 }], to: [48.0, 464.0] },
        y: Axis { of: [0.0, 100.0], to: [234.0, 44.0] },
    };
    frame.draw(&mut canvas, [&input, &format!("{counted}, %")]);
    for other in others {
        canvas.path(&format!("l {}", other.class), &steps(other.curve, &frame));
    }
    canvas.path("l own thick", &steps(own, &frame));
    for (x, share) in &own.points {
        canvas.said(&format!("{input} {}: {}", rounded(*x, 3), percent(*share)), |canvas| {
            canvas.circle("own", [frame.x.place(*x), frame.y.place(share * 100.0)], 2.5);
        });
    }
    let names = others.iter().map(|other| (other.class, other.name.as_str()));
    key(&mut canvas, [("own thick", "the champion")].into_iter().chain(names));
    let title = format!(
        "{} against {input}: the champion's go to {} at {}",
        capital(counted),
        percent(last.1),
        rounded(last.0, 3)
    );
    Some(Picture::new("behaviour", title, note, canvas))
}

/// Strokes with their names, in a row above a frame.
pub(super) fn key<'a>(canvas: &mut Canvas, names: impl Iterator<Item = (&'a str, &'a str)>) {
    let mut x = 48.0;
    for (class, name) in names {
        canvas.line(&format!("l {class}"), [x, 10.0], [x + 18.0, 10.0]);
        canvas.text("t", [x + 23.0, 14.0], Anchor::Start, name);
        x += 40.0 + 6.9 * name.chars().count() as f64;
    }
}

fn steps(curve: &Curve, frame: &Frame) -> Vec<[f64; 2]> {
    curve.points.iter().map(|(x, share)| [frame.x.place(*x), frame.y.place(share * 100.0)]).collect()
}

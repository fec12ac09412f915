//! How one run went under two policies: a picture for each line that its problem shows of it.

use super::Picture;
use super::axis::{Axis, Frame};
use super::behaviour::key;
use super::canvas::Canvas;
use crate::words::{capital, line};
use science::seal::{Pair, Worst};

/// How much of what came before what is measured is shown, as a share of it.
const BEFORE: f64 = 0.2;

/// A picture for each line.
pub(crate) fn pictures(worst: &Worst) -> Vec<Picture> {
    worst.lines.iter().filter_map(picture).collect()
}

/// None where nothing was seen.
fn picture(pair: &Pair) -> Option<Picture> {
    let (name, against) = (line(&pair.reference.name), line(&pair.reference.against));
    let last = pair.reference.points.iter().chain(&pair.champion).map(|[x, _]| *x).fold(0.0, f64::max);
    // Of what came before, no more than shows how it began.
    let shown = |points: &[[f64; 2]]| -> Vec<[f64; 2]> {
        points.iter().copied().filter(|[x, _]| *x >= -BEFORE * last).collect()
    };
    let [reference, champion] = [&pair.reference.points, &pair.champion].map(|points| shown(points));
    let all = || reference.iter().chain(&champion);
    let (from, to) = all().fold((f64::MAX, f64::MIN), |(from, to), [x, _]| (from.min(*x), to.max(*x)));
    let (low, high) = all().fold((0.0_f64, f64::MIN), |(low, high), [_, y]| (low.min(*y), high.max(*y)));
    if from >= to {
        return None;
    }
    let mut canvas = Canvas::new(480.0, 230.0);
    let frame = Frame {
        x: Axis { of: [from, to], to: [48.0, 464.0] },
        y: Axis { of: [low, if high > low { high * 1.04 } else { low + 1.0 }], to: [184.0, 30.0] },
    };
    // What came before is no part of what counts.
    if from < 0.0 {
        let zero = frame.x.place(0.0);
        canvas.rect("stripe", [48.0, 30.0], [zero - 48.0, 154.0]);
    }
    frame.draw(&mut canvas, [&against, ""]);
    let places = |points: &[[f64; 2]]| -> Vec<[f64; 2]> {
        points.iter().map(|[x, y]| [frame.x.place(*x), frame.y.place(*y)]).collect()
    };
    canvas.path("l ref dash", &places(&reference));
    canvas.path("l own", &places(&champion));
    key(&mut canvas, [("own", "the champion"), ("ref dash", "the reference")].into_iter());
    let note = if from < 0.0 { "Shaded: what came before what is measured." } else { "" };
    Some(Picture::new("course", capital(&name), note, canvas))
}

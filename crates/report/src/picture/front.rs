//! Cost against gain: every candidate beside what the reference pays at each of its own scales.

use super::Picture;
use super::axis::{Axis, Frame};
use super::canvas::{Anchor, Canvas};
use crate::facts::Facts;
use crate::html::candidate_place;
use crate::words::percent;
use science::id::CandidateId;
use science::objective::{Measurement, Score};

struct Dot<'a> {
    id: &'a CandidateId,
    score: &'a Score,
    admissible: bool,
    champion: bool,
}

/// None before anything is scored, and where nothing is paid: there gain alone counts.
pub(crate) fn picture(facts: &Facts<'_>) -> Option<Picture> {
    let (state, terms) = (facts.record.state, facts.terms());
    let (cost, yardsticks) = (terms.cost()?, state.yardsticks.as_ref()?);
    let champion = facts.champion().map(|champion| champion.id);
    let dots: Vec<Dot<'_>> = state
        .candidates
        .iter()
        .filter_map(|(id, record)| {
            Some(Dot {
                id,
                score: record.score.as_ref()?,
                admissible: record.admissible,
                champion: champion == Some(id),
            })
        })
        .collect();
    let mut scales: Vec<[f64; 2]> = yardsticks.scales.iter().chain([&yardsticks.reference]).map(place).collect();
    scales.sort_by(|a, b| a[0].total_cmp(&b[0]));
    let reference = place(&yardsticks.reference);
    // What compares with the reference, and the reference; a candidate that is far off would leave these no room.
    let near: Vec<[f64; 2]> = dots
        .iter()
        .filter(|dot| dot.score.worth.is_some())
        .map(|dot| [dot.score.improvement, dot.score.cost])
        .collect();
    let shown = if near.is_empty() { scales.clone() } else { near.iter().copied().chain([reference]).collect() };
    let mut canvas = Canvas::new(480.0, 320.0);
    let percent_of = |at: usize| shown.iter().map(move |place| place[at] * 100.0);
    let frame = Frame { x: Axis::around(percent_of(0), [48.0, 464.0]), y: Axis::around(percent_of(1), [270.0, 30.0]) };
    own_scale(&mut canvas, &frame, &scales);
    frame.draw(&mut canvas, [&format!("{}, %", terms.gain()), &format!("{cost}, %")]);
    let at = |[gain, cost]: [f64; 2]| [frame.x.within(gain * 100.0), frame.y.within(cost * 100.0)];
    canvas.said(&format!("the reference: {}, {cost} {}", percent(reference[0]), percent(reference[1])), |canvas| {
        canvas.diamond("ref", at(reference), 6.0);
    });
    let mut ordered: Vec<&Dot<'_>> = dots.iter().collect();
    ordered.sort_by_key(|dot| (dot.champion, dot.admissible));
    let mut aside = 0;
    for dot in ordered {
        let place = [dot.score.improvement, dot.score.cost];
        let inside = |axis: &Axis, value: f64| (axis.of[0]..=axis.of[1]).contains(&(value * 100.0));
        if !inside(&frame.x, place[0]) || !inside(&frame.y, place[1]) {
            aside += 1;
            continue;
        }
        let title = format!(
            "{}: {} {}, {cost} {}, {} {}",
            dot.id.short(),
            terms.gain(),
            percent(place[0]),
            percent(place[1]),
            terms.worth(),
            terms.worth_of(dot.score.worth, None)
        );
        canvas.link(&candidate_place(dot.id.as_str()), &title, |canvas| match (dot.champion, dot.admissible) {
            (true, _) => canvas.star("own", at(place), 9.0),
            (false, true) => canvas.circle("own", at(place), 4.0),
            (false, false) => canvas.circle("h base", at(place), 3.5),
        });
    }
    legend(&mut canvas);
    let off = if aside == 0 { String::new() } else { format!(" {aside} lie outside of the picture.") };
    let title = format!("{} against {}, every scored candidate", crate::words::capital(&cost), terms.gain());
    let note = format!(
        "The line is the reference at its own scales; below it, shaded, a policy pays less for as much. Filled: admissible. Means over the \
         search panel.{off}"
    );
    Some(Picture::new("front", title, note, canvas))
}

/// The reference at its scales, and what lies below.
fn own_scale(canvas: &mut Canvas, frame: &Frame, scales: &[[f64; 2]]) {
    let along: Vec<[f64; 2]> = clipped(scales, frame);
    let (Some(first), Some(last)) = (along.first(), along.last()) else { return };
    let floor = frame.y.to[0];
    let below: Vec<[f64; 2]> = along.iter().copied().chain([[last[0], floor], [first[0], floor]]).collect();
    canvas.area("shade", &below);
    canvas.path("l ref", &along);
}

/// The part of a line that lies within the frame, with its ends where it leaves it to the left and to the right.
fn clipped(line: &[[f64; 2]], frame: &Frame) -> Vec<[f64; 2]> {
    let [low, high] = frame.x.of;
    let mut out = Vec::new();
    for pair in line.windows(2) {
        let [from, to] = [pair[0], pair[1]].map(|[x, y]| [x * 100.0, y * 100.0]);
        if to[0] < low || from[0] > high || to[0] <= from[0] {
            continue;
        }
        let at = |x: f64| from[1] + (to[1] - from[1]) * (x - from[0]) / (to[0] - from[0]);
        for x in [from[0].max(low), to[0].min(high)] {
            out.push([frame.x.place(x), frame.y.within(at(x))]);
        }
    }
    out
}

fn legend(canvas: &mut Canvas) {
    let y = 14.0;
    let marks: [(&str, f64); 4] = [("champion", 182.0), ("admissible", 258.0), ("not", 346.0), ("reference", 388.0)];
    for (at, (name, x)) in marks.into_iter().enumerate() {
        match at {
            0 => canvas.star("own", [x, y - 4.0], 6.0),
            1 => canvas.circle("own", [x, y - 4.0], 4.0),
            2 => canvas.circle("h base", [x, y - 4.0], 3.5),
            _ => canvas.diamond("ref", [x, y - 4.0], 5.0),
        }
        canvas.text("t", [x + 8.0, y], Anchor::Start, name);
    }
}

fn place(measured: &Measurement) -> [f64; 2] {
    [measured.improvement(), measured.cost()]
}

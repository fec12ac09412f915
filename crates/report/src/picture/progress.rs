//! The best so far over evaluations, with searches without agents on the same axes.

use super::Picture;
use super::axis::{Axis, Frame};
use super::canvas::{Anchor, Canvas};
use crate::facts::Facts;
use crate::html::candidate_place;
use science::comparison::{Method, Search};
use science::spec::Unit;

/// None before anything is scored.
pub(crate) fn picture(facts: &Facts<'_>) -> Option<Picture> {
    let (state, terms) = (facts.record.state, facts.terms());
    let factor = if matches!(terms.0.aim.worth_name().unit, Unit::Fraction | Unit::Log) { 100.0 } else { 1.0 };
    let scored: Vec<(f64, &science::state::CandidateRecord)> = state
        .order
        .iter()
        .zip(1..)
        .filter_map(|(id, at)| {
            Some((f64::from(at), &state.candidates[id])).filter(|(_, record)| record.score.is_some())
        })
        .collect();
    let worth = |record: &science::state::CandidateRecord| Some(record.score.as_ref()?.worth? * factor);
    let shown: Vec<f64> = scored.iter().filter_map(|(_, record)| worth(record).filter(|_| record.admissible)).collect();
    if scored.is_empty() {
        return None;
    }
    let searches = facts.record.comparison.map(|found| found.searches.as_slice()).unwrap_or_default();
    let steps = searches.iter().flat_map(|search| search.found.curve.iter());
    let last = (state.order.len() as u32).max(steps.clone().map(|step| step.evaluation).max().unwrap_or_default());
    let mut canvas = Canvas::new(480.0, 280.0);
    let frame = Frame {
        x: Axis { of: [0.0, f64::from(last.max(1))], to: [48.0, 464.0] },
        y: Axis::around(shown.iter().copied().chain([0.0]).chain(steps.map(|step| step.worth * factor)), [232.0, 30.0]),
    };
    let across = if searches.is_empty() {
        "candidates, in the order in which they were written"
    } else {
        "candidates; evaluations of a search"
    };
    frame.draw(&mut canvas, [across, &format!("{}, %", terms.worth())]);
    for (method, style) in Method::ALL.into_iter().zip(["l base dash", "l base dot", "l open"]) {
        for search in searches.iter().filter(|search| search.method == method) {
            canvas.said(method.words(), |canvas| canvas.path(style, &best_of(search, last, &frame, factor)));
        }
    }
    let mut best: Vec<[f64; 2]> = vec![[0.0, 0.0]];
    for (at, record) in &scored {
        let Some(value) = worth(record) else { continue };
        let before = best[best.len() - 1][1];
        if record.admissible && value > before {
            best.extend([[*at, before], [*at, value]]);
        }
        let place = [frame.x.place(*at), frame.y.within(value)];
        let said =
            format!("{}: {} {}", record.candidate.id.short(), terms.worth(), terms.worth_of(value / factor, None));
        canvas.link(&candidate_place(record.candidate.id.as_str()), &said, |canvas| match record.admissible {
            true => canvas.circle("own", place, 3.0),
            false => canvas.circle("h base dim", place, 2.5),
        });
    }
    let end = best[best.len() - 1][1];
    best.push([f64::from(last), end]);
    let places: Vec<[f64; 2]> = best.iter().map(|[x, y]| [frame.x.place(*x), frame.y.within(*y)]).collect();
    canvas.path("l own thick", &places);
    canvas.text("t", [54.0, frame.y.place(0.0) - 5.0], Anchor::Start, "the reference");
    if !searches.is_empty() {
        canvas.text("t", [464.0, 14.0], Anchor::End, "broken: random, dotted: tuning alone, violet: TPE");
    }
    let title = format!("The best admissible candidate on the search panel, {:.1} % in the end", end);
    let note = "Filled: admissible. What is chosen as the best of many lies too high; the seal says the truth.";
    Some(Picture::new("progress", title, note, canvas))
}

fn best_of(search: &Search, last: u32, frame: &Frame, factor: f64) -> Vec<[f64; 2]> {
    let mut places = vec![[0.0, 0.0]];
    for step in &search.found.curve {
        let before = places[places.len() - 1][1];
        places.extend([[f64::from(step.evaluation), before], [f64::from(step.evaluation), step.worth * factor]]);
    }
    let end = places[places.len() - 1][1];
    places.push([f64::from(last), end]);
    places.iter().map(|[x, y]| [frame.x.place(*x), frame.y.within(*y)]).collect()
}

//! The best so far over evaluations, with searches without agents on the same axes, and over what models took.

use super::Picture;
use super::axis::{Axis, Frame};
use super::behaviour::key;
use super::canvas::{Anchor, Canvas};
use crate::facts::Facts;
use crate::html::candidate_place;
use crate::standing;
use crate::words::{fixed, money};
use science::comparison::{Comparison, Method, Step};
use science::spec::Unit;
use science::state::CandidateRecord;

/// The strokes of searches.
const SEARCHES: [&str; 3] = ["base dash", "base dot", "open"];

/// Over evaluations; over model calls and over cost, where models were asked.
pub(crate) fn pictures(facts: &Facts<'_>) -> Vec<Picture> {
    let steps = steps(facts);
    let calls = || {
        let last = steps.last().map_or(0.0, |step| step.calls);
        let title = format!("The same over {last:.0} calls of models");
        spent(facts, ("calls", title, "model calls"), steps.iter().map(|step| (step.calls, step.worth)))
    };
    let usd = || {
        let priced: Option<Vec<(f64, Option<f64>)>> = steps.iter().map(|step| Some((step.usd?, step.worth))).collect();
        let title = format!("The same over {} USD", money(steps.last()?.usd?));
        spent(facts, ("usd", title, "US dollars"), priced?.into_iter())
    };
    evaluations(facts).into_iter().chain(calls()).chain(usd()).collect()
}

/// None before anything is scored.
fn evaluations(facts: &Facts<'_>) -> Option<Picture> {
    let (state, terms, factor) = (facts.record.state, facts.terms(), factor(facts));
    let scored = state.order.iter().zip(1..).filter_map(|(id, at)| {
        Some((f64::from(at), &state.candidates[id])).filter(|(_, record)| record.score.is_some())
    });
    let scored: Vec<(f64, &CandidateRecord)> = scored.collect();
    let worth = |record: &CandidateRecord| Some(record.score.as_ref()?.worth? * factor);
    let shown: Vec<f64> = scored.iter().filter_map(|(_, record)| worth(record).filter(|_| record.admissible)).collect();
    if scored.is_empty() {
        return None;
    }
    if let Some(found) = facts.record.comparison {
        return Some(beside(facts, found));
    }
    let last = state.order.len().max(1) as f64;
    let mut canvas = Canvas::new(480.0, 280.0);
    let frame = Frame {
        x: Axis { of: [0.0, last], to: [48.0, 464.0] },
        y: Axis::around(shown.iter().copied().chain([0.0]), [232.0, 44.0]),
    };
    frame.draw_counted(&mut canvas, ["candidates, in the order in which they were written", &named(facts)]);
    let mut best: Vec<[f64; 2]> = vec![[0.0, 0.0]];
    for (at, record) in &scored {
        let Some(value) = worth(record) else { continue };
        let before = best[best.len() - 1][1];
        if record.admissible && value > before {
            best.extend([[*at, before], [*at, value]]);
        }
        let place = [frame.x.place(*at), frame.y.within(value)];
        let id = &record.candidate.id;
        let said = format!("{}: {} {}", id.short(), terms.worth(), terms.worth_of(value / factor, None));
        canvas.link(&candidate_place(id.as_str()), &said, |canvas| match record.admissible {
            true => canvas.circle("own", place, 3.0),
            false => canvas.circle("h base dim", place, 2.5),
        });
    }
    let end = best[best.len() - 1][1];
    best.push([last, end]);
    canvas.path("l own thick", &placed(&best, &frame));
    key(&mut canvas, [("own thick", "best so far")].into_iter());
    level(&mut canvas, &frame);
    let note = "Filled: admissible. What is chosen as the best of many lies too high; the seal says the truth.";
    Some(Picture::new("progress", title(facts, end), note, canvas))
}

/// The campaign beside searches of as many evaluations.
fn beside(facts: &Facts<'_>, found: &Comparison) -> Picture {
    let factor = factor(facts);
    let last = found.spent.total().max(1) as f64;
    let all = found.searches.iter().map(|search| &search.found).chain([&found.found]);
    let worths = all.flat_map(|found| found.curve.iter().map(|step| step.worth * factor));
    let mut canvas = Canvas::new(480.0, 280.0);
    let frame =
        Frame { x: Axis { of: [0.0, last], to: [48.0, 464.0] }, y: Axis::around(worths.chain([0.0]), [232.0, 44.0]) };
    frame.draw_counted(&mut canvas, ["evaluations: candidates, points of tuning and audits", &named(facts)]);
    for (method, style) in Method::ALL.into_iter().zip(SEARCHES) {
        for search in found.searches.iter().filter(|search| search.method == method) {
            let best = climbing(&search.found.curve, last, factor);
            canvas.said(method.words(), |canvas| canvas.path(&format!("l {style}"), &placed(&best, &frame)));
        }
    }
    let own = climbing(&found.found.curve, last, factor);
    canvas.path("l own thick", &placed(&own, &frame));
    let searches = Method::ALL.iter().zip(SEARCHES).map(|(method, style)| (style, method.words()));
    key(&mut canvas, [("own thick", "the campaign")].into_iter().chain(searches));
    level(&mut canvas, &frame);
    let end = own.last().map_or(0.0, |[_, end]| *end);
    let note = "The best admissible point of each so far, on the search panel. What is chosen as the best of many lies too high; the seal says \
                the truth.";
    Picture::new("progress", title(facts, end), note, canvas)
}

/// Where an iteration ended.
struct At {
    calls: f64,
    /// None where a price is not known.
    usd: Option<f64>,
    /// What the best is worth then.
    worth: Option<f64>,
}

/// The ends of iterations; none where no model was asked.
fn steps(facts: &Facts<'_>) -> Vec<At> {
    let state = facts.record.state;
    if state.work.is_empty() {
        return Vec::new();
    }
    let until =
        |number: u32| state.work.iter().filter(move |(iteration, _)| *iteration <= number).map(|(_, work)| work);
    let step = |(iteration, number): (&science::state::Iteration, u32)| At {
        calls: until(number).map(|work| f64::from(work.calls)).sum(),
        usd: until(number).map(|work| work.usd).sum(),
        worth: iteration.champion.as_ref().and_then(|best| standing::standing(state, &best.id)?.score.worth),
    };
    state.iterations.iter().zip(1..).map(step).collect()
}

/// The best over what was spent; none where that is nothing.
fn spent(
    facts: &Facts<'_>,
    (name, title, across): (&'static str, String, &str),
    steps: impl Iterator<Item = (f64, Option<f64>)>,
) -> Option<Picture> {
    let factor = factor(facts);
    let steps: Vec<(f64, f64)> = steps.map(|(at, worth)| (at, worth.unwrap_or_default() * factor)).collect();
    let last = steps.last().map(|(at, _)| *at).filter(|last| *last > 0.0)?;
    let mut canvas = Canvas::new(480.0, 280.0);
    let frame = Frame {
        x: Axis { of: [0.0, last], to: [48.0, 464.0] },
        y: Axis::around(steps.iter().map(|(_, worth)| *worth).chain([0.0]), [232.0, 44.0]),
    };
    frame.draw(&mut canvas, [across, &named(facts)]);
    let mut best: Vec<[f64; 2]> = vec![[0.0, 0.0]];
    for (at, worth) in &steps {
        let before = best[best.len() - 1][1];
        best.extend([[*at, before], [*at, *worth]]);
    }
    canvas.path("l own thick", &placed(&best, &frame));
    level(&mut canvas, &frame);
    Some(Picture::new(name, title, "The champion at the end of each iteration.", canvas))
}

fn title(facts: &Facts<'_>, end: f64) -> String {
    let unit = if factor(facts) > 1.0 { " %" } else { "" };
    format!("The best admissible candidate on the search panel, {}{unit} in the end", fixed(end, 1))
}

fn named(facts: &Facts<'_>) -> String {
    format!("{}{}", facts.terms().worth(), if factor(facts) > 1.0 { ", %" } else { "" })
}

/// What a worth is shown times.
fn factor(facts: &Facts<'_>) -> f64 {
    let unit = facts.terms().0.aim.worth_name().unit;
    if matches!(unit, Unit::Fraction | Unit::Log) { 100.0 } else { 1.0 }
}

fn level(canvas: &mut Canvas, frame: &Frame) {
    canvas.text("t", [464.0, frame.y.place(0.0) - 5.0], Anchor::End, "the reference");
}

fn placed(points: &[[f64; 2]], frame: &Frame) -> Vec<[f64; 2]> {
    points.iter().map(|[x, y]| [frame.x.place(*x), frame.y.within(*y)]).collect()
}

fn climbing(curve: &[Step], last: f64, factor: f64) -> Vec<[f64; 2]> {
    let mut places = vec![[0.0, 0.0]];
    for step in curve {
        let before = places[places.len() - 1][1];
        places.extend([[f64::from(step.evaluation), before], [f64::from(step.evaluation), step.worth * factor]]);
    }
    let end = places[places.len() - 1][1];
    places.push([last, end]);
    places
}

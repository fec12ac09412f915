//! Predictions beside measurements: what was claimed as a tick, what was measured as an interval.

use super::Picture;
use super::axis::Axis;
use super::canvas::{Anchor, Canvas};
use crate::html::finding_place;
use crate::path::Attempt;
use crate::terms::Terms;
use crate::words::{fixed, spaced};
use science::bundle::Relation;
use science::judge::Verdict;
use science::spec::Unit;
use science::text::clip;

/// Height of a row.
const ROW: f64 = 18.0;
/// Rows of one picture, at most: more are in the table.
const ROWS: usize = 120;

/// The arms of a metric whose effect was measured, in the order of their iterations.
pub(crate) fn picture(arms: &[&Attempt], metric: &str, terms: Terms<'_>) -> Option<Picture> {
    let measured: Vec<&&Attempt> =
        arms.iter().filter(|arm| arm.prediction.metric == metric && arm.effect.is_some()).collect();
    let shown = &measured[measured.len().saturating_sub(ROWS)..];
    if shown.is_empty() {
        return None;
    }
    let unit = terms.unit_of(metric);
    let factor = if matches!(unit, Unit::Fraction | Unit::Log) { 100.0 } else { 1.0 };
    let height = 30.0 + ROW * shown.len() as f64;
    let mut canvas = Canvas::new(480.0, height + 40.0);
    let axis = axis(shown, factor);
    let (ticks, decimals) = axis.ticks(5);
    for tick in ticks {
        canvas.line(if tick == 0.0 { "zero" } else { "grid" }, [axis.place(tick), 22.0], [axis.place(tick), height]);
        canvas.text("t n", [axis.place(tick), height + 16.0], Anchor::Middle, &fixed(tick, decimals));
    }
    let name = if unit == Unit::Fraction {
        "%"
    } else if unit == Unit::Log {
        "points"
    } else {
        ""
    };
    canvas.text("t", [axis.to[1], height + 32.0], Anchor::End, &format!("{} {name}", spaced(metric)));
    for (at, arm) in shown.iter().enumerate() {
        row(&mut canvas, arm, (&axis, factor), 24.0 + ROW * at as f64);
    }
    legend(&mut canvas);
    let held = shown.iter().filter(|arm| arm.judged == Some(Verdict::Confirmed)).count();
    let title = format!("{held} of {} measured claims about {} were confirmed", shown.len(), spaced(metric));
    let left = if measured.len() > ROWS { format!(" The last {ROWS} of {}.", measured.len()) } else { String::new() };
    let note = format!(
        "Tick: claimed; pale bar: the planner's own 80 % interval; line: measured, 95 %. To the right is better.{left}"
    );
    Some(Picture::new("predictions", title, note, canvas))
}

/// Wide enough for every claim and estimate; of very wide intervals the ends are cut.
fn axis(shown: &[&&Attempt], factor: f64) -> Axis {
    let points = shown.iter().flat_map(|arm| {
        let effect = arm.effect.map(|effect| [effect.estimate, effect.estimate]);
        effect.into_iter().flatten().chain([claimed(arm)])
    });
    let spread = |at: usize| {
        let mut ends: Vec<f64> =
            shown.iter().filter_map(|arm| arm.effect.map(|effect| [effect.low, effect.high][at])).collect();
        ends.sort_by(f64::total_cmp);
        ends[if at == 0 { ends.len() / 20 } else { ends.len() - 1 - ends.len() / 20 }]
    };
    Axis::around(points.chain([0.0, spread(0), spread(1)]).map(|value| value * factor), [150.0, 406.0])
}

fn claimed(arm: &Attempt) -> f64 {
    match arm.prediction.relation {
        Relation::AtLeast(size) | Relation::Within(size) => size,
    }
}

fn row(canvas: &mut Canvas, arm: &Attempt, (axis, factor): (&Axis, f64), y: f64) {
    let Some(effect) = arm.effect else { return };
    let class = class(arm.judged);
    let middle = y + ROW / 2.0;
    let x = |value: f64| axis.within(value * factor);
    let error = arm.error.map_or_else(String::new, |error| format!(", wrong in {error}"));
    let said = format!(
        "{}: claimed {}; measured {}; {}{error}",
        arm.finding,
        arm.claim,
        arm.measured.as_deref().unwrap_or("-"),
        arm.verdict.unwrap_or("not judged")
    );
    canvas.link(&finding_place(&arm.finding), &said, |canvas| {
        canvas.text("t", [4.0, middle + 4.0], Anchor::Start, &clip(&arm.finding, 24));
        if let Some([low, high]) = arm.prediction.interval {
            canvas.rect("stripe", [x(low), y + 3.0], [(x(high) - x(low)).max(1.0), ROW - 6.0]);
        }
        canvas.line(&format!("l {class}"), [x(effect.low), middle], [x(effect.high), middle]);
        glyph(canvas, arm.judged, [x(effect.estimate), middle], 4.0);
        let size = claimed(arm);
        canvas.line("l ref thick", [x(size), y + 2.0], [x(size), y + ROW - 2.0]);
        if let Relation::Within(_) = arm.prediction.relation {
            canvas.line("l ref thick", [x(-size), y + 2.0], [x(-size), y + ROW - 2.0]);
        }
        canvas.text(&format!("t {class}"), [412.0, middle + 4.0], Anchor::Start, arm.error.unwrap_or(word(arm.judged)));
    });
}

/// The colour of a verdict.
pub(super) fn class(judged: Option<Verdict>) -> &'static str {
    match judged {
        Some(Verdict::Confirmed) => "good",
        Some(Verdict::PartiallyConfirmed) => "own",
        Some(Verdict::Refuted) => "bad",
        Some(Verdict::Inconclusive) => "open",
        Some(Verdict::Invalid) | None => "base",
    }
}

/// The shape of a verdict: nobody has to tell colours apart.
pub(super) fn glyph(canvas: &mut Canvas, judged: Option<Verdict>, place: [f64; 2], r: f64) {
    match judged {
        Some(Verdict::Confirmed) => canvas.circle("good", place, r),
        Some(Verdict::PartiallyConfirmed) => canvas.diamond("own", place, r * 1.2),
        Some(Verdict::Refuted) => canvas.cross("l bad thick", place, r),
        Some(Verdict::Inconclusive) => canvas.circle("h open", place, r),
        Some(Verdict::Invalid) => canvas.rect("h base", [place[0] - r * 0.8, place[1] - r * 0.8], [r * 1.6, r * 1.6]),
        None => canvas.circle("base", place, r * 0.45),
    }
}

fn word(judged: Option<Verdict>) -> &'static str {
    match judged {
        Some(Verdict::Confirmed) => "confirmed",
        Some(Verdict::PartiallyConfirmed) => "in part",
        Some(Verdict::Refuted) => "refuted",
        Some(Verdict::Inconclusive) => "open",
        Some(Verdict::Invalid) => "invalid",
        None => "",
    }
}

/// What the shapes mean, in a row.
pub(super) fn legend(canvas: &mut Canvas) {
    let verdicts =
        [Verdict::Confirmed, Verdict::PartiallyConfirmed, Verdict::Refuted, Verdict::Inconclusive, Verdict::Invalid];
    for (at, verdict) in verdicts.into_iter().enumerate() {
        let x = 10.0 + 82.0 * at as f64;
        glyph(canvas, Some(verdict), [x, 9.0], 4.0);
        canvas.text("t", [x + 9.0, 13.0], Anchor::Start, word(Some(verdict)));
    }
}

//! Workload by workload: the study beside the reference, the drawn ones sorted by what they gain.

use super::Picture;
use super::axis::Axis;
use super::canvas::{Anchor, Canvas};
use crate::facts::Facts;
use crate::features::{self, Telling, telling};
use crate::standing::Standing;
use crate::words::{fixed, percent, percent_within, signed, spaced};
use science::objective::{Cell, Measurement};
use science::seal::Look;
use science::stats::t_interval;

/// Height of a row.
const ROW: f64 = 30.0;

/// What a panel shows of a trial.
type Of = fn(&Cell) -> f64;

/// The study: gain and cost of champion and reference in each scenario, with intervals over the search seeds.
pub(crate) fn study(facts: &Facts<'_>, champion: Standing<'_>) -> Option<Picture> {
    let (state, terms) = (facts.record.state, facts.terms());
    let own = state.candidates.get(champion.id)?.measurement.as_ref()?;
    let reference = &state.yardsticks.as_ref()?.reference;
    let names = &facts.started.scenarios;
    let mut parts: Vec<(String, Of)> = vec![(terms.gain(), |cell| (1.0 - (-cell.gain).exp()) * 100.0)];
    parts.extend(terms.cost().map(|cost| (cost, (|cell: &Cell| cell.cost * 100.0) as Of)));
    let mut canvas = Canvas::new(480.0, 66.0 + ROW * names.len() as f64);
    let (left, gap) = (138.0, 26.0);
    let each = (470.0 - left - gap * (parts.len() - 1) as f64) / parts.len() as f64;
    for (at, name) in names.iter().enumerate() {
        let y = 34.0 + ROW * at as f64;
        if at.is_multiple_of(2) {
            canvas.rect("stripe", [0.0, y - 4.0], [480.0, ROW]);
        }
        canvas.text("", [4.0, y + 15.0], Anchor::Start, &science::text::clip(name, 20));
    }
    for (part, (what, value)) in parts.iter().enumerate() {
        let from = left + (each + gap) * part as f64;
        let rows = |measured: &Measurement| -> Vec<Row> {
            (0..names.len()).map(|at| Row::of(&measured.cells[at], *value)).collect()
        };
        panel(&mut canvas, (what, [from, from + each]), (names, &rows(own), &rows(reference)));
    }
    canvas.circle("own", [240.0, 9.0], 4.0);
    canvas.text("t", [248.0, 13.0], Anchor::Start, "champion");
    canvas.diamond("ref", [322.0, 9.0], 5.0);
    canvas.text("t", [330.0, 13.0], Anchor::Start, "reference");
    let note = match own.cells.iter().take(names.len()).any(|row| row.len() > 2) {
        true => "Against the baseline, %, means and 95 % intervals over the search seeds.",
        false => "Against the baseline, %, means over the search seeds; an interval takes three.",
    };
    Some(Picture::new("study", "The champion beside the reference in every scenario", note, canvas))
}

struct Row {
    mean: f64,
    interval: Option<[f64; 2]>,
}

impl Row {
    fn of(cells: &[Cell], value: Of) -> Self {
        let values: Vec<f64> = cells.iter().map(value).collect();
        let interval = t_interval(&values, 0.05, 0.0).map(|i| [i.low, i.high]);
        Row { mean: science::stats::mean(&values), interval }
    }

    fn ends(&self) -> impl Iterator<Item = f64> {
        [self.mean].into_iter().chain(self.interval.into_iter().flatten())
    }
}

fn panel(canvas: &mut Canvas, (what, to): (&str, [f64; 2]), (names, own, reference): (&[String], &[Row], &[Row])) {
    let axis = Axis::around(own.iter().chain(reference).flat_map(Row::ends), to);
    let bottom = 32.0 + ROW * names.len() as f64;
    canvas.text("t", [to[0], 26.0], Anchor::Start, &format!("{what}, %"));
    let (ticks, decimals) = axis.ticks(4);
    for tick in ticks {
        let x = axis.place(tick);
        canvas.line(if tick == 0.0 { "zero" } else { "rule" }, [x, 30.0], [x, bottom]);
        canvas.text("t n", [x, bottom + 14.0], Anchor::Middle, &fixed(tick, decimals));
    }
    for (at, (own, reference)) in own.iter().zip(reference).enumerate() {
        let y = 41.0 + ROW * at as f64;
        let said = |who: &str, row: &Row| {
            format!(
                "{}, {who}: {what} {}",
                names[at],
                percent_within(row.mean / 100.0, row.interval.map(|i| i.map(|end| end / 100.0)))
            )
        };
        canvas.said(&said("champion", own), |canvas| {
            whisker(canvas, "l own", own, &axis, y);
            canvas.circle("own", [axis.place(own.mean), y], 4.0);
        });
        canvas.said(&said("reference", reference), |canvas| {
            whisker(canvas, "l ref", reference, &axis, y + 11.0);
            canvas.diamond("ref", [axis.place(reference.mean), y + 11.0], 4.5);
        });
    }
}

fn whisker(canvas: &mut Canvas, class: &str, row: &Row, axis: &Axis, y: f64) {
    if let Some([low, high]) = row.interval {
        canvas.line(class, [axis.place(low), y], [axis.place(high), y]);
    }
}

/// What each drawn workload under the seal gains or loses against the reference, sorted and coloured by what goes with it the most;
/// those beyond the guard are marked.
pub(crate) fn drawn(facts: &Facts<'_>, look: &Look) -> Option<Picture> {
    let drawn = look.score.panels.as_ref().map(|panels| &panels.drawn).filter(|drawn| !drawn.regrets.is_empty())?;
    let bound = facts.started.experiment.objective.at_most("regret");
    let gained: Vec<f64> = drawn.regrets.iter().map(|regret| 0.0 - regret).collect();
    let told = look.illustration.as_ref().and_then(|shown| telling(&facts.started.spec, &shown.features, &gained));
    let mut sorted: Vec<(usize, f64)> = gained.iter().copied().enumerate().collect();
    sorted.sort_by(|a, b| b.1.total_cmp(&a.1));
    let mut canvas = Canvas::new(480.0, 270.0);
    let ends = sorted.iter().map(|(_, gained)| *gained).chain([0.0]).chain(bound.map(|bound| -bound));
    let (x, y) = (Axis { of: [0.0, sorted.len() as f64], to: [48.0, 470.0] }, Axis::around(ends, [246.0, 46.0]));
    let (ticks, decimals) = y.ticks(5);
    for tick in ticks {
        canvas.line("grid", [x.to[0], y.place(tick)], [x.to[1], y.place(tick)]);
        canvas.text("t n", [x.to[0] - 6.0, y.place(tick) + 4.0], Anchor::End, &fixed(tick, decimals));
    }
    canvas.text("t", [42.0, 34.0], Anchor::Start, "gained over the reference, points");
    canvas.text("t", [470.0, 262.0], Anchor::End, &format!("{} drawn workloads, sorted", sorted.len()));
    let width = ((x.to[1] - x.to[0]) / sorted.len() as f64 * 0.8).max(0.6);
    for (at, (workload, gained)) in sorted.iter().enumerate() {
        let part = told.as_ref().map_or(1, |told| told.part(*workload));
        let (top, bottom) = (y.place(gained.max(0.0)), y.place(gained.min(0.0)));
        let left = x.place(at as f64);
        canvas.said(&said(facts, look, *workload, *gained), |canvas| {
            canvas.rect(PARTS[part.min(PARTS.len() - 1)], [left, top], [width, (bottom - top).max(0.6)]);
            if bound.is_some_and(|bound| -gained > bound) {
                canvas.circle("bad", [left + width / 2.0, bottom + 4.0], 2.0);
            }
        });
    }
    canvas.line("zero", [x.to[0], y.place(0.0)], [x.to[1], y.place(0.0)]);
    if let Some(bound) = bound {
        canvas.line("l bad thin dash", [x.to[0], y.place(-bound)], [x.to[1], y.place(-bound)]);
        let name = format!("the guard, {bound} points");
        canvas.text("t bad", [x.to[0] + 4.0, y.place(-bound) - 4.0], Anchor::Start, &name);
    }
    if let Some(told) = &told {
        key(&mut canvas, told);
    }
    let losing = drawn.losing(bound.unwrap_or_default());
    let share = sorted.iter().filter(|(_, gained)| *gained > 0.0).count() as f64 / sorted.len() as f64;
    let title = match bound {
        Some(bound) => format!("{losing} of {} drawn workloads lose more than {bound} points", sorted.len()),
        None => format!("{} of {} drawn workloads gain", percent(share), sorted.len()),
    };
    let by = told.as_ref().map_or_else(String::new, |told| format!(" {}", told.sentence()));
    let dots = if losing > 0 && bound.is_some() { " Dots: beyond the guard." } else { "" };
    let note = format!("Under the seal, sorted; {} gain.{by}{dots}", percent(share));
    Some(Picture::new("drawn", title, note, canvas))
}

/// The colours of a feature's parts.
const PARTS: [&str; 3] = ["f0", "f1", "f2"];

/// A workload, what is gained there, and what it is like.
fn said(facts: &Facts<'_>, look: &Look, workload: usize, gained: f64) -> String {
    let values = look.illustration.iter().filter_map(|shown| shown.features.get(workload)).flatten();
    let spec = &facts.started.spec;
    let features: String = spec
        .features
        .iter()
        .zip(values)
        .map(|(feature, value)| format!(", {} {}", spaced(&feature.name), features::of(feature, *value)))
        .collect();
    format!("workload {}: {} points{features}", workload + 1, signed(gained, 2))
}

fn key(canvas: &mut Canvas, told: &Telling<'_>) {
    let name = spaced(&told.feature.name);
    canvas.text("t", [48.0, 14.0], Anchor::Start, &name);
    let mut x = 62.0 + 6.9 * name.chars().count() as f64;
    for (part, class) in told.parts().iter().zip(PARTS) {
        canvas.rect(class, [x, 6.0], [9.0, 9.0]);
        canvas.text("t", [x + 13.0, 14.0], Anchor::Start, part);
        x += 26.0 + 6.9 * part.chars().count() as f64;
    }
}

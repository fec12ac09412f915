//! What the seal requires, as dots and whiskers around zero: all looks.

use super::Picture;
use super::canvas::{Anchor, Canvas};
use crate::terms::Terms;
use science::seal::{Look, Test};
use science::stats::rounded;
use science::text::clip;

const WIDTH: f64 = 620.0;
/// Height of a row.
const ROW: f64 = 40.0;
/// Where zero lies, and how far a margin reaches.
const ZERO: f64 = 440.0;
const REACH: f64 = 150.0;

/// A row for each requirement of the first look, the later looks as rings.
pub(crate) fn picture(looks: &[Look], terms: Terms<'_>) -> Option<Picture> {
    let first = looks.first()?;
    let mut canvas = Canvas::new(WIDTH, 30.0 + ROW * first.tests.len() as f64);
    let bottom = 26.0 + ROW * first.tests.len() as f64;
    canvas.rect("shade", [ZERO, 16.0], [WIDTH - ZERO, bottom - 16.0]);
    canvas.text("t", [ZERO - 6.0, 12.0], Anchor::End, "fails");
    canvas.text("t", [ZERO + 6.0, 12.0], Anchor::Start, "holds");
    for (at, test) in first.tests.iter().enumerate() {
        row(&mut canvas, (test, looks), at, terms);
    }
    canvas.line("zero", [ZERO, 16.0], [ZERO, bottom]);
    let kept = first.tests.iter().filter(|test| test.holds).count();
    let title = format!("{kept} of {} requirements hold at the first look under the seal", first.tests.len());
    let note = "Margins to what is required, each row in its own unit and scale; 95 % intervals where there are some. Rings are later looks.";
    Some(Picture::new("margins", title, note, canvas))
}

fn row(canvas: &mut Canvas, (test, looks): (&Test, &[Look]), at: usize, terms: Terms<'_>) {
    let y = 22.0 + ROW * at as f64;
    let same: Vec<&Test> = looks
        .iter()
        .filter_map(|look| look.tests.get(at))
        .filter(|other| other.requirement == test.requirement)
        .collect();
    let ends = same.iter().flat_map(|test| test.margin.into_iter().chain(test.interval.into_iter().flatten()));
    let most = ends.map(f64::abs).fold(0.0, f64::max).max(f64::MIN_POSITIVE);
    let x = |margin: f64| ZERO + margin / most * REACH;
    let class = if test.holds { "good" } else { "bad" };
    let requirement = terms.spoken(&test.requirement);
    canvas.text("", [4.0, y + 11.0], Anchor::Start, &clip(&requirement, 104));
    let y = y + 24.0;
    canvas.line("grid", [ZERO - REACH, y], [ZERO + REACH, y]);
    for (number, test) in same.iter().enumerate().rev() {
        let Some(margin) = test.margin else { continue };
        let said = format!("look {}: {requirement}: margin {}", number + 1, signed(margin));
        canvas.said(&said, |canvas| {
            if let (0, Some([low, high])) = (number, test.interval) {
                canvas.line(&format!("l thick {class}"), [x(low), y], [x(high), y]);
            }
            let class = if test.holds { "good" } else { "bad" };
            match number {
                0 => canvas.circle(class, [x(margin), y], 5.0),
                _ => canvas.circle(&format!("h {class}"), [x(margin), y], 3.5),
            }
        });
    }
    let said = test.margin.map_or_else(|| "not defined".into(), signed);
    canvas.text(
        &format!("t n {class}"),
        [4.0, y + 4.0],
        Anchor::Start,
        &format!("{} {said}", if test.holds { "holds" } else { "FAILS" }),
    );
}

/// A margin with three digits and its sign.
fn signed(margin: f64) -> String {
    if margin == 0.0 { "0".into() } else { format!("{:+}", rounded(margin, 3)) }
}

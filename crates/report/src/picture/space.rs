//! What is left of the declared space, and which principle took what.

use super::Picture;
use super::axis::{Axis, Frame};
use super::canvas::{Anchor, Canvas};
use crate::facts::Facts;
use crate::html::principle_place;
use crate::words::percent;

/// None where no space is declared, or nothing was excluded.
pub(crate) fn picture(facts: &Facts<'_>) -> Option<Picture> {
    let left: Vec<(f64, f64)> =
        facts.turns.iter().filter_map(|turn| Some((turn.iteration as f64, turn.volume? * 100.0))).collect();
    let (_, least) = *left.last()?;
    if !facts.principles.declared || least >= 100.0 {
        return None;
    }
    let mut canvas = Canvas::new(480.0, 240.0);
    let last = left[left.len() - 1].0;
    let frame =
        Frame { x: Axis { of: [0.0, last], to: [48.0, 464.0] }, y: Axis { of: [0.0, 100.0], to: [192.0, 30.0] } };
    frame.draw_counted(&mut canvas, ["after iteration", "of the declared space left, %"]);
    let mut steps = vec![[0.0, 100.0]];
    for (at, value) in &left {
        let before = steps[steps.len() - 1][1];
        steps.extend([[*at, before], [*at, *value]]);
    }
    let place = |[x, y]: [f64; 2]| [frame.x.place(x), frame.y.place(y)];
    let along: Vec<[f64; 2]> = steps.iter().copied().map(place).collect();
    let below: Vec<[f64; 2]> = along.iter().copied().chain([place([last, 0.0]), place([0.0, 0.0])]).collect();
    canvas.area("shade", &below);
    canvas.path("l own thick", &along);
    let mut before = 100.0;
    for turn in &facts.turns {
        let Some(after) = turn.volume.map(|volume| volume * 100.0) else { continue };
        if (before - after).abs() > 0.05 {
            let held = turn.audits.iter().filter(|audit| audit.refused.is_none()).map(|audit| audit.principle.clone());
            let names: Vec<String> = held.collect();
            let name = if names.is_empty() { "a principle retired".to_owned() } else { names.join(" ") };
            let said = format!("iteration {}: {} left; {name}", turn.iteration, percent(after / 100.0));
            let to = names.first().map_or_else(String::new, |name| principle_place(name));
            canvas.link(&to, &said, |canvas| {
                let at = place([turn.iteration as f64, after]);
                canvas.circle("own", at, 3.5);
                canvas.text("t b", [at[0] + 5.0, at[1] - 6.0], Anchor::Start, &name);
            });
        }
        before = after;
    }
    let title = format!("{} of the declared space is left", percent(least / 100.0));
    Some(Picture::new("space", title, "Each fall with the principles whose constraints came into force.", canvas))
}

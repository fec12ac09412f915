//! Where the effort went, as bars.

use super::Picture;
use super::canvas::{Anchor, Canvas};
use science::text::clip;

/// Height of a row.
const ROW: f64 = 22.0;
/// Where bars begin and how long the longest is.
const LEFT: f64 = 150.0;
const LONG: f64 = 230.0;

/// An amount with its name.
pub(crate) struct Bar {
    pub(crate) name: String,
    pub(crate) amount: f64,
    /// The amount in words.
    pub(crate) said: String,
    /// Of its colour in `picture.css`.
    pub(crate) class: &'static str,
}

/// A bar for each of these, as long as it is; none of nothing.
pub(crate) fn bars(name: &'static str, (title, note): (String, &str), bars: &[Bar]) -> Option<Picture> {
    let most = bars.iter().map(|bar| bar.amount).fold(0.0, f64::max);
    if most <= 0.0 {
        return None;
    }
    let mut canvas = Canvas::new(480.0, 10.0 + ROW * bars.len() as f64);
    for (at, bar) in bars.iter().enumerate() {
        let y = 5.0 + ROW * at as f64;
        let length = (bar.amount / most * LONG).max(1.0);
        canvas.said(&format!("{}: {}", bar.name, bar.said), |canvas| {
            canvas.text("", [LEFT - 8.0, y + 14.0], Anchor::End, &clip(&bar.name, 24));
            canvas.rect(bar.class, [LEFT, y + 3.0], [length, ROW - 8.0]);
            canvas.text("t n", [LEFT + length + 6.0, y + 14.0], Anchor::Start, &bar.said);
        });
    }
    Some(Picture::new(name, title, note, canvas))
}

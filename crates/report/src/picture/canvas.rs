//! Marks on a surface.

use crate::words;
use std::fmt::Write;

/// A surface that marks are put on; classes are those of `picture.css`.
#[derive(Clone, Debug)]
pub(super) struct Canvas {
    pub(super) width: f64,
    pub(super) height: f64,
    pub(super) body: String,
}

/// Where a text stands beside its place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Anchor {
    Start,
    Middle,
    End,
}

impl Canvas {
    pub(super) fn new(width: f64, height: f64) -> Self {
        Canvas { width, height, body: String::new() }
    }

    pub(super) fn line(&mut self, class: &str, [x1, y1]: [f64; 2], [x2, y2]: [f64; 2]) {
        let _ = write!(self.body, "<path class=\"{class}\" d=\"M{} {}L{} {}\"/>", n(x1), n(y1), n(x2), n(y2));
    }

    pub(super) fn path(&mut self, class: &str, points: &[[f64; 2]]) {
        let _ = write!(self.body, "<path class=\"{class}\" d=\"{}\"/>", through(points));
    }

    pub(super) fn area(&mut self, class: &str, points: &[[f64; 2]]) {
        let _ = write!(self.body, "<path class=\"{class}\" d=\"{}Z\"/>", through(points));
    }

    /// A curve that leaves and arrives level.
    pub(super) fn edge(&mut self, class: &str, [x1, y1]: [f64; 2], [x2, y2]: [f64; 2]) {
        let middle = n((x1 + x2) / 2.0);
        let [x1, y1, x2, y2] = [x1, y1, x2, y2].map(n);
        let _ = write!(self.body, "<path class=\"{class}\" d=\"M{x1} {y1}C{middle} {y1} {middle} {y2} {x2} {y2}\"/>");
    }

    pub(super) fn circle(&mut self, class: &str, [x, y]: [f64; 2], radius: f64) {
        let _ = write!(self.body, "<circle class=\"{class}\" cx=\"{}\" cy=\"{}\" r=\"{}\"/>", n(x), n(y), n(radius));
    }

    pub(super) fn rect(&mut self, class: &str, [x, y]: [f64; 2], [width, height]: [f64; 2]) {
        let [x, y, width, height] = [x, y, width, height].map(n);
        let _ =
            write!(self.body, "<rect class=\"{class}\" x=\"{x}\" y=\"{y}\" width=\"{width}\" height=\"{height}\"/>");
    }

    pub(super) fn diamond(&mut self, class: &str, [x, y]: [f64; 2], r: f64) {
        self.area(class, &[[x, y - r], [x + r, y], [x, y + r], [x - r, y]]);
    }

    pub(super) fn cross(&mut self, class: &str, [x, y]: [f64; 2], r: f64) {
        self.line(class, [x - r, y - r], [x + r, y + r]);
        self.line(class, [x - r, y + r], [x + r, y - r]);
    }

    pub(super) fn star(&mut self, class: &str, [x, y]: [f64; 2], r: f64) {
        let point = |at: u32| {
            let (angle, r) =
                (f64::from(at) * std::f64::consts::PI / 5.0, if at.is_multiple_of(2) { r } else { r * 0.45 });
            [x + r * angle.sin(), y - r * angle.cos()]
        };
        self.area(class, &(0..10).map(point).collect::<Vec<_>>());
    }

    pub(super) fn text(&mut self, class: &str, [x, y]: [f64; 2], anchor: Anchor, text: &str) {
        let anchor = match anchor {
            Anchor::Start => "",
            Anchor::Middle => " text-anchor=\"middle\"",
            Anchor::End => " text-anchor=\"end\"",
        };
        let _ =
            write!(self.body, "<text class=\"{class}\" x=\"{}\" y=\"{}\"{anchor}>{}</text>", n(x), n(y), escaped(text));
    }

    /// Marks that say a text when they are pointed at.
    pub(super) fn said(&mut self, title: &str, marks: impl FnOnce(&mut Self)) {
        let _ = write!(self.body, "<g><title>{}</title>", escaped(title));
        marks(self);
        self.body.push_str("</g>");
    }

    /// The same, and lead to a place of the page.
    pub(super) fn link(&mut self, place: &str, title: &str, marks: impl FnOnce(&mut Self)) {
        let _ = write!(self.body, "<a href=\"#{}\"><title>{}</title>", escaped(place), escaped(title));
        marks(self);
        self.body.push_str("</a>");
    }
}

fn through(points: &[[f64; 2]]) -> String {
    let mut path = String::new();
    for (at, [x, y]) in points.iter().enumerate() {
        let _ = write!(path, "{}{} {}", if at == 0 { 'M' } else { 'L' }, n(*x), n(*y));
    }
    path
}

/// A coordinate with one decimal.
fn n(value: f64) -> String {
    let text = words::fixed(value, 1);
    text.strip_suffix(".0").map_or(text.clone(), str::to_owned)
}

/// A text in one line that no reader of SVG or HTML takes for markup.
pub(crate) fn escaped(text: &str) -> String {
    crate::html::escaped(&words::line(text))
}

//! Axes: numbers to places, and the round numbers that are written beside them.

use super::canvas::{Anchor, Canvas};
use crate::words::fixed;

/// A linear axis.
#[derive(Clone, Copy, Debug)]
pub(super) struct Axis {
    /// The numbers at its ends.
    pub(super) of: [f64; 2],
    /// Their places.
    pub(super) to: [f64; 2],
}

impl Axis {
    /// An axis that holds all of these, and some room.
    pub(super) fn around(values: impl IntoIterator<Item = f64>, to: [f64; 2]) -> Self {
        let (low, high) = values
            .into_iter()
            .filter(|value| value.is_finite())
            .fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), value| (low.min(value), high.max(value)));
        if low > high {
            return Axis { of: [0.0, 1.0], to };
        }
        let room = if high > low { (high - low) * 0.06 } else { high.abs().max(1.0) * 0.1 };
        Axis { of: [low - room, high + room], to }
    }

    /// The place of a number.
    pub(super) fn place(&self, value: f64) -> f64 {
        let [low, high] = self.of;
        self.to[0] + (value - low) / (high - low) * (self.to[1] - self.to[0])
    }

    /// The place of a number, or the end of the axis beyond which it lies.
    pub(super) fn within(&self, value: f64) -> f64 {
        self.place(value.clamp(self.of[0], self.of[1]))
    }

    /// Round numbers along it, about as many as these, and the decimals that they need.
    pub(super) fn ticks(&self, about: usize) -> (Vec<f64>, usize) {
        let [low, high] = self.of;
        let raw = (high - low) / about.max(1) as f64;
        let unit = 10f64.powf(raw.log10().floor());
        let step = [1.0, 2.0, 5.0, 10.0].map(|times| times * unit).into_iter().find(|step| *step >= raw).unwrap_or(raw);
        let first = (low / step).ceil() as i64;
        let ticks = (first..).map(|at| at as f64 * step).take_while(|tick| *tick <= high + step * 1e-6).take(40);
        (ticks.collect(), (-step.log10().floor()).max(0.0) as usize)
    }
}

/// Two axes and what they are called; the unit stands with the name.
pub(super) struct Frame {
    pub(super) x: Axis,
    pub(super) y: Axis,
}

impl Frame {
    /// Draws grid, numbers and names.
    pub(super) fn draw(&self, canvas: &mut Canvas, names: [&str; 2]) {
        self.drawn(canvas, names, false);
    }

    /// The same where something is counted across: the numbers are whole.
    pub(super) fn draw_counted(&self, canvas: &mut Canvas, names: [&str; 2]) {
        self.drawn(canvas, names, true);
    }

    fn drawn(&self, canvas: &mut Canvas, [across, down]: [&str; 2], counted: bool) {
        let ([left, right], [bottom, top]) = (self.x.to, self.y.to);
        let (ticks, decimals) = self.y.ticks(5);
        for tick in ticks {
            let y = self.y.place(tick);
            canvas.line("grid", [left, y], [right, y]);
            canvas.text("t n", [left - 6.0, y + 4.0], Anchor::End, &fixed(tick, decimals));
        }
        let (ticks, decimals) = self.x.ticks(6);
        let decimals = if counted { 0 } else { decimals };
        for tick in ticks.into_iter().filter(|tick| !counted || tick.fract() == 0.0) {
            let x = self.x.place(tick);
            canvas.line("rule", [x, bottom], [x, bottom + 4.0]);
            canvas.text("t n", [x, bottom + 16.0], Anchor::Middle, &fixed(tick, decimals));
        }
        canvas.line("rule", [left, bottom], [right, bottom]);
        canvas.text("t", [right, bottom + 31.0], Anchor::End, across);
        if !down.is_empty() {
            canvas.text("t", [left - 6.0, top - 8.0], Anchor::Start, down);
        }
        if self.y.of[0] < 0.0 && self.y.of[1] > 0.0 {
            canvas.line("zero", [left, self.y.place(0.0)], [right, self.y.place(0.0)]);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_are_round_and_have_no_more_decimals_than_they_need() {
        let axis = |low, high| Axis { of: [low, high], to: [0.0, 1.0] };
        assert_eq!(axis(0.0, 1.0).ticks(5), (vec![0.0, 0.2, 0.4, 0.6000000000000001, 0.8, 1.0], 1));
        assert_eq!(axis(-3.0, 12.0).ticks(4), (vec![0.0, 5.0, 10.0], 0));
        assert_eq!(Axis::around([f64::NAN], [0.0, 1.0]).of, [0.0, 1.0], "nothing to show is no trouble");
    }
}

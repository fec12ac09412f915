//! Constants that a person would write: with no more digits than they need.

use crate::stats::rounded;
use crate::tuner::Range;
use crate::tuner::goal::Worth;

/// What shortening may lose, in worth.
const LOSS: f64 = 0.005;
/// Significant digits that are tried for each constant: one, two, three.
const DIGITS: usize = 3;

/// Shortens the constants of a tuned point, one after the other, each to the fewest digits that lose next to nothing.
///
/// [`Shortening::proposal`] says what to measure, [`Shortening::take`] takes what was measured.
#[derive(Clone, Debug)]
pub struct Shortening {
    ranges: Vec<Range>,
    point: Vec<f64>,
    best: Worth,
    at: usize,
    digits: usize,
}

impl Shortening {
    /// Begins at the best point that was found.
    pub fn new(ranges: &[Range], point: Vec<f64>, best: Worth) -> Self {
        Shortening { ranges: ranges.to_vec(), point, best, at: 0, digits: 1 }
    }

    /// The next point to measure; none once every constant is as short as it may be.
    pub fn proposal(&mut self) -> Option<Vec<f64>> {
        while let Some(range) = self.ranges.get(self.at) {
            let (value, short) = (self.point[self.at], rounded(self.point[self.at], self.digits));
            if self.digits > DIGITS || short == value || !range.is_open() {
                (self.at, self.digits) = (self.at + 1, 1);
                continue;
            }
            if (range.low..=range.high).contains(&short) {
                let mut point = self.point.clone();
                point[self.at] = short;
                return Some(point);
            }
            self.digits += 1;
        }
        None
    }

    /// Takes what the point of [`Shortening::proposal`] is worth: the constant stays short if no more than 0.5 % of worth is
    /// lost against the best point, all shortened constants together, and nothing more is violated.
    pub fn take(&mut self, worth: Worth) {
        if worth.value() >= self.best.value() - LOSS && worth.penalty <= self.best.penalty {
            self.point[self.at] = rounded(self.point[self.at], self.digits);
            (self.at, self.digits) = (self.at + 1, 1);
        } else {
            self.digits += 1;
        }
    }

    /// The point with the constants that were shortened so far.
    pub fn point(&self) -> &[f64] {
        &self.point
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Shortens a point under a worth that falls off linearly from it; the point and the number of measurements.
    fn shortened(point: &[f64], slopes: &[f64], penalty: impl Fn(&[f64]) -> f64) -> (Vec<f64>, usize) {
        let range = |n: usize| Range { name: n.to_string(), default: 1.0, low: 0.0, high: 1000.0 };
        let worth = |at: &[f64]| {
            let lost: f64 = at.iter().zip(point).zip(slopes).map(|((a, b), slope)| slope * (a - b).abs()).sum();
            Worth { saving: 0.1 - lost, penalty: penalty(at) }
        };
        let ranges: Vec<Range> = (0..point.len()).map(range).collect();
        let (mut shortening, mut count) = (Shortening::new(&ranges, point.to_vec(), worth(point)), 0);
        while let Some(next) = shortening.proposal() {
            count += 1;
            shortening.take(worth(&next));
        }
        (shortening.point().to_vec(), count)
    }

    #[test]
    fn a_constant_is_written_with_no_more_digits_than_asked_for() {
        assert_eq!([rounded(0.278_612, 3), rounded(12.345, 2), rounded(-0.0456, 2)], [0.279, 12.0, -0.046]);
        assert_eq!([rounded(48_231.0, 3), rounded(0.0, 2), rounded(1e-9, 2)], [48_200.0, 0.0, 1e-9]);
        for n in 0..10_000 {
            let value = (crate::keyed::uniform(3, n) * 40.0 - 20.0).exp();
            for digits in 1..=4 {
                let short = rounded(value, digits);
                assert_eq!(format!("{:.*e}", digits - 1, value).parse(), Ok(short), "{value} with {digits} digits");
            }
        }
    }

    #[test]
    fn a_constant_keeps_the_digits_that_matter_and_no_more() {
        assert_eq!(shortened(&[0.2786, 41.37], &[1.0, 1e-4], |_| 0.0).0, [0.28, 40.0]);
        assert_eq!(shortened(&[0.2786], &[20.0], |_| 0.0).0, [0.2786]);
    }

    #[test]
    fn all_constants_together_lose_no_more_than_half_a_percent() {
        let (point, _) = shortened(&[0.2786, 0.2786], &[3.0, 1.5], |_| 0.0);
        assert_eq!(point, [0.28, 0.279], "the first has used up most of what may be lost");
    }

    #[test]
    fn a_shorter_constant_that_breaks_a_guard_is_refused() {
        assert_eq!(shortened(&[0.2786], &[0.0], |at| if at[0] > 0.279 { 0.001 } else { 0.0 }).0, [0.279]);
    }

    #[test]
    fn it_takes_at_most_three_measurements_for_each_constant_and_none_for_a_short_one() {
        assert_eq!(shortened(&[0.2786, 41.37], &[100.0, 100.0], |_| 0.0).1, 6);
        assert_eq!(shortened(&[0.3, 5.0], &[1.0, 1.0], |_| 0.0).1, 0);
    }

    #[test]
    fn rounding_keeps_significant_digits() {
        assert_eq!(rounded(0.278_612, 3), 0.279);
        assert_eq!(rounded(12_345.0, 2), 12_000.0);
        assert_eq!(rounded(-0.0456, 2), -0.046);
        assert_eq!(rounded(0.0, 2), 0.0);
    }
}

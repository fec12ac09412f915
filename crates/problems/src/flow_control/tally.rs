//! How often a candidate closed a band, by the saturation that it was shown: counted over all of its trials.

use crate::histogram::Histogram;
use engine::probe::Tally;
use limiter::wire::{self, Question};
use science::descriptor::{Curve, Trend, reaches};
use std::any::Any;
use std::collections::BTreeMap;

/// Counts of a candidate's answers.
#[derive(Debug)]
pub(super) struct FlowTally {
    /// Calls at which the lowest of several bands was closed, and at which the highest one was.
    lowest: Histogram,
    highest: Histogram,
}

impl Default for FlowTally {
    fn default() -> Self {
        let by_saturation = || Histogram::new(0.01, 101);
        FlowTally { lowest: by_saturation(), highest: by_saturation() }
    }
}

/// Whether an answer dispatches nothing of this band; none if it is no answer.
pub(super) fn closes(question: &Question, answer: &[u8], band: usize) -> Option<bool> {
    Some(question.saturation >= *wire::ceilings(answer)?.get(band)?)
}

impl Tally for FlowTally {
    fn add(&mut self, question: &[u8], answer: &[u8]) {
        let Some(question) = Question::read(question) else { return };
        let (saturation, bands) = (question.saturation, question.bands);
        if let Some(closed) = closes(&question, answer, 0) {
            self.highest.add(saturation, saturation, closed);
        }
        if let Some(closed) = closes(&question, answer, bands.saturating_sub(1)).filter(|_| bands > 1) {
            self.lowest.add(saturation, saturation, closed);
        }
    }

    fn join(&mut self, other: &dyn Any) {
        let Some(FlowTally { lowest, highest }) = other.downcast_ref() else { return };
        self.lowest.join(lowest);
        self.highest.join(highest);
    }

    /// The share of the calls at which the lowest band was closed, and the highest one.
    fn curves(&self) -> Vec<Curve> {
        vec![
            Curve::of("saturation", &self.lowest.bins()),
            Curve::of("saturation, of the highest band", &self.highest.bins()),
        ]
    }

    fn counted(&self) -> &'static str {
        "attempts at which the band was closed"
    }

    fn trend(&self) -> Trend {
        Trend::of(&self.lowest.bins())
    }

    /// The places where it begins to close, if it closes more the higher saturation is.
    fn facts(&self) -> BTreeMap<String, Option<f64>> {
        let curve = Curve::of("saturation", &self.lowest.bins());
        let points = if self.trend() == Trend::Rising { &curve.points[..] } else { &[] };
        let facts = [("onset", reaches(points, 0.01)), ("half", reaches(points, 0.5)), ("full", reaches(points, 1.0))];
        facts.map(|(name, value)| (name.to_owned(), value)).into()
    }

    /// What it must never do shows at the end of a run only.
    fn violations(&self) -> u64 {
        0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use limiter::wire::MAX_BANDS;

    #[test]
    fn calls_are_counted_by_saturation_and_a_single_band_is_no_lowest_one() {
        let mut tally = FlowTally::default();
        let mut ask = |saturation: f64, bands: usize, lowest: f64| {
            let mut question = Vec::new();
            let none = Question {
                saturation,
                age_us: None,
                in_flight: None,
                unseen: None,
                bands,
                priorities: [0; MAX_BANDS],
                waiting: None,
            };
            none.write(|piece| question.extend_from_slice(piece));
            let mut ceilings = [wire::OPEN; MAX_BANDS];
            ceilings[bands - 1] = lowest;
            tally.add(&question, &wire::answer(&ceilings));
        };
        for n in 0..400 {
            ask(0.405, 2, 0.9);
            ask(0.905, 2, if n % 2 == 0 { 0.9 } else { 1.0 });
            ask(0.905, 1, 1.0);
        }
        assert_eq!(tally.trend(), Trend::Rising);
        let [lowest, highest] = &tally.curves()[..] else { panic!("two curves") };
        assert_eq!(lowest.points, [(0.405, 0.0), (0.905, 0.5)].map(|(x, y)| (rounded(x, lowest), y)));
        assert!(highest.points.iter().all(|(_, share)| *share == 0.0));
        assert_eq!(tally.facts()["full"], None);
    }

    /// The point next to it: means of sums are not exact.
    fn rounded(x: f64, curve: &Curve) -> f64 {
        curve.points.iter().map(|(own, _)| *own).find(|own| (own - x).abs() < 1e-9).unwrap_or(x)
    }
}

//! What is to be said of a point that an audit measured, and what it must not exceed.

use super::super::{CandidateRecord, State};
use crate::audit::{AuditedPoint, Bar};
use crate::champion;
use crate::objective::Measurement;
use crate::space::Point;
use crate::tuner::goal::Worth;

impl State {
    /// What a measurement on the search panel says of a point, at the scale where it gains as much as the reference does. None
    /// measured means that it did not run, or has no such scale.
    pub fn audited_point(
        &self,
        point: Point,
        (scale, runs): (Option<f64>, u32),
        measurement: Option<&Measurement>,
    ) -> AuditedPoint {
        let against = (&self.opened().experiment, self.spec());
        let (score, worth) = measurement.map(|measured| self.valued(measured)).unzip();
        AuditedPoint {
            point,
            saving: score.as_ref().and_then(|score| score.worth),
            admissible: score.is_some_and(|score| champion::objections(&score, 0, None, against).is_empty()),
            worth: worth.map(Worth::value),
            scale,
            runs,
        }
    }

    /// What a point of an audit must not exceed.
    pub fn bar(&self) -> Bar {
        let champion = self.champion().map(|champion| &self.candidates[&champion.id]);
        // A champion that is worse than the reference lowers no bar.
        let saving = champion.and_then(|record| record.score.as_ref()?.worth).filter(|saving| *saving > 0.0);
        Bar { saving, worth: self.to_beat() }
    }

    /// What the champion is worth, or without one the best candidate; not less than the reference.
    fn to_beat(&self) -> f64 {
        let worth = |record: &CandidateRecord| Some(self.worth(record)?.value());
        let champion = self.champion().map(|champion| &self.candidates[&champion.id]);
        let known = champion.and_then(worth).or_else(|| self.worthiest().find_map(worth));
        let (_, reference) = self.valued(&self.yardsticks().reference);
        known.unwrap_or(f64::NEG_INFINITY).max(reference.value())
    }
}

//! Where the points of an audit are run, and what is to be said of them there.

use super::super::{CandidateRecord, State};
use crate::audit::{AuditedPoint, Bar};
use crate::champion;
use crate::id::CandidateId;
use crate::objective::{Measurement, Score};
use crate::scale;
use crate::space::{Dimension, Point, Space, Value, Within};

impl State {
    /// What a measurement on the search panel says of a point; none measured means that it did not run.
    pub fn audited_point(&self, point: Point, measurement: Option<&Measurement>) -> AuditedPoint {
        let against = (&self.opened().experiment, self.spec());
        let valued = measurement.map(|measured| (measured, self.valued(measured)));
        let (score, worth) = match &valued {
            Some((_, (score, worth))) => (Some(score), Some(worth.value())),
            None => (None, None),
        };
        AuditedPoint {
            point,
            saving: score.and_then(|score| score.worth),
            admissible: score.is_some_and(|score| champion::objections(score, 0, None, against).is_empty()),
            worth,
            room: valued.as_ref().map(|(measured, (score, _))| self.gain_margin(measured, score)),
            runs: 1,
        }
    }

    /// Where a point that an audit draws is to be measured next: at the place on the objective's scale where it gains as much as
    /// it has to, as far as that place is inside of what is excluded. None if what was run shows enough.
    ///
    /// A policy whose scale is wrong says nothing of its form, and most scales are wrong for every form.
    pub fn next_place(&self, drawn: &Point, runs: &[AuditedPoint]) -> Option<Point> {
        let space = self.opened().experiment.space();
        let scale = self.scale(&space).and_then(|dimension| match drawn.get(&dimension.name) {
            Some(Value::Number(own)) => Some((dimension, *own)),
            Some(Value::Choice(_)) | None => None,
        });
        let bar = self.to_beat();
        // What failed at one place is not tried at another one.
        if runs.iter().any(|run| run.worth.is_none() || self.is_hopeless(run, bar, scale.is_some())) {
            return None;
        }
        let Some((dimension, own)) = scale else { return runs.is_empty().then(|| drawn.clone()) };
        let inside = match self.due().and_then(|due| due.constraint.excludes.get(&dimension.name)) {
            Some(Within::Range(ends)) => ends.map(|end| dimension.mass_below(end)),
            Some(Within::OneOf(_)) | None => [0.0, 1.0],
        };
        let mass = |point: &Point| match point.get(&dimension.name) {
            Some(Value::Number(value)) => dimension.mass_below(*value),
            Some(Value::Choice(_)) | None => 0.0,
        };
        let ran: Vec<(f64, f64)> = runs.iter().filter_map(|run| Some((mass(&run.point), run.room?))).collect();
        let slope = self.yardsticks().most_gain() / scale::STRETCH;
        let next = scale::next(inside, dimension.mass_below(own), slope, &ran)?;
        let mut point = drawn.clone();
        point.insert(dimension.name.clone(), dimension.at_mass(next));
        Some(point)
    }

    /// How much more a policy gains than it has to, log units: on all cells, and where a guard asks for it on those of the study
    /// and of the drawn workloads.
    fn gain_margin(&self, measured: &Measurement, score: &Score) -> f64 {
        let panel = measured.gain() - self.yardsticks().reference.gain();
        let objective = &self.opened().experiment.objective;
        let study = objective.at_most("shortfall").map(|bound| (bound - score.shortfall) / 100.0);
        let least = objective.at_least("drawn_gain").zip(score.panels.as_ref());
        let drawn = least.map(|(bound, panels)| (panels.drawn.against_reference - bound) / 100.0);
        [study, drawn].into_iter().flatten().fold(panel, f64::min)
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

    /// The dimension along which the gain of points is set.
    fn scale<'a>(&self, space: &'a Space) -> Option<&'a Dimension> {
        space.dimension(self.opened().experiment.objective.scale.as_ref()?)
    }

    /// What a candidate is worth, and how much more it gains than it has to, log units; none if it was not scored.
    pub fn worth_and_room(&self, id: &CandidateId) -> Option<(f64, f64)> {
        let record = self.candidates.get(id)?;
        let (measured, score) = (record.measurement.as_ref()?, record.score.as_ref()?);
        Some((record.worth?.value(), self.gain_margin(measured, score)))
    }

    /// Whether a run shows that a point is not worth the bar. Where the scale may move, a run far off says nothing, and setting it
    /// better may mend something.
    fn is_hopeless(&self, run: &AuditedPoint, bar: f64, moves: bool) -> bool {
        let (Some(worth), Some(room)) = (run.worth, run.room) else { return false };
        let off = if moves { room.abs() } else { 0.0 };
        off <= self.spec().aim.comparable().unwrap_or(f64::INFINITY) && worth + scale::SLACK + scale::MENDS * off < bar
    }
}

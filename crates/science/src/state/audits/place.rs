//! Where the points of an audit are run, and what is to be said of them there.
//!
//! A point is placed on a third of the panel first, where there is one. What is hopeless there runs nowhere else; whatever may be
//! better is placed once more on the whole panel, from where it was found to belong.

use super::super::{CandidateRecord, State};
use crate::audit::{AuditedPoint, Bar};
use crate::champion;
use crate::experiment::GuardMetric;
use crate::id::CandidateId;
use crate::objective::{self, COMPARABLE, Measurement, Score, Yardsticks};
use crate::placing;
use crate::space::{Dimension, Point, Space, Value, Within};
use crate::third::Third;
use crate::tuner::goal;

/// Measurements of each kind from which the place of a new one is guessed, the latest.
const KEPT: usize = 100;

/// Where a point of an audit runs.
#[derive(Clone, Debug, PartialEq)]
pub struct Place {
    /// The point.
    pub point: Point,
    /// Whether it runs on a third of the search panel only.
    pub third: bool,
}

/// The cells that runs took place on, and what they are held against there.
#[derive(Clone, Copy)]
struct Ground<'a> {
    /// Which part of the panel it is; none for all of it.
    third: Option<&'a Third>,
    yardsticks: &'a Yardsticks,
}

/// What the runs of a point on one ground call for.
enum Next {
    /// Another one, here.
    At(Point),
    /// None: the point is not better.
    Hopeless,
    /// None: it lies about where it belongs, which is at this mass of the scale's prior, where there is a scale.
    Placed(Option<f64>),
}

impl Ground<'_> {
    /// Runs that a place is worth at most.
    fn most(self) -> usize {
        if self.third.is_some() { placing::MOST_ON_A_THIRD } else { placing::MOST }
    }

    /// Whether a run shows that a point is not worth the bar. Where the place may move, a run far off its place says nothing,
    /// and placing it better may mend something. A third of the panel leaves much to its luck.
    fn is_hopeless(self, run: &AuditedPoint, bar: f64, moves: bool) -> bool {
        let slack = if self.third.is_some() { placing::SLACK_ON_A_THIRD } else { placing::SLACK };
        let (Some(worth), Some(room)) = (run.worth, run.room) else { return false };
        let off = if moves { room.abs() } else { 0.0 };
        off <= COMPARABLE && worth + slack + placing::MENDS * off < bar
    }
}

impl State {
    /// What a measurement says of a point where it ran; none measured means that it did not run.
    pub fn audited_point(&self, place: Place, measurement: Option<&Measurement>) -> AuditedPoint {
        let (started, ground) = (self.opened(), self.ground(place.third));
        let score = measurement.map(|m| objective::score(m, ground.yardsticks, &started.scenarios));
        let objections = |score| champion::objections(score, 0, None, &started.experiment);
        let measured = measurement.zip(score.as_ref());
        AuditedPoint {
            point: place.point,
            saving: score.as_ref().and_then(|score| score.net_saving),
            admissible: score.as_ref().is_some_and(|score| objections(score).is_empty()),
            worth: measured.map(|(measured, score)| self.worth_on(ground.yardsticks, measured, score)),
            room: measured.map(|(measured, score)| self.room(ground.yardsticks, measured, score)),
            runs: u32::from(!place.third),
            thirds: u32::from(place.third),
        }
    }

    /// Where a point that an audit draws is to be measured next: at the place on the objective's scale where it improves as
    /// much as it has to, as far as that place is inside of what is excluded; on a third of the panel until it is placed there.
    /// None if what was run shows enough.
    ///
    /// A curve that is bad only in its place says nothing of its form, and most places are bad for every form.
    pub fn next_place(&self, drawn: &Point, runs: &[AuditedPoint]) -> Option<Place> {
        let (thirds, whole): (Vec<&AuditedPoint>, Vec<&AuditedPoint>) = runs.iter().partition(|run| run.on_a_third());
        let start = match self.third.as_ref().map(|_| self.next_on(self.ground(true), drawn, &thirds, None)) {
            Some(Next::At(point)) => return Some(Place { point, third: true }),
            Some(Next::Hopeless) => return None,
            Some(Next::Placed(start)) => start,
            None => None,
        };
        match self.next_on(self.ground(false), drawn, &whole, start) {
            Next::At(point) => Some(Place { point, third: false }),
            Next::Hopeless | Next::Placed(_) => None,
        }
    }

    /// The same on one ground. `start` is where it belongs as far as another one told.
    fn next_on(&self, ground: Ground<'_>, drawn: &Point, runs: &[&AuditedPoint], start: Option<f64>) -> Next {
        let space = self.opened().experiment.space();
        let scale = self.scale(&space).and_then(|dimension| match drawn.get(&dimension.name) {
            Some(Value::Number(own)) => Some((dimension, *own)),
            Some(Value::Choice(_)) | None => None,
        });
        let bar = self.to_beat(ground);
        let failed = runs.iter().filter(|run| run.worth.is_none()).count();
        if runs.iter().any(|run| ground.is_hopeless(run, bar, scale.is_some())) || (failed > 0 && failed == runs.len())
        {
            return Next::Hopeless;
        }
        let Some((dimension, own)) = scale else {
            return if runs.is_empty() { Next::At(drawn.clone()) } else { Next::Placed(None) };
        };
        let inside = match self.due().and_then(|due| due.constraint.excludes.get(&dimension.name)) {
            Some(Within::Range(ends)) => ends.map(|end| dimension.mass_below(end)),
            Some(Within::OneOf(_)) | None => [0.0, 1.0],
        };
        let mass = |point: &Point| match point.get(&dimension.name) {
            Some(Value::Number(value)) => dimension.mass_below(*value),
            Some(Value::Choice(_)) | None => 0.0,
        };
        let ran: Vec<(f64, f64)> = runs.iter().filter_map(|run| Some((mass(&run.point), run.room?))).collect();
        let slope = ground.yardsticks.refuse_everything.y() / placing::STRETCH;
        let guess =
            || placing::guess(&self.places(&space, dimension, slope), &space.coordinates(&dimension.name, drawn));
        let start = start.or_else(|| if ran.is_empty() { guess() } else { None });
        let next =
            placing::next(inside, start.unwrap_or_else(|| dimension.mass_below(own)), slope, (&ran, ground.most()));
        // What failed at one place is not tried at another one.
        let Some(next) = next.filter(|_| failed == 0) else {
            return Next::Placed(placing::nearest(&ran).map(|(mass, _)| mass));
        };
        let mut point = drawn.clone();
        point.insert(dimension.name.clone(), dimension.at_mass(next));
        Next::At(point)
    }

    /// A third of the panel, or all of it.
    fn ground(&self, third: bool) -> Ground<'_> {
        match self.third.as_ref().filter(|_| third) {
            Some((third, yardsticks)) => Ground { third: Some(third), yardsticks },
            None => Ground { third: None, yardsticks: self.yardsticks() },
        }
    }

    /// What a measurement is worth against these yardsticks, which are of the same cells.
    fn worth_on(&self, yardsticks: &Yardsticks, measured: &Measurement, score: &Score) -> f64 {
        goal::worth(measured, score, yardsticks, &self.opened().experiment.objective).value()
    }

    /// How much more a policy improves than it has to, log units: on all cells that it was measured on, and where a guard asks
    /// for it on those of the study and of the drawn workloads.
    fn room(&self, yardsticks: &Yardsticks, measured: &Measurement, score: &Score) -> f64 {
        let panel = measured.y() - yardsticks.reference.y();
        let objective = &self.opened().experiment.objective;
        let study = objective.at_most(GuardMetric::Shortfall).map(|bound| (bound - score.shortfall) / 100.0);
        let least = objective.at_least(GuardMetric::DrawnGain).zip(score.panels.as_ref());
        let drawn = least.map(|(bound, panels)| (panels.drawn.against_reference - bound) / 100.0);
        [study, drawn].into_iter().flatten().fold(panel, f64::min)
    }

    /// What a point of an audit must not exceed.
    pub fn bar(&self) -> Bar {
        let champion = self.champion().map(|champion| &self.candidates[&champion.id]);
        // A champion that is worse than the reference lowers no bar.
        let saving = champion.and_then(|record| record.score.as_ref()?.net_saving).filter(|saving| *saving > 0.0);
        Bar { saving, worth: self.to_beat(self.ground(false)) }
    }

    /// What the champion is worth on a ground, or without one the best candidate; not less than the reference.
    fn to_beat(&self, ground: Ground<'_>) -> f64 {
        let of = |measured: &Measurement| {
            let score = objective::score(measured, ground.yardsticks, &self.opened().scenarios);
            self.worth_on(ground.yardsticks, measured, &score)
        };
        let worth = |record: &CandidateRecord| {
            let whole = self.worth(record)?;
            match ground.third {
                Some(third) => Some(of(&record.measurement.as_ref()?.on(third))),
                None => Some(whole.value()),
            }
        };
        let champion = self.champion().map(|champion| &self.candidates[&champion.id]);
        let known = champion.and_then(worth).or_else(|| self.worthiest().find_map(worth));
        known.unwrap_or(f64::NEG_INFINITY).max(of(&ground.yardsticks.reference))
    }

    /// The dimension along which points are placed.
    fn scale<'a>(&self, space: &'a Space) -> Option<&'a Dimension> {
        space.dimension(self.opened().experiment.objective.scale.as_ref()?)
    }

    /// Where what was measured belongs on the scale, as prior mass, with its other coordinates: the latest candidates and
    /// points of audits that are not far off.
    fn places(&self, space: &Space, scale: &Dimension, slope: f64) -> Vec<(Vec<f64>, f64)> {
        let audited = self.iterations.iter().rev().flat_map(|iteration| iteration.audits.iter().rev());
        let audited =
            audited.flat_map(|audit| &audit.points).filter_map(|audited| Some((&audited.point, audited.room?)));
        let written = self.order.iter().rev().take(KEPT).filter_map(|id| {
            let (_, room) = self.worth_and_room(id)?;
            Some((self.candidates[id].candidate.point.as_ref()?, room))
        });
        let near = audited.take(KEPT).chain(written).filter(|(_, room)| room.abs() <= 3.0 * COMPARABLE);
        let places = near.filter_map(|(point, room)| match point.get(&scale.name) {
            Some(Value::Number(value)) => {
                Some((space.coordinates(&scale.name, point), scale.mass_below(*value) + room / slope))
            }
            Some(Value::Choice(_)) | None => None,
        });
        places.collect()
    }

    /// What a candidate is worth, and how much more it improves than it has to, log units; none if it was not scored.
    pub fn worth_and_room(&self, id: &CandidateId) -> Option<(f64, f64)> {
        let record = self.candidates.get(id)?;
        let (measured, score) = (record.measurement.as_ref()?, record.score.as_ref()?);
        Some((record.worth?.value(), self.room(self.yardsticks(), measured, score)))
    }
}

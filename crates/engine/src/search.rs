//! Searches of the declared space without agents: points chosen one after the other, each scored on the campaign's own search panel.

mod tpe;

use crate::error::EngineError;
use crate::experiment::LoadedExperiment;
use crate::panel::Panel;
use crate::realise::Points;
use crate::scale::{Against, Settled};
use sandbox::Sandbox;
use science::comparison::{Method, Scored};
use science::experiment::Experiment;
use science::keyed;
use science::objective::Scoring;
use science::scale::{Guess, Settings};
use science::space::{Dimension, Point, Space, Value};
use science::state::State;
use science::tuner::{Range, Tried, Tuner};

/// What points are scored on.
pub(crate) struct Ground<'a> {
    pub(crate) panel: Panel,
    pub(crate) points: Points,
    against: Against,
    scoring: Scoring<'a>,
    experiment: &'a Experiment,
    sandbox: &'a Sandbox,
}

/// A search that is under way.
pub(crate) struct Search<'a> {
    ground: &'a Ground<'a>,
    space: Space,
    /// What its randomness follows from.
    key: u64,
    /// How many evaluations it may make.
    room: usize,
    /// Told of each evaluation: its number, from 1, and what the best admissible point so far is worth.
    watch: &'a dyn Fn(usize, Option<f64>),
    /// Every point so far, in order.
    pub(crate) scored: Vec<Scored>,
    /// Where their scales were set.
    settings: Settings,
    /// Runs on the search panel that they took, those that set their scales included.
    pub(crate) runs: u32,
}

impl<'a> Ground<'a> {
    /// The search panel of a campaign; none if its experiment names no source that acts as every point.
    pub(crate) fn of(
        state: &'a State,
        loaded: &LoadedExperiment,
        sandbox: &'a Sandbox,
    ) -> Result<Option<Self>, EngineError> {
        let Some(points) = Points::of(loaded, sandbox)? else { return Ok(None) };
        let started = state.opened();
        let panel = Panel::search(loaded, started.nonce, started.experiment.seeds as usize)?;
        let baseline = panel.yardstick(loaded, "baseline", &started.experiment.baseline, sandbox)?;
        Ok(Some(Ground {
            against: Against::new(&panel, baseline, state.yardsticks(), &state.spec().aim),
            scoring: state.scoring(),
            experiment: &started.experiment,
            panel,
            points,
            sandbox,
        }))
    }

    /// Scores a point where it gains as much as the reference does; the search for that begins at the guess. Also what gain did along
    /// its scale, and the runs on the panel that it took.
    fn score(&self, point: &Point, guess: Option<Guess>) -> Result<(Scored, Option<f64>, u32), EngineError> {
        let policy = self.points.scalable(point, guess);
        let (scale, slope, measured, runs) = match self.against.set(&policy, (&self.panel, self.sandbox))? {
            Ok(Settled::At { scale, slope, trials, runs, .. }) => {
                (scale, slope, Some(self.panel.measure(&trials, &self.against.baseline)), runs)
            }
            Ok(Settled::Nowhere { runs }) => (None, None, None, runs),
            Err(_) => (None, None, None, 0),
        };
        Ok((Scored::new(point.clone(), scale, measured.as_ref(), (self.scoring, self.experiment)), slope, runs))
    }
}

impl<'a> Search<'a> {
    /// A search that may make so many evaluations, by a method and a key.
    pub(crate) fn run(
        ground: &'a Ground<'a>,
        (method, key, room): (Method, u64, usize),
        watch: &'a dyn Fn(usize, Option<f64>),
    ) -> Result<Self, EngineError> {
        let space = ground.experiment.space();
        let (scored, settings) = (Vec::with_capacity(room), Settings::default());
        let mut search = Search { ground, space, key, room, watch, scored, settings, runs: 0 };
        match method {
            Method::Random => search.random(room)?,
            Method::Tuning => search.tune()?,
            Method::Tpe => search.tpe()?,
        }
        Ok(search)
    }

    /// The point that is worth most of the admissible ones, the earliest of equals; none unless it is worth more than the
    /// reference.
    pub(crate) fn find(&self) -> Option<&Scored> {
        let better = self.scored.iter().filter(|point| point.admissible.is_some_and(|worth| worth > 0.0));
        better.reduce(|best, other| if other.admissible > best.admissible { other } else { best })
    }

    /// Scores a point. Where its scale lies is foretold by those that were set before.
    fn measure(&mut self, point: &Point) -> Result<&Scored, EngineError> {
        let place = self.space.coordinates("", point);
        let (scored, slope, runs) = self.ground.score(point, self.settings.guess(&place))?;
        if let Some(scale) = scored.scale {
            self.settings.add(place, scale, slope);
        }
        self.runs += runs;
        self.scored.push(scored);
        (self.watch)(self.scored.len(), self.find().and_then(|find| find.admissible));
        Ok(&self.scored[self.scored.len() - 1])
    }

    /// So many points of the declared space.
    fn random(&mut self, points: usize) -> Result<(), EngineError> {
        for n in 0..points.min(self.room - self.scored.len()) {
            let point = self.space.draw(self.key, n as u64);
            self.measure(&point)?;
        }
        Ok(())
    }

    /// Tunes the constants of the point where campaigns begin, within ever smaller shares of the dimensions' prior around the best
    /// so far, which is that point itself at first.
    fn tune(&mut self) -> Result<(), EngineError> {
        let start = self.ground.points.start();
        // A number that is 0 leaves its term out: it is no constant of the policy.
        let open = |name: &str| start.get(name).is_some_and(|value| *value != Value::Number(0.0));
        self.measure(&start)?;
        for round in 0.. {
            let best = best(&self.scored).clone();
            let ranges = ranges(&self.space, &best.point, open, 0.5f64.powi(round).max(NARROWEST));
            let tuner = Tuner::new(&ranges, keyed::seed(&["round", &round.to_string()], self.key));
            let own = ranges.iter().map(|range| range.default).collect();
            let mut tried = vec![Tried::new(own, best.value)];
            while let Some(parameters) = tuner.next(&tried).filter(|_| self.scored.len() < self.room) {
                let found = self.measure(&moved(&best.point, &ranges, &parameters))?.value;
                tried.push(Tried::new(parameters, found));
            }
            if tried.len() == 1 {
                break;
            }
        }
        Ok(())
    }
}

/// The smallest share of a dimension's prior that is searched to each side.
const NARROWEST: f64 = 0.02;

/// The coordinates that may move, each within a share of its prior to both sides.
fn ranges(space: &Space, point: &Point, open: impl Fn(&str) -> bool, share: f64) -> Vec<Range> {
    let range = |dimension: &Dimension| match point.get(&dimension.name) {
        Some(Value::Number(value)) if open(&dimension.name) => {
            let mass = dimension.mass_below(*value);
            let end = |mass: f64| match dimension.at_mass(mass.clamp(0.0, 1.0)) {
                Value::Number(value) => value,
                Value::Choice(_) => *value,
            };
            let (low, high) = (end(mass - share), end(mass + share));
            Some(Range { name: dimension.name.clone(), default: *value, low, high })
        }
        _ => None,
    };
    space.dimensions.iter().filter_map(range).collect()
}

/// The point with the largest value, the earliest of equals.
fn best(scored: &[Scored]) -> &Scored {
    scored.iter().reduce(|best, other| if other.value > best.value { other } else { best }).expect("at least one point")
}

fn moved(point: &Point, ranges: &[Range], values: &[f64]) -> Point {
    let mut moved = point.clone();
    moved.extend(ranges.iter().zip(values).map(|(range, value)| (range.name.clone(), Value::Number(*value))));
    moved
}
